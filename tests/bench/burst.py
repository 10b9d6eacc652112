"""A part in which other tools upload a burst of packages, and followers index them."""

from __future__ import annotations

import statistics
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench.costs import Asked
from bench.steps import Say, ServerName
from support.channels.conda_watch import watching
from support.channels.follower_process import FollowerProcess, until
from support.channels.sending import Sending, package, sending
from support.servers.s3_proxy import Proxy, proxy

_UPLOADERS = 8
_QUIET_S = 3.0
"""Seconds for which followers must be quiet after a burst, so that their own writes lead to nothing."""
P95_S = 3.0
PER_COMMIT = 20


@dataclass(frozen=True)
class Burst:
    """So many packages at a server with so many followers, so many times."""

    server: ServerName
    packages: int
    names: int
    followers: int
    rounds: int


@dataclass(frozen=True)
class Followed:
    """What a burst cost. `took`: the seconds of each package from the answer to its upload until a client sees it.
    `upload`: the seconds of all uploads. `requests`: those of all followers at the store; `idle`: those after it of the
    followers that take events.
    """

    took: tuple[float, ...]
    upload: float
    commits: int
    requests: int
    idle: int

    @property
    def p50(self) -> float:
        """The median of `took`."""
        return statistics.median(self.took)

    @property
    def p95(self) -> float:
        """The seconds that 95 % of `took` are below."""
        return sorted(self.took)[int(len(self.took) * 0.95)]


@dataclass(frozen=True)
class Bursts:
    """The runs of one burst."""

    burst: Burst
    runs: tuple[Followed, ...]

    @property
    def asked(self) -> tuple[Asked, ...]:
        """What is asked of the medians."""
        p95 = statistics.median(run.p95 for run in self.runs)
        commits = statistics.median(run.commits for run in self.runs)
        return (
            Asked(f"95 % ≤ {P95_S:.0f} s", p95 <= P95_S),
            Asked(f"≤ 1 commit per {PER_COMMIT} packages", commits <= max(1, self.burst.packages / PER_COMMIT)),
        )

    @property
    def missed(self) -> bool:
        """Whether anything that is asked was not met."""
        return not all(asked.met for asked in self.asked)


def run(folder: Path, burst: Burst, say: Say) -> Iterator[Bursts]:
    """The runs, each on a new server."""
    runs = []
    for number in range(burst.rounds):
        runs.append(once(folder / str(number), burst))
        done = runs[-1]
        say(
            f"{burst.server}, {burst.followers} followers: p50 {done.p50:.2f} s, p95 {done.p95:.2f} s, "
            f"{done.commits} commits, {done.requests} requests"
        )
    yield Bursts(burst, tuple(runs))


def once(folder: Path, burst: Burst) -> Followed:
    """One run, on a new server. Raises AssertionError where a package does not become visible, and is lost."""
    clients = [f"follower {number}" for number in range(burst.followers)]
    with ExitStack() as opened:
        at = opened.enter_context(sending(burst.server, folder, "bench"))
        at.set_index("hold")
        between = opened.enter_context(proxy(at.server, clients))
        followers = [
            opened.enter_context(at.follower(number, between.servers[client])) for number, client in enumerate(clients)
        ]
        for follower in followers:
            follower.until_compared()
        names = [package(number, burst.names)[0].rsplit("-", 2)[0] for number in range(burst.names)]
        visible = opened.enter_context(watching(at.place.url, names, folder / "client", at.server))
        return _measure(at, burst, between, followers, visible)


def _measure(
    at: Sending, burst: Burst, between: Proxy, followers: list[FollowerProcess], visible: dict[str, float]
) -> Followed:
    uploaded: dict[str, float] = {}
    lock = threading.Lock()
    packages = [package(number, burst.names) for number in range(burst.packages)]

    def upload(file: str, data: bytes) -> None:
        at.bucket.put(file, data)
        with lock:
            uploaded[file] = time.monotonic()

    before = at.bucket.number()
    between.take()
    start = time.monotonic()
    with ThreadPoolExecutor(_UPLOADERS) as pool:
        for each in packages:
            pool.submit(upload, *each)
    ended = time.monotonic()
    until(lambda: len(visible) == burst.packages, followers[0].told, seconds=120)
    by_events = [follower for follower in followers if follower.takes_events]
    until(lambda: not any(each.metric("chaninfra_follow_pending") for each in by_events), followers[0].told)
    # What is committed last is being written out.
    time.sleep(1)
    requests, commits = between.take().requests, at.bucket.number() - before
    time.sleep(_QUIET_S)
    heard = {f"follower {number}" for number, each in enumerate(followers) if each.takes_events}
    idle = sum(each.client in heard for each in between.take().log)
    for follower in followers:
        assert follower.terminate() == 0, follower.told()
    assert at.bucket.indexed() == at.bucket.there
    took = tuple(max(0.0, visible[file] - uploaded[file]) for file, _ in packages)
    return Followed(took, ended - start, commits, requests, idle)
