"""The shard index: read and written again, whoever wrote it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaninfra.channel.conda import shard_index as module
from chaninfra.channel.conda.commit_stamp import OUR_KEY, CommitStamp, first_stamp
from chaninfra.channel.conda.index_files import compress, decompress
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.shard_index import ShardIndex, packed_keys, read_shard_index
from chaninfra.channel.errors import InvalidRepodataError, StorageError
from chaninfra.channel.objects import ObjectBody
from support.index_model.memory_store import MemoryStore

A, B = b"a" * 32, b"b" * 32
CREATED = 1_767_225_600_123
STAMP = first_stamp(3, "r", ["a"], 2)


def index(stamp: CommitStamp | None = STAMP, **changes: Any) -> ShardIndex:
    return ShardIndex(**{"hashes": {"b": B, "a": A}, "stamp": stamp, "info": {"subdir": "noarch"}, **changes})


def document(data: bytes) -> dict[str, Any]:
    """The bytes of a shard index as a document."""
    plain = decompress(data, 1 << 30)
    assert plain is not None
    decoded: dict[str, Any] = msgspec.msgpack.decode(plain)
    return decoded


def packed(content: object) -> bytes:
    """As another tool writes it."""
    return compress(msgspec.msgpack.encode(content), 1)


def ours() -> dict[str, Any]:
    return document(index().encode(1, CREATED))


def test_what_clients_find_in_it() -> None:
    written = ours()
    assert written["version"] == 1
    assert list(written["shards"].items()) == [("a", A), ("b", B)]
    # CEP 16; and CEP 36 allows nothing else in `info`.
    assert written["info"] == {
        "base_url": "",
        "shards_base_url": "./shards/",
        "subdir": "noarch",
        "created_at": "2026-01-01T00:00:00Z",
    }
    assert written.keys() == {"version", "info", "shards", OUR_KEY}


def test_it_is_read_as_it_was_written() -> None:
    read = ShardIndex.parse(index().encode(1, CREATED))
    assert read is not None
    assert (read.hashes, read.info, read.other) == ({"a": A, "b": B}, {"subdir": "noarch"}, {})
    assert read.stamp is not None
    assert msgspec.structs.replace(read.stamp, checksum="") == STAMP
    assert read.encode(1, CREATED) == index().encode(1, CREATED)
    assert read.keys() == {f"shards/{A.hex()}.msgpack.zst", f"shards/{B.hex()}.msgpack.zst"}


def test_the_time_is_that_of_the_commit_and_not_of_the_index_before() -> None:
    read = ShardIndex.parse(index().encode(1, CREATED))
    assert read is not None
    assert document(read.encode(1, CREATED + 61_000))["info"]["created_at"] == "2026-01-01T00:01:01Z"


def test_unknown_keys_are_kept_at_the_top_level_and_in_info() -> None:
    content = ours()
    content |= {"more": {"deep": [1.5, None, b"x"]}, "other": (1 << 64) - 1}
    content["info"] |= {"more": {"x": [True]}, "repodata_revisions": {"v3": {"n_packages": 2, "x": "y"}}}
    read = ShardIndex.parse(packed(content))
    assert read is not None
    again = document(read.encode(1, CREATED))
    assert again == {**content, "version": 1}


def test_a_base_url_is_kept() -> None:
    content = ours()
    content["info"]["base_url"] = "https://x.org/noarch/"
    read = ShardIndex.parse(packed(content))
    assert read is not None
    assert read.info["base_url"] == "https://x.org/noarch/"
    assert document(read.encode(1, CREATED))["info"]["base_url"] == "https://x.org/noarch/"


@pytest.mark.parametrize("base", ["", None])
def test_no_base_url_is_written_as_clients_read_it(base: str | None) -> None:
    assert document(index(info={"subdir": "noarch", "base_url": base}).encode(1, CREATED)) == ours()
    content = ours()
    content["info"]["base_url"] = base
    read = ShardIndex.parse(packed(content))
    assert read is not None
    assert read.info == {"subdir": "noarch"}


def test_the_key_that_earlier_versions_had_in_info_goes() -> None:
    content = ours()
    content["info"][OUR_KEY] = {"revision": "r"}
    read = ShardIndex.parse(packed(content))
    assert read is not None
    assert OUR_KEY not in document(read.encode(1, CREATED))["info"]


@pytest.mark.parametrize(
    "shards",
    [{"a": A}, {"a": A, "b": A}, {"a": A, "b": B, "c": B}, {"a": A, "B": B}, {}],
    ids=["gone", "changed", "new", "renamed", "none"],
)
def test_another_tool_that_keeps_unknown_keys_is_found_out(shards: dict[str, bytes]) -> None:
    content = ours()
    content["shards"] = shards
    read = ShardIndex.parse(packed(content))
    assert read is not None
    assert (read.stamp, read.hashes) == (None, shards)


@pytest.mark.parametrize(
    "stamp",
    [
        None,
        5,
        "r",
        [],
        {},
        {"number": 3},
        {"revision": "r"},
        {"number": 0, "revision": "r"},
        {"number": 10**16, "revision": "r"},
        {"number": 3, "revision": "r", "checksum": "0" * 32},
        {"number": 3, "revision": "r", "log": [[1]]},
        {"number": 3, "revision": "r", "count": -1},
    ],
    ids=str,
)
def test_a_stamp_that_is_none_is_another_tools(stamp: Any) -> None:
    read = ShardIndex.parse(packed({**ours(), OUR_KEY: stamp}))
    assert read is not None
    assert (read.stamp, read.hashes) == (None, {"a": A, "b": B})


def test_an_index_of_another_tool() -> None:
    content = {"version": 1, "info": {"subdir": "noarch", "base_url": "", "shards_base_url": ""}, "shards": {"a": A}}
    read = ShardIndex.parse(packed(content))
    assert read is not None
    assert (read.stamp, read.hashes, read.info) == (None, {"a": A}, {"subdir": "noarch"})
    assert OUR_KEY not in document(read.encode(1, CREATED))


def test_the_subdir_is_read_for_the_caller_to_compare() -> None:
    read = ShardIndex.parse(packed({**ours(), "info": {"subdir": "linux-64"}}))
    assert read is not None
    assert read.info["subdir"] == "linux-64"


NESTED: Any = 0
for _ in range(80):
    NESTED = [NESTED]


@pytest.mark.parametrize(
    "changes",
    [
        {"shards": None},
        {"shards": {"a": A[:31]}},
        {"shards": {"a": A + b"a"}},
        {"shards": {"a": A.hex()}},
        {"shards": {1: A}},
        {"shards": [["a", A]]},
        {"info": None},
        {"info": []},
        {"info": {}},
        {"info": {"subdir": 5}},
        {"info": {"subdir": "noarch", "repodata_revisions": 5}},
        {"info": {"subdir": "noarch", "repodata_revisions": {"v3": 5}}},
        {"info": {"subdir": "noarch", 1: 2}},
        {"info": {"subdir": "noarch", "deep": NESTED}},
        {"more": NESTED},
        {"info": {"subdir": "noarch", "x": msgspec.msgpack.Ext(5, b"x")}},
        {"info": {"subdir": "noarch", "x": {(1, 2): 3}}},
        {"more": msgspec.msgpack.Ext(5, b"x")},
        {"more": {(1, 2): 3}},
        {"more": "x" * (1 << 20)},
        {"info": {"subdir": "noarch", "more": "x" * (1 << 20)}},
        {OUR_KEY: "x" * (1 << 20)},
    ],
    ids=lambda changes: str(changes).partition(" object at ")[0][:60],
)
def test_one_that_could_not_be_written_again_is_damaged(changes: dict[str, Any]) -> None:
    assert ShardIndex.parse(packed({**ours(), **changes})) is None


def test_one_of_a_later_version_is_not_read_as_if_it_were_of_this_one() -> None:
    later = packed({**ours(), "version": 2})
    assert ShardIndex.parse(later) is None
    with pytest.raises(StorageError, match="version 2 of the shard index is newer") as caught:
        ShardIndex.parse(later, where="c/noarch/repodata_shards.msgpack.zst")
    assert caught.value.remedy == "upgrade chaninfra"
    # Whatever its shards are then.
    with pytest.raises(StorageError, match="version 3"):
        ShardIndex.parse(packed({"version": 3, "shards": ["a"]}), where="x")


@pytest.mark.parametrize("version", [0, 1, -1, "2", None, [2], 2.5])
def test_what_is_no_later_version_is_read(version: Any) -> None:
    assert ShardIndex.parse(packed({**ours(), "version": version}), where="x") is not None


def test_damaged_bytes() -> None:
    data = index().encode(1, CREATED)
    assert ShardIndex.parse(b"") is None
    assert ShardIndex.parse(b"{}") is None
    assert ShardIndex.parse(data[:-5]) is None
    assert ShardIndex.parse(data + b"more") is None
    assert ShardIndex.parse(packed({})) is None
    assert ShardIndex.parse(packed([])) is None


@settings(deadline=None)
@given(st.integers(0, 400), st.integers(0, 255))
def test_no_changed_byte_is_taken_for_ours(at: int, byte: int) -> None:
    """Nor does it raise."""
    plain = bytearray(decompress(index().encode(1, CREATED), 1 << 20) or b"")
    before = bytes(plain)
    plain[at % len(plain)] = byte
    read = ShardIndex.parse(compress(bytes(plain), 1))
    if read is not None and read.stamp is not None and plain != before:
        assert read.hashes == {"a": A, "b": B}


def test_one_that_is_larger_than_it_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    data = index().encode(1, CREATED)
    monkeypatch.setattr(module, "MAX_SHARD_INDEX", len(decompress(data, 1 << 20) or b""))
    assert ShardIndex.parse(data) is not None
    monkeypatch.setattr(module, "MAX_SHARD_INDEX", module.MAX_SHARD_INDEX - 1)
    assert ShardIndex.parse(data) is None


def test_reading_it_from_a_store(monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryStore()
    assert read_shard_index(store, "x") is None
    store.objects["x"] = ObjectBody(data=index().encode(1, CREATED), content_type="")
    found = read_shard_index(store, "x")
    assert found is not None
    assert found.stamp is not None
    monkeypatch.setattr(module, "MAX_SHARD_INDEX", 10)
    assert read_shard_index(store, "x") is None


def test_an_empty_one_has_no_stamp() -> None:
    empty = ShardIndex.empty("noarch")
    assert (empty.hashes, empty.stamp, empty.info) == ({}, None, {"subdir": "noarch"})
    assert ShardIndex.parse(empty.encode(1, CREATED)) == empty


def test_unknown_keys_do_not_replace_its_own() -> None:
    other = {key: msgspec.Raw(msgspec.msgpack.encode("theirs")) for key in ("version", "shards", "info")}
    assert document(index(other=other).encode(1, CREATED)) == ours()


def repodata(**keys: Any) -> Repodata:
    return Repodata.parse(msgspec.json.encode(keys), where="x")


def test_keys_of_a_repodata_json_as_a_shard_index_has_them() -> None:
    packed = packed_keys(repodata(info={"x": [1.5]}, more={"y": None}), where="x")
    assert {key: msgspec.msgpack.decode(raw) for key, raw in packed.items()} == {
        "info": {"x": [1.5]},
        "more": {"y": None},
    }


@pytest.mark.parametrize("key", ["info", "more"])
@pytest.mark.parametrize(
    "value", [NESTED, "x" * (1 << 20), [0.5] * 200_000], ids=["deep", "large", "larger as msgpack"]
)
def test_keys_of_a_repodata_json_that_no_shard_index_can_have(key: str, value: Any) -> None:
    given_ = Repodata.parse(b"{}", where="x")
    given_.take_info({"x": value} if key == "info" else {}, {} if key == "info" else {key: value})
    with pytest.raises(InvalidRepodataError, match=rf"noarch/repodata\.json: '{key}' is not valid") as caught:
        packed_keys(given_, where="noarch/repodata.json")
    assert "--force" in str(caught.value.remedy)
    assert key not in packed_keys(given_, where="x", salvage=True)
