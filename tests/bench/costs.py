"""What was measured, what is asked of it, and whether it was met."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from bench.generator import Shape

Side = Literal["each-commit", "never", "reference", "baseline"]
"""Ours with one setting of `index.monolith` or the other, the reference indexer, ours at the baseline commit."""
What = Literal["first index", "nothing changed", "one package more"]
Figure = Literal["seconds", "cpu", "requests", "up", "down", "peak"]


@dataclass(frozen=True)
class Cost:
    """Of a whole process: seconds, of the CPU too, requests to the store, bytes to it and from it, bytes of memory."""

    seconds: float
    cpu: float
    requests: float
    up: float
    down: float
    peak: float


@dataclass(frozen=True)
class Measured:
    """What one side cost, run by run."""

    runs: tuple[Cost, ...]

    def values(self, figure: Figure) -> list[float]:
        """The figure of each run."""
        return [getattr(cost, figure) for cost in self.runs]

    def median(self, figure: Figure) -> float:
        """Of all runs."""
        return statistics.median(self.values(figure))

    def ratios(self, other: Measured) -> list[float]:
        """The seconds of each run, as a part of the other side's in the same turn."""
        pairs = zip(self.values("seconds"), other.values("seconds"), strict=True)
        return [own / others for own, others in pairs]


@dataclass(frozen=True)
class Asked:
    """Something that is asked, and whether it was met."""

    text: str
    met: bool


@dataclass(frozen=True)
class Bar:
    """What is asked of a side.

    `reference`: in every run at most this part of the reference's seconds in the same turn. `baseline`: at most this
    part of the baseline's seconds, by the medians. In every run at most so many `requests`, bytes both ways together
    (`traffic`) and bytes of `memory`.
    """

    reference: float | None = None
    baseline: float | None = None
    requests: int | None = None
    traffic: float | None = None
    memory: float | None = None

    def asked(self, side: Measured, others: Mapping[Side, Measured]) -> Iterator[Asked]:
        """Each thing that is asked; nothing of a side that was not measured."""
        if self.reference is not None and "reference" in others:
            met = max(side.ratios(others["reference"])) <= self.reference
            yield Asked(f"≤ 1/{1 / self.reference:.0f} of the reference's time in every run", met)
        if self.baseline is not None and "baseline" in others:
            met = side.median("seconds") <= self.baseline * others["baseline"].median("seconds")
            part = "no slower than" if self.baseline == 1 else f"≤ {self.baseline:g} of the time of"
            yield Asked(f"{part} the baseline", met)
        if self.requests is not None:
            yield Asked(f"≤ {self.requests} requests", max(side.values("requests")) <= self.requests)
        if self.traffic is not None:
            most = max(cost.up + cost.down for cost in side.runs)
            yield Asked(f"≤ {self.traffic / 1e6:.0f} MB both ways", most <= self.traffic)
        if self.memory is not None:
            yield Asked(f"≤ {self.memory / 1e6:.0f} MB of memory", max(side.values("peak")) <= self.memory)


@dataclass(frozen=True)
class Row:
    """One command, measured at the channels of all sides in turns."""

    server: str
    shape: Shape
    round_trip: float
    what: What
    measured: Mapping[Side, Measured]
    bars: Mapping[Side, Bar]

    def asked(self, side: Side) -> list[Asked]:
        """What is asked of a side."""
        bar = self.bars.get(side)
        return list(bar.asked(self.measured[side], self.measured)) if bar else []

    @property
    def missed(self) -> bool:
        """Whether anything that is asked was not met."""
        return any(not asked.met for side in self.measured for asked in self.asked(side))


@dataclass(frozen=True)
class Together:
    """What many writers of one side did at once, while a re-index dropped packages.

    `way`: each call a command, or each writer one process that calls the library. `seconds`: from the start of all to
    the end of the last writer. `calls`: seconds of each call. `gave_up`: the errors of calls that failed. `reindex`:
    the seconds of the re-index, None where it failed or did not drop all.
    """

    way: str
    side: Side
    writers: int
    published: int
    seconds: float
    cpu: float
    peak: float
    calls: tuple[float, ...]
    gave_up: tuple[str, ...]
    reindex: float | None

    @property
    def rate(self) -> float:
        """Packages a second."""
        return self.published / self.seconds


@dataclass(frozen=True)
class Crowd:
    """The writers of all sides; `times`: how many times the baseline's packages a second are asked of a side."""

    server: str
    shape: Shape
    drops: int
    sides: tuple[Together, ...]
    times: Mapping[Side, float]

    def asked(self, done: Together) -> list[Asked]:
        """What is asked of one of them."""
        if done.side not in self.times:
            return []
        asked = [
            Asked("nobody gives up", not done.gave_up),
            Asked("the re-index ends, and has dropped all", done.reindex is not None),
        ]
        times = self.times[done.side]
        for other in self.sides:
            if other.side == "baseline" and other.way == done.way:
                asked.insert(0, Asked(f"≥ {times:.0f} times the baseline's rate", done.rate >= times * other.rate))
        return asked

    @property
    def missed(self) -> bool:
        """Whether anything that is asked was not met."""
        return any(not asked.met for done in self.sides for asked in self.asked(done))
