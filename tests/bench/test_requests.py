"""One package more costs at most twelve requests, however many packages are there."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import lay
from bench.generator import SUBDIR, Channel, Shape
from support.channels.cli_runner import chaninfra
from support.channels.new_channel import create_channel
from support.servers.s3_proxy import proxy
from support.servers.s3_servers import Server

MOST = 12


@pytest.mark.parametrize("shape", [Shape(20, 10), Shape(1000, 300)], ids=str)
def test_one_package_more_takes_at_most_twelve_requests(
    server: Server, bucket_name: str, tmp_path: Path, shape: Shape
) -> None:
    server.client().create_bucket(Bucket=bucket_name)
    place = lay.Place(server, bucket_name, "channel", None)
    channel = Channel(shape)
    lay.index([place], lay.packages(place, channel))
    create_channel(server, place.url, SUBDIR, provider=lay.PROVIDER)
    package = channel.more(0)
    file = tmp_path / package.file
    file.write_bytes(package.data)
    with proxy(server) as between:
        store = ["--endpoint-url", between.server.endpoint_url]
        done = chaninfra("publish", file, "-c", place.url, *store, server=server)
        traffic = between.take()
    assert done.returncode == 0, done.stderr
    assert len(place.records()) == shape.packages + 1
    assert traffic.requests <= MOST, f"{traffic.requests} requests:\n{traffic.lines()}"
