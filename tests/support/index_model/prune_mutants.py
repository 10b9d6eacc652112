"""Mutants of what prune does."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from chaninfra.index.commit import shard_writer
from chaninfra.index.prune import look, prepare, prune, snapshots
from chaninfra.index.prune.packages import Package
from chaninfra.index.prune.snapshots import Listed
from support.index_model.mutant import Mutant


def _yank_dropped_first(patch: pytest.MonkeyPatch) -> None:
    """The yanks are dropped, and then the files deleted."""
    original = prune.commit_adopting

    def commit_first(target: Any, change: Any, derive: Any) -> Any:
        # What is to be deleted counts as missing.
        store, deleted = target.store, {target.key(file) for file in change().deleted}

        class Blind:
            def head(self, key: str) -> Any:
                return None if key in deleted else store.head(key)

            def __getattr__(self, name: str) -> Any:
                return getattr(store, name)

        done = original(dataclasses.replace(target, store=Blind()), change, derive)
        store.delete(sorted(deleted))
        return done

    class Later:
        """A store whose deletions are not made yet."""

        def __init__(self, store: Any) -> None:
            self.store = store

        def delete(self, keys: Any) -> None:
            pass

        def __getattr__(self, name: str) -> Any:
            return getattr(self.store, name)

    delete = prune._delete

    def late(channel: Any, target: Any, rules: Any, due: Any) -> Any:
        patch.setattr(
            prune,
            "commit_adopting",
            lambda _, change, derive: commit_first(target, change, derive),
        )
        return delete(channel, dataclasses.replace(target, store=Later(target.store)), rules, due)

    patch.setattr(prune, "_delete", late)


def _record_left(patch: pytest.MonkeyPatch) -> None:
    """A record that somebody has brought back stays, though its file was deleted."""
    original = shard_writer.apply

    def apply(target: Any, repodata: Any, yanks: Any, change: Any, *more: Any) -> Any:
        deleted = [file for file in change.deleted if repodata.find(file) is None]
        return original(target, repodata, yanks, dataclasses.replace(change, deleted=deleted), *more)

    patch.setattr(shard_writer, "apply", apply)


def _snapshots_not_looked_at(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(look, "listed_by_snapshots", lambda *given: Listed())


def _only_indexes_looked_at(patch: pytest.MonkeyPatch) -> None:
    """A snapshot that is being made is taken for none until its index is there."""
    patch.setattr(snapshots, "keys_listed", lambda *given: set())


def _yanks_of_people_deleted(patch: pytest.MonkeyPatch) -> None:
    original = prepare.packages_of

    def packages(opened: Any) -> Any:
        yield from original(opened)
        for subdir, whole in opened.wholes.items():
            yanks = prepare.yanks_of(opened.subdir_indexes[subdir], whole)
            for file in sorted(yanks.files):
                yank = yanks.find(file)
                if yank is not None and yank.rule is None and yank.record is not None:
                    yield Package(subdir, file, prepare.msgspec.json.encode(yank.record), yank)

    patch.setattr(prepare, "packages_of", packages)


PRUNE_MUTANTS: dict[str, Mutant] = {
    "yank dropped before the file is deleted": Mutant(
        _yank_dropped_first, "never: prune that deletes and publish", "is back", preemptions=1
    ),
    "record of a deleted file left": Mutant(
        _record_left, "never: prune that deletes and unyank", "the package of a-1-0.conda is missing|are indexed"
    ),
    "snapshots not looked at by prune": Mutant(
        _snapshots_not_looked_at, "prune of what a snapshot has", "a-1-0.conda is gone", preemptions=1
    ),
    "snapshots that are being made not looked at by prune": Mutant(
        _only_indexes_looked_at, "prune of what a snapshot will have", "a-1-0.conda is gone", preemptions=1
    ),
    "yanks of people deleted": Mutant(
        _yanks_of_people_deleted, "prune of what people have yanked", "a-1-0.conda is gone", preemptions=1
    ),
}
