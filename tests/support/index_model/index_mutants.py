"""The protocol with one of its rules taken out: what the schedules must find, or they prove nothing."""

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
from support.index_model.scenarios import SCENES, Scene


@dataclass(frozen=True)
class Mutant:
    """What is changed, in which scene it is found, and the words of what it breaks."""

    apply: Callable[[pytest.MonkeyPatch], None]
    scene: str
    caught_as: str
    crashes: int = 1


def broken(mutant: Mutant) -> Scene:
    """The scene in which the mutant breaks something."""
    return SCENES[mutant.scene]()


def _no_revision(patch: pytest.MonkeyPatch) -> None:
    """The revision follows from the content, so that a truth can come back byte by byte. The shards are always made
    anew, so that only this is changed."""
    right = change.apply
    content = [""]

    def apply(subdir_index: SubdirIndex, repodata: Repodata, wanted: Change, yanked: Collection[str]) -> Applied:
        done = right(subdir_index, repodata, wanted, yanked)
        content[0] = hashlib.sha256(repodata.encode()).hexdigest()
        return done

    def after(self: CommitStamp, revision: str, names: Iterable[str]) -> CommitStamp:
        return CommitStamp(revision=content[0])

    patch.setattr(commit, "apply", apply)
    patch.setattr(CommitStamp, "next", after)
    patch.setattr(CommitStamp, "touched_since", lambda self, revision: None)


def _derived_without_condition(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(derived_files, "_condition", lambda entry: None)


def _no_last_head(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(commit, "_is_current", lambda subdir_index, etag: True)


def _truth_without_condition(patch: pytest.MonkeyPatch) -> None:
    def put(subdir_index: SubdirIndex, data: bytes, there: Any) -> str:
        body = ObjectBody(data=data, content_type="")
        return subdir_index.store.put(subdir_index.key("repodata.json"), body)

    patch.setattr(commit, "_put_authoritative", put)


def _dropped_unseen(patch: pytest.MonkeyPatch) -> None:
    """A record is dropped because a listing from before the truth did not have its package."""
    patch.setattr(change, "_head", lambda subdir_index, files: dict.fromkeys(files))


def _nothing_written_where_nothing_changes(patch: pytest.MonkeyPatch) -> None:
    right = commit.commit

    def lazy(subdir_index: SubdirIndex, wanted: Callable[[], Change], **how: Any) -> Any:
        return right(subdir_index, wanted, **{**how, "when": "changed"})

    patch.setattr("chaninfra.index.commit.commit.commit", lazy)


def _yanks_before_the_truth(patch: pytest.MonkeyPatch) -> None:
    """yanked.json is read when a commit starts."""
    right = commit._attempt

    def attempt(subdir_index: SubdirIndex, *more: Any) -> Any:
        known = read_yanked(subdir_index.store, subdir_index.layout.key("yanked.json"))
        patch.setattr(commit, "read_yanked", lambda store, key: known)
        return right(subdir_index, *more)

    patch.setattr(commit, "_attempt", attempt)


def _swept_at_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(gc, "KEPT", gc.KEPT * 0)


def _yanks_not_applied(patch: pytest.MonkeyPatch) -> None:
    right = change.apply

    def apply(subdir_index: SubdirIndex, repodata: Repodata, wanted: Change, yanked: Collection[str]) -> Applied:
        return right(subdir_index, repodata, wanted, ())

    patch.setattr(commit, "apply", apply)


MUTANTS: dict[str, Mutant] = {
    "no revision": Mutant(_no_revision, "what was lost comes back", "lost", crashes=0),
    "derived files without a condition": Mutant(_derived_without_condition, "two publish", "do not agree"),
    "no last HEAD": Mutant(_no_last_head, "two publish", "do not agree"),
    "the truth without a condition": Mutant(_truth_without_condition, "two publish", "lost"),
    "dropped without a HEAD": Mutant(_dropped_unseen, "publish and reindex", "lost"),
    "nothing written where nothing changes": Mutant(
        _nothing_written_where_nothing_changes, "what was lost comes back", "lost"
    ),
    "yanks read before the truth": Mutant(_yanks_before_the_truth, "publish and unyank", "lost"),
    "yanks not applied": Mutant(_yanks_not_applied, "publish and yank", "after a reindex"),
    "swept at once": Mutant(_swept_at_once, "publish and gc", "shard of"),
}
