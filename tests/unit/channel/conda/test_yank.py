"""The yanks in a shard: made, read, and refused where chaninfra did not write them."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
import pytest
from msgspec import Raw

from chaninfra.channel.conda import yank as module
from chaninfra.channel.conda.index_files import compress
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.shards import make_shards, parse_shard
from chaninfra.channel.conda.yank import Yank, unpacked

FILE = "a-1-0.conda"
RECORD = {
    "name": "a",
    "version": "1",
    "build": "0",
    "depends": ["b >=1"],
    "size": 1 << 40,
    "score": 0.5,
    "sha256": "ab",
}
YANK = Yank(reason="broken", when="2026-01-01T00:00:00+00:00", table="packages.conda", record=RECORD)


def parsed(ours: object) -> Any:
    """The yanks of a shard of the package a with this value of our key; None: the shard is damaged."""
    data = compress(msgspec.msgpack.encode({"removed": [FILE], "chaninfra": ours}), 1)
    shard = parse_shard(data, "a", hashlib.sha256(data).digest())
    return None if shard is None else {file: unpacked(yank) for file, yank in shard.yanks.items()}


def test_a_shard_without_records_keeps_the_yanks_of_its_name() -> None:
    repodata = Repodata.empty("noarch")
    repodata.removed = [FILE, "a-2-0.conda", "b-1-0.conda"]
    yanks = {FILE: YANK.packed(), "b-1-0.conda": Yank(when="now").packed()}
    a, b = make_shards(repodata, None, "r", 1, yanks=yanks)
    for new, name, expected in ((a, "a", {FILE: YANK}), (b, "b", {"b-1-0.conda": Yank(when="now")})):
        shard = parse_shard(new.body.data, name, new.digest)
        assert shard is not None
        assert shard == new.shard
        assert {file: unpacked(yank) for file, yank in shard.yanks.items()} == expected
        assert shard.count == 0


def test_what_yanks_of_unknown_keys_say() -> None:
    assert parsed({"revision": "r"}) == {}
    assert parsed({"revision": "r", "more": 1}) == {}
    assert parsed({"yanks": {FILE: {"when": "now", "more": 1}}}) == {FILE: Yank(when="now")}


@pytest.mark.parametrize(
    "ours",
    [
        5,
        [],
        {"yanks": 5},
        {"yanks": []},
        {"yanks": {FILE: 5}},
        {"yanks": {FILE: {}}},
        {"yanks": {FILE: {"when": 5}}},
        {"yanks": {FILE: {"when": "now", "reason": b"x"}}},
        {"yanks": {FILE: {"when": "now", "table": "../x"}}},
        {"yanks": {FILE: {"when": "now", "record": 5}}},
        {"yanks": {FILE: {"when": "now", "record": {1: 2}}}},
        {"yanks": {FILE: {"when": "now", "record": {"sha256": b"x"}}}},
        {"yanks": {FILE: {"when": "now", "record": {"x": float("nan")}}}},
        {"yanks": {FILE: {"when": "now", "record": {"x": msgspec.msgpack.Ext(1, b"x")}}}},
        {"yanks": {"b-1-0.conda": {"when": "now"}}},
        {"yanks": {"../a-1-0.conda": {"when": "now"}}},
        {"yanks": {"a-1-\n0.conda": {"when": "now"}}},
        {"yanks": {5: {"when": "now"}}},
    ],
)
def test_yanks_that_chaninfra_does_not_write_make_a_shard_damaged(ours: object) -> None:
    assert parsed(ours) is None


def test_a_yank_that_is_nested_too_deep_or_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    deep: Any = []
    for _ in range(500):
        deep = [deep]
    assert parsed({"yanks": {FILE: {"when": "now", "record": {"x": deep}}}}) is None
    large = {"yanks": {FILE: {"when": "now", "record": {"x": "y" * 2000}}}}
    assert parsed(large) is not None
    monkeypatch.setattr(module, "_MAX_YANK", 1000)
    assert parsed(large) is None
    with pytest.raises(ValueError, match="larger than"):
        unpacked(Raw(msgspec.msgpack.encode(large)))


def test_the_facts_of_a_record_that_is_none_are_those_of_the_file_name() -> None:
    for yank in (Yank(when="now"), Yank(when="now", record={"name": 5})):
        assert yank.facts(FILE).identity() == ("a", "1", "0")
    assert YANK.facts("x-1-0.conda").identity() == ("a", "1", "0")
