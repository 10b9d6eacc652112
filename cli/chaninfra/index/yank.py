"""Yank packages: take them out of the index while their files stay, and bring them back."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any, cast

import msgspec
from msgspec import Raw
from msgspec.structs import replace

from chaninfra.channel.conda.filenames import key_in, package_name
from chaninfra.channel.conda.name_rules import breaks_index, client_name
from chaninfra.channel.conda.object_names import YANKED_JSON
from chaninfra.channel.conda.record_facts import facts_in
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.conda.untrusted import MALFORMED, check_plain
from chaninfra.channel.errors import ChaninfraError, ConflictError
from chaninfra.channel.objects import ObjectMeta, md5_in
from chaninfra.index.channel import Channel
from chaninfra.index.commit.adopting import commit_adopting
from chaninfra.index.commit.change import Change, IndexRecord
from chaninfra.index.commit.derived_files import ATTEMPTS
from chaninfra.index.commit.yanked_json import Yank, Yanked, read_yanked, write_yanked
from chaninfra.index.contents import known_subdirs
from chaninfra.index.package_reader import Missing, read_packages
from chaninfra.index.progress import SILENT, Progress
from chaninfra.index.report import LeftOut, Report, SubdirReport
from chaninfra.index.runtime import run_all
from chaninfra.index.select import Candidate, select
from chaninfra.index.signatures import Signatures
from chaninfra.index.subdir_index import SubdirIndex
from chaninfra.index.whole import check_writable, read_whole


@dataclass(frozen=True, kw_only=True)
class Yanking:
    """What `yank` or `unyank` did. Packages are `<subdir>/<file>`."""

    changed: tuple[str, ...]
    """Packages that were yanked or brought back."""
    already: tuple[str, ...]
    """Packages that were yanked before."""
    report: Report


def yank(channel: Channel, words: Sequence[str], reason: str | None, progress: Progress = SILENT) -> Yanking:
    """Take the packages that the words select out of the index; see `select`.

    Raises ConfigurationError for a word that is not a name, file or match spec; ChaninfraError for a word that selects
    nothing; and what `commit` raises.
    """
    subdirs = known_subdirs(channel)
    subdir_indexes = {subdir: channel.subdir_index(subdir) for subdir in subdirs}
    indexes = _read_indexes(subdir_indexes)
    indexed = [
        Candidate(subdir, file, bytes(repodata.records[table][key]))
        for subdir, repodata in indexes.items()
        for file, table, key in repodata.files()
    ]
    yanked, _ = read_yanked(channel.writer, channel.descriptor.key(YANKED_JSON))
    chosen = _chosen(words, [*indexed, *_yanked_candidates(yanked, indexes)])
    now = datetime.fromtimestamp(channel.runtime.now_ms() // 1000, UTC).isoformat()
    new: dict[str, Yank] = {}
    for candidate in chosen:
        indexed_in = indexes.get(cast("Subdir", candidate.subdir))
        place = indexed_in.find(candidate.file) if indexed_in else None
        new[candidate.path_in_channel] = Yank(
            reason=reason,
            when=now,
            table=place[0] if place else None,
            record=_record(indexed_in, *place) if indexed_in and place else None,
        )

    def add(before: Yanked) -> Yanked:
        # A package that is yanked already keeps its date, reason and record.
        return replace(before, packages={**new, **before.packages})

    affected = [subdir for subdir in subdirs if any(candidate.subdir == subdir for candidate in chosen)]
    for subdir in affected:
        check_writable(subdir_indexes[subdir])
    progress.stage("indexing", len(affected), unit="subdir")
    before = _update_yanked_json(channel, add)
    already = tuple(sorted(path for path in new if path in before.packages))
    # Commit for those, too: an earlier yank may have ended before its commit.
    reports = [
        _commit(subdir_indexes[subdir], Change(names=_names(indexes.get(subdir), chosen, subdir)))
        for subdir in affected
    ]
    return Yanking(changed=tuple(sorted(set(new) - set(already))), already=already, report=Report.of(reports))


def unyank(channel: Channel, words: Sequence[str], progress: Progress = SILENT) -> Yanking:
    """Bring the packages that the words select back into the index.

    Each gets the record that it had, if that fits the package's bytes; otherwise one made from the package. Packages
    that were deleted are skipped. Raises as `yank`.
    """
    subdirs = known_subdirs(channel)
    subdir_indexes = {subdir: channel.subdir_index(subdir) for subdir in subdirs}
    indexes = _read_indexes(subdir_indexes)
    yanked, _ = read_yanked(channel.writer, channel.descriptor.key(YANKED_JSON))
    chosen = {candidate.path_in_channel: candidate for candidate in _chosen(words, _yanked_candidates(yanked, indexes))}

    def remove(before: Yanked) -> Yanked:
        return replace(before, packages={path: yank for path, yank in before.packages.items() if path not in chosen})

    yanks: dict[Subdir, dict[str, Yank | None]] = {
        subdir: {
            candidate.file: yanked.packages.get(path)
            for path, candidate in chosen.items()
            if candidate.subdir == subdir
        }
        for subdir in subdirs
    }
    # What can fail comes before yanked.json is changed.
    for subdir, files in yanks.items():
        if files:
            check_writable(subdir_indexes[subdir])
    records_before = {subdir: _records(subdir_indexes[subdir], files)[0] for subdir, files in yanks.items() if files}
    progress.stage("indexing", len(records_before), unit="subdir")
    _update_yanked_json(channel, remove)
    reports: list[SubdirReport] = []
    for subdir, before in records_before.items():
        records, left_out = _updated_records(subdir_indexes[subdir], yanks[subdir], before)
        names = {package_name(file) for file in yanks[subdir]}
        signatures = Signatures(subdir_indexes[subdir])
        change = Change(records=records, names=names, signatures=signatures.lookups(records))
        committed = _commit(subdir_indexes[subdir], change, left_out)
        reports.append(dataclasses.replace(committed, left_out=(*committed.left_out, *signatures.left_out())))
    report = Report.of(reports)
    changed = set(chosen) - {skipped.package for skipped in report.left_out}
    return Yanking(changed=tuple(sorted(changed)), already=(), report=report)


def _records(subdir_index: SubdirIndex, yanks: dict[str, Yank | None]) -> tuple[dict[str, IndexRecord], list[LeftOut]]:
    """File name → the record that the package should have; and the packages that cannot be indexed.

    `yanks`: file name → its entry in yanked.json; None: another tool put it into `removed`.
    """
    heads = run_all(subdir_index.runtime, [partial(subdir_index.store.head, subdir_index.key(file)) for file in yanks])
    records: dict[str, IndexRecord] = {}
    left_out: list[LeftOut] = []
    to_read: dict[str, ObjectMeta] = {}
    for (file, yank), entry in zip(yanks.items(), heads, strict=True):
        if entry is None or breaks_index(file):
            reason = "was deleted" if entry is None else "has a file name that would break the index for clients"
            left_out.append(LeftOut(package=f"{subdir_index.subdir}/{file}", reason=reason))
            continue
        old = _old_record(file, yank, entry.etag)
        if old is None or old.size != entry.size or old.md5 is None or md5_in(entry.etag) != old.md5:
            # The package has other bytes than the record, or the ETag does not tell.
            to_read[file] = entry
        else:
            records[file] = old.index_record
    for read in read_packages(subdir_index, to_read.items(), lambda _: None):
        path = f"{subdir_index.subdir}/{read.file}"
        if isinstance(read, Missing):
            left_out.append(LeftOut(package=path, reason="was deleted"))
        elif read.record is None:
            left_out.append(LeftOut(package=path, reason=read.reason))
        else:
            old = _old_record(read.file, yanks[read.file], read.etag)
            records[read.file] = old.index_record if old and old.index_record.sha256 == read.sha256 else read.record
    return records, left_out


def _updated_records(
    subdir_index: SubdirIndex, yanks: dict[str, Yank | None], records: dict[str, IndexRecord]
) -> tuple[dict[str, IndexRecord], list[LeftOut]]:
    """As `_records`, after yanked.json was changed; `records` are those from before.

    Packages that were replaced meanwhile are read again: their publisher may have seen them as yanked, and then has
    committed no record.
    """
    heads = run_all(
        subdir_index.runtime, [partial(subdir_index.store.head, subdir_index.key(file)) for file in records]
    )
    unchanged = {
        file: record
        for (file, record), entry in zip(records.items(), heads, strict=True)
        if entry is not None and entry.etag == record.etag
    }
    others, left_out = _records(subdir_index, {file: yank for file, yank in yanks.items() if file not in unchanged})
    return {**unchanged, **others}, left_out


@dataclass(frozen=True)
class _OldRecord:
    """The record that a package had before it was yanked, and what it says of the package's bytes."""

    index_record: IndexRecord
    size: int | None
    md5: str | None


