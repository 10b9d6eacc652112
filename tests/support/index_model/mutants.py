"""Mutants: the index engine with one rule of its protocol removed by a monkeypatch.

The model checker must find a violation for each of them; otherwise it would not notice a bug in that rule.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from chaninfra.channel.conda.commit_stamp import CommitStamp
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.objects import ObjectBody
from chaninfra.index import gc
from chaninfra.index.commit import change, commit, derived_files
from chaninfra.index.commit.change import Applied, Change
from chaninfra.index.commit.yanked_json import read_yanked
from chaninfra.index.subdir_index import SubdirIndex
from support.index_model.scenarios import SCENARIOS, Scenario


@dataclass(frozen=True)
class Mutant:
    """How to remove a rule, and the violation that follows."""

    apply: Callable[[pytest.MonkeyPatch], None]
    scenario: str
    """The scenario (key of SCENARIOS) in which the violation occurs."""
    caught_as: str
    """Text in the message of the ViolationError."""
    crashes: int = 1
    """Crashes that the search needs."""


def broken(mutant: Mutant) -> Scenario:
    """A new scenario in which the mutant violates an invariant."""
    return SCENARIOS[mutant.scenario]()


def _no_revision(patch: pytest.MonkeyPatch) -> None:
    """The revision is a hash of the content, so that an authoritative index can come back byte for byte. All shards are
    made at each commit, so that nothing else changes.
    """
    original = change.apply
    content = [""]

    def apply(subdir_index: SubdirIndex, repodata: Repodata, wanted: Change, yanked: Collection[str]) -> Applied:
        applied = original(subdir_index, repodata, wanted, yanked)
        content[0] = hashlib.sha256(repodata.encode()).hexdigest()
        return applied

    def after(self: CommitStamp, revision: str, names: Iterable[str]) -> CommitStamp:
        return CommitStamp(revision=content[0])

    patch.setattr(commit, "apply", apply)
    patch.setattr(CommitStamp, "next", after)
    patch.setattr(CommitStamp, "touched_since", lambda self, revision: None)


def _derived_without_condition(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(derived_files, "_condition", lambda entry: None)


def _no_last_head(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(commit, "_is_current", lambda subdir_index, etag: True)


def _authoritative_without_condition(patch: pytest.MonkeyPatch) -> None:
    def put(subdir_index: SubdirIndex, data: bytes, old: Any) -> str:
        body = ObjectBody(data=data, content_type="")
        return subdir_index.store.put(subdir_index.key("repodata.json"), body)

    patch.setattr(commit, "_put_authoritative", put)


def _dropped_without_head(patch: pytest.MonkeyPatch) -> None:
    """A record is dropped because its package was not in the listing, which is older than the authoritative index."""
    patch.setattr(change, "_head", lambda subdir_index, files: dict.fromkeys(files))


def _no_commit_without_changes(patch: pytest.MonkeyPatch) -> None:
    original = commit.commit

    def lazy(subdir_index: SubdirIndex, wanted: Callable[[], Change], **how: Any) -> Any:
        return original(subdir_index, wanted, **{**how, "when": "changed"})

    patch.setattr("chaninfra.index.commit.commit.commit", lazy)


def _yanks_read_first(patch: pytest.MonkeyPatch) -> None:
    """yanked.json is read when a commit starts, before the authoritative index."""
    original = commit._attempt

    def attempt(subdir_index: SubdirIndex, *more: Any) -> Any:
        known = read_yanked(subdir_index.store, subdir_index.layout.key("yanked.json"))
        patch.setattr(commit, "read_yanked", lambda store, key: known)
        return original(subdir_index, *more)

    patch.setattr(commit, "_attempt", attempt)


def _swept_at_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(gc, "KEPT", gc.KEPT * 0)


def _yanks_not_applied(patch: pytest.MonkeyPatch) -> None:
    original = change.apply

    def apply(subdir_index: SubdirIndex, repodata: Repodata, wanted: Change, yanked: Collection[str]) -> Applied:
        return original(subdir_index, repodata, wanted, ())

    patch.setattr(commit, "apply", apply)


MUTANTS: dict[str, Mutant] = {
    "no revision": Mutant(_no_revision, "publish of a lost package and reindex", "lost", crashes=0),
    "derived files without a condition": Mutant(_derived_without_condition, "two publish", "do not agree"),
    "no last HEAD": Mutant(_no_last_head, "two publish", "do not agree"),
    "authoritative index without a condition": Mutant(_authoritative_without_condition, "two publish", "lost"),
    "dropped without a HEAD": Mutant(_dropped_without_head, "publish and reindex", "lost"),
    "no commit without changes": Mutant(_no_commit_without_changes, "publish of a lost package and reindex", "lost"),
    "yanks read before the authoritative index": Mutant(_yanks_read_first, "publish and unyank", "lost"),
    "yanks not applied": Mutant(_yanks_not_applied, "publish and yank", "after a reindex"),
    "swept at once": Mutant(_swept_at_once, "publish and gc", "shard of"),
}
