"""What a copy of many packages costs: within a store requests and no byte, across stores about what obstore does alone.

Of 200 packages of 5 MB; `COPIED_PACKAGES=1000` for more.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from bench import lay, measure
from bench.copying import PREFIX
from support.channels.archives import conda, index_json
from support.channels.cli_runner import chaninfra
from support.channels.new_channel import create_channel
from support.servers.s3_proxy import proxy
from support.servers.s3_servers import Server

pytestmark = pytest.mark.long

PACKAGES = int(os.environ.get("COPIED_PACKAGES", "200"))
SIZE = 5_000_000
ROUNDS = 3 if PACKAGES < 500 else 1
MOST_ROUNDS = 10
AS_FAST = 0.8
"""Part of the speed of obstore alone that a copy reaches on a machine of its own."""
BESIDE_OTHERS = 0.7
"""The same where other tests run at the same time, and slow down now one, now the other."""
MEMORY = 150 << 20
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def source(minio: Server) -> lay.Place:
    """A channel of chaninfra with the packages."""
    place = lay.Place(minio, "copied-from", PREFIX, None)
    minio.client().create_bucket(Bucket=place.bucket)
    create_channel(minio, place.url)
    payload = os.urandom(SIZE)

    def package(number: int) -> tuple[str, bytes]:
        data = conda(index_json(f"p{number}"), payload=payload[number:] + payload[:number])
        return f"noarch/p{number}-1-0.conda", data

    with ThreadPoolExecutor(4) as pool:
        for start in range(0, PACKAGES, 20):
            place.put(pool.map(package, range(start, min(start + 20, PACKAGES))))
    done = chaninfra("reindex", place.url, "--endpoint-url", minio.endpoint_url, server=minio)
    assert done.returncode == 0, done.stderr
    return place


@pytest.fixture
def target(versitygw: Server, minio: Server) -> Iterator[Any]:
    """Makes an empty channel on a server; what was in it is deleted at the end."""
    made: list[tuple[Server, str]] = []

    def make(server: Server) -> str:
        bucket = f"copied-to-{len(made)}"
        server.client().create_bucket(Bucket=bucket)
        create_channel(server, f"s3://{bucket}/{PREFIX}")
        made.append((server, bucket))
        return bucket

    yield make
    for server, bucket in made:
        empty(server, bucket)


def empty(server: Server, bucket: str) -> None:
    """Deletes the packages: there are many bytes of them."""
    store = lay.Place(server, bucket, PREFIX, None).store()
    store.delete([entry.key for entry in store.list(f"{PREFIX}/noarch") if entry.key.endswith(".conda")])


def copied(which: str, source: lay.Place, server: Server, bucket: str) -> tuple[dict[str, Any], int]:
    """What the program says, and the peak of its memory in bytes."""
    keys = {each: [each.endpoint_url, each.access_key_id, each.secret_access_key] for each in (source.server, server)}
    given = {"source": [source.bucket, *keys[source.server]], "target": [bucket, *keys[server]]}
    path = os.pathsep.join(str(ROOT / each) for each in ("tests", "tools"))
    run = measure.run([sys.executable, "-m", "bench.copying", which, json.dumps(given)], {"PYTHONPATH": path})
    return json.loads(run.output.splitlines()[-1]), run.peak


def test_within_a_store_a_package_costs_three_requests_and_no_byte(source: lay.Place, target: Any) -> None:
    bucket = target(source.server)
    with proxy(source.server) as between:
        through = lay.Place(between.server, source.bucket, PREFIX, None)
        said, peak = copied("ours", through, between.server, bucket)
        log = between.take().log
    assert said["ways"] == {"copied": PACKAGES}
    ours = [each for each in log if each.path.endswith(".conda")]
    print(
        f"\nwithin MinIO: {PACKAGES} packages of 5 MB in {said['seconds']:.1f} s, "
        f"{len(ours) / PACKAGES:.2f} requests and {sum(each.up + each.down for each in ours) / PACKAGES:,.0f} bytes "
        f"a package, peak {peak >> 20} MiB"
    )
    assert len(ours) <= 3 * PACKAGES
    assert sum(each.up + each.down for each in ours) < 6_000 * PACKAGES
    assert peak <= MEMORY


def test_across_stores_it_is_about_as_fast_as_obstore_alone(source: lay.Place, versitygw: Server, target: Any) -> None:
    seconds: dict[str, list[float]] = {"ours": [], "obstore": []}
    peaks = []
    part = 0.0
    # As many rounds as it takes to see it: other tests use the machine, and may slow down one of the two.
    for number in range(MOST_ROUNDS):
        if number >= ROUNDS and part >= AS_FAST:
            break
        for which, taken in seconds.items():
            bucket = target(versitygw)
            said, peak = copied(which, source, versitygw, bucket)
            taken.append(said["seconds"])
            if which == "ours":
                assert said["ways"] == {"streamed": PACKAGES}
                peaks.append(peak)
            empty(versitygw, bucket)
        rounds = [theirs / ours for theirs, ours in zip(seconds["obstore"], seconds["ours"], strict=True)]
        part = max(min(seconds["obstore"]) / min(seconds["ours"]), statistics.median(rounds))
    print(
        f"\nMinIO to versitygw: {PACKAGES} packages of 5 MB, seconds {seconds}, "
        f"{part:.0%} of obstore alone, peak {max(peaks) >> 20} MiB"
    )
    assert part >= BESIDE_OTHERS
    assert max(peaks) <= MEMORY
