"""Each rule of the protocol taken out is noticed."""

from __future__ import annotations

import pytest

from support.index_model.model_checker import ViolationError
from support.index_model.mutants import MUTANTS, broken

pytestmark = pytest.mark.long


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_of_the_protocol_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mutant = MUTANTS[name]
    mutant.apply(monkeypatch)
    with pytest.raises(ViolationError, match=mutant.caught_as):
        broken(mutant).search(preemptions=mutant.preemptions, crashes=1, lost=mutant.lost, mutant=True).all()
