"""Scenarios for the model checker with re-indexes that share the packages, and mutants of what they do."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from chaninfra.channel.objects import ObjectStore
from chaninfra.index.commit.commit import _Commit
from chaninfra.index.part import Part
from chaninfra.index.reindex import reindex
from chaninfra.index.share import Share
from support.index_model.memory_store import MemoryStore, SequentialRuntime
from support.index_model.mutant import Mutant
from support.index_model.other_tool import overwriting
from support.index_model.processes import FOLDER, channel, file, publishing
from support.index_model.runs import Process
from support.index_model.scenarios import Scenario


def parting(number: int, makes: str) -> Process:
    """`chaninfra reindex --part <number>/2`, after which the package `makes` has a record. Part 1 has b, d and h, part
    2 has a, c, e and x.
    """

    def run(store: ObjectStore, runtime: SequentialRuntime) -> None:
        reindex(channel(store, runtime), ["noarch"], part=Part(number=number, count=2))

    return Process(f"part-{number}", run, lists=True, derives=True, makes=file(makes))


def _of_another_tool(store: MemoryStore) -> None:
    """The index is another tool's, and x was deleted since."""
    overwriting().run(store, SequentialRuntime())
    del store.objects[f"{FOLDER}/{file('x')}"]


def _none(store: MemoryStore) -> None:
    """There is no index, and none was there before."""
    for key in [key for key in store.objects if not key.endswith(".conda")]:
        del store.objects[key]


PARTS: dict[str, Callable[[], Scenario]] = {
    "two parts and publish": lambda: Scenario(
        [parting(1, "d"), parting(2, "c"), publishing("c-2")], bare=("d", "c"), lost=("x", "h"), followed=True
    ),
    "two parts": lambda: Scenario([parting(1, "d"), parting(2, "c")], bare=("d", "c"), lost=("x",), followed=True),
    "two parts of a first index": lambda: Scenario(
        [parting(1, "d"), parting(2, "c")], indexed=(), bare=("d", "c"), foreign="before", followed=True, before=_none
    ),
    # The record of a is of the other part, and stays.
    "two parts and the index of another tool": lambda: Scenario(
        [parting(1, "a"), parting(2, "c")],
        indexed=("a", "x"),
        bare=("c",),
        deleted=("x",),
        foreign="before",
        followed=True,
        before=_of_another_tool,
    ),
}


def _not_alone(patch: pytest.MonkeyPatch) -> None:
    """What is taken over from another tool is committed on an index that another part has made of it."""
    original = _Commit._base

    def base(self: _Commit, authority: Any) -> Any:
        if self._adoption is not None:
            self._adoption = dataclasses.replace(self._adoption, alone=False)
        return original(self, authority)

    patch.setattr(_Commit, "_base", base)


def _takes_its_own(patch: pytest.MonkeyPatch) -> None:
    """A part takes over the records of its own packages only."""
    original = Share.may_take
    patch.setattr(
        Share,
        "may_take",
        lambda self, whole, listing, name: (
            original(self, whole, listing, name) and (self.part is None or self.part.has(f"{self.subdir}/{name}"))
        ),
    )


PART_MUTANTS: dict[str, Mutant] = {
    "index of another tool taken over a second time": Mutant(
        _not_alone, "two parts and the index of another tool", "are indexed|is missing"
    ),
    "records of other parts not taken over": Mutant(
        _takes_its_own, "two parts and the index of another tool", "lost|does not know"
    ),
}