def _old_record(file: str, yank: Yank | None, etag: str) -> _OldRecord | None:
    """None: yanked.json has no record, or one without a name or sha256."""
    if yank is None or yank.record is None or yank.table is None:
        return None
    try:
        facts = facts_in(yank.record, "name", "sha256", "size", "md5")
    except MALFORMED:
        return None
    if facts.name is None or facts.sha256 is None:
        return None
    raw = Raw(msgspec.json.encode(yank.record, order="sorted"))
    index_record = IndexRecord(
        name=client_name(facts.name),
        table=yank.table,
        key=key_in(yank.table, file),
        sha256=facts.sha256,
        encode=lambda _: raw,
        etag=etag,
        # Also that of a re-index, which knows only the package.
        patched=True,
    )
    return _OldRecord(index_record, facts.size, facts.md5)


def _names(repodata: Repodata | None, chosen: Sequence[Candidate], subdir: Subdir) -> set[str]:
    """The names of the packages of the chosen files, by the files' names and by their records."""
    files = [candidate.file for candidate in chosen if candidate.subdir == subdir]
    places = [place for file in files if repodata and (place := repodata.find(file))]
    recorded = [repodata.name_in(*place) for place in places] if repodata else []
    return {*map(package_name, files), *(name for name in recorded if name)}


