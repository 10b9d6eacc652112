"""The parts of the benchmark, by name: what is measured, how often, and what is asked."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from bench import burst, many_writers, steps
from bench.burst import Burst, Bursts
from bench.costs import Bar, Crowd, Row, Side
from bench.generator import Shape
from bench.many_writers import Writers
from bench.steps import Say, ServerName, Step, Steps

REQUESTS: dict[Side, int] = {"each-commit": 13, "never": 10}
"""What one package more may take at most."""
_ALL: tuple[Side, ...] = ("each-commit", "reference", "baseline")
_FIRST: tuple[Side, ...] = ("each-commit", "reference")
_FAR = 0.04
"""The round trip, in seconds, of a store that is not near."""
_SERVERS: tuple[ServerName, ...] = get_args(ServerName)


@dataclass(frozen=True)
class Part:
    """What is measured under one name; `note` says what is special about it."""

    name: str
    title: str
    todo: tuple[Steps | Writers | Burst, ...]
    note: str = ""
    page: str = "benchmarks.md"
    """The page of docs/ that has the figures; this one is written, into another they are put by hand."""


def parts(scale: int, rounds: int) -> tuple[Part, ...]:
    """All parts; the numbers of packages, names, writers and drops are divided by `scale`."""

    def shape(packages: int, names: int, payload: int | None = None) -> Shape:
        return Shape(max(packages // scale, 10), max(names // scale, 5), payload)

    def one_more(times: int, bars: Mapping[Side, Bar]) -> tuple[Step, Step]:
        far = {side: dataclasses.replace(bar, baseline=None) for side, bar in bars.items()}
        return Step("one package more", times, bars), Step("one package more", times, far, (_FAR,))

    def first_index(bar: Bar) -> tuple[Step, ...]:
        return (Step("first index", rounds, {"each-commit": bar}),)

    most = REQUESTS["each-commit"]
    few = min(rounds, 2)
    # Where a run takes a fifth of a second, medians of three differ by chance.
    more = 2 * rounds - 1
    nothing = Step("nothing changed", rounds, {"each-commit": Bar(reference=1 / 2)})
    million: Mapping[Side, Bar] = {
        "each-commit": Bar(baseline=1, requests=most),
        "never": Bar(requests=REQUESTS["never"], traffic=5e6, memory=150e6),
    }
    return (
        Part(
            "ten-thousand",
            "One package into 1,000 and 10,000",
            (
                Steps("versitygw", shape(1_000, 300), _ALL, one_more(more, {"each-commit": Bar(requests=most)})),
                *(
                    Steps(
                        server,
                        shape(10_000, 3_000),
                        _ALL,
                        (nothing, *one_more(more, {"each-commit": Bar(reference=1 / 8, baseline=1, requests=most)})),
                    )
                    for server in _SERVERS
                ),
            ),
        ),
        Part(
            "hundred-thousand",
            "One package into 100,000",
            (
                Steps(
                    "versitygw",
                    shape(100_000, 20_000),
                    _ALL,
                    # The reference takes minutes each time.
                    one_more(few, {"each-commit": Bar(reference=1 / 50, baseline=1, requests=most)})[:1],
                ),
            ),
        ),
        Part(
            "million",
            "One package into 1,000,000",
            (
                Steps(
                    "versitygw",
                    shape(1_000_000, 30_000),
                    ("each-commit", "never", "baseline"),
                    one_more(rounds, million),
                    packages=False,
                ),
            ),
            note="The records are there and the packages are not, since neither side reads them to publish. The "
            "reference is left out: it drops records without a package, so a million packages would have to be there, "
            "and its minutes and its memory (above) grow with the channel.",
        ),
        Part(
            "many-writers",
            "Many writers at once",
            (
                Writers(
                    "versitygw",
                    shape(100_000, 20_000),
                    writers=max(16 // scale, 4),
                    each={"each-commit": 10, "never": 10, "baseline": 2},
                    drops=max(2_000 // scale, 2),
                    times={"each-commit": 5, "never": 10},
                ),
            ),
        ),
        Part(
            "first-index",
            "First index of 10,000 small packages",
            tuple(
                Steps(server, shape(10_000, names), _FIRST, first_index(Bar(reference=1 / 2)))
                for server in _SERVERS
                for names in (300, 3_000, 10_000)
            ),
        ),
        Part(
            "first-index-large",
            "First index of 300 packages of 6 MiB",
            (Steps("versitygw", shape(300, 300, 6 << 20), _FIRST, first_index(Bar(reference=1 / 5, memory=300e6))),),
        ),
        Part(
            "follow",
            "A burst of uploads by other tools",
            tuple(
                Burst(server, max(500 // scale, 20), 20, followers, rounds)
                for server in _SERVERS
                for followers in (1, 2)
            ),
            page="follow.md",
        ),
    )


FULL = parts(1, 3)
QUICK = parts(10, 1)


@dataclass(frozen=True)
class Result:
    """What a part measured."""

    part: Part
    rows: tuple[Row, ...]
    crowds: tuple[Crowd, ...]
    bursts: tuple[Bursts, ...] = ()

    @property
    def missed(self) -> bool:
        """Whether anything that is asked was not met."""
        return any(measured.missed for measured in (*self.rows, *self.crowds, *self.bursts))


def run(folder: Path, chosen: Sequence[Part], baseline: Path | None, say: Say) -> Iterator[Result]:
    """The parts, in order. `baseline`: the folder of the baseline; None leaves that side out."""
    for part in chosen:
        start = time.monotonic()
        rows: list[Row] = []
        crowds: list[Crowd] = []
        bursts: list[Bursts] = []
        for number, todo in enumerate(part.todo):
            place = folder / part.name / str(number)
            if isinstance(todo, Steps):
                rows += steps.run(place, todo, baseline, say)
            elif isinstance(todo, Writers):
                crowds += many_writers.run(place, todo, baseline, say)
            else:
                bursts += burst.run(place, todo, say)
        say(f"{part.name}: {(time.monotonic() - start) / 60:.1f} minutes")
        yield Result(part, tuple(rows), tuple(crowds), tuple(bursts))
