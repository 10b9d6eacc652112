"""A source whose index is damaged or hostile: one error that says where, or records that are passed over and told."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sys
from functools import cache
from typing import Any

import msgspec
import pytest
import zstandard

from chaninfra.channel.conda.index_files import FILE_NAMES
from chaninfra.channel.errors import ChaninfraError, InvalidRepodataError, SkippedError
from chaninfra.channel.objects import ObjectBody
from chaninfra.index.copy.sources.reference import path_of
from support.cases.hostile_objects import HOSTILE, NAMES, REPODATA, SHARDS, ZST, Hostile
from support.channels.sources import FolderStore, source_in, store_of
from support.index_model.processes import FOLDER, INDEX, JSON, PREFIX, channel_with, file
from support.index_model.processes import ZST as ZST_KEY

FILES = {file("a"), file("b")}
SHA256 = "0" * 64


def put(store: FolderStore, key: str, data: bytes) -> None:
    store.objects[key] = ObjectBody(data=data, content_type="")


@cache
def sound() -> dict[str, ObjectBody]:
    return dict(channel_with("a", "b").objects)


@pytest.mark.parametrize("hostile", [each for each in HOSTILE if each.key in (REPODATA, ZST, SHARDS)], ids=str)
def test_a_hostile_index_is_an_error_or_leaves_the_rest(hostile: Hostile) -> None:
    store = store_of(sound())
    key = f"{PREFIX}/{hostile.key}"
    put(store, key, hostile.make(store.objects[key].data))
    for other in {JSON, ZST_KEY, INDEX} - {key}:
        del store.objects[other]
    source = source_in(store)
    found: set[str] = set()
    with contextlib.suppress(ChaninfraError):
        found = {each.file for each in source.packages("noarch")}
    # One case adds a record that is strange, and valid.
    assert found <= {*FILES, "y-1-0.conda"}
    assert all(message.isprintable() for message in source.refused())
    if not found >= FILES and not source.refused():
        # It has no other index, so nothing is there, or the error says what is wrong.
        with pytest.raises(ChaninfraError) as caught:
            list(source.packages("noarch")) or source_in(store_of({})).subdirs()
        assert caught.value.remedy
        assert (caught.value.where or "").startswith(f"s3://source-bucket/{PREFIX}")


def repodata(records: dict[str, Any], **more: Any) -> FolderStore:
    """A channel of another tool with these records."""
    document = {"info": {"subdir": "noarch"}, "packages": {}, "packages.conda": records, **more}
    return store_of({JSON: json.dumps(document).encode()})


def record(name: str = "x", version: str = "1", build: str = "0", **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "version": version,
        "build": build,
        "build_number": 0,
        "depends": [],
        "sha256": SHA256,
        **more,
    }


@pytest.mark.parametrize(
    ("name", "given", "why"),
    [
        *((name, record(), "") for name in NAMES),
        ("X-1-0.conda", record("X"), "upper-case"),
        ("x y-1-0.conda", record("x y"), "a space"),
        ("x-1.conda", record(), "NAME-VERSION-BUILD"),
        (f"{'x' * 65}-1-0.conda", record("x" * 65), "CEP 26"),
        ("x-1-0.conda", record("y"), "its record is that of another package, 'y'"),
        ("x-1-0.conda", record(sha256="../../x"), "the sha256 in its record is none"),
        ("x-1-0.conda", record(md5="a\r\nb: c"), "the md5 in its record is none"),
        ("x-1-0.conda", record(sha256=SHA256.upper().replace("0", "A")), "the sha256"),
        ("x-1-0.conda", record(size="big"), "size"),
        ("x-1-0.conda", record(size=10**30), ""),
        ("x-1-0.conda", record(version=5), "version"),
        ("x-1-0.conda", {"name": "x"}, "version"),
        ("x-1-0.conda", 5, "its record has no name"),
        ("x-1-0.conda", record(more="x" * (5 << 20)), "larger than 4 MiB"),
    ],
)
def test_a_record_that_a_channel_must_not_have_is_passed_over(name: str, given: Any, why: str) -> None:
    source = source_in(repodata({name: given, "good-1-0.conda": record("good")}))
    assert [each.file for each in source.packages("noarch")] == ["good-1-0.conda"]
    (message,) = source.refused()
    assert why in message
    assert message.startswith("noarch/")
    assert message.isprintable()
    assert len(message) < 700


def test_the_same_in_a_shard() -> None:
    good = {**record("x"), "sha256": b"\0" * 32}
    shard = {
        "packages": {},
        "packages.conda": {"x-1-0.conda": good, "../x-1-0.conda": good, "y-1-0.conda": record("y")},
    }
    data = zstandard.compress(msgspec.msgpack.encode(shard))
    digest = hashlib.sha256(data).digest()
    index = {"version": 1, "info": {"subdir": "noarch", "base_url": "", "shards_base_url": ""}, "shards": {"x": digest}}
    store = store_of({INDEX: zstandard.compress(msgspec.msgpack.encode(index))})
    put(store, f"{FOLDER}/{digest.hex()}.msgpack.zst", data)
    source = source_in(store)
    assert [each.file for each in source.packages("noarch")] == ["x-1-0.conda"]
    assert [message.partition(":")[0] for message in source.refused()] == [
        "noarch/../x-1-0.conda",
        "noarch/y-1-0.conda",
    ]


def test_the_same_file_twice_is_read_once() -> None:
    source = source_in(repodata({"x-1-0.conda": record()}, v3={"conda": {"x-1-0": record(more="v3")}}))
    (package,) = source.packages("noarch")
    assert package.table == "packages.conda"
    assert source.refused() == ("noarch/x-1-0.conda: has a second record",)


def test_wheels_are_passed_over_and_v3_records_are_not() -> None:
    tables = {"conda": {"x-1-0": record(depends=['y[when="__win"]'])}, "whl": {"y-1-0": record("y")}}
    source = source_in(repodata({}, v3=tables))
    (package,) = source.packages("noarch")
    assert (package.table, package.key, package.file) == ("v3.conda", "x-1-0", "x-1-0.conda")
    assert source.refused() == ("noarch/y-1-0.whl: is no conda package, and only those are copied",)


def test_unknown_keys_are_kept_byte_for_byte() -> None:
    raw = b'{"name": "x", "version": "1", "build":"0","z":[1.0, 1e2 , {"b":1,"a":2}],"\\u00e9":null}'
    store = store_of({JSON: b'{"packages": {"x-1-0.tar.bz2": ' + raw + b"}}"})
    (package,) = source_in(store).packages("noarch")
    assert bytes(package.record) == raw


def test_any_number_of_them_is_told_in_bounded_messages() -> None:
    source = source_in(repodata({f"{number}-bad": record(f"n{number}") for number in range(3000)}))
    assert list(source.packages("noarch")) == []
    messages = source.refused()
    assert len(messages) == 1001
    assert messages[-1] == "and 2,000 more records"
    list(source.packages("noarch"))
    assert len(source.refused()) == 1001
    assert sys.getsizeof(messages) < 100_000


@pytest.mark.parametrize(
    ("reference", "found"),
    [
        ("x.conda", "c/noarch/x.conda"),
        ("./shards/x", "c/noarch/shards/x"),
        ("../../../src/noarch/x", None),
        ("../../other/noarch/x", "other/noarch/x"),
        ("/src/noarch/x", "src/noarch/x"),
        ("s3://mine/src/x", "src/x"),
        ("S3://mine/src/x", "src/x"),
        ("s3://other/src/x", None),
        ("s3://user@mine/src/x", None),
        ("s3://mine/../x", None),
        ("http://169.254.169.254/latest/x", None),
        ("https://example.com/x", None),
        ("file:///etc/passwd", None),
        ("//example.com/x", None),
        ("%2e%2e/%2E%2e/x", "x"),
        ("..%2f..%2f..%2fx", None),
        ("x?y", None),
        ("x#y", None),
        ("a\\b", None),
        ("a//b", None),
        ("a%00b", None),
        ("a%0ab", None),
        ("http://[", None),
        ("javascript:x", None),
        ("", None),
    ],
)
def test_where_an_index_may_send_a_reader(reference: str, found: str | None) -> None:
    assert path_of("c/noarch", reference, "mine") == found


def test_a_folder_has_no_absolute_references() -> None:
    assert path_of("noarch", "/etc/passwd") is None
    assert path_of("noarch", "../../etc/passwd") is None
    assert path_of("noarch", "s3://mine/x") is None
    assert path_of("noarch", "../other/x") == "other/x"


@pytest.mark.parametrize("base_url", ["http://127.0.0.1:9000/x/", "file:///etc/", "s3://other/x", "../../../x/"])
def test_files_elsewhere_are_not_read(base_url: str) -> None:
    store = repodata({"x-1-0.conda": record()}, info={"subdir": "noarch", "base_url": base_url})
    source = source_in(store)
    (package,) = source.packages("noarch")
    with pytest.raises(SkippedError, match="which is not in this channel") as caught:
        list(source.chunks(package))
    assert caught.value.remedy
    assert source.s3_object(package) is None
    index = {"version": 1, "info": {"subdir": "noarch", "shards_base_url": base_url}, "shards": {"x": b"\1" * 32}}
    put(store, INDEX, zstandard.compress(msgspec.msgpack.encode(index)))
    with pytest.raises(InvalidRepodataError, match="says that its files are at"):
        list(source_in(store).packages("noarch"))


def test_the_index_of_another_subdir() -> None:
    store = repodata({}, info={"subdir": "linux-64"})
    with pytest.raises(InvalidRepodataError, match="of another subdir, 'linux-64'"):
        list(source_in(store).packages("noarch"))
    index = {"version": 1, "info": {"subdir": "linux-64"}, "shards": {}}
    put(store, INDEX, zstandard.compress(msgspec.msgpack.encode(index)))
    with pytest.raises(InvalidRepodataError, match="the index of another subdir, 'linux-64'") as caught:
        list(source_in(store).packages("noarch"))
    assert caught.value.where == f"s3://source-bucket/{FOLDER}/{FILE_NAMES['shards']}"


def test_a_file_that_is_listed_and_not_there() -> None:
    source = source_in(repodata({"x-1-0.conda": record()}))
    (package,) = source.packages("noarch")
    with pytest.raises(SkippedError, match="its file is not there") as caught:
        list(source.chunks(package))
    assert caught.value.where == f"s3://source-bucket/{FOLDER}/x-1-0.conda"


def test_a_large_file_comes_in_pieces_of_the_same_object(monkeypatch: pytest.MonkeyPatch) -> None:
    store = repodata({"x-1-0.conda": record()})
    data = bytes(range(256)) * (1 << 16) + b"end"
    put(store, f"{FOLDER}/x-1-0.conda", data)
    source = source_in(store)
    (package,) = source.packages("noarch")
    pieces = list(source.chunks(package))
    assert [len(piece) for piece in pieces] == [8 << 20, 8 << 20, 3]
    assert b"".join(pieces) == data
    chunks = source.chunks(package)
    next(chunks)
    put(store, f"{FOLDER}/x-1-0.conda", data + b"other")
    with pytest.raises(ChaninfraError, match="changed"):
        next(chunks)
