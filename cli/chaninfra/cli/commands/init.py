"""`chaninfra init`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from chaninfra.channel.conda.subdirs import DEFAULT_SUBDIRS, KNOWN_SUBDIRS
from chaninfra.cli.output import streams
from chaninfra.cli.store_flags import StoreFlags

if TYPE_CHECKING:
    from chaninfra.channel.conda.index_settings import ConditionalWrites
    from chaninfra.channel.errors import ChaninfraError
    from chaninfra.channel.outputs.descriptor import Descriptor
    from chaninfra.channel.s3.credentials import Credentials
    from chaninfra.cli.output.progress import Shown
    from chaninfra.doctor.remedies import Remedies
    from chaninfra.index.create import Created


def _subdir_names() -> list[str]:
    return [*KNOWN_SUBDIRS]


def init(
    *,
    channel: Annotated[
        str | None,
        typer.Argument(
            metavar="CHANNEL",
            help="s3://BUCKET/PREFIX, or a channel.json that describes the channel. It must be given: "
            "$CHANINFRA_CHANNEL is not read.",
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(
            "--name",
            metavar="NAME",
            help="Name of the channel (default: last part of the prefix, else the bucket's name).",
        ),
    ] = None,
    subdirs: Annotated[
        list[str] | None,
        typer.Option(
            "--subdir",
            metavar="SUBDIR",
            help="Subdir of the channel; may be repeated. noarch is always one of them "
            f"(default: {', '.join(DEFAULT_SUBDIRS)}). A channel that exists gets those that it does not have.",
            autocompletion=_subdir_names,
        ),
    ] = None,
    # The values of config.channel.Visibility but `organization`, which needs `aws.organization-id` of a stack config.
    visibility: Annotated[
        Literal["private", "public"],
        typer.Option(
            "--visibility",
            help="Who can read the channel. Only recorded in channel.json; the bucket's policy is not changed.",
        ),
    ] = "private",
    public_url: Annotated[
        str | None,
        typer.Option("--public-url", metavar="URL", help="https URL of a public channel (default: from the endpoint)."),
    ] = None,
    writers: Annotated[
        Literal["many", "single"] | None,
        typer.Option(
            "--writers",
            help="many: several commands may write at once; needs a store with conditional writes. single: you make "
            "sure that only one runs at a time. Default: many.",
        ),
    ] = None,
    page: Annotated[
        bool | None,
        typer.Option(
            "--page/--no-page",
            help="Whether the channel has a page, index.html, which shows in a browser what the channel has. --no-page "
            "deletes it. Default: yes for a public channel; as it is for a channel that exists.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Write nothing, and do not probe; refuse as a real run does.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    store: StoreFlags,
) -> None:
    """Create a channel in an existing bucket, without Pulumi.

    Writes channel.json, and an empty index for each subdir that has neither an index nor packages. Existing files are
    not changed: a channel.json with other settings is refused (exit code 4), except that --writers and --page update
    it, and --subdir adds subdirs to it. No subdir is removed. A place inside or around another channel is refused (exit
    code 2).

    A channel with a page gets the page of this version of chaninfra; run init again after an upgrade. An index.html
    that is not a page of chaninfra is not overwritten.

    Before that, init probes which conditional writes the store supports, with scratch objects that it deletes again;
    see `chaninfra doctor --probe`.

    \b
    Examples:
      chaninfra init s3://my-bucket/my-channel --region eu-central-1 --subdir linux-64 --subdir osx-arm64
      chaninfra init s3://my-bucket/my-channel --region eu-central-1 --subdir win-64 --dry-run
      chaninfra init s3://my-bucket/my-channel --provider minio --endpoint-url https://minio.example.com
    """
    from chaninfra.channel.errors import BucketMissingError, ConfigurationError, StoppedError
    from chaninfra.cli.channel_argument.assumed import NewChannel
    from chaninfra.cli.channel_argument.find import channel_to_create
    from chaninfra.cli.interrupts import TIDY_S, interruptible
    from chaninfra.cli.output.progress import progress
    from chaninfra.cli.remedies import remedies_for
    from chaninfra.index.create import create

    if channel is None:
        raise ConfigurationError(
            "no CHANNEL is given", remedy="say where to create it: `chaninfra init s3://BUCKET/PREFIX`"
        )
    new = NewChannel(name=name, subdirs=subdirs or (), visibility=visibility, public_url=public_url, page=page)
    opened = channel_to_create(channel, store, new, dry_run=dry_run)
    remedies = remedies_for(channel, store)
    with (
        progress(dry_run=dry_run) as shown,
        interruptible(
            lambda: StoppedError("stopped", remedy="run it again: it writes what is missing"), shown.stop, grace=TIDY_S
        ),
    ):
        shown.stage("looking at the place")
        probe = partial(_probe, None if dry_run else opened.credentials, remedies, shown)
        try:
            created = create(opened, writers, probe, add_subdirs=subdirs is not None, page=page)
        except BucketMissingError as error:
            error.remedy = _bucket_first(opened.descriptor)
            raise
    for subdir in created.to_reindex:
        command = remedies.command("reindex")
        streams.note(
            f"{opened.url(subdir)} has packages or a part of an index; run `{command}` to write the files that are "
            "missing"
        )
    if created.added:
        streams.note(
            f"if a stack declares the channel, add {', '.join(created.added)} to `subdirs` in its config, too: "
            "`pulumi up` writes channel.json as the config says"
        )
    if created.is_first_page and not dry_run:
        streams.note(
            "packages that are there already show what they say of themselves on the page once they are read again: "
            f"`{remedies.command('reindex', '--force')}`"
        )
    for file in created.held:
        streams.warning(_held(opened.url(), file))
    if as_json:
        document = {"dry-run": dry_run, "url": opened.url(), "written": [*created.written]}
        document |= {"added": [*created.added], "to-reindex": [*created.to_reindex], "deleted": [*created.deleted]}
        url = None if created.held else created.descriptor.page_url
        streams.result_json({**document, "not-overwritten": [*created.held], "page-url": url})
    else:
        streams.result("\n".join(_lines(created, dry_run=dry_run)))
        if created.written and not dry_run:
            streams.note(f"next: {remedies.command('publish', 'my-package-1.0-0.conda')}")


def _held(url: str, file: str) -> ChaninfraError:
    from chaninfra.channel.errors import ChaninfraError
    from chaninfra.channel.page.put import why_held

    return ChaninfraError(
        why_held(url, file), remedy="delete it and run this again to have the page; or give --no-page"
    )


def _bucket_first(descriptor: Descriptor) -> str:
    """What to do where there is no bucket: without Pulumi, which would make it."""
    from chaninfra.channel.providers import PROVIDERS
    from chaninfra.channel.providers.new_bucket import new_bucket

    commands = new_bucket(descriptor.location, PROVIDERS.get(descriptor.provider))
    return "\n".join(["check the name; or make the bucket, with a key that may, and run this again:", *commands])


def _lines(created: Created, *, dry_run: bool) -> list[str]:
    from chaninfra.channel.conda.object_names import INDEX_HTML
    from chaninfra.cli.output.reports import DRY_RUN

    would = "would be " if dry_run else ""
    lines = [f"subdir {subdir}: {would}added" for subdir in created.added]
    lines += [f"{key}: would be written" if dry_run else f"wrote {key}" for key in created.written]
    lines += [f"{key}: would be deleted" if dry_run else f"deleted {key}" for key in created.deleted]
    if not lines:
        return ["nothing to do: the channel exists already, with the subdirs " + ", ".join(created.descriptor.subdirs)]
    if any(key == created.descriptor.key(INDEX_HTML) for key in created.written) and created.descriptor.page_url:
        lines.append(f"the page of the channel: {created.descriptor.page_url}")
    return [*lines, DRY_RUN] if dry_run else lines


def _probe(
    credentials: Credentials | None, remedies: Remedies, shown: Shown, descriptor: Descriptor
) -> ConditionalWrites | None:
    """The conditional writes that the store honours, by a probe; None if it could not be probed.

    Raises CredentialsError.
    """
    from chaninfra.channel.errors import ChaninfraError, CredentialsError
    from chaninfra.channel.probe.report import examine
    from chaninfra.channel.probe.write_mode import SINGLE

    if credentials is None:
        return None
    shown.stage("probing the store")
    try:
        support, findings = examine(descriptor, credentials)
    except CredentialsError:
        raise
    except ChaninfraError as error:
        # Not fatal: without a result, writers rely on the facts of the provider's row.
        streams.note(f"the store was not probed: {error}")
        return None
    for finding in findings:
        if finding.state != "ok":
            remedy = remedies.single_writer(descriptor) if finding.remedy == SINGLE else finding.remedy
            streams.note(f"{finding.name}: {finding.found}" + (f"\n  {remedy}" if remedy else ""))
    return support.conditional_writes
