"""repodata.json: parsed and encoded again."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from msgspec import Raw

from chaninfra.channel.conda.commit_stamp import OUR_KEY, first_stamp
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.errors import StorageError


def test_unknown_keys_are_kept() -> None:
    document = {
        "info": {"subdir": "noarch", "revision": "x"},
        "repodata_version": 1,
        "packages": {"b-1-0.tar.bz2": {"name": "b", "new-field": {"deep": [1]}}},
        "packages.conda": {},
        "removed": ["z-1-0.conda", "a-1-0.conda"],
        "v3": {"whl": {}},
    }
    encoded = Repodata.parse(json.dumps(document).encode(), where="x").encode()
    assert json.loads(encoded) == {**document, "removed": ["a-1-0.conda", "z-1-0.conda"]}
    assert Repodata.parse(encoded, where="x").encode() == encoded


@pytest.mark.parametrize(
    "data",
    [b"", b"<html>", b"[]", b'{"packages": []}', b'{"removed": {}}', b'{"info": 1}', b'{"packages": {"\xff": {}}}'],
)
def test_an_invalid_repodata_is_an_error_with_its_key(data: bytes) -> None:
    with pytest.raises(StorageError, match=r"noarch/repodata\.json: is not a valid repodata\.json"):
        Repodata.parse(data, where="noarch/repodata.json")


def test_a_compressed_repodata_is_called_so() -> None:
    """As quetz stores it, with `Content-Encoding: gzip`; bytes that are no text are named in plain words too."""
    with pytest.raises(StorageError, match=r"x: is not a valid repodata\.json: it is compressed with gzip"):
        Repodata.parse(gzip.compress(b"{}"), where="x")
    with pytest.raises(StorageError, match=r"x: is not a valid repodata\.json: it is not UTF-8") as raised:
        Repodata.parse(b"\xff\xfe", where="x")
    assert "codec" not in str(raised.value)


def test_the_commit_stands_at_the_top_level_and_not_in_info() -> None:
    repodata = Repodata.empty("noarch")
    document = json.loads(repodata.encode(first_stamp(7, "r", ["a"], 0)))
    assert document["info"] == {"subdir": "noarch"}
    assert document[OUR_KEY] == {"number": 7, "revision": "r"}
    again = Repodata.parse(repodata.encode(first_stamp(7, "r", [], 0)), where="x")
    assert again.other() == {}
    assert OUR_KEY not in json.loads(again.encode())


def test_the_key_that_earlier_versions_had_in_info_goes() -> None:
    data = json.dumps({"info": {"subdir": "noarch", OUR_KEY: {"revision": "r"}, "more": 1}}).encode()
    assert json.loads(Repodata.parse(data, where="x").encode())["info"] == {"subdir": "noarch", "more": 1}


def of(tables: dict[str, dict[str, dict[str, Any]]], *removed: str) -> Repodata:
    v3 = {table[3:]: records for table, records in tables.items() if table.startswith("v3.")}
    rest = {table: records for table, records in tables.items() if not table.startswith("v3.")}
    return Repodata.parse(json.dumps({**rest, "v3": v3, "removed": removed}).encode(), where="x")


def test_all_of_a_package_is_replaced_by_what_its_shard_has() -> None:
    repodata = of(
        {
            "packages": {"a-1-0.tar.bz2": {"name": "a"}, "b-1-0.tar.bz2": {"name": "b", "x": "a"}},
            "packages.conda": {"a-1-0.conda": {"name": "A"}},
            "v3.conda": {"a-2-0": {"name": "a"}},
            "v3.whl": {"c": {"name": "c"}, "w": {"url": "https://x.org/a.whl"}},
        },
        "a-0-0.conda",
        "b-0-0.conda",
    )
    repodata.replace({"a"}, {"packages.conda": {"a-3-0.conda": Raw(b'{"name":"a"}')}}, ["a-0-1.conda"])
    assert {file for file, _, _ in repodata.files()} == {"a-3-0.conda", "b-1-0.tar.bz2", "c.whl", "w.whl"}
    assert repodata.removed == ["a-0-1.conda", "b-0-0.conda"]


def test_a_package_whose_shard_is_gone_has_nothing() -> None:
    repodata = of({"packages.conda": {"a-1-0.conda": {"name": "a"}, "b-1-0.conda": {"name": "b"}}}, "a-0-0.conda")
    repodata.replace({"a"}, {}, [])
    assert [file for file, _, _ in repodata.files()] == ["b-1-0.conda"]
    assert repodata.removed == []


def test_many_packages_are_replaced_as_few_are() -> None:
    names = [f"p{number}" for number in range(30)]
    tables = {"packages.conda": {f"{name}-1-0.conda": {"name": name} for name in names}}
    new = {"packages.conda": {f"{name}-2-0.conda": Raw(b'{"name":"%s"}' % name.encode()) for name in names[:20]}}
    at_once, one_by_one = of(tables), of(tables)
    at_once.replace(set(names[:20]), new, [])
    for file, record in new["packages.conda"].items():
        one_by_one.replace({file.partition("-")[0]}, {"packages.conda": {file: record}}, [])
    assert at_once.encode() == one_by_one.encode()


def test_info_and_unknown_keys_are_those_of_the_authoritative_index() -> None:
    document = {"info": {"subdir": "noarch", "old": 1}, "old": 1, "v3": {"conda": {"a-1-0": {"name": "a"}}}}
    repodata = Repodata.parse(json.dumps(document).encode(), where="x")
    repodata.take_info(
        {"subdir": "noarch", "new": [2], "repodata_revisions": {"v3": {"n_packages": 99}}}, {"new": {"x": b"x"}}
    )
    written = json.loads(repodata.encode())
    assert written["info"] == {"subdir": "noarch", "new": [2], "repodata_revisions": {"v3": {"n_packages": 1}}}
    assert "old" not in written
    assert written["new"] == {"x": "eA=="}
