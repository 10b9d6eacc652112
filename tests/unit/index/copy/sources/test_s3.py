"""How fast a source on S3 is read."""

from __future__ import annotations

import time

from chaninfra.channel.objects import ObjectBody
from chaninfra.index.copy.sources.indexed import IndexedSource
from chaninfra.index.copy.sources.s3 import S3Files
from chaninfra.index.copy.sources.web_pace import Pace
from support.channels.sources import LOCATION, store_of
from support.index_model.memory_store import SequentialRuntime
from support.index_model.processes import FOLDER, PREFIX, channel_with, file


def test_no_more_bytes_are_read_in_a_second_than_the_rate() -> None:
    store = store_of(channel_with("a").objects)
    store.objects[f"{FOLDER}/{file('a')}"] = ObjectBody(data=bytes(300_000), content_type="")
    source = IndexedSource(S3Files(LOCATION, PREFIX, None, store, Pace(1_000_000, 1)), SequentialRuntime())
    (package,) = source.packages("noarch")
    start = time.monotonic()
    assert sum(map(len, source.chunks(package))) == 300_000
    assert time.monotonic() - start >= 0.3
