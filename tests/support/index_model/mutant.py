"""What a mutant is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest


@dataclass(frozen=True)
class Mutant:
    """How to remove a rule, and the violation that follows."""

    apply: Callable[[pytest.MonkeyPatch], None]
    scenario: str
    """The scenario (key of SCENARIOS) in which the violation occurs."""
    caught_as: str
    """Text in the message of the ViolationError."""
    lost: int = 0
    """Lost answers that the search needs."""
    preemptions: int = 2
    """Preemptions of the search: one for three processes, which have many schedules."""
