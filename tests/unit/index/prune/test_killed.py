"""Prune that is killed at any of its writes: each record has its package then, and the next run finishes it."""

from __future__ import annotations

from typing import Literal

import pytest

from chaninfra.channel.objects import ObjectBody
from support.index_model.killed import killed_at
from support.index_model.pruned_channel import PREFIX, PrunedChannel, rules

WRITES = ("put", "delete")
RULES = rules(newest={"keep-newest": 1, "grace": "5d"})


def prepared(monolith: Literal["never", "each-commit"]) -> PrunedChannel:
    """A channel with two subdirs: some packages are to be deleted, and some to be yanked."""
    pruned = PrunedChannel(RULES, monolith)
    pruned.add("a-1-0.conda", "a-2-0.conda", "b-1-0.conda", "b-2-0.conda")
    pruned.add("a-1-0.conda", "a-2-0.conda", subdir="linux-64")
    pruned.store.objects[f"{PREFIX}/noarch/a-1-0.conda.sigs"] = ObjectBody(data=b"[]", content_type="")
    pruned.at(1).prune()
    pruned.at(10).add("a-3-0.conda")
    return pruned


def state(pruned: PrunedChannel) -> tuple[set[str], set[str], set[str]]:
    return pruned.files(), pruned.listed(), {*pruned.yanked()}


@pytest.mark.parametrize("monolith", ["never", "each-commit"])
def test_each_record_has_its_package_and_the_next_run_finishes(monolith: Literal["never", "each-commit"]) -> None:
    whole = prepared(monolith)
    whole.prune()
    wanted = state(whole)
    assert wanted == (
        {"noarch/a-2-0.conda", "noarch/a-3-0.conda", "noarch/b-2-0.conda", "linux-64/a-2-0.conda"},
        {"noarch/a-3-0.conda", "noarch/b-2-0.conda", "linux-64/a-2-0.conda"},
        {"noarch/a-2-0.conda"},
    )
    number = 0
    while killed_at(number, (pruned := prepared(monolith)).store, pruned.prune, WRITES):
        assert pruned.listed() <= pruned.files()
        assert not pruned.listed() & {*pruned.yanked()}
        # Nobody could bring back by a re-index what was to go.
        assert pruned.files() - pruned.listed() <= {*pruned.yanked()}
        pruned.prune()
        assert state(pruned) == wanted
        number += 1
    assert number > 15
