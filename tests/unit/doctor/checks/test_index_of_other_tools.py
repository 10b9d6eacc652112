"""What the doctor says of index files that another tool wrote, copied or patches."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from chaninfra.channel.conda.index_files import compress, decompress
from chaninfra.doctor import traces
from chaninfra.index.gc import collect_subdir
from chaninfra.index.reindex import reindex_subdir
from support.channels.examined_index import NEVER, REINDEX, channel, found, only
from support.index_model.memory_store import etag
from support.index_model.memory_subdir import INDEX, JSON, package


def without_stamp(data: bytes, **changed: Any) -> bytes:
    """The shard index without what chaninfra has added, as another tool writes it."""
    document = msgspec.msgpack.decode(decompress(data, 1 << 20) or b"")
    document = {"info": {**document["info"], **changed}, "shards": document["shards"]}
    return compress(msgspec.msgpack.encode(document), 1)


def test_a_repodata_json_of_another_tool_that_no_commit_reads() -> None:
    """With `never`: a re-index takes over what it has, and gc deletes it only then."""
    it = channel(NEVER)
    it.put("b-1.0-0.conda", b"1")
    # Of this size and md5, so that the package need not be read.
    record = json.loads(bytes(package("b")[1].encode(0))) | {
        "build": "0",
        "build_number": 0,
        "size": 1,
        "md5": etag(b"1").strip('"'),
    }
    it.put("repodata.json", {"info": {"subdir": "noarch"}, "packages.conda": {"b-1.0-0.conda": record}})
    warning = only(it)
    assert warning.state == "warning"
    assert "no commit reads that, `reindex` takes over its records" in warning.found
    collect_subdir(it.subdir_index, "write")
    assert JSON in it.store.objects, "it has a package that the shards do not have"
    reindex_subdir(it.subdir_index)
    assert "b-1.0-0.conda" in it.sharded()
    collect_subdir(it.subdir_index, "write")
    assert JSON not in it.store.objects
    assert only(it).state == "ok"


@pytest.mark.parametrize(
    ("json_", "tool"),
    [
        (
            b'{"info":{"subdir":"noarch"},"packages":{},"packages.conda":{},"repodata_version":1,"v3":{}}',
            "rattler-index",
        ),
        (b'{\n  "info": {\n    "subdir": "noarch"\n  }\n}\n', "conda-index"),
        (
            b'{"info":{"subdir":"noarch"},"packages":{},"packages.conda":{},"removed":[],"repodata_version":1}',
            "conda-index",
        ),
        (b'{"info":{"chaninfra":{"revision":"r"},"subdir":"noarch"}}', traces.OLDER),
        (b'{"packages":{}}', traces.ANOTHER),
    ],
)
def test_a_repodata_json_of_another_tool_is_named(json_: bytes, tool: str) -> None:
    it = channel()
    it.put("repodata.json", json_)
    wrong = only(it)
    assert (wrong.state, wrong.remedy) == ("failed", REINDEX)
    assert f"repodata.json was written by {tool}. The next commit, or `reindex`, takes over its records" in wrong.found


def test_a_repodata_json_that_was_copied_without_its_metadata() -> None:
    it = channel()
    it.put("repodata.json", it.store.objects[JSON].data)
    assert "was written by chaninfra, but lost its object metadata" in only(it).found


@pytest.mark.parametrize(
    ("data", "tool"),
    [
        (without_stamp, "rattler-index"),
        (lambda data: without_stamp(data, shards_base_url="", base_url=""), traces.ANOTHER),
        (lambda data: without_stamp(data, chaninfra={"revision": "r"}), traces.OLDER),
    ],
)
def test_a_shard_index_of_another_tool_is_named(data: Callable[[bytes], bytes], tool: str) -> None:
    it = channel()
    it.put("repodata_shards.msgpack.zst", data(it.store.objects[INDEX].data))
    wrong = only(it)
    assert (wrong.state, wrong.remedy) == ("failed", REINDEX)
    assert f"was written by {tool}. The next commit re-indexes first" in wrong.found


def test_a_shard_index_that_was_restored_from_a_copy() -> None:
    it = channel()
    old = it.store.objects[INDEX]
    it.publish("b")
    it.store.objects[INDEX] = old
    wrong = only(it)
    assert (wrong.state, wrong.remedy) == ("failed", REINDEX)
    newer = (
        "repodata.json and repodata.json.zst are newer than repodata_shards.msgpack.zst, which therefore was restored"
    )
    assert newer in wrong.found


def test_an_index_that_another_tool_patches_promises_no_re_index() -> None:
    it = channel()
    record = '{\n  "packages": {"a-1-0.conda": {"name": "a", "sha256": "1", "depends": [%s]}}\n}'
    it.put("repodata_from_packages.json", (record % "").encode())
    it.put("repodata.json", (record % '"patched"').encode())
    wrong = only(it)
    assert "another tool patches this index" in wrong.found
    assert wrong.found.endswith("; repodata.json was written by conda-index")
    assert "delete repodata_from_packages.json" in (wrong.remedy or "")


def test_files_of_an_earlier_indexer_that_clients_read() -> None:
    it = channel()
    it.put("current_repodata.json", b"{}")
    wrong = only(it)
    assert (wrong.state, wrong.remedy) == ("warning", "chaninfra gc s3://b/c")
    assert "noarch: current_repodata.json is of an earlier indexer, and nothing updates it" in wrong.found
    assert "install old and yanked packages" in wrong.found


def test_a_record_that_clients_cannot_read() -> None:
    it = channel()
    document = it.repodata()
    document["packages.conda"]["a-1.0-0.conda"]["depends"] = "b"
    it.put("repodata.json", document)
    [_, wrong] = found(it)
    assert (wrong.state, wrong.remedy) == ("failed", REINDEX)
    assert "noarch/a-1.0-0.conda (Expected `array`, got `str` - at `$.depends`)" in wrong.found
