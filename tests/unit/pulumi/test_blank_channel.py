"""Which index of another tool counts as one of no packages."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from chaninfra.channel.conda.index_files import compress
from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.objects import ObjectBody
from chaninfra.pulumi.bucket_session import Session
from chaninfra.pulumi.handlers.deletion import _is_empty_shard_index
from support.index_model.memory_store import MemoryStore

KEY = "c/noarch/repodata_shards.msgpack.zst"


def encoded(hashes: dict[str, bytes], **info: Any) -> bytes:
    return ShardIndex(hashes=hashes, stamp=None, info={"subdir": "noarch", **info}).encode(1, 0)


@pytest.mark.parametrize(
    ("data", "empty"),
    [
        (None, True),
        (encoded({}), True),
        (encoded({}, base_url=""), True),
        (encoded({"a": bytes(32)}), False),
        (encoded({}, base_url="https://example.com/noarch/"), False),
        (b"damaged", False),
        (compress(b"\x80", 1), False),
    ],
)
def test_a_shard_index_that_names_no_package_and_no_other_place(data: bytes | None, empty: bool) -> None:
    store = MemoryStore()
    if data is not None:
        store.objects[KEY] = ObjectBody(data=data, content_type="")
    assert _is_empty_shard_index(cast(Session, SimpleNamespace(objects=store)), KEY) is empty
