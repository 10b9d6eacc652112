"""`chaninfra manifest`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from chaninfra.channel import patterns
from chaninfra.channel.errors import ChaninfraError, ConfigurationError, StoppedError
from chaninfra.cli.channel_argument.parse import CHANNEL_HELP
from chaninfra.cli.output import streams
from chaninfra.cli.store_flags import StoreFlags
from chaninfra.manifest.names import AccessMethod, Format

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chaninfra.manifest.request import ManifestRequest, Sso

_POINTS_CREDENTIALS: tuple[Format, ...] = ("login", "auth-file", "env", "aws-config", "rattler-build")
"""The formats that configure, for a user or a shell, which endpoint credentials are sent to; the others are files of a
project, which people review."""

_LISTS_CHANNELS: tuple[Format, ...] = (
    "pixi",
    "pyproject",
    "config",
    "condarc",
    "rattler-build",
    "github-publish",
    "github-upload",
    "gitlab-publish",
    "gitlab-upload",
)
"""The formats with a list of channels, of which ours is one."""


def manifest(
    *,
    channel: Annotated[str | None, typer.Argument(metavar="CHANNEL", help=f"The channel: {CHANNEL_HELP}")] = None,
    target: Annotated[
        Format | None,
        typer.Option(
            "--format",
            metavar="FORMAT",
            help="Format to print, see --list (default: what the file name of --into stands for, else pixi).",
        ),
    ] = None,
    list_formats: Annotated[bool, typer.Option("--list", help="List the formats and exit.")] = False,
    auth: Annotated[
        AccessMethod | None,
        typer.Option(
            "--auth",
            help="Access method: aws (credentials of the AWS tools), pixi (pixi's credential store), public (https), "
            "gcs (gcs:// with Google's credentials). Default: the channel's own.",
        ),
    ] = None,
    into: Annotated[
        str | None,
        typer.Option(
            "--into", metavar="FILE", help="Merge into FILE and print the diff; other content of FILE is kept."
        ),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="With --into: do not write, and exit with 1 if FILE is not up to date.")
    ] = False,
    others: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            metavar="CHANNEL",
            help="Another channel of the list, by name or URL, in place of conda-forge; it comes after this one. "
            "May be repeated.",
        ),
    ] = None,
    alone: Annotated[
        bool,
        typer.Option(
            "--alone",
            help="No other channel in the list: for machines that do not reach conda-forge. With --into, FILE keeps "
            "those that it has.",
        ),
    ] = False,
    snapshot: Annotated[
        str | None,
        typer.Option("--snapshot", metavar="NAME", help="Read this snapshot in place of the channel."),
    ] = None,
    role_arn: Annotated[
        str | None,
        typer.Option(
            "--role-arn",
            metavar="ARN",
            help="Role that a CI job assumes (default: the one that the stack created, else a variable of the CI "
            "system).",
        ),
    ] = None,
    sso_start_url: Annotated[
        str | None,
        typer.Option(
            "--sso-start-url", metavar="URL", help="aws-config: log in by IAM Identity Center at this start URL."
        ),
    ] = None,
    sso_account_id: Annotated[
        str | None, typer.Option("--sso-account-id", metavar="ID", help="aws-config: account to log in to.")
    ] = None,
    sso_role_name: Annotated[
        str | None, typer.Option("--sso-role-name", metavar="NAME", help="aws-config: role to log in with.")
    ] = None,
    sso_region: Annotated[
        str | None,
        typer.Option(
            "--sso-region",
            metavar="REGION",
            help="aws-config: region of IAM Identity Center (default: the bucket's region).",
        ),
    ] = None,
    offline: Annotated[
        bool,
        typer.Option(
            "--offline",
            help="Make no requests. CHANNEL must be a channel.json file, or s3://BUCKET/PREFIX with --provider, "
            "--endpoint-url and --region as needed; its channel.json is not read.",
        ),
    ] = False,
    store: StoreFlags,
) -> None:
    """Print the settings that a client or a CI job needs.

    The default format is a complete pixi.toml. What it contains depends on the access method:

    \b
      public  an https URL
      aws     an s3:// URL, with s3-options unless the store is AWS
      pixi    an s3:// URL with s3-options
      gcs     a gcs:// URL

    If there is no channel at s3://BUCKET/PREFIX, nothing is printed, and the exit code is 2. If the store does not
    accept the credentials, nothing is printed, and the exit code is 5. If channel.json cannot be read for another
    reason, a warning says so, and the options describe the channel, if --provider or --endpoint-url is one of them.

    \b
    Examples:
      chaninfra manifest > pixi.toml
      chaninfra manifest --list
      chaninfra manifest --into pyproject.toml
      chaninfra manifest --into pixi.toml --check
      chaninfra manifest --with https://conda.example.com/conda-forge --with bioconda
      chaninfra manifest stack:prod --snapshot 2026-11 --into pixi.toml
      chaninfra manifest stack:prod#my-channel --format github-publish > .github/workflows/publish.yml
      chaninfra manifest stack:production --format github-promote > .github/workflows/promote.yml
      chaninfra manifest channel.json --auth aws --format aws-config >> ~/.aws/config
      chaninfra manifest s3://my-bucket/my-channel --provider wasabi --region de-1 --format login
    """
    from chaninfra.manifest.client_access import client_channel
    from chaninfra.manifest.formats.table import listing, render
    from chaninfra.manifest.request import ManifestRequest

    if list_formats:
        streams.result(streams.table(listing()))
        return
    if check and into is None:
        raise ConfigurationError("--check needs a file to compare with", remedy="add --into FILE")
    name = _format(target, into)
    other_channels = _others(others or (), name, alone=alone)
    sso = _sso(sso_start_url, sso_account_id, sso_role_name, sso_region, name)
    from chaninfra.cli.channel_argument.credentials import check_endpoint_is_said, required_credentials
    from chaninfra.cli.channel_argument.find import find
    from chaninfra.cli.interrupts import interruptible

    wanted = None
    if auth == "public":
        from chaninfra.cli.channel_argument.assumed import NewChannel

        # Only for a channel without a descriptor: a descriptor says itself whether the channel is public.
        wanted = NewChannel(visibility="public")
    with interruptible(lambda: StoppedError("stopped")):
        found = find(channel, store, "offline" if offline else "lenient", wanted)
        if snapshot is not None:
            from chaninfra.cli.channel_argument.snapshot import require_snapshot

            require_snapshot(snapshot, found, store, offline=offline)
    channels = tuple(
        client_channel(each.descriptor, auth, subdirs_known=each.origin == "descriptor", snapshot=snapshot)
        for each in found
    )
    for each, access in zip(found, channels, strict=True):
        if name in _POINTS_CREDENTIALS or (name == "condarc" and access.method != "public"):
            check_endpoint_is_said(each, store)
    if role_arn is not None:
        patterns.check(
            role_arn, patterns.ROLE, where="--role-arn", remedy="give the ARN of a role: arn:aws:iam::ACCOUNT:role/NAME"
        )
    from chaninfra.cli.channel_argument.job_role import job_role, job_source

    role = role_arn or job_role(channel, name, channels)
    request = ManifestRequest(
        channels=channels,
        profile=store.profile,
        sso=sso,
        role_arn=role,
        source=job_source(channel, name, channels, role),
        others=other_channels,
        credentials=required_credentials(store) if name == "auth-file" and into else None,
    )
    if into is None:
        streams.result(render(name, request))
    else:
        _merge(into, name, request, check=check)


def _format(target: Format | None, into: str | None) -> Format:
    """The requested format, else the one that the file's name stands for, else pixi.

    Raises ConfigurationError if the file's name stands for none, or for another program's.
    """
    if into is None:
        return target or "pixi"
    if into == "-":
        raise ConfigurationError("--into - is not possible: it needs a file", remedy="leave out --into to print")
    from pathlib import Path

    from chaninfra.manifest.merge.into import fits, named

    path = Path(into)
    name = target or named(path)
    if name is None:
        if path.is_dir():
            raise ConfigurationError("is a folder", where=into, remedy="name a file in it, for example pixi.toml")
        raise ConfigurationError(
            "the file name does not tell the format",
            where=into,
            remedy="add --format FORMAT; `chaninfra manifest --list` prints the formats",
        )
    if not fits(path, name):
        raise ConfigurationError(
            f"is a file for {named(path)}, not for {name}",
            where=into,
            remedy=f"remove --format, or name another file for {name}",
        )
    return name


def _others(given: Sequence[str], name: Format, *, alone: bool) -> tuple[str, ...]:
    """The other channels of the list. Raises ConfigurationError if they are not valid, or the format has no list."""
    from chaninfra.manifest.request import CONDA_FORGE

    if not given and not alone:
        return (CONDA_FORGE,)
    flag = "--alone" if alone else "--with"
    if given and alone:
        raise ConfigurationError("--with and --alone contradict each other", remedy="give only one of them")
    if name not in _LISTS_CHANNELS:
        raise ConfigurationError(
            f"{flag} is not possible with --format {name}, which has no list of channels",
            remedy=f"remove {flag}; the formats with a list are {', '.join(_LISTS_CHANNELS)}",
        )
    for channel in given:
        patterns.check(
            channel, patterns.OTHER_CHANNEL, where="--with", remedy="give a name, such as bioconda, or a URL"
        )
    return tuple(given)


def _merge(into: str, name: Format, request: ManifestRequest, *, check: bool) -> None:
    from pathlib import Path

    from chaninfra.manifest.merge.into import change

    merged = change(Path(into), name, request)
    if not merged.needed:
        streams.note(f"{into} is up to date")
        return
    streams.result(merged.diff())
    if check:
        raise ChaninfraError("is not up to date", where=into, remedy="run the same command without --check")
    merged.write()
    streams.note(f"{into} was written")
    for note in merged.notes:
        streams.note(note)


def _sso(start_url: str | None, account: str | None, role: str | None, region: str | None, name: Format) -> Sso | None:
    given = {"--sso-start-url": start_url, "--sso-account-id": account, "--sso-role-name": role}
    missing = [flag for flag, value in given.items() if not value]
    if region is None and len(missing) == len(given):
        return None
    if name != "aws-config":
        raise ConfigurationError(
            f"the --sso-… options are not possible with --format {name}", remedy="add --format aws-config"
        )
    if not start_url or not account or not role:
        raise ConfigurationError(
            "a login by IAM Identity Center needs more options", remedy=f"add {', '.join(missing)}"
        )
    from chaninfra.manifest.request import Sso

    return Sso(start_url=start_url, account_id=account, role_name=role, region=region)
