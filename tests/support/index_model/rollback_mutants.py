"""Mutants of what a rollback does."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from chaninfra.index import lasting, old_records
from chaninfra.index.commit import shard_writer
from chaninfra.index.commit.change import Change
from chaninfra.index.commit.shard_reader import ShardReader
from chaninfra.index.commit.shard_writer import ShardWriter
from chaninfra.index.patches import remove
from chaninfra.index.rollback import patches, plan, rollback
from chaninfra.index.rollback.plan import SubdirPlan
from chaninfra.index.yanks import committed_yanks
from support.index_model.mutant import Mutant
from support.index_model.yank_mutants import YANK_MUTANTS


def _old_shards(patch: pytest.MonkeyPatch) -> None:
    """The index names the shards of then again."""
    original, hashes = plan._plan_subdir, ShardWriter.hashes
    then: dict[str, bytes] = {}

    def planned(channel: Any, subdir: Any, shards: Any, yank: Any) -> Any:
        then.update(shards)
        return original(channel, subdir, shards, yank)

    def named(self: Any, index: Any) -> dict[str, bytes]:
        made = hashes(self, index)
        return {**made, **({name: then[name] for name in self.touched() if name in then} if self._change.back else {})}

    patch.setattr(plan, "_plan_subdir", planned)
    patch.setattr(ShardWriter, "hashes", named)


def _built_on_what_was_read(patch: pytest.MonkeyPatch) -> None:
    """The new shards are made of those that the plan has read, whatever the index names by then."""
    original, read = rollback._commit, ShardReader.read

    def commit(planned: SubdirPlan) -> Any:
        def first(self: Any, hashes: Any, names: Any) -> Any:
            if self is not planned.shards:
                return read(self, hashes, names)
            seen = vars(self).setdefault("seen", {})
            return {name: seen.setdefault(name, shard) for name, shard in read(self, hashes, names).items()}

        with pytest.MonkeyPatch.context() as inside:
            inside.setattr(ShardReader, "read", first)
            return original(planned)

    def of_now(channel: Any, subdir: Any, shards: Any, yank: Any) -> SubdirPlan:
        found = plan_subdir(channel, subdir, shards, yank)
        now = plan._now(channel, subdir)
        vars(found.shards)["seen"] = read(found.shards, now, found.differing)
        return found

    plan_subdir = plan._plan_subdir
    patch.setattr(plan, "_plan_subdir", of_now)
    patch.setattr(rollback, "_commit", commit)


def _dropped(patch: pytest.MonkeyPatch) -> None:
    """What was not there then is taken out of the index without a yank."""
    original, apply = SubdirPlan.change, shard_writer.apply
    dropped: set[str] = set()

    def change(self: SubdirPlan) -> Any:
        dropped.update(self.yanks)
        return dataclasses.replace(original(self), yanks={}, names={*self.names, *self.differing})

    def applied(target: Any, repodata: Any, yanks: Any, wanted: Any, *more: Any) -> Any:
        gone = [file for file in dropped if wanted.back and repodata.find(file)]
        names = set()
        for file in gone:
            table, key = repodata.find(file)
            names.add(repodata.name_in(table, key))
            del repodata.records[table][key]
        done = apply(target, repodata, yanks, wanted, *more)
        done.names |= names
        return done

    patch.setattr(SubdirPlan, "change", change)
    patch.setattr(shard_writer, "apply", applied)


def _any_bytes(patch: pytest.MonkeyPatch) -> None:
    """A package gets its record of then whatever bytes it has."""

    def provable(target: Any, wanted: Any) -> Any:
        records = {}
        for file, (table, record) in wanted.items():
            entry = target.store.head(target.key(file))
            told = plan.Yank(when="", table=table, record=plan.msgspec.json.decode(record))
            records[file] = old_records._old_record(file, told, entry.etag).index_record  # type: ignore[union-attr]
        return records, []

    patch.setattr(plan, "_provable", provable)


def _document_left_alone(patch: pytest.MonkeyPatch) -> None:
    """yanked.json is not brought in line."""

    def after(channel: Any, targets: Any, names: Any) -> Any:
        return {
            subdir: committed_yanks(targets[subdir], ShardReader(targets[subdir]), each)
            for subdir, each in names.items()
        }

    patch.setattr(lasting, "after_commit", after)


def _patches_after_the_commit(patch: pytest.MonkeyPatch) -> None:
    """The patches are brought in line only when the records are committed."""
    patch.setattr(patches.PatchPlan, "begin", lambda *given: None)
    patch.setattr(patches.PatchPlan, "_marked", lambda self, file: self.seen.get(file))


def _records_as_they_were(patch: pytest.MonkeyPatch) -> None:
    """The commit lays the patches over the record of then, which may be patched itself."""
    original = plan.plan_patches

    def planned(target: Any, wanted: Any, *more: Any) -> Any:
        found, base, left_out = original(target, wanted, *more)
        return found, {file: wanted[file] for file in base}, left_out

    patch.setattr(plan, "plan_patches", planned)


def _yanks_keep_their_records(patch: pytest.MonkeyPatch) -> None:
    """What is yanked meanwhile keeps the record that it had."""
    original = SubdirPlan.change
    patch.setattr(SubdirPlan, "change", lambda self: dataclasses.replace(original(self), replace="changed"))


def _as_if_there_was_no_plan(patch: pytest.MonkeyPatch) -> None:
    """A file that has no record by the commit gets one without a HEAD."""
    original = SubdirPlan.change
    patch.setattr(SubdirPlan, "change", lambda self: dataclasses.replace(original(self), planned=False))


def _unpatched_as_read(patch: pytest.MonkeyPatch) -> None:
    """The same, of what `patch rm` has read."""
    patch.setattr(remove, "Change", lambda **given: Change(**{**given, "planned": False}))


ROLLBACK_MUTANTS: dict[str, Mutant] = {
    "shards of then named again": Mutant(_old_shards, "rollback, removal of the snapshot and gc", "shard of"),
    "rolled back what was read": Mutant(
        _built_on_what_was_read, "rollback and publish of one name", "all have ended|records, and has"
    ),
    "dropped and not yanked": Mutant(_dropped, "rollback and publish", "all have ended|is back"),
    "record of then for any bytes": Mutant(_any_bytes, "rollback and force", "another sha256"),
    "record of then without a HEAD": Mutant(
        YANK_MUTANTS["brought back without a HEAD"].apply, "rollback and force", "another sha256"
    ),
    "deleted package brought back without a HEAD": Mutant(
        YANK_MUTANTS["brought back without a HEAD"].apply,
        "rollback and delete of what it brings back",
        "is back|whose package is missing",
        preemptions=1,
    ),
    "record of then of a deleted package": Mutant(
        _as_if_there_was_no_plan, "rollback of a patch and delete", "is back|whose package is missing", preemptions=1
    ),
    "patches written after a rollback": Mutant(
        _patches_after_the_commit, "rollback of a patch and publish of one name", "lacks its patch|no such patch"
    ),
    "patches laid over the record of then": Mutant(
        _records_as_they_were, "rollback to a patch and unpatch", "no such patch"
    ),
    "yanks left alone by a rollback": Mutant(
        _yanks_keep_their_records, "rollback of a patch and yank", "no such patch"
    ),
    "record of what was deleted by unpatch": Mutant(_unpatched_as_read, "unpatch and delete", "is back"),
    "yanked.json left alone by a rollback": Mutant(_document_left_alone, "rollback and publish", "yanked.json has"),
}
