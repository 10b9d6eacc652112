"""Brings the patches of a subdir in line with the records that a rollback brings back.

Every commit lays the patches over the records that it touches, and a re-index makes records from the packages and lays
the patches over those. So what a record said then lasts only if the patches make it of what the package says.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec
from msgspec import Raw

from chaninfra.channel.conda.filenames import V3
from chaninfra.channel.conda.patch import Patch, patch_between
from chaninfra.channel.conda.record_facts import fields_of
from chaninfra.channel.conda.untrusted import MALFORMED
from chaninfra.index.commit.index_record import IndexRecord
from chaninfra.index.package.sidecars import FIELD
from chaninfra.index.package_reader import Read, read_files
from chaninfra.index.patches.document import Patches, read_patches, update_patches
from chaninfra.index.patches.valid import check_values
from chaninfra.index.report import LeftOut
from chaninfra.index.subdir_index import SubdirIndex


@dataclass(frozen=True, kw_only=True)
class PatchPlan:
    """Which patches a subdir gets."""

    seen: Patches = field(default_factory=dict)
    """Those that it had when it was compared."""
    new: Mapping[str, Patch | None] = field(default_factory=dict)
    """File → its patch; None: it gets none."""

    def begin(self, target: SubdirIndex) -> None:
        """Write the patches, before the commit. Those that go are marked: whoever is killed in between can go on."""
        if self.new:
            update_patches(target, self._begun)

    def end(self, target: SubdirIndex, but: Collection[str]) -> None:
        """Take those away that go, after the commit. `but`: the files whose record is not that of then after all."""
        if self.new:
            update_patches(target, partial(self._ended, but))

    def _marked(self, file: str) -> Patch | None:
        """What `begin` writes."""
        new, seen = self.new[file], self.seen.get(file)
        return msgspec.structs.replace(seen, removing=True) if new is None and seen is not None else new

    def _begun(self, before: Patches) -> Patches:
        # Somebody else has patched the others since.
        ours = {file: self._marked(file) for file in self.new if before.get(file) == self.seen.get(file)}
        return _with(before, ours)

    def _ended(self, but: Collection[str], before: Patches) -> Patches:
        ours = [file for file in self.new if before.get(file) == self._marked(file)]
        return _with(before, {file: self.seen.get(file) if file in but else self.new[file] for file in ours})


def _with(before: Patches, changes: Mapping[str, Patch | None]) -> Patches:
    after = {**before, **changes}
    return {file: patch for file, patch in after.items() if patch is not None}


def plan_patches(
    target: SubdirIndex,
    wanted: Mapping[str, IndexRecord],
    kept: Mapping[str, Mapping[str, Any] | None],
    unchanged: Mapping[str, tuple[str, Raw]],
    reason: str,
    when: str,
) -> tuple[PatchPlan, dict[str, IndexRecord], list[LeftOut]]:
    """The patches that make the wanted records; what the commit is to lay them over: for a file with a patch, then or
    now, the record that the package makes; and the files whose record of then no patch makes.

    `kept`: file → the record that it has now, or had when it was yanked. `unchanged`: file → table and record, of those
    that say now what they said then. Raises StorageError.
    """
    seen = read_patches(target)[0]
    records = {file: (each.table, fields_of(each.encode(0))) for file, each in wanted.items()}
    concerned = [file for file, (_, record) in records.items() if _is_concerned(seen.get(file), record, kept.get(file))]
    # A patch that is being removed: by a rollback that was killed, or by somebody else.
    left = {file: each for file, each in unchanged.items() if (patch := seen.get(file)) is not None and patch.removing}
    records |= {file: (table, fields_of(record)) for file, (table, record) in left.items()}
    made = {
        read.file: read.record
        for read in read_files(target, [*concerned, *left])
        if isinstance(read, Read) and read.record is not None
    }
    new: dict[str, Patch | None] = {}
    base = dict(wanted)
    left_out: list[LeftOut] = []
    for file in (*concerned, *left):
        (table, record), old = records[file], seen.get(file)
        try:
            patch = _patch(made[file], record, reason, when, v3=table.startswith(V3))
        except (KeyError, *MALFORMED):
            if file in wanted and old is not None and old.fits(record.get("sha256")) and old.over(record) != record:
                del base[file]
                why = "is patched, and no patch makes its record of then"
                left_out.append(LeftOut(package=f"{target.subdir}/{file}", reason=why))
            # Without a patch it is brought back, and only `reindex --force` undoes that.
            continue
        if patch is None and old is not None and old.is_of(record.get("sha256")):
            new[file] = None
        elif patch is not None and not (old is not None and old.says_the_same(patch)):
            new[file] = patch
        if file in wanted:
            # Rule: whoever patches or unpatches it meanwhile has the last word, since the commit lays over this what
            # the document says by then.
            base[file] = dataclasses.replace(wanted[file], encode=_of_then(made[file], record))
    return PatchPlan(seen=seen, new=new), base, left_out


def _is_concerned(patch: Patch | None, record: Mapping[str, Any], kept: Mapping[str, Any] | None) -> bool:
    """Whether the package must be read, since it has a patch, or had one then."""
    return (
        (patch is not None and patch.is_of(record.get("sha256")))
        or kept is None
        or _without_time_and_attestations(kept) != _without_time_and_attestations(record)
    )


def _patch(made: IndexRecord, record: Mapping[str, Any], reason: str, when: str, *, v3: bool) -> Patch | None:
    """The patch that makes the record; None: it needs none. Raises one of MALFORMED where no patch does."""
    base = fields_of(made.encode(0))
    patch = patch_between(base, record, when, reason)
    if patch is not None:
        check_values(patch.changes, v3=v3)
    after = patch.over(base) if patch is not None else base
    if _without_time_and_attestations(after) != _without_time_and_attestations(record):
        raise ValueError("no patch makes this record")
    return patch


def _of_then(made: IndexRecord, record: Mapping[str, Any]) -> Callable[[int], Raw]:
    """Makes the record of the package, which came into the index when that record says."""
    indexed = record.get("indexed_timestamp")
    return lambda now: made.encode(indexed if isinstance(indexed, int) else now)


def _without_time_and_attestations(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record without `indexed_timestamp` and `attestations_sha256`, which no patch changes."""
    return {key: value for key, value in record.items() if key not in ("indexed_timestamp", FIELD)}
