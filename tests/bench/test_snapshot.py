"""What a snapshot of a large channel costs in objects, bytes, requests, seconds; docs/snapshots.md has the numbers."""

from __future__ import annotations

import json
import time
from collections import Counter

import pytest

from bench import lay
from bench.costs import Side
from bench.generator import SUBDIR, Channel, Shape
from chaninfra.channel.conda.index_settings import IndexSettings
from support.channels.cli_runner import chaninfra
from support.channels.new_channel import create_channel
from support.servers.s3_proxy import proxy
from support.servers.s3_servers import Server

pytestmark = pytest.mark.long

LARGE = Shape(100_000, 20_000)


@pytest.mark.parametrize("monolith", ["never", "each-commit"])
def test_a_snapshot_of_100000_records_is_a_few_files(
    minio: Server, bucket_name: str, monolith: Side, capsys: pytest.CaptureFixture[str]
) -> None:
    minio.client().create_bucket(Bucket=bucket_name)
    place = lay.Place(minio, bucket_name, "channel", None)
    create_channel(minio, place.url, SUBDIR, provider=lay.PROVIDER)
    place.set_monolith(monolith)
    place.clear_subdir()
    settings = IndexSettings(monolith="never" if monolith == "never" else "each-commit")
    lay.put_index(place, lay.our_files(lay.records(Channel(LARGE)), settings))
    before = {entry.key: entry.size for entry in place.store().list("channel")}
    with proxy(minio) as between:
        started = time.monotonic()
        store = ["--endpoint-url", between.server.endpoint_url]
        done = chaninfra("snapshot", "create", "v1", place.url, *store, "--json", server=minio)
        seconds = time.monotonic() - started
        traffic = between.take()
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    # A subdir beside noarch, which is empty. repodata.json and its zst are those of the channel, and no shard is read.
    files = 1 if monolith == "never" else 3
    assert (made["packages"], made["files"]) == (LARGE.packages, 2 * files)
    new = {entry.key: entry.size for entry in place.store().list("channel") if entry.key not in before}
    assert set(new) - {"channel/snapshots/index.json"} == {
        f"channel/snapshots/v1/{subdir}/{name}"
        for subdir in (SUBDIR, "noarch")
        for name in ("repodata_shards.msgpack.zst", "repodata.json", "repodata.json.zst")[:files]
    }
    folder, small = f"channel/{SUBDIR}/", sum(size for key, size in new.items() if f"/{SUBDIR}/" not in key)
    index_files = sum(size for key, size in before.items() if key.startswith(f"{folder}repodata"))
    assert abs(sum(new.values()) - small - index_files) < 20_000
    assert small < 10_000
    kinds = Counter(each.method for each in traffic.log)
    assert kinds["PUT"] <= len(new) + 3
    # The listing of 20,000 shards has 20 pages.
    assert sum(kinds.values()) < 60, traffic.lines()
    with capsys.disabled():
        print(f"\n{monolith}: {len(new)} objects, {sum(new.values()):,} bytes, {dict(kinds)}, {seconds:.1f} s")
