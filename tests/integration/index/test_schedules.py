"""The index engine in all schedules with up to four preemptions and a crash, and in random ones with more."""

from __future__ import annotations

import pytest

from support.index_model.model_checker import ViolationError
from support.index_model.mutants import MUTANTS, broken
from support.index_model.processes import collecting, publishing, reindexing, yanking
from support.index_model.scenarios import SCENARIOS, Scenario

pytestmark = pytest.mark.long

# Preemptions for these scenarios: their processes re-index, or there are three of them, so they have ten times as many
# states as the others.
FEWER = {
    "two force": 2,
    "publish and gc": 3,
    "other tool and publish": 2,
    "other tool and yank": 2,
    "other tool that keeps keys and publish": 2,
    "other tool without shards and publish": 2,
    "seldom: other tool and publish": 2,
    "no authoritative index": 2,
    "damaged authoritative index": 2,
    "restored authoritative index": 2,
    "index of another tool": 2,
    "no index": 2,
}


def four() -> Scenario:
    """Publish, yank, reindex and gc at the same time."""
    return Scenario([publishing("b"), yanking("a"), reindexing(), collecting()], bare=("d",), garbage=True)


@pytest.mark.parametrize("name", SCENARIOS)
def test_every_schedule(name: str) -> None:
    search = SCENARIOS[name]().search(preemptions=FEWER.get(name, 4), crashes=1)
    search.all()
    assert search.states > 100


def test_every_schedule_of_four_with_one_preemption() -> None:
    search = four().search(preemptions=1, crashes=1)
    search.all()
    assert search.states > 100_000


@pytest.mark.parametrize("name", ["two publish", "publish and yank", "publish of a lost package and reindex"])
def test_every_schedule_with_a_lost_answer(name: str) -> None:
    SCENARIOS[name]().search(preemptions=2, crashes=1, lost=1).all()


@pytest.mark.parametrize("seed", range(4))
def test_random_schedules(seed: int) -> None:
    four().search(crashes=2, lost=2).some(seed, 200)
    for name, scene in SCENARIOS.items():
        # A store without conditions has no lost answer that looks like a refusal.
        scene().search(crashes=2, lost=0 if name.startswith("single") else 2).some(seed, 15)


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_of_the_protocol_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mutant = MUTANTS[name]
    mutant.apply(monkeypatch)
    with pytest.raises(ViolationError, match=mutant.caught_as):
        broken(mutant).search(preemptions=2, crashes=1, lost=mutant.lost).all()
