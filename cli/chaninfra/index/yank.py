"""Yanking: packages out of the index while their files stay, and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from chaninfra.channel.conda.index_files import REPODATA
from chaninfra.channel.conda.object_names import YANKED_JSON
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.structs import prepared
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.errors import ChaninfraError, ConflictError
from chaninfra.channel.objects import ObjectMeta, md5_in
from chaninfra.index.channel import Channel
from chaninfra.index.commit.change import Change, IndexRecord
from chaninfra.index.commit.commit import ATTEMPTS, check_writable, commit_adopting
from chaninfra.index.commit.yanked_json import Yank, Yanked, read_yanked, write_yanked
from chaninfra.index.contents import guessed, known_subdirs
from chaninfra.index.package_reader import Missing, read_packages
from chaninfra.index.report import LeftOut, Report, SubdirReport
from chaninfra.index.runtime import run_all
from chaninfra.index.select import Candidate, select
from chaninfra.index.subdir_index import SubdirIndex


@dataclass(frozen=True, kw_only=True)
class Yanking:
    """The packages that were yanked or brought back, by `<subdir>/<file>`; those that were so already; and what the
    index of their subdirs is now."""

    changed: tuple[str, ...]
    already: tuple[str, ...]
    report: Report


def yank(channel: Channel, words: Sequence[str], reason: str | None) -> Yanking:
    """Take the packages that the words mean out of the index.

    Raises ConfigurationError for a word that is no name, ChaninfraError for one that means nothing that is there,
    and what `commit` raises.
    """
    subdirs = known_subdirs(channel)
    targets = {subdir: channel.target(subdir) for subdir in subdirs}
    indexed = _indexed(targets)
    candidates = [
        Candidate(subdir, file, bytes(repodata.records[table][key]))
        for subdir, repodata in indexed.items()
        for file, table, key in repodata.files()
    ]
    yanked, _ = read_yanked(channel.writer, channel.descriptor.key(YANKED_JSON))
    chosen = _chosen(words, [*candidates, *_candidates(yanked, indexed)])
    now = datetime.fromtimestamp(channel.means.now() // 1000, UTC).isoformat()
    new: dict[str, Yank] = {}
    for each in chosen:
        there = indexed[each.subdir].find(each.file) if each.subdir in indexed else None
        new[each.label] = Yank(
            reason=reason,
            when=now,
            table=there[0] if there else None,
            record=msgspec.json.decode(each.record) if there else None,
        )

    def add(before: Yanked) -> Yanked:
        # One that is yanked already keeps when and why, and the record that it had.
        return replace(before, packages={**new, **before.packages})

    concerned = [subdir for subdir in subdirs if any(each.subdir == subdir for each in chosen)]
    for subdir in concerned:
        check_writable(targets[subdir])
    before = _rewrite(channel, add)
    already = tuple(sorted(label for label in new if label in before.packages))
    # Those too: whoever yanked them may not have come to commit it.
    reports = [_commit(targets[subdir], Change) for subdir in concerned]
    return Yanking(changed=tuple(sorted(set(new) - set(already))), already=already, report=Report.of(reports))


def unyank(channel: Channel, words: Sequence[str]) -> Yanking:
    """Bring the packages that the words mean back into the index: with the record that they had, where it is still the
    package's, else with one made from the package. One that is not there any more is left out.

    Raises as `yank` does.
    """
    subdirs = known_subdirs(channel)
    targets = {subdir: channel.target(subdir) for subdir in subdirs}
    indexed = _indexed(targets)
    yanked, _ = read_yanked(channel.writer, channel.descriptor.key(YANKED_JSON))
    chosen = {each.label: each for each in _chosen(words, _candidates(yanked, indexed))}

    def remove(before: Yanked) -> Yanked:
        return replace(before, packages={label: each for label, each in before.packages.items() if label not in chosen})

    kept = {
        subdir: {each.file: yanked.packages.get(label) for label, each in chosen.items() if each.subdir == subdir}
        for subdir in subdirs
    }
    # All that may end this comes before the document forgets them.
    for subdir, files in kept.items():
        if files:
            check_writable(targets[subdir])
    made = {subdir: _records(targets[subdir], files) for subdir, files in kept.items() if files}
    _rewrite(channel, remove)
    reports: list[SubdirReport] = []
    for subdir, before in made.items():
        records, left_out = _again(targets[subdir], kept[subdir], before[0])
        reports.append(_commit(targets[subdir], partial(Change, records=records), left_out))
    report = Report.of(reports)
    changed = set(chosen) - {each.package for each in report.left_out}
    return Yanking(changed=tuple(sorted(changed)), already=(), report=report)


@prepared
class _Named(Struct):
    name: str
    sha256: str | None = None
    size: int | None = None
    md5: str | None = None


def _records(target: SubdirIndex, kept: dict[str, Yank | None]) -> tuple[dict[str, IndexRecord], list[LeftOut]]:
    """The records that the packages should have."""
    heads = run_all(target.means, [partial(target.store.head, target.key(file)) for file in kept])
    records: dict[str, IndexRecord] = {}
    left_out: list[LeftOut] = []
    to_read: dict[str, ObjectMeta] = {}
    for (file, yank), entry in zip(kept.items(), heads, strict=True):
        if entry is None:
            left_out.append(LeftOut(package=f"{target.subdir}/{file}", reason="is not there any more"))
            continue
        old = _kept(file, yank, entry.etag)
        if old is None or old.size != entry.size or old.md5 is None or md5_in(entry.etag) != old.md5:
            # Other bytes by now; or there is no telling.
            to_read[file] = entry
        else:
            records[file] = old.packaged
    for read in read_packages(target, to_read.items(), lambda _: None):
        label = f"{target.subdir}/{read.file}"
        if isinstance(read, Missing):
            left_out.append(LeftOut(package=label, reason="is not there any more"))
        elif read.packaged is None:
            left_out.append(LeftOut(package=label, reason=read.wrong))
        else:
            old = _kept(read.file, kept[read.file], read.etag)
            records[read.file] = old.packaged if old and old.packaged.sha256 == read.sha256 else read.packaged
    return records, left_out


def _again(
    target: SubdirIndex, kept: dict[str, Yank | None], records: dict[str, IndexRecord]
) -> tuple[dict[str, IndexRecord], list[LeftOut]]:
    """The same now that no package is yanked any more; made anew are those of packages that others put meanwhile, who
    may have taken them for yanked."""
    heads = run_all(target.means, [partial(target.store.head, target.key(file)) for file in records])
    good = {
        file: packaged
        for (file, packaged), entry in zip(records.items(), heads, strict=True)
        if entry is not None and entry.etag == packaged.etag
    }
    more, left_out = _records(target, {file: yank for file, yank in kept.items() if file not in good})
    return {**good, **more}, left_out


@dataclass(frozen=True)
class _Kept:
    """The record that a package had, and what it says of the package's bytes."""

    packaged: IndexRecord
    size: int | None
    md5: str | None


