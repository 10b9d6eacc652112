"""`chaninfra manifest`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from chaninfra.channel.errors import ChaninfraError, ConfigurationError
from chaninfra.cli.channel_argument.parse import CHANNEL_HELP
from chaninfra.cli.output import streams
from chaninfra.cli.store_flags import StoreFlags
from chaninfra.manifest import Format, ManifestRequest, Sso, Way, channel_access, listing, render

if TYPE_CHECKING:
    from chaninfra.channel.s3.credentials import Credentials


def manifest(
    *,
    channel: Annotated[str | None, typer.Argument(metavar="CHANNEL", help=f"The channel: {CHANNEL_HELP}")] = None,
    target: Annotated[
        Format | None,
        typer.Option(
            "--format", metavar="FORMAT", help="What to print; left out, what --into's file name says, else pixi."
        ),
    ] = None,
    list_formats: Annotated[bool, typer.Option("--list", help="List the formats.")] = False,
    auth: Annotated[
        Way | None,
        typer.Option("--auth", help="The way of access; left out, the channel's own. gcs: Google's own URLs."),
    ] = None,
    into: Annotated[
        str | None,
        typer.Option("--into", metavar="FILE", help="Merge into FILE, keep what else is there, print the diff."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="With --into: write nothing, exit 1 when FILE is not up to date.")
    ] = False,
    role_arn: Annotated[
        str | None,
        typer.Option(
            "--role-arn",
            metavar="ARN",
            help="The role of a CI job on AWS; left out, what the stack says, else a variable of the CI.",
        ),
    ] = None,
    sso_start_url: Annotated[
        str | None, typer.Option("--sso-start-url", metavar="URL", help="aws-config: log in by IAM Identity Center.")
    ] = None,
    sso_account_id: Annotated[str | None, typer.Option("--sso-account-id", metavar="ID", help="Its account.")] = None,
    sso_role_name: Annotated[str | None, typer.Option("--sso-role-name", metavar="NAME", help="Its role.")] = None,
    sso_region: Annotated[
        str | None, typer.Option("--sso-region", metavar="REGION", help="Its region; left out, the bucket's.")
    ] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Make no request: an s3:// channel is what the flags say.")
    ] = False,
    store: StoreFlags,
) -> None:
    """Print the settings that a client or a CI job needs.

    Without --format it is a pixi.toml: with s3-options and pixi's credential store (pixi), with AWS credentials (aws),
    or with an https URL (public).

    \b
    Examples:
      chaninfra manifest > pixi.toml
      chaninfra manifest --list
      chaninfra manifest --into pyproject.toml
      chaninfra manifest --into pixi.toml --check
      chaninfra manifest stack:prod#my-channel --format github-publish > .github/workflows/publish.yml
      chaninfra manifest channel.json --auth aws --format aws-config >> ~/.aws/config
      chaninfra manifest s3://my-bucket/my-channel --provider wasabi --region de-1 --format login
    """
    if list_formats:
        streams.result(streams.table(listing()))
        return
    if check and into is None:
        raise ConfigurationError("--check compares with a file", remedy="name it: --into FILE")
    name = _name(target, into)
    sso = _sso(sso_start_url, sso_account_id, sso_role_name, sso_region, name)
    from chaninfra.cli.channel_argument.find import find

    wanted = None
    if auth == "public":
        from chaninfra.cli.channel_argument.assumed import NewChannel

        # Only a channel without a descriptor is taken at this word.
        wanted = NewChannel(visibility="public")
    found = find(channel, store, "offline" if offline else "lenient", wanted)
    clients = tuple(channel_access(each.descriptor, auth) for each in found)
    if role_arn is None:
        from chaninfra.cli.channel_argument.job_role import job_role

        role_arn = job_role(channel, name, clients)
    settings = ManifestRequest(
        clients=clients,
        profile=store.profile,
        sso=sso,
        role_arn=role_arn,
        credentials=_credentials(store) if name == "auth-file" and into else None,
    )
    if into is None:
        streams.result(render(name, settings))
    else:
        _merge(into, name, settings, check=check)


def _name(target: Format | None, into: str | None) -> Format:
    """The format: what was asked for, else what the file's name says. Raises ConfigurationError where they differ."""
    if into is None:
        return target or "pixi"
    from pathlib import Path

    from chaninfra.manifest.merge.into import fits, named

    path = Path(into)
    found = target or named(path)
    if found is None:
        raise ConfigurationError(
            "the file's name does not say what is to be in it", where=into, remedy="add --format FORMAT"
        )
    if not fits(path, found):
        raise ConfigurationError(
            f"is the name of a file for {named(path)}, not for {found}",
            where=into,
            remedy=f"leave --format out, or name another file for {found}",
        )
    return found


def _merge(into: str, name: Format, settings: ManifestRequest, *, check: bool) -> None:
    from pathlib import Path

    from chaninfra.manifest.merge.into import change

    found = change(Path(into), name, settings)
    if not found.needed:
        streams.note(f"{into} is up to date")
        return
    streams.result(found.diff())
    if check:
        raise ChaninfraError("is not up to date", where=into, remedy="run the same without --check")
    found.write()
    streams.note(f"{into} was written")


def _sso(start_url: str | None, account: str | None, role: str | None, region: str | None, name: Format) -> Sso | None:
    given = {"--sso-start-url": start_url, "--sso-account-id": account, "--sso-role-name": role}
    missing = [flag for flag, value in given.items() if not value]
    if region is None and len(missing) == len(given):
        return None
    if name != "aws-config":
        raise ConfigurationError(f"{name} holds no login by SSO", remedy="add --format aws-config")
    if not start_url or not account or not role:
        raise ConfigurationError("a login by SSO needs more", remedy=f"add {', '.join(missing)}")
    return Sso(start_url=start_url, account_id=account, role_name=role, region=region)


def _credentials(store: StoreFlags) -> Credentials:
    from chaninfra.channel.s3.credentials import resolve

    return resolve(
        access_key_id=store.access_key_id,
        secret_access_key=store.secret_access_key,
        session_token=store.session_token,
        profile=store.profile,
    )
