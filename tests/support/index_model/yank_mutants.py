"""Mutants of what yanks and brings back."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from chaninfra.index import lasting, survey, whole, yank, yanked_document
from chaninfra.index.commit import change, shard_writer
from chaninfra.index.commit.shard_writer import ShardWriter
from support.index_model.mutant import Mutant


def _yanks_not_applied(patch: pytest.MonkeyPatch) -> None:
    """A publisher takes a package for not yanked."""
    original = change.apply

    def apply(target: Any, repodata: Any, yanks: Any, wanted: Any, *more: Any) -> Any:
        return original(target, repodata, yanks if wanted.yanks or wanted.recovered else {}, wanted, *more)

    patch.setattr(shard_writer, "apply", apply)


def _yanks_of_the_first_attempt(patch: pytest.MonkeyPatch) -> None:
    """What a commit takes for the yanks of a name is what its first attempt has read."""
    original = ShardWriter._apply

    def apply(self: Any, index: Any, todo: Any) -> None:
        reader = self._shards.read
        seen = vars(self).setdefault("seen", {})

        def read(hashes: Any, names: Any) -> Any:
            found = reader(hashes, names)
            return {
                name: dataclasses.replace(shard, yanks=seen.setdefault(name, shard.yanks))
                for name, shard in found.items()
            }

        patch.setattr(self._shards, "read", read)
        original(self, index, todo)
        patch.setattr(self._shards, "read", reader)

    patch.setattr(ShardWriter, "_apply", apply)


def _brought_back_without_head(patch: pytest.MonkeyPatch) -> None:
    """The record of a package that is brought back is not compared with the package's bytes at the commit."""
    original = change.apply

    def apply(target: Any, repodata: Any, yanks: Any, wanted: Any, *more: Any) -> Any:
        for yanked in wanted.back:
            yanks.pop(yanked, None)
        return original(target, repodata, yanks, dataclasses.replace(wanted, back=(), planned=False), *more)

    patch.setattr(shard_writer, "apply", apply)


def _document_without_condition(patch: pytest.MonkeyPatch) -> None:
    original = yanked_document.write_yanked
    patch.setattr(
        yanked_document, "write_yanked", lambda store, key, yanked, condition: original(store, key, yanked, None)
    )


def _document_not_looked_at_again(patch: pytest.MonkeyPatch) -> None:
    """A yanker has ended when it has written yanked.json."""
    original, write = yanked_document.bring_in_line, yanked_document.write_yanked
    committed = yanked_document.committed_yanks

    class EndedError(Exception):
        pass

    def bring_in_line(*given: Any) -> Any:
        seen: dict[str, Any] = {}

        def told(target: Any, *more: Any) -> Any:
            seen[target.subdir] = committed(target, *more)
            return seen[target.subdir]

        def written(*given: Any) -> None:
            write(*given)
            raise EndedError

        with pytest.MonkeyPatch.context() as inside:
            inside.setattr(yanked_document, "write_yanked", written)
            inside.setattr(yanked_document, "committed_yanks", told)
            try:
                return original(*given)
            except EndedError:
                return seen

    patch.setattr(yanked_document, "bring_in_line", bring_in_line)


def _document_left_alone(patch: pytest.MonkeyPatch) -> None:
    """A re-index does not bring yanked.json in line."""
    patch.setattr("chaninfra.index.reindex.bring_in_line", lambda *given: None)


def _not_looked_whether_it_lasts(patch: pytest.MonkeyPatch) -> None:
    """A yanker commits once."""
    patch.setattr(lasting, "ATTEMPTS", 1)


def _history_listed_once(patch: pytest.MonkeyPatch) -> None:
    """The history is listed before the authoritative index is read, and not again where that is another tool's."""
    original, read = whole.read_whole, whole.kept_numbers

    def read_whole(target: Any, **how: Any) -> Any:
        listed: list[Any] = []

        def once(subdir_index: Any) -> Any:
            if not listed:
                listed.append([*read(subdir_index)])
            return iter(listed[0])

        patch.setattr(whole, "kept_numbers", once)
        return original(target, **how)

    for module in (survey, yank):
        patch.setattr(module, "read_whole", read_whole)


YANK_MUTANTS: dict[str, Mutant] = {
    "yanks not applied": Mutant(
        _yanks_not_applied, "publish of a yanked package and yank", "yanked.json has|after a reindex"
    ),
    "yanks of the first attempt": Mutant(
        _yanks_of_the_first_attempt, "publish and yank of one name", "yanked.json has|after a reindex|came into it"
    ),
    "brought back without a HEAD": Mutant(_brought_back_without_head, "unyank and force", "another sha256"),
    "yanked.json without a condition": Mutant(_document_without_condition, "two yank", "yanked.json has"),
    "yanked.json not looked at again": Mutant(
        _document_not_looked_at_again, "yank and unyank of one package", "yanked.json has"
    ),
    "not looked whether it lasts": Mutant(
        _not_looked_whether_it_lasts, "other tool, yank and publish", "is back", preemptions=1
    ),
    "history listed once": Mutant(_history_listed_once, "other tool, yank and reindex", "is back", preemptions=1),
    "yanked.json left alone by a re-index": Mutant(_document_left_alone, "two yank", "yanked.json has"),
}
