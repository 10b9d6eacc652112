"""`chaninfra init`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from chaninfra.channel.conda.subdirs import KNOWN_SUBDIRS
from chaninfra.cli.output import streams
from chaninfra.cli.store_flags import StoreFlags

if TYPE_CHECKING:
    from chaninfra.channel.conda.index_settings import ConditionalWrites
    from chaninfra.index.channel import Channel


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
    writers: Annotated[
        Literal["many", "single"] | None,
        typer.Option("--writers", help="single: the store has no conditional writes, so one writes at a time."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For a program to read.")] = False,
    store: StoreFlags,
) -> None:
    """Make a channel in a bucket that exists, without Pulumi.

    Writes channel.json and an empty index for each subdir. Nothing that is there is changed: a subdir with an index
    or packages keeps them, and a channel.json that says otherwise is refused, but for `--writers`.

    What the store really does is found out first, on scratch objects that are deleted again; see `doctor --probe`.

    \b
    Examples:
      chaninfra init s3://my-bucket/my-channel --region eu-central-1 --subdir linux-64 --subdir osx-arm64
      chaninfra init s3://my-bucket/my-channel --provider minio --endpoint-url https://minio.example.com
    """
    from chaninfra.cli.channel_argument.assumed import NewChannel
    from chaninfra.cli.channel_argument.find import to_create
    from chaninfra.cli.interrupts import tidied_up
    from chaninfra.index.create import create

    wanted = NewChannel(name=name, subdirs=subdirs or (), visibility=visibility, public_url=public_url)
    opened = to_create(channel, store, wanted)
    with tidied_up():
        created = create(opened, writers, lambda: _probed(opened))
    for subdir in created.to_reindex:
        streams.note(f"{opened.url(subdir)} has packages and no index: run `chaninfra reindex`")
    if as_json:
        streams.result_json({"url": opened.url(), "written": [*created.written], "to-reindex": [*created.to_reindex]})
    else:
        streams.result("\n".join([f"wrote {key}" for key in created.written] or ["everything was there already"]))


def _probed(channel: Channel) -> ConditionalWrites | None:
    from chaninfra.channel.errors import ChaninfraError, CredentialsError
    from chaninfra.channel.probe.report import examine

    if channel.credentials is None:
        return None
    try:
        found, results = examine(channel.descriptor, channel.credentials)
    except CredentialsError:
        raise
    except ChaninfraError as error:
        # The channel does not hang on it: writers then go by the provider's row.
        streams.note(f"the store was not probed: {error}")
        return None
    for each in results:
        if each.state != "ok":
            streams.note(f"{each.name}: {each.found}" + (f"\n  {each.remedy}" if each.remedy else ""))
    return found.conditional_writes
