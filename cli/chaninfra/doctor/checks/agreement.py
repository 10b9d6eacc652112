"""What the index files of one subdir say of each other: which agree, which is behind, and which another tool wrote."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from chaninfra.channel.conda.index_files import FILE_NAMES, SHARDS
from chaninfra.channel.conda.index_settings import AtMostEvery, Format
from chaninfra.channel.errors import InvalidRepodataError, RefusedError
from chaninfra.channel.probe.finding import Finding
from chaninfra.channel.text import count
from chaninfra.doctor.subdir_files import SubdirFiles
from chaninfra.doctor.traces import ANOTHER, writer_of_repodata, writer_of_shard_index
from chaninfra.index.commit.authority import AUTHORITY
from chaninfra.index.commit.derived_files import DERIVED

if TYPE_CHECKING:
    from chaninfra.doctor.examination import Examination, SubdirCheck


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
    if files.authority is None:
        there = ", ".join(FILE_NAMES[kind] for kind in files.derived)
        others = f"; {there} {'is' if len(files.derived) == 1 else 'are'} there" if there else ""
        yield _failed(
            exam,
            f"{subdir}: {AUTHORITY} is missing{others}. The next commit re-indexes first, as `reindex` does: from the "
            "packages, and from what the other files and the history know of them",
        )
    elif files.authority.index is None:
        yield _failed(exam, f"{subdir}: {AUTHORITY} is damaged, too large, or of another subdir")
    elif files.stamp is None:
        yield _failed(
            exam,
            f"{subdir}: {AUTHORITY} was written by {writer_of_shard_index(files.authority.data)}. The next commit "
            "re-indexes first, as `reindex` does: it takes over the records that fit the packages, and keeps times and "
            "yanks of the last index before",
        )
    for kind in DERIVED:
        if kind == "json" and invalid:
            # The error says so.
            continue
        finding = _derived(exam, subdir, files, kind)
        if finding is not None:
            yield finding


def _derived(exam: Examination, subdir: str, files: SubdirFiles, kind: Format) -> Finding | None:
    """What is wrong with a derived file; None: nothing."""
    name, file, monolith = FILE_NAMES[kind], files.derived.get(kind), exam.settings.monolith
    if monolith == "never":
        return _unwanted(exam, subdir, files, kind)
    if file is None:
        return _failed(exam, f"{subdir}: {name} is missing; the next commit, or `reindex`, writes it")
    if file.origin is None:
        tool = writer_of_repodata(exam.store, file.entry) if kind == "json" else ANOTHER
        does = "the next commit, or `reindex`, takes over its records that fit the packages, and writes it again"
        return _failed(exam, f"{subdir}: {name} was written by {tool}; {does}")
    if kind in files.newer:
        found = f"{subdir}: {name} is newer than {AUTHORITY}, which therefore was restored from a copy"
        return _failed(exam, f"{found}. The next commit, or `reindex`, takes over the records of both")
    if files.behind(kind) <= 0:
        return None
    late = f"{subdir}: {name} is {_late(files, kind)}"
    if not isinstance(monolith, AtMostEvery):
        return _failed(exam, f"{late}; clients that do not read shards do not see what they changed")
    if files.now - files.since[kind] <= timedelta(seconds=2 * monolith.seconds):
        return None
    found = f"{late}, more than twice the time of `at-most-every: {monolith.at_most_every}`: no schedule writes it"
    return Finding(state="warning", found=found, remedy=exam.remedies.command("reindex"))


def _unwanted(exam: Examination, subdir: str, files: SubdirFiles, kind: Format) -> Finding | None:
    """The finding for a file that is not to be there: `index.monolith` is `never`."""
    name, file = FILE_NAMES[kind], files.derived.get(kind)
    if file is None:
        return None
    late = f" ({_late(files, kind)})" if files.behind(kind) > 0 else ""
    found = f"{subdir}: {name} is still there, and nothing updates it any more{late}: old clients read it as if it did"
    if file.origin is None:
        tool = writer_of_repodata(exam.store, file.entry) if kind == "json" else ANOTHER
        found = f"{subdir}: {name} was written by {tool}; no commit reads it, `reindex` takes over its records"
        remedy = f"{exam.remedies.command('reindex')}, then as a maintainer {exam.remedies.command('gc')}"
        return Finding(state="warning", found=found, remedy=remedy)
    return Finding(state="warning", found=found, remedy=exam.remedies.command("gc"))


def _agreeing(exam: Examination, subdir: str, files: SubdirFiles) -> str:
    """What to say of a subdir in which nothing is wrong."""
    number = files.stamp.number if files.stamp is not None else 0
    kinds: list[Format] = ["shards", *(kind for kind in DERIVED if kind in exam.settings.formats)]
    equal = [FILE_NAMES[kind] for kind in kinds if files.behind(kind) <= 0]
    late = [f"{FILE_NAMES[kind]} is {_late(files, kind)}" for kind in kinds if files.behind(kind) > 0]
    agree = f"{', '.join(equal)} {'agree' if len(equal) > 1 else 'is valid'}"
    return "; ".join([f"{subdir}: {agree} (commit {number:,})", *late])


def _late(files: SubdirFiles, kind: Format) -> str:
    """`3 commits behind since 2026-01-01 12:00 UTC`."""
    return f"{count(files.behind(kind), 'commit')} behind since {files.since[kind].astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _failed(exam: Examination, found: str) -> Finding:
    return Finding(state="failed", found=found, remedy=exam.remedies.command("reindex"))
