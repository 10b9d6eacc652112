"""Whether there is a channel at a place: a channel of shards alone is one."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError

from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.objects import ObjectBody
from chaninfra.index.channel import Channel
from chaninfra.index.place import require_index
from support.channels.channels import descriptor
from support.index_model.memory_store import MemoryStore, SequentialRuntime


class Client:
    """Lists the store, or refuses to."""

    def __init__(self, store: MemoryStore, *, denies: bool) -> None:
        self.store, self.denies = store, denies

    def list_objects_v2(self, **given: Any) -> dict[str, Any]:
        if self.denies:
            error = {"Error": {"Code": "AccessDenied"}, "ResponseMetadata": {"HTTPStatusCode": 403}}
            raise ClientError(cast(Any, error), "ListObjectsV2")
        found = [key for key in self.store.objects if key.startswith(given["Prefix"])]
        return {"KeyCount": len(found), "Contents": [{"Key": key} for key in found]}


def at(*keys: str, denies: bool) -> Channel:
    store = MemoryStore()
    store.objects = dict.fromkeys(keys, ObjectBody(data=b"", content_type=""))
    vars(store)["folders"] = lambda _: frozenset()
    on = SimpleNamespace(
        store=lambda: store,
        client=lambda: Client(store, denies=denies),
        descriptor=descriptor(prefix="c"),
        runtime=SequentialRuntime(),
        origin="assumed",
    )
    return cast(Channel, on)


@pytest.mark.parametrize("denies", [True, False])
@pytest.mark.parametrize("subdir", ["noarch", "win-64"])
@pytest.mark.parametrize("name", ["repodata.json", "repodata_shards.msgpack.zst"])
def test_one_index_file_is_enough(name: str, subdir: str, denies: bool) -> None:
    require_index(at(f"c/{subdir}/{name}", denies=denies))


@pytest.mark.parametrize("denies", [True, False])
def test_a_mistyped_prefix_is_no_channel(denies: bool) -> None:
    with pytest.raises(ConfigurationError, match=r"neither a channel.json nor an index"):
        require_index(at("d/noarch/repodata_shards.msgpack.zst", denies=denies))