def _commit(subdir_index: SubdirIndex, change: Change, left_out: Sequence[LeftOut] = ()) -> SubdirReport:
    applied, report = commit_adopting(subdir_index, lambda: change, "now")
    skipped = {package.package for package in left_out}
    return dataclasses.replace(
        report,
        added=tuple(sorted({*report.added, *applied.added})),
        yanked=tuple(sorted({*report.yanked, *applied.yanked})),
        left_out=(*left_out, *(package for package in report.left_out if package.package not in skipped)),
    )


def _update_yanked_json(channel: Channel, change: Callable[[Yanked], Yanked]) -> Yanked:
    """Apply the change to yanked.json, and return the document from before. Raises ConflictError where other writers
    won all attempts.
    """
    key = channel.descriptor.key(YANKED_JSON)
    for attempt in range(ATTEMPTS):
        before, condition = read_yanked(channel.writer, key)
        after = change(before)
        if after == before:
            return before
        try:
            write_yanked(channel.writer, key, after, condition)
        except ConflictError:
            # If it was our own PUT whose answer was lost, the next attempt finds nothing to change.
            channel.runtime.pause(attempt)
            continue
        return before
    raise ConflictError(
        f"other writers changed it first, {ATTEMPTS} times", where=channel.url(YANKED_JSON), remedy="try again"
    )


def _read_indexes(subdir_indexes: dict[Subdir, SubdirIndex]) -> dict[Subdir, Repodata]:
    """The indexes of the subdirs that have one."""
    read = {subdir: read_whole(subdir_index) for subdir, subdir_index in subdir_indexes.items()}
    return {subdir: whole.repodata for subdir, whole in read.items() if whole.exists}


def _yanked_candidates(yanked: Yanked, indexes: dict[Subdir, Repodata]) -> list[Candidate]:
    """The packages in yanked.json, and those that another tool put into `removed`."""
    yanks = dict(yanked.packages)
    for subdir, repodata in indexes.items():
        for file in repodata.removed:
            yanks.setdefault(f"{subdir}/{file}", Yank(when=""))
    candidates = []
    for path, yank in yanks.items():
        subdir_name, _, file = path.partition("/")
        candidates.append(Candidate(subdir_name, file, msgspec.json.encode(yank.facts(file))))
    return candidates


def _record(repodata: Repodata, table: str, key: str) -> dict[str, Any]:
    try:
        record: dict[str, Any] = msgspec.json.decode(repodata.records[table][key], type=dict[str, Any])
        check_plain(record)
    except MALFORMED as error:
        raise repodata.invalid(key, error) from error
    return record


def _chosen(words: Sequence[str], candidates: Sequence[Candidate]) -> list[Candidate]:
    chosen = select(words, candidates)
    if unknown := [word for word, selected in chosen.items() if not selected]:
        raise ChaninfraError(
            f"there is no such package: {', '.join(unknown)}", remedy="`chaninfra ls` lists the packages of the channel"
        )
    return list({candidate.path_in_channel: candidate for found in chosen.values() for candidate in found}.values())
