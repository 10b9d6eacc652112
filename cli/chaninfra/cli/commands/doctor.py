"""`chaninfra doctor`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from chaninfra.channel.roles import Role
from chaninfra.cli.channel_argument.parse import CHANNEL_HELP
from chaninfra.cli.output import streams
from chaninfra.cli.store_flags import StoreFlags

if TYPE_CHECKING:
    from chaninfra.channel.probe.finding import Finding


def _check_names() -> list[str]:
    from chaninfra.doctor.checks.table import CHECKS

    return [*CHECKS]


def doctor(
    *,
    channel: Annotated[str | None, typer.Argument(metavar="CHANNEL", help=f"The channel: {CHANNEL_HELP}")] = None,
    checks: Annotated[
        list[str] | None,
        typer.Option(
            "--check",
            metavar="NAME",
            help="Run this check, and what it hangs on; may be repeated.",
            autocompletion=_check_names,
        ),
    ] = None,
    list_checks: Annotated[bool, typer.Option("--list", help="List the checks.")] = False,
    role: Annotated[
        Role | None,
        typer.Option("--as", help="Whose these credentials are to be; left out, whoever may read is healthy."),
    ] = None,
    names_from: Annotated[
        str | None,
        typer.Option(
            "--names-from",
            metavar="FILE|URL",
            help="Name the packages that hide one of these: a repodata.json, or a name on each line.",
        ),
    ] = None,
    probe: Annotated[
        bool,
        typer.Option("--probe", help="Instead: find out on scratch objects what the store really does, and record it."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For a program to read.")] = False,
    store: StoreFlags,
) -> None:
    """Say what is wrong with a channel, and what mends it.

    Looks at all that stands between a client and its packages, from the endpoint to what pixi's own client reads, and
    prints a line for each check; below what failed stands what mends it. What cannot be judged, since something before
    it failed, is skipped. Exits with 1 where a check failed.

    Nothing is written: what these credentials may write is tried by writes whose condition does not hold.

    `--probe` finds out what the store really does: conditional writes, checksums, addressing, region, listings, missing
    keys. It says what to change where the config or the provider's row says otherwise, and records in channel.json what
    writers need to know. It writes small objects below `.chaninfra/probe/` of the channel and deletes them again, so it
    needs the rights of the one who deploys the channel; publishers have none there.

    \b
    Examples:
      chaninfra doctor stack:prod
      chaninfra doctor stack:prod --as publisher
      chaninfra doctor --check region --check addressing s3://my-bucket/my-channel
      chaninfra doctor --names-from https://conda.anaconda.org/conda-forge/noarch/repodata_shards.msgpack.zst
      chaninfra doctor --probe s3://my-bucket/my-channel --endpoint-url https://minio.example.com
    """
    from chaninfra.channel.errors import ConfigurationError, ExitCode
    from chaninfra.doctor.checks.table import check_names, listing

    if list_checks:
        streams.result(streams.table(listing()))
        return
    if probe and (checks or role or names_from):
        raise ConfigurationError("--probe is instead of the checks", remedy="run it alone")
    check_names(checks or ())
    results = _probed(channel, store) if probe else _checked(channel, store, checks or (), role, names_from)
    failed = any(result.state == "failed" for result in results)
    if failed and store.secret_access_key:
        streams.note("the remedies leave out the keys that were given: set S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY")
    if as_json:
        documents = [{"name": r.name, "state": r.state, "found": r.found, "remedy": r.remedy} for r in results]
        streams.result_json({"healthy": not failed, "checks": documents})
    else:
        streams.result(_text(results))
    if failed:
        raise typer.Exit(ExitCode.FAILED)


def _probed(channel: str | None, store: StoreFlags) -> Sequence[Finding]:
    from chaninfra.cli.channel_argument.find import open_channel
    from chaninfra.cli.interrupts import tidied_up
    from chaninfra.doctor.probe import probe

    # A wrong region or addressing is for the probe to find, so that the descriptor cannot be read does not end it.
    opened = open_channel(channel, store, "write", "lenient")
    with tidied_up():
        return [*probe(opened)]


def _checked(
    channel: str | None, store: StoreFlags, checks: Sequence[str], role: Role | None, names_from: str | None
) -> Sequence[Finding]:
    from chaninfra.cli.doctor_case import examined
    from chaninfra.cli.interrupts import tidied_up
    from chaninfra.doctor.checks.table import chosen, run

    case = examined(channel, store, role, names_from)
    with tidied_up():
        return run(case, chosen(checks, case))


def _text(results: Sequence[Finding]) -> str:
    rows = streams.table([(state, name, found) for state, name, found, _ in _lines(results)]).splitlines()
    indent = " " * max(len(result.state) for result in results)
    lines = []
    for row, (_, _, _, remedy) in zip(rows, _lines(results), strict=True):
        lines += [row, f"{indent}    {remedy}"] if remedy else [row]
    return "\n".join(lines)


def _lines(results: Sequence[Finding]) -> list[tuple[str, str, str, str | None]]:
    """State, name, what was found and the remedy: a line for each result, one for all that are skipped for a reason."""
    waiting: dict[str, list[str]] = {}
    for each in results:
        if each.state == "skipped":
            waiting.setdefault(each.found, []).append(each.name)
    lines: list[tuple[str, str, str, str | None]] = [
        (each.state, each.name, each.found, each.remedy) for each in results if each.state != "skipped"
    ]
    for found, names in waiting.items():
        more = f"; nor can {', '.join(names[1:])}" if len(names) > 1 else ""
        lines.append(("skipped", names[0], found + more, None))
    return lines
