"""Compares what a subdir said then with what it says now, and finds what brings it back.

Only the names whose shards differ are read. Nothing is written here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec import Raw

from chaninfra.channel.conda.filenames import package_name
from chaninfra.channel.conda.record_facts import fields_of, read_facts
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.shards import Shard
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.conda.untrusted import MALFORMED
from chaninfra.channel.conda.yank import Yank, unpacked
from chaninfra.channel.errors import StorageError
from chaninfra.index.channel import Channel
from chaninfra.index.commit.change import Change
from chaninfra.index.commit.index_record import IndexRecord
from chaninfra.index.commit.new_yanks import with_record
from chaninfra.index.commit.shard_reader import LostShardError, ShardReader
from chaninfra.index.commit.shard_writer import joined
from chaninfra.index.old_records import records_back
from chaninfra.index.package.sidecars import FIELD
from chaninfra.index.progress import SILENT, Progress
from chaninfra.index.report import LeftOut
from chaninfra.index.rollback.patches import PatchPlan, plan_patches
from chaninfra.index.rollback.target import OPTION, Target, find_target
from chaninfra.index.snapshots.states import states_now
from chaninfra.index.subdir_index import SubdirIndex
from chaninfra.index.times import now_with_offset

READING = "comparing the index with that of then"


@dataclass(frozen=True, kw_only=True)
class SubdirPlan:
    """What brings a subdir back; files by name."""

    target: SubdirIndex
    shards: ShardReader
    """Those that were read."""
    differing: frozenset[str]
    """The package names whose shards differ; not all of these need a change."""
    yanks: Mapping[str, Yank] = field(default_factory=dict)
    """Files that have a record now and had none then. The commit adds the record that there is by then: what is
    withdrawn meanwhile is kept nowhere."""
    recorded: Mapping[str, Yank] = field(default_factory=dict)
    """The same with the records of now."""
    again: frozenset[str] = frozenset()
    """Those of them that were yanked then, with the reason and the time of then."""
    back: Mapping[str, IndexRecord] = field(default_factory=dict)
    """Files that had a record then and have none now, and that record."""
    restored: Mapping[str, IndexRecord] = field(default_factory=dict)
    """Files whose record says something else now than then, of the same bytes; and that of then."""
    left_out: tuple[LeftOut, ...] = ()
    """Files that stay as they are, since the bytes of then are gone."""
    patches: PatchPlan = field(default_factory=PatchPlan)
    """The patches that make the records of then."""
    names: frozenset[str] = frozenset()
    """The package names of all these files, by their names and by their records."""

    @property
    def changes(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.yanks or self.back or self.restored or self.patches.new)

    def change(self) -> Change:
        """The change that does it.

        Rule: it says what becomes of these files, and not which shards the index has. So what others commit meanwhile
        of other files stays, and no shard of then, which gc may have marked, is named again.
        """
        return Change(
            yanks=self.yanks,
            records={**self.back, **self.restored},
            # Only those that have no record. One with a record that somebody yanks meanwhile stays yanked.
            back=[*self.back],
            names=self.names,
            # They replace every other record of the same bytes, also in yanks: somebody may yank one meanwhile.
            replace="all",
            planned=True,
        )


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What brings a channel back."""

    target: Target
    subdirs: tuple[SubdirPlan, ...]

    @property
    def changes(self) -> bool:
        """Whether there is anything to do."""
        return any(each.changes for each in self.subdirs)

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """The packages of all subdirs that stay as they are."""
        return tuple(each for subdir in self.subdirs for each in subdir.left_out)


def plan_rollback(channel: Channel, to: str, progress: Progress = SILENT) -> Plan:
    """Find what brings the channel back to what it said at the time, or says in the snapshot, that `to` names.

    Raises what `find_target` raises; ForeignIndexError where an index is not ours, or a shard of it is lost;
    StorageError where a shard of then is gone, or the store does not give a package that must be read.
    """
    target = find_target(channel, to)
    progress.stage(READING, len(target.shards), unit="subdir")
    yank = Yank(reason=f"rolled back to {target.text}", when=now_with_offset(channel.runtime))
    plans: list[SubdirPlan] = []
    for subdir, shards in target.shards.items():
        progress.at(subdir)
        plans.append(_plan_subdir(channel, subdir, shards, yank))
        progress.done()
    return Plan(target=target, subdirs=tuple(plans))


def since(plan: SubdirPlan, channel: Channel, shards: Mapping[str, bytes]) -> list[str]:
    """The files that others have added to the index since it was compared, and that were not there then.

    `shards`: those of then. Raises ForeignIndexError.
    """
    now = _now(channel, plan.target.subdir)
    differing = _differing(shards, now)
    old, new = (_said(plan.target, plan.shards.read(each, differing)) for each in (shards, now))
    return sorted({*new.records} - {*old.records})


