"""A part in which one command is measured after the other: all sides in turns, on channels alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from bench import lay
from bench.costs import Bar, Cost, Measured, Row, Side, What
from bench.generator import Channel, Shape
from bench.lay import Place
from bench.sides import Baseline, Indexer, Ours, Reference, check_equal
from chaninfra.channel.conda.repodata import Repodata
from support.servers import s3_servers
from support.servers.s3_proxy import Proxy, proxy

Say = Callable[[str], None]
ServerName = Literal["minio", "versitygw"]


@dataclass(frozen=True)
class Step:
    """Measured so many times at each of these round trips."""

    what: What
    rounds: int
    bars: Mapping[Side, Bar]
    round_trips: tuple[float, ...] = (0.0,)


@dataclass(frozen=True)
class Steps:
    """Steps on one channel at one server. Without `packages` the records are there and no package is: for sides that
    read none.
    """

    server: ServerName
    shape: Shape
    sides: tuple[Side, ...]
    steps: tuple[Step, ...]
    packages: bool = True


def run(folder: Path, steps: Steps, baseline: Path | None, say: Say) -> Iterator[Row]:
    """Every step, in order. `baseline`: the folder of the baseline; None leaves that side out."""
    channel = Channel(steps.shape)
    say(f"{steps.server}: {steps.shape.packages:,} packages under {steps.shape.names:,} names")
    with running(folder, steps.server, steps.sides, baseline) as (sides, between):
        repodata = lay_packages(channel, sides) if steps.packages else lay.records(channel)
        put_indexes(sides, repodata if steps.steps[0].what != "first index" else None)
        del repodata
        published = 0
        for step in steps.steps:
            for trip in step.round_trips:
                row = _measure(steps, step, trip, channel, sides, between, published)
                if step.what == "one package more":
                    published += step.rounds
                _say(row, say)
                yield row


def _measure(
    steps: Steps, step: Step, trip: float, channel: Channel, sides: Sequence[Indexer], between: Proxy, published: int
) -> Row:
    costs: dict[Side, list[Cost]] = {side.side: [] for side in sides}
    counted: dict[Side, Cost] = {}
    names = set()
    for turn in range(step.rounds):
        package = channel.more(published + turn)
        # Nobody is always the first.
        first = turn % len(sides)
        for side in (*sides[first:], *sides[:first]):
            if step.what == "one package more":
                side.give(package)
                names.add(package.index["name"])
            between.round_trip = trip
            if step.what == "first index":
                # Its ten thousand requests are counted once, and timed without the proxy, which takes a share of the
                # CPU as large as either side.
                side.prepare()
                if side.side not in counted:
                    counted[side.side] = side.measured(step.what, between)
                    side.prepare()
                costs[side.side].append(side.timed(step.what, counted[side.side]))
            else:
                costs[side.side].append(side.measured(step.what, between))
            between.round_trip = 0.0
    check_equal({side.side: side.place.records_of(names) for side in sides})
    if steps.packages:
        check_equal({side.side: side.place.records() for side in sides if side.side != "never"})
    measured = {side: Measured(tuple(runs)) for side, runs in costs.items()}
    return Row(steps.server, steps.shape, trip, step.what, measured, step.bars)


def _say(row: Row, say: Say) -> None:
    costs = ", ".join(f"{side} {measured.median('seconds'):.2f} s" for side, measured in row.measured.items())
    say(f"  {row.what}, {row.round_trip * 1000:.0f} ms: {costs}")


def lay_packages(channel: Channel, sides: Sequence[Indexer]) -> Repodata:
    """Puts the packages into the channel of each side; what an index would say."""
    first, *others = sides
    repodata = lay.packages(first.place, channel)
    for other in others:
        lay.copy(first.place, other.place)
    return repodata


def put_indexes(sides: Sequence[Indexer], repodata: Repodata | None) -> None:
    """Makes the channel of each side, with an index of these records; None: without an index."""
    for side in sides:
        side.prepare(None if repodata is None else side.files(repodata))


@contextmanager
def running(
    folder: Path, server_name: ServerName, names: Sequence[Side], baseline: Path | None
) -> Iterator[tuple[list[Indexer], Proxy]]:
    """The sides at a new server, and the proxy before it."""
    with getattr(s3_servers, server_name)(folder) as server, proxy(server) as between:
        server.client().create_bucket(Bucket="bench")
        kept = folder / "data" / "bench" if server_name == "versitygw" else None
        sides: list[Indexer] = []
        for name in names:
            place, home = Place(server, "bench", name, kept), folder / "homes" / name
            match name:
                case "reference":
                    sides.append(Reference(place, home))
                case "baseline":
                    if baseline is not None:
                        sides.append(Baseline(place, home, baseline))
                case "each-commit" | "never":
                    sides.append(Ours(place, home, name))
        yield sides, between
