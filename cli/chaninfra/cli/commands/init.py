"""`chaninfra init`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from chaninfra.channel.subdirs import KNOWN_SUBDIRS
from chaninfra.cli import output
from chaninfra.cli.store_flags import StoreFlags


def _subdir_names() -> list[str]:
    return [*KNOWN_SUBDIRS]


def init(
    *,
    channel: Annotated[
        str, typer.Argument(metavar="CHANNEL", help="s3://BUCKET/PREFIX, or the channel.json that it is to have.")
    ],
    name: Annotated[
        str | None, typer.Option("--name", help="The channel's name; left out: the last part of the prefix.")
    ] = None,
    subdirs: Annotated[
        list[str] | None,
        typer.Option(
            "--subdir",
            metavar="SUBDIR",
            help="A platform of the channel; may be repeated.",
            autocompletion=_subdir_names,
        ),
    ] = None,
    visibility: Annotated[
        Literal["private", "public"], typer.Option("--visibility", help="Who may read, as the bucket is set up.")
    ] = "private",
    public_url: Annotated[
        str | None, typer.Option("--public-url", metavar="URL", help="The https URL of a public channel.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For a program to read.")] = False,
    store: StoreFlags,
) -> None:
    """Make a channel in a bucket that exists, without Pulumi.

    Writes channel.json and an empty index for each subdir. Nothing that is there is changed: a subdir with an index
    or packages keeps them, and a channel.json that says otherwise is refused.

    \b
    Examples:
      chaninfra init s3://my-bucket/my-channel --region eu-central-1 --subdir linux-64 --subdir osx-arm64
      chaninfra init s3://my-bucket/my-channel --provider minio --endpoint-url https://minio.example.com
    """
    from chaninfra.cli.assumed import Wanted
    from chaninfra.cli.channel_ref import to_create
    from chaninfra.index.create import create

    wanted = Wanted(name=name, subdirs=subdirs or (), visibility=visibility, public_url=public_url)
    opened = to_create(channel, store, wanted)
    created = create(opened)
    for subdir in created.to_reindex:
        output.note(f"{opened.url(subdir)} has packages and no index: run `chaninfra reindex`")
    if as_json:
        output.result_json({"url": opened.url(), "written": [*created.written], "to-reindex": [*created.to_reindex]})
    else:
        output.result("\n".join([f"wrote {key}" for key in created.written] or ["everything was there already"]))
