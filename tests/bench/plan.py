"""What is measured, and in which order: ours and the reference in turns, each as a whole process, on channels alike."""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Literal

from bench import lay, measure
from bench.generator import SUBDIR, Channel, Shape
from bench.lay import Place
from support.channels.cli_runner import PROGRAM
from support.channels.conda_client import INDEX
from support.servers import s3_servers
from support.servers.s3_proxy import Proxy, proxy

What = Literal["first index", "nothing changed", "one package more"]
Say = Callable[[str], None]
ROUND_TRIP = 0.04


@dataclass(frozen=True)
class Cost:
    """Of a whole process: seconds, requests to the store, bytes to it and from it, bytes of memory at the peak."""

    seconds: float
    requests: float
    up: float
    down: float
    peak: float


@dataclass(frozen=True)
class Bar:
    """At most this part of the reference's seconds, so many requests, and so much memory for each byte of the truth."""

    seconds: float | None = None
    requests: int | None = None
    memory: float | None = None


@dataclass(frozen=True)
class Row:
    """One thing measured so many times; the costs are medians, `truth` is the size of repodata.json in bytes."""

    server: str
    shape: Shape
    round_trip: float
    what: What
    rounds: int
    ours: Cost
    reference: Cost
    truth: int
    bar: Bar

    @property
    def ratio(self) -> float:
        """Our seconds for one of the reference's."""
        return self.ours.seconds / self.reference.seconds

    @property
    def missed(self) -> list[str]:
        """The bars that were missed."""
        bar = self.bar
        found = {
            "seconds": bar.seconds is not None and self.ratio > bar.seconds,
            "requests": bar.requests is not None and self.ours.requests > bar.requests,
            "memory": bar.memory is not None and self.ours.peak > bar.memory * self.truth,
        }
        return [name for name, missed in found.items() if missed]


@dataclass(frozen=True)
class Step:
    """Measured so many times at each of these round trips."""

    what: What
    rounds: int
    round_trips: tuple[float, ...] = (0.0,)
    bar: Bar = Bar()


@dataclass(frozen=True)
class Part:
    """Steps on one channel at one server."""

    server: Literal["minio", "versitygw"]
    shape: Shape
    steps: tuple[Step, ...]


