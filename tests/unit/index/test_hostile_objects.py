"""Whatever lies in the bucket: every operation does its work or says in one error what is wrong, and a forced re-index
makes the index sound again.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import cast

import pytest
import zstandard

from chaninfra.channel.conda.commit_stamp import Origin
from chaninfra.channel.conda.filenames import package_name
from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.conda.shards import shard_key
from chaninfra.channel.errors import ChaninfraError
from chaninfra.channel.objects import ObjectBody
from chaninfra.index.channel import Channel
from chaninfra.index.contents import contents_of
from chaninfra.index.gc import collect_subdir
from chaninfra.index.progress import Silent
from chaninfra.index.publish import publish
from chaninfra.index.reindex import reindex
from chaninfra.index.rollback.plan import plan_rollback
from chaninfra.index.rollback.rollback import roll_back
from chaninfra.index.snapshots.create import create
from chaninfra.index.snapshots.remove import remove
from chaninfra.index.yank import unyank, yank
from support.cases.hostile_objects import HOSTILE, YANKED, Hostile
from support.index_model.memory_store import MemoryStore, SequentialRuntime
from support.index_model.memory_subdir import INDEX, JSON, ZST
from support.index_model.processes import FOLDER, PREFIX, channel, channel_with, file, package


def rolled_back(on: Channel) -> None:
    """Roll it back to the state before its last commit, which is an hour later than all others."""
    store = cast("MemoryStore", on.writer)
    numbers = [int(key.rpartition("/")[2]) for key in store.objects if "/history/" in key]
    for key in (INDEX, f"{PREFIX}/.chaninfra/history/noarch/{max(numbers, default=1)}"):
        store.modified[key] = store.now + timedelta(hours=1)
    roll_back(on, plan_rollback(on, "2026-01-01"))


OPERATIONS: dict[str, Callable[[Channel], object]] = {
    "publish": lambda on: publish(on, [package("new")], "refuse", Silent()),
    "publish two": lambda on: publish(on, [package("new"), package("newer")], "refuse", Silent()),
    "reindex": lambda on: reindex(on, ["noarch"]),
    "reindex --check": lambda on: reindex(on, ["noarch"], mode="check"),
    "yank": lambda on: yank(on, ["b"], "why"),
    "yank by spec": lambda on: yank(on, ["b >=1"], "why"),
    "unyank": lambda on: unyank(on, ["a-1-0.conda"]),
    "rollback": rolled_back,
    "gc": lambda on: collect_subdir(on.subdir_index("noarch"), "write"),
    "ls": contents_of,
    "snapshot create": lambda on: create(on, "v1"),
    "snapshot rm": lambda on: remove(on, "v2"),
    "reindex --force": lambda on: reindex(on, ["noarch"], "all"),
}


def opened(store: MemoryStore, seed: str) -> Channel:
    """The channel in this store, for reading too."""
    on = channel(store, SequentialRuntime(seed))
    vars(on)["store"] = lambda: store
    return on


@pytest.fixture(scope="module")
def sound() -> dict[str, ObjectBody]:
    """The objects of a channel with the packages a and b, of which a is yanked."""
    store = channel_with("a", "b")
    yank(opened(store, "before"), ["a"], "why")
    return dict(store.objects)


@pytest.mark.parametrize("case", HOSTILE, ids=str)
def test_an_object_that_nobody_should_have_written_is_an_error_or_is_mended(
    case: Hostile, sound: dict[str, ObjectBody]
) -> None:
    key = f"{PREFIX}/{case.key}"
    before = sound[key].data if key in sound else b"{}"
    hostile = {**sound, key: ObjectBody(data=case.make(before), content_type="")}
    for name, operation in OPERATIONS.items():
        store = MemoryStore()
        store.objects = dict(hostile)
        error = failure(operation, opened(store, name))
        if error is not None:
            assert error.remedy
            nothing = "there is no such package" in str(error) or "there is no snapshot v2" in str(error)
            assert case.key in str(error) or nothing, name
    if case.key == YANKED:
        return
    store = MemoryStore()
    store.objects = dict(hostile)
    error = failure(OPERATIONS["reindex --force"], opened(store, "force"))
    if error is not None:
        # Its packages may be elsewhere, or it may mean anything.
        assert "base_url" in str(error) or "is newer than this version of chaninfra" in str(error)
        return
    is_sound(store)


def failure(operation: Callable[[Channel], object], on: Channel) -> ChaninfraError | None:
    """The error that the operation raises on purpose; all others are passed on."""
    try:
        operation(on)
    except ChaninfraError as error:
        return error
    return None


def is_sound(store: MemoryStore) -> None:
    """All index files agree, name b and nothing else, and all shards are there."""
    data = store.objects[JSON].data
    repodata = json.loads(data)
    index = ShardIndex.parse(store.objects[INDEX].data)
    assert index is not None
    assert index.stamp is not None
    assert [*repodata["packages.conda"]] == [file("b")]
    assert repodata["packages"] == {}
    assert file("a") in repodata["removed"]
    assert repodata["info"]["subdir"] == "noarch"
    assert zstandard.ZstdDecompressor().decompressobj().decompress(store.objects[ZST].data) == data
    for key in (JSON, ZST):
        assert store.objects[key].metadata == Origin.of(index.stamp.number, data).metadata()
    # Records of other kinds of packages are kept.
    others = {
        record.get("name", package_name(key))
        for table in repodata.get("v3", {}).values()
        for key, record in table.items()
        if isinstance(record, dict)
    }
    # The shard of a has the name of its file in `removed`.
    assert {*index.hashes} - {"a"} == {"b", *others}
    assert f"{FOLDER}/{shard_key(index.hashes['b'])}" in store.objects
    assert not reindex(opened(store, "check"), ["noarch"], mode="check").subdirs[0].differed
