"""Mutants: the index engine with one rule of its protocol removed by a monkeypatch.

The model checker must find a violation for each of them; otherwise it would not notice a bug in that rule.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from chaninfra.channel.conda.index_files import body
from chaninfra.channel.conda.shards import make_shards
from chaninfra.channel.objects import Condition, ObjectBody, ObjectStore
from chaninfra.index import gc, whole
from chaninfra.index.commit import adopting, change, commit, derived_files, derived_state, history, shard_writer
from chaninfra.index.commit.authority import Authority, authority_key, read_authority
from chaninfra.index.commit.shard_writer import ShardWriter
from chaninfra.index.subdir_index import SubdirIndex
from support.index_model.copy_mutants import COPY_MUTANTS
from support.index_model.copy_scenarios import COPIES
from support.index_model.follow_mutants import FOLLOW_MUTANTS
from support.index_model.mutant import Mutant
from support.index_model.part_scenarios import PART_MUTANTS, PARTS
from support.index_model.patch_mutants import PATCH_MUTANTS
from support.index_model.processes import INDEX
from support.index_model.prune_mutants import PRUNE_MUTANTS
from support.index_model.rollback_mutants import ROLLBACK_MUTANTS
from support.index_model.rollback_scenarios import ROLLBACKS
from support.index_model.scenarios import SCENARIOS, Scenario
from support.index_model.snapshot_mutants import SNAPSHOT_MUTANTS
from support.index_model.withdrawal_mutants import WITHDRAWAL_MUTANTS
from support.index_model.withdrawal_scenarios import WITHDRAWALS
from support.index_model.yank_mutants import YANK_MUTANTS


def broken(mutant: Mutant) -> Scenario:
    """A new scenario in which the mutant violates an invariant."""
    return (SCENARIOS | ROLLBACKS | WITHDRAWALS | COPIES | PARTS)[mutant.scenario]()


class _Wrapped:
    """A store that forwards every call but `put`."""

    def __init__(self, store: ObjectStore) -> None:
        self.store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self.store, name)


class _ShardsLater(_Wrapped):
    """A store that puts shards only after the index that names them."""

    def __init__(self, store: ObjectStore) -> None:
        super().__init__(store)
        self.later: list[tuple[str, ObjectBody]] = []

    def put(self, key: str, new: ObjectBody, condition: Condition | None = None) -> str:
        if "/shards/" in key:
            self.later.append((key, new))
            return ""
        done = self.store.put(key, new, condition)
        while self.later and key == INDEX:
            self.store.put(*self.later.pop())
        return done


def _with_store(wrapper: Callable[[ObjectStore], Any]) -> Callable[[pytest.MonkeyPatch], None]:
    """Commits use another store."""

    def apply(patch: pytest.MonkeyPatch) -> None:
        original = commit.commit

        def wrapped(subdir_index: SubdirIndex, wanted: Any, **how: Any) -> Any:
            other = dataclasses.replace(subdir_index, store=wrapper(subdir_index.store))
            return original(other, wanted, **how)

        patch.setattr(adopting, "commit", wrapped)

    return apply


class _PutUnconditionally(_Wrapped):
    """A store that drops the condition for derived files."""

    def put(self, key: str, new: ObjectBody, condition: Condition | None = None) -> str:
        return self.store.put(key, new, None if key.endswith((".json", ".json.zst")) else condition)


def _authority_without_condition(patch: pytest.MonkeyPatch) -> None:
    def put(self: Any, data: bytes, old: Any) -> str:
        subdir_index: SubdirIndex = self._subdir_index
        new = body(data, "shards", subdir_index.layout.index)
        return subdir_index.store.put(authority_key(subdir_index), new)

    patch.setattr(commit._Commit, "_put", put)


def _lost_answer_not_looked_at(patch: pytest.MonkeyPatch) -> None:
    def put(self: Any, data: bytes, old: str | None) -> str:
        subdir_index: SubdirIndex = self._subdir_index
        new = body(data, "shards", subdir_index.layout.index)
        condition = commit.IfMatch(old) if old is not None else commit.IfAbsent()
        return subdir_index.store.put(authority_key(subdir_index), new, condition)

    patch.setattr(commit._Commit, "_put", put)


def _shards_without_revision(patch: pytest.MonkeyPatch) -> None:
    def make(repodata: Any, names: Any, revision: str, *more: Any) -> Any:
        return make_shards(repodata, names, "always the same", *more)

    patch.setattr(shard_writer, "make_shards", make)


def _dropped_without_head(patch: pytest.MonkeyPatch) -> None:
    """A record is dropped because its package was not in the listing, which is older than the authoritative index."""
    patch.setattr(change, "_head", lambda subdir_index, files: dict.fromkeys(files))


def _no_commit_without_changes(patch: pytest.MonkeyPatch) -> None:
    original = commit.commit
    patch.setattr(
        adopting, "commit", lambda target, wanted, **how: original(target, wanted, **{**how, "when": "changed"})
    )


def _no_fresh_shard_without_changes(patch: pytest.MonkeyPatch) -> None:
    original = ShardWriter.__init__

    def init(self: ShardWriter, *given: Any, always: bool) -> None:
        original(self, *given, always=False)

    patch.setattr(ShardWriter, "__init__", init)


def _made_is_kept(patch: pytest.MonkeyPatch) -> None:
    """What was made for a package at the first attempt is used at the next, whatever its shard is by then."""
    original = ShardWriter.apply

    def apply(self: Any, index: Any) -> bool:
        self._names = self._names - self._made.keys() if self._made else self._names
        return original(self, index)

    patch.setattr(ShardWriter, "apply", apply)


def _derived_by_the_first_attempt_only(patch: pytest.MonkeyPatch) -> None:
    """A writer whose PUT of a derived file is refused leaves it to the other one."""
    original = derived_files._write

    def write(*given: Any) -> tuple[str, ...]:
        try:
            return original(*given)
        except derived_files.ConflictError:
            return ()

    patch.setattr(derived_files, "_write", write)


def _not_looked_at_the_number(patch: pytest.MonkeyPatch) -> None:
    """Derived files are written by whoever has committed, from his own commit, whatever is there."""
    original = derived_files._write

    def write(subdir_index: SubdirIndex, authority: Authority, shards: Any, before: Any, *more: Any) -> tuple[str, ...]:
        found = derived_state.read_derived(subdir_index)()
        old = {kind: dataclasses.replace(file, origin=None) for kind, file in found.items()}
        return original(subdir_index, authority, shards, old, *more)

    patch.setattr(derived_files, "_write", write)


def _waits_for_ever(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(derived_files, "waits", lambda subdir_index, derived: 1 << 30)


def _others_not_looked_at(patch: pytest.MonkeyPatch) -> None:
    for module in (commit, derived_files):
        patch.setattr(module, "check_ours", lambda *given: None)


def _all_taken_over(patch: pytest.MonkeyPatch) -> None:
    """A re-index replaces also the files that another tool wrote since it read them."""

    class All(set[str]):
        def __contains__(self, etag: object) -> bool:
            return True

    original = commit.commit
    patch.setattr(
        "chaninfra.index.reindex.commit",
        lambda target, wanted, **how: original(target, wanted, **{**how, "taken_over": All()}),
    )


def _not_kept(patch: pytest.MonkeyPatch, *which: str) -> None:
    for name in which:
        for module in (commit, history, derived_files):
            patch.setattr(module, name, lambda *given: None, raising=False)


def _number_starts_again(patch: pytest.MonkeyPatch) -> None:
    original = whole.Adoption
    patch.setattr(whole, "Adoption", lambda **fields: original(**{**fields, "number": 0}))


def _old_states_not_looked_at(patch: pytest.MonkeyPatch) -> None:
    """An authoritative index that was restored from a copy is taken for the last one."""
    patch.setattr(whole, "kept_numbers", lambda subdir_index: iter(()))
    patch.setattr(derived_files, "check_ours", lambda *given: None)
    patch.setattr(commit, "check_ours", lambda *given: None)


def _any_adoption(patch: pytest.MonkeyPatch) -> None:
    """A re-index replaces whatever index is there by what it found before."""
    original = commit._Commit._base

    def base(self: Any, authority: Authority | None) -> Any:
        if self._adoption is not None and self._adoption.anew:
            self._adoption = dataclasses.replace(self._adoption, etag=authority.etag if authority else None)
        return original(self, authority)

    patch.setattr(commit._Commit, "_base", base)


def _swept_at_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(gc, "KEPT", gc.KEPT * 0)


def _history_not_looked_at(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(gc, "_referenced_by_history", lambda *given: (set(), ()))


def _history_before_the_authority(patch: pytest.MonkeyPatch) -> None:
    """gc reads the authoritative index after the history."""
    late: list[SubdirIndex] = []
    original, delayed = gc._referenced_by_history, {}

    class Late:
        """Is read when it is asked for."""

        def __init__(self, target: SubdirIndex) -> None:
            late.append(target)

        @property
        def index(self) -> Any:
            if "now" not in delayed:
                delayed["now"] = read_authority(late[-1])
            found = delayed["now"]
            return found.index if found else None

    def referenced(*given: Any) -> Any:
        delayed.clear()
        return original(*given)

    patch.setattr(gc, "read_authority", Late)
    patch.setattr(gc, "_referenced_by_history", referenced)


def _no_age_limit(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(shard_writer, "MAX_SHARD_AGE_MS", 1 << 60)


MUTANTS: dict[str, Mutant] = {
    "authoritative index without a condition": Mutant(
        _authority_without_condition, "two publish", "goes from|lost|not kept"
    ),
    "lost answer not looked at": Mutant(_lost_answer_not_looked_at, "two publish", "failed", lost=1),
    "shards without a revision": Mutant(
        _shards_without_revision, "publish of a shard that was marked and gc", "shard of"
    ),
    "shards after the index": Mutant(_with_store(_ShardsLater), "two publish", "shard of"),
    "dropped without a HEAD": Mutant(_dropped_without_head, "publish and reindex", "lost"),
    "no commit without changes": Mutant(_no_commit_without_changes, "publish of a lost package and reindex", "lost"),
    "no fresh shard without changes": Mutant(
        _no_fresh_shard_without_changes, "publish of a lost package and reindex", "lost"
    ),
    "kept what was made for another shard": Mutant(_made_is_kept, "two publish of one name", "lost|records, and has"),
    "derived files without a condition": Mutant(_with_store(_PutUnconditionally), "two publish", "goes from|agree"),
    "derived files left to others": Mutant(_derived_by_the_first_attempt_only, "two publish", "agree"),
    "derived files without a number": Mutant(_not_looked_at_the_number, "two publish", "goes from"),
    "waits for ever": Mutant(_waits_for_ever, "two publish", "does not end"),
    "other tools not looked at": Mutant(_others_not_looked_at, "other tool without shards and publish", "another tool"),
    "all files taken over": Mutant(_all_taken_over, "other tool and reindex", "another tool"),
    "replaced index not kept": Mutant(lambda patch: _not_kept(patch, "ensure_kept"), "never: two publish", "not kept"),
    "history not kept": Mutant(
        lambda patch: _not_kept(patch, "ensure_kept", "keep"), "never: other tool and publish", "came into it"
    ),
    "number starts again": Mutant(_number_starts_again, "other tool and publish", "goes from|failed"),
    "old index taken for the last": Mutant(
        _old_states_not_looked_at, "restored authoritative index", "goes from|agree"
    ),
    "any index replaced": Mutant(_any_adoption, "index of another tool", "goes from|lost"),
    "swept at once": Mutant(_swept_at_once, "never: publish and two gc", "shard of"),
    "history not looked at by gc": Mutant(
        _history_not_looked_at, "publish and gc of shards that were marked", "shard of"
    ),
    "gc reads the history first": Mutant(
        _history_before_the_authority, "publish and gc of shards that were marked", "shard of"
    ),
    "shards of any age": Mutant(_no_age_limit, "never: publish and two gc", "shard of"),
    **YANK_MUTANTS,
    **FOLLOW_MUTANTS,
    **SNAPSHOT_MUTANTS,
    **PATCH_MUTANTS,
    **PART_MUTANTS,
    **WITHDRAWAL_MUTANTS,
    **PRUNE_MUTANTS,
    **ROLLBACK_MUTANTS,
    **COPY_MUTANTS,
}