def _parts(scale: int, rounds: int) -> tuple[Part, ...]:
    def shape(packages: int, names: int) -> Shape:
        return Shape(packages // scale, names // scale)

    both = (0.0, ROUND_TRIP)
    small = (
        Step("first index", min(rounds, 2), bar=Bar(seconds=1 / 2)),
        Step("nothing changed", rounds, bar=Bar(seconds=1 / 2)),
        Step("one package more", rounds, both, Bar(seconds=1 / 8, requests=12)),
    )
    large = Step("one package more", min(rounds, 2), both, Bar(seconds=1 / 50, requests=12, memory=6))
    return (
        Part("versitygw", shape(1_000, 300), (Step("one package more", rounds),)),
        Part("versitygw", shape(10_000, 3_000), small),
        Part("minio", shape(10_000, 3_000), small),
        Part("versitygw", shape(100_000, 20_000), (large,)),
    )


FULL = _parts(1, 3)
QUICK = _parts(10, 1)


def run(folder: Path, parts: Sequence[Part], say: Say) -> list[Row]:
    """Every step of every part, in order."""
    rows = []
    for number, part in enumerate(parts):
        rows += _run_part(folder / str(number), part, say)
    return rows


def _run_part(folder: Path, part: Part, say: Say) -> Iterator[Row]:
    channel = Channel(part.shape)
    say(f"{part.server}: {part.shape.packages:,} packages under {part.shape.names:,} names")
    with _running(part, folder) as (ours, reference, between):
        repodata = lay.packages(ours, channel)
        lay.copy(ours, reference)
        if part.steps[0].what != "first index":
            lay.index((ours, reference), repodata)
        sides = (_Ours(ours, between, folder), _Reference(reference, between, folder))
        for side in sides:
            side.prepare()
        published = 0
        for step in part.steps:
            for trip in step.round_trips:
                costs: dict[str, list[Cost]] = {side.name: [] for side in sides}
                for _ in range(step.rounds):
                    for side in sides:
                        if step.what == "one package more":
                            side.give(channel, published, folder)
                        elif step.what == "first index":
                            side.place.clear_index()
                            side.prepare()
                        between.round_trip = trip
                        costs[side.name].append(side.measured(step.what))
                        between.round_trip = 0.0
                    published += 1
                truth = len(ours.truth())
                row = Row(
                    part.server,
                    part.shape,
                    trip,
                    step.what,
                    step.rounds,
                    *(_median(costs[side.name]) for side in sides),
                    truth,
                    step.bar,
                )
                say(f"  {step.what}, {trip * 1000:.0f} ms: {row.ours.seconds:.2f} s, {row.reference.seconds:.2f} s")
                _check(ours.records(), reference.records())
                yield row


@contextmanager
def _running(part: Part, folder: Path) -> Iterator[tuple[Place, Place, Proxy]]:
    with getattr(s3_servers, part.server)(folder) as server, proxy(server) as between:
        server.client().create_bucket(Bucket="bench")
        kept = folder / "data" / "bench" if part.server == "versitygw" else None
        yield Place(server, "bench", "ours", kept), Place(server, "bench", "reference", kept), between


class _Side:
    """One of the two programs, and the channel that it works on."""

    name: str

    def __init__(self, place: Place, between: Proxy, home: Path) -> None:
        self.place = place
        self._between = between
        self._home = home
        self._new: Path | None = None

    def prepare(self) -> None:
        """What the program needs of a channel without an index."""

    def give(self, channel: Channel, number: int, folder: Path) -> None:
        """A new package is there to be indexed."""
        raise NotImplementedError

    def command(self, what: What) -> list[str]:
        """The command line."""
        raise NotImplementedError

    def measured(self, what: What) -> Cost:
        """The command's cost."""
        command = self.command(what)
        self._between.take()
        ran = measure.run(command, self._environment())
        traffic = self._between.take()
        return Cost(ran.seconds, traffic.requests, traffic.up, traffic.down, ran.peak)

    def _environment(self) -> dict[str, str]:
        # The reference keeps a file in HOME.
        return {"HOME": str(self._home), "NO_PROXY": "127.0.0.1", **self.place.server.environment()}


class _Ours(_Side):
    name = "chaninfra"

    def prepare(self) -> None:
        command = [PROGRAM, "init", self.place.url, "--subdir", SUBDIR, "--provider", lay.PROVIDER]
        measure.run([*command, "--endpoint-url", self.place.server.endpoint_url], self._environment())

    def give(self, channel: Channel, number: int, folder: Path) -> None:
        package = channel.more(number)
        self._new = folder / package.file
        self._new.write_bytes(package.data)

    def command(self, what: What) -> list[str]:
        store = ["--endpoint-url", self._between.server.endpoint_url]
        if what == "one package more":
            return [PROGRAM, "publish", str(self._new), "-c", self.place.url, *store]
        return [PROGRAM, "reindex", self.place.url, *store]


class _Reference(_Side):
    """It does not upload: the package is there when its time starts."""

    name = "rattler.index"

    def give(self, channel: Channel, number: int, folder: Path) -> None:
        package = channel.more(number)
        self.place.put([(f"{SUBDIR}/{package.file}", package.data)])

    def command(self, what: What) -> list[str]:
        server = self._between.server
        credentials = {
            "endpoint_url": server.endpoint_url,
            "region": server.region,
            "access_key_id": server.access_key_id,
            "secret_access_key": server.secret_access_key,
            "addressing_style": "path",
        }
        return [sys.executable, "-c", dedent(INDEX), json.dumps([self.place.url, credentials])]


def _median(costs: Sequence[Cost]) -> Cost:
    return Cost(*(statistics.median(getattr(cost, name) for cost in costs) for name in Cost.__dataclass_fields__))


def _check(ours: dict[str, object], reference: dict[str, object]) -> None:
    """Raises AssertionError where the two programs do not say the same of the same packages."""
    different = [file for file in ours.keys() | reference.keys() if ours.get(file) != reference.get(file)]
    if different:
        first = min(different)
        raise AssertionError(f"{len(different)} records differ: {first}: {ours.get(first)} != {reference.get(first)}")
