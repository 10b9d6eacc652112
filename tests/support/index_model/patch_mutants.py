"""Mutants of what patches, and of what applies patches."""

from __future__ import annotations

from threading import local
from typing import Any

import pytest

from chaninfra.index.commit import change, commit, shard_writer
from chaninfra.index.commit.shard_writer import ShardWriter
from chaninfra.index.patches import add, remove
from chaninfra.index.patches.document import read_patches
from support.index_model.mutant import Mutant


def _read_before_the_authority(patch: pytest.MonkeyPatch) -> None:
    """An attempt of a commit reads the patches before the authoritative index."""
    original = commit.read_authority
    seen: dict[str, Any] = {}

    def read_authority(target: Any) -> Any:
        seen["patches"] = read_patches(target)
        return original(target)

    patch.setattr(commit, "read_authority", read_authority)
    patch.setattr(shard_writer, "read_patches", lambda target: seen["patches"])


def _of_the_first_attempt(patch: pytest.MonkeyPatch) -> None:
    """A commit takes the patches for those that its first attempt has read."""
    original = ShardWriter.apply

    def apply(self: Any, index: Any) -> bool:
        first = vars(self).setdefault("first", [])
        patch.setattr(shard_writer, "read_patches", lambda target: first[0] if first else _kept(first, target))
        return original(self, index)

    patch.setattr(ShardWriter, "apply", apply)


def _kept(first: list[Any], target: Any) -> Any:
    first.append(read_patches(target))
    return first[0]


def _only_of_other_shards(patch: pytest.MonkeyPatch) -> None:
    """What was made for a package stays if its shard is the same, whatever the patches are by now."""
    original = ShardWriter.apply

    def apply(self: Any, index: Any) -> bool:
        if self._made:
            self._patches = read_patches(self._subdir_index)[0]
        return original(self, index)

    patch.setattr(ShardWriter, "apply", apply)


def _document_after_the_commit(patch: pytest.MonkeyPatch) -> None:
    """Who patches commits first, and writes the document then."""
    update, commit_first = add.update_patches, add.commit_adopting
    # Each process runs in a thread of its own.
    later = local()

    def kept(*given: Any) -> None:
        later.given = given

    def committed(*given: Any) -> Any:
        done = commit_first(*given)
        update(*later.given)
        return done

    patch.setattr(add, "update_patches", kept)
    patch.setattr(add, "commit_adopting", committed)


def _no_commit_without_changes(patch: pytest.MonkeyPatch) -> None:
    """Who patches commits only where a record changes."""
    patch.setattr(
        add, "commit_adopting", lambda target, wanted, derive: _changed(commit.commit(target, wanted, when="changed"))
    )


def _changed(done: commit.Committed) -> tuple[Any, Any]:
    from chaninfra.index.report import SubdirReport

    return done.applied, SubdirReport(subdir="noarch", before=done.before, after=done.after)


def _gone_before_the_records(patch: pytest.MonkeyPatch) -> None:
    """Who removes a patch deletes its entry first, and makes the record again then."""
    patch.setattr(
        remove, "marked", lambda files, before: {file: each for file, each in before.items() if file not in files}
    )


def _yanks_left_alone(patch: pytest.MonkeyPatch) -> None:
    """The record that a yank keeps stays patched when the patch is removed."""
    patch.setattr(change, "with_records", lambda *given: set())


def _brought_back_as_read(patch: pytest.MonkeyPatch) -> None:
    """What is brought back gets the record that its yank had when the command began."""
    patch.setattr(change, "as_kept", lambda new, packed: new)


PATCH_MUTANTS: dict[str, Mutant] = {
    "patches read before the authority": Mutant(
        _read_before_the_authority, "patch and publish of what is not there", "lacks"
    ),
    "patches of the first attempt": Mutant(_of_the_first_attempt, "patch and publish of what is not there", "lacks"),
    "other patches, the same shard": Mutant(_only_of_other_shards, "patch and publish of what is not there", "lacks"),
    "patches written after the commit": Mutant(_document_after_the_commit, "patch and publish of one name", "lacks"),
    "no commit of a patch without changes": Mutant(
        _no_commit_without_changes, "patch and publish of what is not there", "lacks"
    ),
    "patch gone before the record is made": Mutant(
        _gone_before_the_records, "unpatch and publish of one name", "no such patch"
    ),
    "brought back as it was read": Mutant(_brought_back_as_read, "unpatch and unyank", "no such patch"),
    "yanks left alone by unpatch": Mutant(_yanks_left_alone, "unpatch and yank", "no such patch"),
}
