"""`chaninfra doctor`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from chaninfra.channel.roles import Role
from chaninfra.cli.channel_argument.parse import CHANNEL_HELP
from chaninfra.cli.output import streams
from chaninfra.cli.store_flags import StoreFlags

if TYPE_CHECKING:
    from chaninfra.channel.probe.finding import CheckResult
    from chaninfra.cli.output.progress import Shown


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
            help="Run only this check; failed checks that it depends on are shown too. May be repeated.",
            autocompletion=_check_names,
        ),
    ] = None,
    list_checks: Annotated[bool, typer.Option("--list", help="List the checks and exit.")] = False,
    role: Annotated[
        Role | None,
        typer.Option(
            "--as", help="Fail if the credentials lack permissions of this role (default: a reader's are enough)."
        ),
    ] = None,
    names_from: Annotated[
        str | None,
        typer.Option(
            "--names-from",
            metavar="FILE|URL",
            help="Warn about packages that share a name with those in FILE or URL: a repodata.json, a shard index, a "
            "JSON list or one name per line.",
        ),
    ] = None,
    probe: Annotated[
        bool,
        typer.Option(
            "--probe", help="Instead of the checks, test the store with scratch objects and record the result."
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    store: StoreFlags,
) -> None:
    """Find out what is wrong with a channel, and how to fix it.

    Checks everything that a client needs to reach its packages: endpoint, certificate, clock, credentials, region,
    bucket, permissions, the index, and whether pixi's own client reads it. Prints one line per check, and below a
    failed one its remedy. A check that depends on a failed one is skipped. The exit code is 1 if a check failed.

    The checks write nothing: they test write permissions with conditional writes that the store must refuse.

    `--probe` tests what the store supports instead: conditional writes, checksums, addressing styles, regions,
    listings and answers for missing keys. It reports where the config or the provider's table differs, and records in
    channel.json what writers need to know. It writes small objects below `.chaninfra/probe/` in the channel and deletes
    them afterwards. This needs the credentials that run `pulumi up` (or `chaninfra init`); a publisher's are not
    enough.

    \b
    Examples:
      chaninfra doctor stack:prod
      chaninfra doctor https://example.com/my-channel/channel.json
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
        raise ConfigurationError(
            "--probe cannot be combined with --check, --as or --names-from", remedy="run it on its own"
        )
    check_names(checks or ())
    results = _probed(channel, store) if probe else _checked(channel, store, checks or (), role, names_from)
    failed = any(result.state == "failed" for result in results)
    if failed and store.secret_access_key:
        streams.note(
            "the remedies do not repeat the access key that was given: set S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY"
        )
    if as_json:
        documents = [{"name": r.name, "state": r.state, "found": r.found, "remedy": r.remedy} for r in results]
        streams.result_json({"healthy": not failed, "checks": documents})
    else:
        streams.result(_text(results), first_words={"ok": "green", "warning": "yellow", "failed": "red"})
    if failed:
        raise typer.Exit(ExitCode.FAILED)


def _probed(channel: str | None, store: StoreFlags) -> Sequence[CheckResult]:
    from chaninfra.cli.channel_argument.find import open_channel
    from chaninfra.cli.remedies import remedies_for
    from chaninfra.doctor.probe import probe

    # The probe finds a wrong region or addressing style, so it must not fail when the descriptor cannot be read.
    opened = open_channel(channel, store, "write", "probe")
    with _examining() as shown:
        shown.stage("probing the store")
        return [*probe(opened, remedies_for(channel, store))]


def _checked(
    channel: str | None, store: StoreFlags, checks: Sequence[str], role: Role | None, names_from: str | None
) -> Sequence[CheckResult]:
    from chaninfra.cli.doctor_examination import examination_of
    from chaninfra.doctor.checks.table import chosen, run

    with _examining() as shown:
        exam = examination_of(channel, store, role, names_from)
        return run(exam, chosen(checks, exam), shown)


@contextmanager
def _examining() -> Iterator[Shown]:
    from chaninfra.channel.errors import StoppedError
    from chaninfra.cli.interrupts import TIDY_S, interruptible
    from chaninfra.cli.output.progress import progress

    with progress() as shown, interruptible(lambda: StoppedError("stopped"), shown.stop, grace=TIDY_S):
        yield shown


def _text(results: Sequence[CheckResult]) -> str:
    from chaninfra.channel.text import one_line
    from chaninfra.cli.output.tables import rows_text, terminal_width

    rows = rows_text([(state, name, found) for state, name, found, _ in _lines(results)], terminal_width())
    indent = " " * max(len(result.state) for result in results)
    lines = []
    for row, (_, _, _, remedy) in zip(rows, _lines(results), strict=True):
        lines += [row, f"{indent}    {one_line(remedy)}"] if remedy else [row]
    return "\n".join(lines)


def _lines(results: Sequence[CheckResult]) -> list[tuple[str, str, str, str | None]]:
    """(state, name, found, remedy) of each line: one per result, but one for all skipped for the same reason."""
    skipped: dict[str, list[str]] = {}
    for result in results:
        if result.state == "skipped":
            skipped.setdefault(result.found, []).append(result.name)
    lines: list[tuple[str, str, str, str | None]] = [
        (result.state, result.name, result.found, result.remedy) for result in results if result.state != "skipped"
    ]
    for found, names in skipped.items():
        others = f"; also skipped: {', '.join(names[1:])}" if len(names) > 1 else ""
        lines.append(("skipped", names[0], found + others, None))
    return lines