def _now(channel: Channel, subdir: Subdir) -> Mapping[str, bytes]:
    (state,) = states_now(channel, [subdir])
    return state.index.hashes


def _differing(one: Mapping[str, bytes], other: Mapping[str, bytes]) -> frozenset[str]:
    return frozenset(name for name, _ in one.items() ^ other.items())


@dataclass(frozen=True)
class _Said:
    """What some shards say."""

    repodata: Repodata
    records: Mapping[str, tuple[str, Raw]]
    """File name → table, and record (JSON)."""
    yanks: Mapping[str, Raw]
    """File name → yank, as in Shard."""

    def name(self, file: str) -> set[str]:
        """The package name in the record of the file; none where it has none."""
        place = self.repodata.find(file)
        name = self.repodata.name_in(*place) if place else None
        return {name} if name is not None else set()


def _said(target: SubdirIndex, shards: Mapping[str, Shard]) -> _Said:
    repodata = joined(target.subdir, shards.values())
    records = {file: (table, repodata.records[table][key]) for file, table, key in repodata.files()}
    return _Said(repodata, records, {file: yank for shard in shards.values() for file, yank in shard.yanks.items()})


def _plan_subdir(channel: Channel, subdir: Subdir, shards: Mapping[str, bytes], yank: Yank) -> SubdirPlan:
    index = _now(channel, subdir)
    target, differing = channel.subdir_index(subdir), _differing(shards, index)
    reader = ShardReader(target)
    now = _said(target, reader.read(index, differing))
    try:
        then = _said(target, reader.read(shards, differing))
    except LostShardError as error:
        raise StorageError(
            f"{error.message}, which the state of then needs", where=error.where, remedy=f"give another {OPTION}"
        ) from error
    new = [file for file in now.records if file not in then.records]
    again = frozenset(file for file in new if file in then.yanks)
    yanks = {file: _without_record(unpacked(then.yanks[file])) if file in again else yank for file in new}
    wanted = {
        file: record
        for file, record in then.records.items()
        if file not in now.records or not _same(record[1], now.records[file][1])
    }
    records, left_out = _provable(target, wanted)
    patches, records, unpatchable = plan_patches(
        target,
        records,
        {file: _kept(now, file) for file in records},
        {file: record for file, record in then.records.items() if file not in wanted},
        str(yank.reason),
        yank.when,
    )
    left_out += unpatchable
    files = {*yanks, *records}
    return SubdirPlan(
        target=target,
        shards=reader,
        differing=differing,
        yanks=yanks,
        again=again,
        back={file: record for file, record in records.items() if file not in now.records},
        restored={file: record for file, record in records.items() if file in now.records},
        recorded={file: with_record(each, now.repodata, file) for file, each in yanks.items()},
        left_out=tuple(left_out),
        patches=patches,
        names=frozenset(name for file in files for name in {package_name(file), *now.name(file), *then.name(file)}),
    )


def _kept(now: _Said, file: str) -> Mapping[str, Any] | None:
    """The record that the file has, or had when it was yanked; None: there is none."""
    if file in now.records:
        return fields_of(now.records[file][1])
    packed = now.yanks.get(file)
    return unpacked(packed).record if packed is not None else None


def _provable(
    target: SubdirIndex, wanted: Mapping[str, tuple[str, Raw]]
) -> tuple[dict[str, IndexRecord], list[LeftOut]]:
    """The records of then of those packages that still have the bytes of then; and why the others stay as they are."""
    yanks = {
        file: Yank(when="", table=table, record=msgspec.json.decode(record)) for file, (table, record) in wanted.items()
    }
    records, left_out = records_back(target, yanks, unread="leave out")
    for file, (_, record) in wanted.items():
        sha256 = _sha256(record)
        if file in records and records[file].sha256 != sha256:
            del records[file]
            reason = (
                "has other bytes than then" if sha256 else "its record of then has no sha256, so its bytes are unknown"
            )
            left_out.append(LeftOut(package=f"{target.subdir}/{file}", reason=reason))
    return records, left_out


def _without_record(yank: Yank) -> Yank:
    return Yank(reason=yank.reason, when=yank.when)


def _sha256(record: Raw) -> str | None:
    try:
        return read_facts(record, "sha256").sha256
    except MALFORMED:
        return None


def _same(one: Raw, other: Raw) -> bool:
    """Whether two records say the same. The digest of the attestations is that of the sidecar that lies there: a
    re-index would write it again.
    """
    return _without_attestations(one) == _without_attestations(other)


def _without_attestations(record: Raw) -> dict[str, Any]:
    return {key: value for key, value in fields_of(record).items() if key != FIELD}
