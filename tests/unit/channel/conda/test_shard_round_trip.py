"""What is put into a shard comes out again; and what anybody else may have put there."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw

from chaninfra.channel.conda import shards as module
from chaninfra.channel.conda.commit_stamp import OUR_KEY
from chaninfra.channel.conda.index_files import compress, decompress
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.shards import NewShard, Shard, is_packable, make_shards, parse_shard
from chaninfra.channel.errors import StorageError

SHA, MD5 = "ab" * 32, "cd" * 16
HASHES = {"sha256": SHA, "md5": MD5, "legacy_bz2_md5": MD5}


def repodata_of(records: dict[str, dict[str, Any]], removed: tuple[str, ...] = ()) -> Repodata:
    """Table → key → record."""
    repodata = Repodata.empty("noarch")
    for table, by_key in records.items():
        repodata.records[table] = {key: Raw(msgspec.json.encode(record)) for key, record in by_key.items()}
    repodata.removed = [*removed]
    return repodata


def made(records: dict[str, dict[str, Any]], removed: tuple[str, ...] = (), other: Any = None) -> NewShard:
    (shard,) = make_shards(repodata_of(records, removed), None, "r", 1, other)
    return shard


def read(new: NewShard) -> Shard:
    shard = parse_shard(new.body.data, new.name, new.digest)
    assert shard is not None
    return shard


def decoded(shard: Shard) -> dict[str, dict[str, Any]]:
    return {
        table: {key: json.loads(bytes(raw)) for key, raw in records.items()} for table, records in shard.records.items()
    }


def parsed(content: object, name: str = "a") -> Shard | None:
    """As it is read when another tool wrote it."""
    data = compress(msgspec.msgpack.encode(content), 1)
    return parse_shard(data, name, hashlib.sha256(data).digest())


def unpacked(new: NewShard) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.msgpack.decode(decompress(new.body.data, 1 << 30) or b"")
    return found


def test_records_of_all_tables_and_removed_files_survive() -> None:
    records = {
        "packages": {"a-1-0.tar.bz2": {"name": "a", **HASHES}},
        "packages.conda": {"a-1-0.conda": {"name": "a", "new-field": {"deep": [1, 1.5, None, True, "é"]}}},
        "v3.conda": {"a-2-0": {"name": "a", "indexed_timestamp": 5, "sha256": SHA}},
        "v3.whl": {"a-3-py3-none-any": {"name": "a", "url": "https://x.org/a.whl"}},
    }
    new = made(records, ("a-0-0.conda", "a-0-1.tar.bz2"))
    shard = read(new)
    assert decoded(shard) == records
    assert shard.removed == ("a-0-0.conda", "a-0-1.tar.bz2")
    assert (shard.count, new.shard.count) == (4, 4)
    assert decoded(new.shard) == decoded(shard)


def test_hashes_are_bytes_in_the_shard_and_hex_in_the_record() -> None:
    new = made({"packages.conda": {"a-1-0.conda": {"name": "a", **HASHES}}})
    record = unpacked(new)["packages.conda"]["a-1-0.conda"]
    assert (record["sha256"], record["md5"], record["legacy_bz2_md5"]) == (
        bytes.fromhex(SHA),
        bytes.fromhex(MD5),
        bytes.fromhex(MD5),
    )
    assert decoded(read(new))["packages.conda"]["a-1-0.conda"] == {"name": "a", **HASHES}


def test_removed_files_without_records_have_a_shard() -> None:
    new = made({}, ("a-1-0.conda",))
    assert (new.name, new.shard.count) == ("a", 0)
    shard = read(new)
    assert (shard.removed, shard.count) == (("a-1-0.conda",), 0)
    # Clients read both tables without asking whether they are there.
    assert unpacked(new).keys() == {"packages", "packages.conda", "removed", OUR_KEY}


def test_unknown_keys_survive() -> None:
    unknown = {"more": {"x": [1, b"raw"]}, "later": None}
    shard = parsed({"packages": {}, "packages.conda": {"a-1-0.conda": {"name": "a"}}, **unknown})
    assert shard is not None
    (again,) = make_shards(repodata_of(decoded(shard)), None, "r", 1, {"a": shard.other})
    content = unpacked(again)
    assert {key: content[key] for key in unknown} == unknown
    assert content[OUR_KEY] == {"revision": "r"}
    assert read(again).other.keys() == unknown.keys()


def test_ours_is_not_taken_for_an_unknown_key() -> None:
    shard = parsed({"packages.conda": {"a-1-0.conda": {"name": "a"}}, OUR_KEY: {"revision": "old"}})
    assert shard is not None
    assert shard.other == {}


def test_a_name_is_looked_up_as_clients_do() -> None:
    new = made({"packages.conda": {"A-1-0.conda": {"name": "A"}}})
    assert new.name == "a"
    assert decoded(read(new))["packages.conda"] == {"A-1-0.conda": {"name": "A"}}
    assert parse_shard(new.body.data, "A", new.digest) is None


@pytest.mark.parametrize("number", [b"1e3", b"1000.0", b"1E+3", b"-0.0", b"0.1", b"18446744073709551615", b"-1"])
def test_the_value_of_a_number_survives(number: bytes) -> None:
    repodata = Repodata.parse(b'{"packages.conda":{"a-1-0.conda":{"name":"a","x":%s}}}' % number, where="x")
    (new,) = make_shards(repodata, None, "r", 1)
    assert decoded(read(new))["packages.conda"]["a-1-0.conda"]["x"] == json.loads(number)


@pytest.mark.parametrize("number", [b"18446744073709551616", b"-9223372036854775809", b"1" * 4000])
def test_an_integer_of_more_than_64_bits_is_refused(number: bytes) -> None:
    text = b'{"packages.conda":{"a-1-0.conda":{"name":"a","x":{"y":[%s]}}}}' % number
    repodata = Repodata.parse(text, where="noarch/repodata.json")
    assert not is_packable(repodata, "packages.conda", "a-1-0.conda")
    with pytest.raises(StorageError, match=r"noarch/repodata\.json: the record of a-1-0\.conda is not valid"):
        [*make_shards(repodata, None, "r", 1)]


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 63), (1 << 64) - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=6).filter(lambda key: key not in {*HASHES, "name"}), JSON, max_size=5))
def test_any_record_survives(record: dict[str, Any]) -> None:
    record = {**record, "name": "a", "sha256": SHA}
    new = made({"packages.conda": {"a-1-0.conda": record}})
    assert decoded(read(new))["packages.conda"]["a-1-0.conda"] == record


def test_a_shard_that_lies_about_its_sha256() -> None:
    new = made({"packages.conda": {"a-1-0.conda": {"name": "a"}}})
    assert parse_shard(new.body.data, "a", new.digest) is not None
    assert parse_shard(new.body.data, "a", b"\0" * 32) is None
    assert parse_shard(new.body.data + b"", "b", new.digest) is None


NESTED: Any = 0
for _ in range(80):
    NESTED = [NESTED]
CONDA = "a-1-0.conda"


@pytest.mark.parametrize(
    "content",
    [
        None,
        [],
        "text",
        {"packages": []},
        {"packages.conda": 5},
        {"v3": []},
        {"v3": {"conda": 5}},
        {"removed": {}},
        {"removed": [5]},
        {"removed": ["../a-1-0.conda"]},
        {"removed": ["a\n-1-0.conda"]},
        {1: 2},
        {"packages.conda": {CONDA: {"name": "b"}}},
        {"packages.conda": {CONDA: {"name": 5}}},
        {"packages.conda": {CONDA: {"name": b"a"}}},
        {"packages.conda": {CONDA: None}},
        {"packages.conda": {CONDA: []}},
        {"packages.conda": {"b-1-0.conda": {}}},
        {"packages.conda": {"a/../b": {"name": "a"}}},
        {"packages.conda": {"..": {"name": "a"}}},
        {"packages.conda": {"\x1b[2J": {"name": "a"}}},
        {"packages.conda": {5: {"name": "a"}}},
        {"v3": {"conda": {"../a-1-0": {"name": "a"}}}},
        {"packages.conda": {CONDA: {"name": "a", "deep": NESTED}}},
        {"packages.conda": {CONDA: {"name": "a", "x": msgspec.msgpack.Ext(5, b"x")}}},
        {"packages.conda": {CONDA: {"name": "a", "x": {1: 2}}}},
        {"packages.conda": {CONDA: {"name": "a", "x": {b"y": 2}}}},
        {"more": NESTED},
        {"more": "x" * (4 << 20)},
        {"packages.conda": {CONDA: {"name": "a", "x": "x" * (4 << 20)}}},
    ],
    ids=lambda content: repr(content)[:60],
)
def test_a_shard_that_could_not_be_written_again_is_damaged(content: Any) -> None:
    assert parsed(content) is None


def test_a_record_without_a_name_is_one_of_the_package_that_its_file_is_named_after() -> None:
    shard = parsed({"packages.conda": {CONDA: {"version": "1"}}})
    assert shard is not None
    assert parsed({"packages.conda": {CONDA: {"version": "1"}}}, "b") is None


def test_a_shard_that_is_larger_than_clients_read(monkeypatch: pytest.MonkeyPatch) -> None:
    new = made({"packages.conda": {CONDA: {"name": "a", "x": "y" * 2000}}})
    monkeypatch.setattr(module, "MAX_SHARD", 1000)
    assert parse_shard(new.body.data, "a", new.digest) is None
    with pytest.raises(StorageError, match="the shard of a would be larger than") as caught:
        made({"packages.conda": {CONDA: {"name": "a", "x": "y" * 2000}}})
    assert caught.value.remedy


def test_damaged_bytes() -> None:
    for data in (b"", b"none", compress(b"", 1), compress(b"\x81", 1)):
        assert parse_shard(data, "a", hashlib.sha256(data).digest()) is None
