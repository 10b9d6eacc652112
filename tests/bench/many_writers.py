"""A part in which many writers publish at once, each one package after the other, while a re-index drops packages."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from bench import measure
from bench.costs import Crowd, Side, Together
from bench.generator import Channel, Package, Shape
from bench.measure import Run
from bench.sides import Ours
from bench.steps import Say, ServerName, lay_packages, put_indexes, running

WAYS = ("command line", "library")


@dataclass(frozen=True)
class Writers:
    """`each`: how many packages each of so many writers publishes. `drops`: how many packages are deleted before."""

    server: ServerName
    shape: Shape
    writers: int
    each: Mapping[Side, int]
    drops: int
    times: Mapping[Side, float]


def run(folder: Path, writers: Writers, baseline: Path | None, say: Say) -> Iterator[Crowd]:
    """The writers of each side, one side after the other, by the command line and then through the library.

    They talk to the server itself: a proxy would slow down the most whoever sends the most, and take from all the CPU.
    """
    channel = Channel(writers.shape)
    say(f"{writers.server}: {writers.writers} writers, {writers.shape.packages:,} packages, {writers.drops:,} dropped")
    names = [side for side in get_args(Side) if side in writers.each]
    with running(folder, writers.server, names, baseline) as (sides, _):
        repodata = lay_packages(channel, sides)
        put_indexes(sides, repodata)
        listed = [(file, name) for name, _, file, _ in repodata.names()]
        del repodata
        done = []
        # Every so many, so that no two ways drop the same.
        step = max(len(WAYS), len(listed) // max(writers.drops, 1))
        most = writers.writers * max(writers.each.values())
        for number, way in enumerate(WAYS):
            drops = dict(listed[number::step][: writers.drops])
            packages = [channel.more(number * most + each) for each in range(most)]
            for side in sides:
                assert isinstance(side, Ours), side
                mine = packages[: writers.writers * writers.each[side.side]]
                done.append(_together(side, way, mine, drops, writers.writers))
                say(f"  {way}, {done[-1].side}: {done[-1].rate:.2f} packages a second")
    yield Crowd(writers.server, writers.shape, writers.drops, tuple(done), writers.times)


def _together(side: Ours, way: str, packages: Sequence[Package], drops: Mapping[str, str], writers: int) -> Together:
    """`drops`: file → package name of what a re-index is to drop."""
    side.place.remove_packages(drops)
    endpoint_url = side.place.server.endpoint_url
    files = [str(side.file(package)) for package in packages]
    shares = [files[number::writers] for number in range(writers)]
    commands = [
        [side.publish(file, endpoint_url) for file in share] if way == "command line" else [side.library_writer(share)]
        for share in shares
    ]
    environment = side.environment()
    with ThreadPoolExecutor(writers + 1) as pool:
        reindex = pool.submit(measure.run_all, [side.command("nothing changed", endpoint_url)], environment)
        start = time.perf_counter()
        running = [pool.submit(measure.run_all, share, environment) for share in commands]
        runs = [run for each in running for run in each.result()]
        seconds = time.perf_counter() - start
        told = [call for run in runs for call in _calls(run, way)]
    gave_up = tuple(error for _, error in told if error is not None)
    return Together(
        way=way,
        side=side.side,
        writers=writers,
        published=len(told) - len(gave_up),
        seconds=seconds,
        cpu=sum(run.cpu for run in runs),
        peak=max(run.peak for run in runs),
        calls=tuple(sorted(call for call, _ in told)),
        gave_up=gave_up,
        reindex=_reindexed(side, reindex, packages, drops, complete=not gave_up),
    )


def _calls(run: Run, way: str) -> list[tuple[float, str | None]]:
    """(seconds, None or the error) of each call in a process."""
    if way == "command line":
        return [(run.seconds, run.output if run.code else None)]
    if run.code:
        raise RuntimeError(f"a writer through the library ended with {run.code}:\n{run.output}")
    # Warnings may stand before it.
    return [(seconds, error) for seconds, error in json.loads(run.output.splitlines()[-1])]


def _reindexed(
    side: Ours,
    reindex: Future[list[Run]],
    packages: Sequence[Package],
    drops: Mapping[str, str],
    *,
    complete: bool,
) -> float | None:
    """The seconds of the re-index, None where it failed or a record is left that it had to drop.

    Raises AssertionError where a package is not in the index that was published: such a run does not count.
    """
    (run,) = reindex.result()
    names = {package.index["name"] for package in packages} | set(drops.values())
    records = side.place.records_of(names)
    missing = [package.file for package in packages if package.file not in records]
    assert not missing or not complete, f"{len(missing)} packages were published and are not in the index: {missing[0]}"
    return run.seconds if run.code == 0 and not records.keys() & drops.keys() else None
