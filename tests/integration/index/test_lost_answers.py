"""The index engine in schedules in which answers of the store are lost, and in random ones with more crashes."""

from __future__ import annotations

import pytest

from support.index_model.scenarios import SCENARIOS, four

pytestmark = pytest.mark.long


@pytest.mark.parametrize(
    ("name", "preemptions"),
    [
        ("two publish", 2),
        ("publish and yank", 2),
        # With two preemptions it takes many minutes.
        ("yank and unyank of one package", 1),
        ("publish of a lost package and reindex", 2),
    ],
)
def test_every_schedule_with_a_lost_answer(name: str, preemptions: int) -> None:
    SCENARIOS[name]().search(preemptions=preemptions, crashes=1, lost=1).all()


@pytest.mark.parametrize("seed", range(4))
def test_random_schedules(seed: int) -> None:
    four().search(crashes=2, lost=2).some(seed, 200)
    for name, scene in SCENARIOS.items():
        # A store without conditions has no lost answer that looks like a refusal.
        scene().search(crashes=2, lost=0 if name.startswith("single") else 2).some(seed, 15)
