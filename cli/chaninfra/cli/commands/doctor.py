"""`chaninfra doctor`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from chaninfra.cli import output, reference
from chaninfra.cli.store_flags import StoreFlags

if TYPE_CHECKING:
    from chaninfra.channel.result import Result


def doctor(
    *,
    channel: Annotated[str | None, typer.Argument(metavar="CHANNEL", help=f"The channel: {reference.HELP}")] = None,
    probe: Annotated[
        bool,
        typer.Option("--probe", help="Find out on scratch objects what the store really does, and record it."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For a program to read.")] = False,
    store: StoreFlags,
) -> None:
    """Say what is wrong with a channel, and what mends it.

    Exits with 1 where a check failed.

    `--probe` finds out what the store really does: conditional writes, checksums, addressing, region, listings, missing
    keys. It says what to change where the config or the provider's row says otherwise, and records in channel.json what
    writers need to know. It writes small objects below `.chaninfra/probe/` of the channel and deletes them again, so it
    needs the rights of the one who deploys the channel; publishers have none there.

    \b
    Examples:
      chaninfra doctor stack:prod
      chaninfra doctor --probe s3://my-bucket/my-channel --endpoint-url https://minio.example.com
    """
    from chaninfra.channel.errors import ExitCode
    from chaninfra.cli.channel_ref import open_channel
    from chaninfra.cli.interrupts import tidied_up
    from chaninfra.doctor.checks import CHECKS, PROBES

    # A wrong region or addressing is for the probe to find, so that the descriptor cannot be read does not end it.
    opened = open_channel(channel, store, "write" if probe else "read", "lenient" if probe else "strict")
    with tidied_up():
        results = [result for check in {**CHECKS, **(PROBES if probe else {})}.values() for result in check(opened)]
    failed = any(result.state == "failed" for result in results)
    if as_json:
        checks = [{"name": r.name, "state": r.state, "found": r.found, "remedy": r.remedy} for r in results]
        output.result_json({"healthy": not failed, "checks": checks})
    else:
        output.result(_text(results))
    if failed:
        raise typer.Exit(ExitCode.FAILED)


def _text(results: Sequence[Result]) -> str:
    rows = output.table([(result.state, result.name, result.found) for result in results]).splitlines()
    indent = " " * max(len(result.state) for result in results)
    lines = []
    for row, result in zip(rows, results, strict=True):
        lines += [row, f"{indent}    {result.remedy}"] if result.remedy else [row]
    return "\n".join(lines)