def _kept(file: str, yank: Yank | None, etag: str) -> _Kept | None:
    """None: none was kept, or none that tells which bytes it is of."""
    if yank is None or yank.record is None or yank.table is None:
        return None
    try:
        named = msgspec.convert(yank.record, _Named)
    except msgspec.ValidationError:
        return None
    if named.sha256 is None:
        return None
    raw = Raw(msgspec.json.encode(yank.record, order="sorted"))
    key = file if not yank.table.startswith("v3.") else file.removesuffix(yank.table.removeprefix("v3"))
    packaged = IndexRecord(
        name=named.name, table=yank.table, key=key, sha256=named.sha256, record=lambda _: raw, etag=etag
    )
    return _Kept(packaged, named.size, named.md5)


def _commit(target: SubdirIndex, change: Callable[[], Change], left_out: Sequence[LeftOut] = ()) -> SubdirReport:
    applied, found = commit_adopting(target, change)
    more = {each.package for each in left_out}
    return dataclasses.replace(
        found,
        added=tuple(sorted({*found.added, *applied.added})),
        yanked=tuple(sorted({*found.yanked, *applied.yanked})),
        left_out=(*left_out, *(each for each in found.left_out if each.package not in more)),
    )


def _rewrite(channel: Channel, change: Callable[[Yanked], Yanked]) -> Yanked:
    """Make the change in yanked.json; what it said before. Raises ConflictError where others were faster each time."""
    key = channel.descriptor.key(YANKED_JSON)
    for attempt in range(ATTEMPTS):
        before, condition = read_yanked(channel.writer, key)
        after = change(before)
        if after == before:
            return before
        try:
            write_yanked(channel.writer, key, after, condition)
        except ConflictError:
            # Or our own success, whose answer was lost: then there is nothing more to write.
            channel.means.pause(attempt)
            continue
        return before
    raise ConflictError("other writers were faster each time", where=channel.url(YANKED_JSON), remedy="try again")


def _indexed(targets: dict[Subdir, SubdirIndex]) -> dict[str, Repodata]:
    """The indexes that are there, by subdir."""
    found = {
        subdir: target.means.go(partial(target.store.get, target.key(REPODATA))) for subdir, target in targets.items()
    }
    return {
        subdir: Repodata.parse(stored.data, where=targets[subdir].key(REPODATA))
        for subdir, result in found.items()
        if (stored := result()) is not None
    }


def _candidates(yanked: Yanked, indexed: dict[str, Repodata]) -> list[Candidate]:
    """The packages that are yanked, and those that some tool only says are removed."""
    found = {label: each.record for label, each in yanked.packages.items()}
    for subdir, repodata in indexed.items():
        for file in repodata.removed:
            found.setdefault(f"{subdir}/{file}", None)
    made = []
    for label, record in found.items():
        subdir, _, file = label.partition("/")
        made.append(Candidate(subdir, file, msgspec.json.encode(record or guessed(file))))
    return made


def _chosen(words: Sequence[str], candidates: Sequence[Candidate]) -> list[Candidate]:
    chosen = select(words, candidates)
    if nothing := [word for word, found in chosen.items() if not found]:
        raise ChaninfraError(
            f"there is no such package: {', '.join(nothing)}", remedy="`chaninfra ls` prints what the channel holds"
        )
    return list({each.label: each for found in chosen.values() for each in found}.values())
