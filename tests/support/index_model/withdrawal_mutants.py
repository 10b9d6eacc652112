"""Mutants of what `delete` does, and of what others do about it."""

from __future__ import annotations

from typing import Any

import pytest

from chaninfra.index.commit.change import Change
from chaninfra.index.commit.replaced import Replaced, read_replaced
from chaninfra.index.snapshots import create
from chaninfra.index.withdrawal import delete
from chaninfra.index.withdrawal.shards import Shards
from support.index_model.mutant import Mutant


def _history_left(patch: pytest.MonkeyPatch) -> None:
    """Nothing stands for the shards that are deleted."""
    patch.setattr(delete, "update_replaced", lambda target, change: change(read_replaced(target)))


def _snapshots_left(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(delete, "clean", lambda *given: ([], []))


def _shards_first(patch: pytest.MonkeyPatch) -> None:
    """The shards are deleted before anything stands for them."""
    original = delete.put_rest

    def put_rest(target: Any, telling: Any, files: Any) -> Any:
        delete._delete(target, delete.keys_of(target, telling))
        return original(target, telling, files)

    patch.setattr(delete, "put_rest", put_rest)


def _no_new_shards(patch: pytest.MonkeyPatch) -> None:
    """A name keeps the shard that it has, or none, so others go on with what they have built on it."""
    patch.setattr(delete, "Change", lambda **given: Change(**{**given, "anew": ()}))


def _listed_after_the_commit(patch: pytest.MonkeyPatch) -> None:
    """What is found after the commit is deleted, too."""
    original = delete._replace

    def replace(target: Any, old: Any, also: Any, done: Any) -> None:
        named = delete._named_now(target)
        late = {digest: each for digest, each in Shards(target, also).find().items() if digest not in named}
        original(target, {**late, **old}, also, done)

    patch.setattr(delete, "_replace", replace)


def _not_looked_at_again(patch: pytest.MonkeyPatch) -> None:
    """A maker of a snapshot does not look for what was withdrawn after it has put the last file."""
    patch.setattr(create, "as_of_now", lambda state: state)


def _the_last_one_wins(patch: pytest.MonkeyPatch) -> None:
    """What one has said stands for a shard is replaced by what another one says."""
    patch.setattr(Replaced, "having", lambda self, new: Replaced(shards={**self.shards, **new}))


WITHDRAWAL_MUTANTS: dict[str, Mutant] = {
    "nothing stands for deleted shards": Mutant(
        _history_left, "never: delete and publish of one name", "shard of a is missing, which commit"
    ),
    "snapshots left as they are": Mutant(
        _snapshots_left, "never: delete of what a snapshot has, and publish", "shard of a is missing"
    ),
    "shards deleted first": Mutant(
        _shards_first, "never: delete of what a snapshot has, and publish", "shard of a is missing"
    ),
    "names keep their shards": Mutant(
        _no_new_shards, "never: delete and publish of the only package of its name", "shard of d is missing"
    ),
    "shards listed after the commit": Mutant(
        _listed_after_the_commit, "never: delete and publish of the only package of its name", "shard of d is missing"
    ),
    "withdrawn packages not looked for at the end of a snapshot": Mutant(
        _not_looked_at_again, "never: delete and snapshot", "shard of a is missing"
    ),
    "the last to replace a shard wins": Mutant(
        _the_last_one_wins, "never: two delete of one name", "shard of a is missing|still says"
    ),
}
