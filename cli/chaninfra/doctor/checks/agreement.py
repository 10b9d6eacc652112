"""What the index files of one subdir say of each other: which agree, which is behind, and which another tool wrote."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from chaninfra.channel.conda.index_files import FILE_NAMES, SHARDS
from chaninfra.channel.conda.index_settings import RUN_EXPORTS, AtMostEvery, Format
from chaninfra.channel.errors import InvalidRepodataError, RefusedError
from chaninfra.channel.probe.finding import Finding
from chaninfra.channel.text import count
from chaninfra.doctor.subdir_files import SubdirFiles
from chaninfra.doctor.traces import ANOTHER, writer_of_repodata, writer_of_shard_index
from chaninfra.index.commit.authority import AUTHORITY
from chaninfra.index.commit.derived_state import DERIVED, of_others
from chaninfra.index.report import STALE_READERS

if TYPE_CHECKING:
    from chaninfra.doctor.examination import Examination, SubdirCheck

_DAILY = timedelta(hours=25)
"""Longer than between two runs of a daily job."""


def findings(exam: Examination, check: SubdirCheck) -> Iterator[Finding]:
    """One finding for each thing that is wrong with the index files of a subdir, or one that they agree."""
    error, files = check.error, check.files
    if isinstance(error, RefusedError):
        # No command of chaninfra writes this index, so nothing is said of what the next one does.
        yield Finding(state="failed", found=f"{error.summary}{_other_writer(exam, files)}", remedy=error.remedy)
        return
    invalid = isinstance(error, InvalidRepodataError)
    wrong = [*_wrong(exam, check.subdir, files, invalid=invalid)] if files is not None else []
    if error is not None:
        remedy = exam.remedies.command("reindex", "--force") if invalid else error.remedy
        found = error.summary if error.where else f"{check.subdir}: {error.message}"
        wrong.append(Finding(state="failed", found=found, remedy=remedy))
    elif check.report is not None and SHARDS in check.report.files:
        wrong.append(_failed(exam, f"{check.subdir}: a shard is damaged"))
    if check.report is not None and (records := check.report.invalid):
        more = f" and {len(records) - 1:,} more" if len(records) > 1 else ""
        first = f"{records[0].package} ({records[0].reason}){more}"
        wrong.append(_failed(exam, f"records that clients cannot read, or no shard can hold: {first}"))
    if check.report is not None and check.report.stale:
        earlier = _are(check.report.stale, "of an earlier indexer, and nothing updates")
        them = "it" if len(check.report.stale) == 1 else "them"
        reads = f"clients that read {them} ({STALE_READERS}) install old and yanked packages"
        found = f"{check.subdir}: {earlier} {them}: {reads}"
        wrong.append(Finding(state="warning", found=found, remedy=exam.remedies.command("gc")))
    yield from wrong
    if not wrong and files is not None:
        yield Finding(state="ok", found=_agreeing(exam, check.subdir, files))


def _other_writer(exam: Examination, files: SubdirFiles | None) -> str:
    """`; repodata.json was written by conda-index`; "" if no other tool did."""
    json = files.derived.get("json") if files is not None else None
    if json is not None and json.origin is None:
        return f"; {FILE_NAMES['json']} was written by {writer_of_repodata(exam.store, json.entry)}"
    return ""


def _wrong(exam: Examination, subdir: str, files: SubdirFiles, *, invalid: bool) -> Iterator[Finding]:
    lost = files.lost
    if lost.count:
        more = f" and {lost.count - len(lost.names):,} more" if lost.count > len(lost.names) else ""
        shards = f"{count(lost.count, 'shard')} that the store does not have: {', '.join(lost.names)}{more}"
        yield _failed(exam, f"{subdir}: {AUTHORITY} names {shards}")
    if files.authority is not None and files.authority.index is None:
        yield _failed(exam, f"{subdir}: {AUTHORITY} is damaged, too large, or of another subdir")
    # An error says so of a repodata.json that is not valid.
    kinds: list[Format] = [kind for kind in exam.settings.derived if not (invalid and kind == "json")]
    foreign = {kind for kind in of_others(files.derived) if not (invalid and kind == "json")}
    missing = [FILE_NAMES[kind] for kind in kinds if kind not in files.derived]
    if exam.settings.monolith == "never":
        yield from _left_over(exam, subdir, files, foreign)
        others = _written_by_others(exam, files, set())
    else:
        others = _written_by_others(exam, files, foreign)
    yield from _late_files(exam, subdir, files)
    if theirs := [
        FILE_NAMES[kind]
        for kind in RUN_EXPORTS
        if (file := files.derived.get(kind)) is not None and file.origin is None
    ]:
        yield _failed(exam, f"{subdir}: {_are(theirs, 'written by another tool', past=True)}")
    if files.authority is None:
        missing.insert(0, AUTHORITY)
    if missing:
        does = _re_indexes(files) if files.authority is None else ""
        yield _failed(exam, f"{subdir}: {_are(missing, 'missing')}{does}")
    if others:
        yield _failed(exam, f"{subdir}: {others}{_re_indexes(files)}")
    if files.newer:
        newer = [FILE_NAMES[kind] for kind in DERIVED if kind in files.newer]
        restored = f"newer than {AUTHORITY}, which therefore was restored from a copy"
        yield _failed(exam, f"{subdir}: {_are(newer, restored)}{_re_indexes(files)}")


def _written_by_others(exam: Examination, files: SubdirFiles, foreign: Collection[Format]) -> str:
    """`repodata.json was written by conda-index`, of the shard index and these derived files; "" if none was."""
    by: dict[str, list[str]] = {}
    if files.authority is not None and files.authority.index is not None and files.stamp is None:
        by.setdefault(writer_of_shard_index(files.authority.data), []).append(AUTHORITY)
    json = files.derived.get("json")
    tool = writer_of_repodata(exam.store, json.entry) if json is not None and "json" in foreign else ANOTHER
    for kind in DERIVED:
        if kind in foreign:
            # A zst has no traces: whoever wrote repodata.json wrote it, too.
            by.setdefault(tool, []).append(FILE_NAMES[kind])
    return ", ".join(f"{_are(names, f'written by {tool}', past=True)}" for tool, names in by.items())


def _re_indexes(files: SubdirFiles) -> str:
    """What the next command does."""
    if files.stamp is None or files.newer:
        return (
            ". The next commit re-indexes first, as `reindex` does: it takes over the records that fit the packages, "
            "and keeps the times and yanks of the last index before"
        )
    return ". The next commit, or `reindex`, takes over its records that fit the packages, and writes it anew"


def _late_files(exam: Examination, subdir: str, files: SubdirFiles) -> Iterator[Finding]:
    """The findings for files that are behind longer than they may be."""
    monolith = exam.settings.monolith
    for late, kinds in _by_delay(files, exam.settings.derived).items():
        found = f"{subdir}: {_are([FILE_NAMES[kind] for kind in kinds], late)}"
        if monolith == "never":
            if files.now - files.since[kinds[0]] > _DAILY:
                found += ": with `monolith: never` neither a schedule nor a follower writes them"
                yield Finding(state="warning", found=found, remedy=exam.remedies.command("reindex"))
        elif not isinstance(monolith, AtMostEvery):
            yield _failed(exam, f"{found}; {_not_seen(kinds)}")
        elif files.now - files.since[kinds[0]] > timedelta(seconds=2 * monolith.seconds):
            found += f", more than twice the time of `at-most-every: {monolith.at_most_every}`: no schedule writes them"
            yield Finding(state="warning", found=found, remedy=exam.remedies.command("reindex"))


def _left_over(exam: Examination, subdir: str, files: SubdirFiles, foreign: Collection[Format]) -> Iterator[Finding]:
    """The findings for files that are not to be there: `index.monolith` is `never`."""
    gc = exam.remedies.command("gc")
    if foreign:
        written = _written_by_others(exam, files, foreign)
        found = f"{subdir}: {written}; no commit reads that, `reindex` takes over its records"
        remedy = f"{exam.remedies.command('reindex')}, then as a maintainer {gc}"
        yield Finding(state="warning", found=found, remedy=remedy)
    ours: list[Format] = [kind for kind in DERIVED if kind in files.derived and kind not in foreign]
    if ours:
        late = next(iter(_by_delay(files, ours)), None)
        behind = f" ({late})" if late else ""
        still = f"still there, and nothing updates them any more{behind}: old clients read them as the newest state"
        yield Finding(state="warning", found=f"{subdir}: {_are([FILE_NAMES[kind] for kind in ours], still)}", remedy=gc)


def _not_seen(kinds: Collection[Format]) -> str:
    """Who does not see what the commits changed that these files lack."""
    if {*kinds} <= {*RUN_EXPORTS}:
        return "tools that build packages do not see the run exports of what they added"
    return "clients that do not read shards do not see what they changed"


def _by_delay(files: SubdirFiles, of: Collection[Format]) -> dict[str, list[Format]]:
    """`3 commits behind since 2026-01-01 12:00 UTC` → those of these derived files that are."""
    late: dict[str, list[Format]] = {}
    for kind in (kind for kind in files.since if kind in of):
        since = f"{files.since[kind].astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        late.setdefault(f"{count(files.behind(kind), 'commit')} behind since {since}", []).append(kind)
    return late


def _agreeing(exam: Examination, subdir: str, files: SubdirFiles) -> str:
    """What to say of a subdir in which nothing is wrong."""
    number = files.stamp.number if files.stamp is not None else 0
    kinds: list[Format] = ["shards", *exam.settings.derived]
    equal = [FILE_NAMES[kind] for kind in kinds if kind not in files.since]
    agree = f"{_listed(equal)} {'agree' if len(equal) > 1 else 'is valid'}"
    late = [_are([FILE_NAMES[kind] for kind in kinds], delay) for delay, kinds in _by_delay(files, kinds).items()]
    return "; ".join([f"{subdir}: {agree} (commit {number:,})", *late])


def _are(names: Sequence[str], what: str, *, past: bool = False) -> str:
    """`a is missing`, `a and b are missing`."""
    verb = ("was", "were") if past else ("is", "are")
    return f"{_listed(names)} {verb[len(names) > 1]} {what}"


def _listed(names: Sequence[str]) -> str:
    return " and ".join([*([", ".join(names[:-1])] if names[:-1] else []), *names[-1:]])


def _failed(exam: Examination, found: str) -> Finding:
    return Finding(state="failed", found=found, remedy=exam.remedies.command("reindex"))
