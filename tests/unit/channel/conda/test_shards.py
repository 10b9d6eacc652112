"""The shards, compared with those of py-rattler's indexer for the same packages."""

from __future__ import annotations

import asyncio
import hashlib
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zstandard
from rattler.index import index_fs

from chaninfra.channel.conda.commit_stamp import OUR_KEY, first_stamp
from chaninfra.channel.conda.index_files import FILE_NAMES, IMMUTABLE
from chaninfra.channel.conda.index_settings import IndexSettings
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.conda.shards import is_packable, is_shard, make_shards, parse_shard, shard_key
from chaninfra.channel.conda.skeleton import empty_index, unstamped_shards
from chaninfra.channel.errors import StorageError
from chaninfra.channel.objects import ObjectBody
from support.channels.packages import make_package


def unpacked(data: bytes) -> Any:
    return msgspec.msgpack.decode(zstandard.ZstdDecompressor().decompressobj().decompress(data))


def sharded(repodata: Repodata, settings: IndexSettings | None = None) -> dict[str, ObjectBody]:
    """Name → file, of the shards and the shard index."""
    return dict(unstamped_shards(repodata, settings or IndexSettings()))


@pytest.fixture(scope="module")
def channel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A channel that the reference indexer indexed."""
    folder = tmp_path_factory.mktemp("channel")
    (folder / "noarch").mkdir()
    for name, version in (("hello", "1.0"), ("hello", "2.0"), ("tool", "1.0")):
        make_package(folder / "noarch", name, version, depends=["hello"] if name == "tool" else [])
    asyncio.run(index_fs(folder))
    return folder / "noarch"


def test_shards_are_those_of_the_reference_indexer(channel: Path) -> None:
    repodata = Repodata.parse((channel / "repodata.json").read_bytes(), where="x")
    assert repodata.count == 3
    made = sharded(repodata)
    reference = unpacked((channel / FILE_NAMES["shards"]).read_bytes())
    ours = unpacked(made[FILE_NAMES["shards"]].data)
    assert set(ours["shards"]) == set(reference["shards"]) == {"hello", "tool"}
    same = ("base_url", "shards_base_url", "subdir")
    assert [ours["info"][key] for key in same] == [reference["info"][key] for key in same]
    for name, digest in ours["shards"].items():
        key = f"shards/{digest.hex()}.msgpack.zst"
        assert hashlib.sha256(made[key].data).digest() == digest
        theirs = unpacked((channel / "shards" / f"{reference['shards'][name].hex()}.msgpack.zst").read_bytes())
        shard = unpacked(made[key].data)
        for table in ("packages", "packages.conda"):
            assert shard[table] == theirs.get(table, {})


def test_the_shard_index_of_the_reference_indexer_is_read_as_another_tools(channel: Path) -> None:
    index = ShardIndex.parse((channel / FILE_NAMES["shards"]).read_bytes())
    assert index is not None
    assert index.stamp is None
    assert index.keys() == {f"shards/{path.name}" for path in (channel / "shards").iterdir()}


def test_all_content_of_repodata_is_kept(channel: Path) -> None:
    data = (channel / "repodata.json").read_bytes()
    stamp = first_stamp(4, "r", ["hello"], 3)
    ours, theirs = json.loads(Repodata.parse(data, where="x").encode(stamp)), json.loads(data)
    # Nothing of ours in `info`: CEP 36 allows no other keys there.
    assert ours.pop("info") == theirs.pop("info")
    assert ours.pop(OUR_KEY) == {"number": 4, "revision": "r"}
    assert ours == {**theirs, "removed": []}


def test_content_type_and_cache_control_of_each_file() -> None:
    repodata = Repodata.empty("noarch")
    repodata.records["packages.conda"]["a-1-0.conda"] = msgspec.Raw(b'{"name":"a"}')
    settings = IndexSettings(cache_control="no-cache")
    made = sharded(repodata, settings)
    # The index comes last, since it names the shards.
    assert [name.partition("/")[0] for name in made] == ["shards", "repodata_shards.msgpack.zst"]
    made |= {name: body for name, body in empty_index("noarch", settings) if name not in made}
    headers = {name.partition("/")[0]: (body.content_type, body.cache_control) for name, body in made.items()}
    assert headers == {
        "repodata.json": ("application/json", "no-cache"),
        "repodata.json.zst": ("application/zstd", "no-cache"),
        "repodata_shards.msgpack.zst": ("application/x-msgpack", "no-cache"),
        "shards": ("application/x-msgpack", IMMUTABLE),
    }


def test_no_two_shards_have_the_same_name() -> None:
    repodata = Repodata.empty("noarch")
    repodata.records["packages.conda"]["a-1-0.conda"] = msgspec.Raw(b'{"name":"a"}')
    one, other = (next(make_shards(repodata, ["a"], revision, 1)) for revision in ("1", "2"))
    assert one.digest != other.digest
    assert one.shard == other.shard


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (shard_key(b"\1" * 32), True),
        (f"shards/{'0' * 64}.msgpack.zst", True),
        (f"shards/{'0' * 63}.msgpack.zst", False),
        (f"shards/{'A' * 64}.msgpack.zst", False),
        (f"shards/{'0' * 64}.msgpack.zst\n", False),
        (f"more/shards/{'0' * 64}.msgpack.zst", False),
        (f"{'0' * 64}.msgpack.zst", False),
    ],
)
def test_the_form_of_a_shards_key(key: str, *, expected: bool) -> None:
    assert is_shard(key) is expected


@pytest.mark.parametrize(
    "record",
    [b"1", b"{}", b'{"name": 1}', b'{"name": "a", "md5": "no hex"}'],
)
def test_the_error_for_an_invalid_record_names_it(record: bytes) -> None:
    repodata = Repodata.parse(b'{"packages": {"a-1-0.tar.bz2": %s}}' % record, where="noarch/repodata.json")
    with pytest.raises(StorageError, match=r"noarch/repodata\.json: the record of a-1-0\.tar\.bz2 is not v") as caught:
        sharded(repodata)
    assert "reindex --force" in str(caught.value.remedy)


@pytest.mark.parametrize("record", [{"fn": "x-1-py3-none-any.whl"}, {"more": {"name": 5}}])
def test_a_wheel_record_without_a_name_is_in_the_shard_that_its_file_is_named_after(record: Any) -> None:
    document = {"packages": {}, "packages.conda": {}, "v3": {"whl": {"x-1-py3": record, "y": {"name": "y"}}}}
    repodata = Repodata.parse(json.dumps(document).encode(), where="x", subdir="noarch")
    made = sharded(repodata)
    assert json.loads(repodata.encode())["v3"] == document["v3"]
    index = ShardIndex.parse(made["repodata_shards.msgpack.zst"].data)
    assert index is not None
    assert list(index.hashes) == ["x", "y"]
    data = made[shard_key(index.hashes["x"])].data
    shard = parse_shard(data, "x", index.hashes["x"])
    assert shard is not None
    assert json.loads(bytes(shard.records["v3.whl"]["x-1-py3"])) == record
    assert [name for name, *_ in repodata.named(["x", "y"])] == ["x", "y"]


@pytest.mark.parametrize("record", [{"name": 5}, {"name": None}, {}, None, [], 5])
def test_a_wheel_record_that_is_none_is_in_no_shard(record: Any) -> None:
    document = {"packages": {}, "packages.conda": {}, "v3": {"whl": {"x-1-py3": record, "y": {"name": "y"}}}}
    repodata = Repodata.parse(json.dumps(document).encode(), where="x", subdir="noarch")
    assert not is_packable(repodata, "v3.whl", "x-1-py3")
    index = ShardIndex.parse(sharded(repodata)["repodata_shards.msgpack.zst"].data)
    assert index is not None
    assert list(index.hashes) == ["y"]
    assert [name for name, *_ in repodata.named(["x", "y"])] == ["y"]


def test_a_package_record_without_a_name_is_an_error() -> None:
    document = {"packages": {}, "packages.conda": {"x-1-0.conda": {}}}
    with pytest.raises(StorageError, match=r"the record of x-1-0\.conda is not valid"):
        sharded(Repodata.parse(json.dumps(document).encode(), where="x", subdir="noarch"))
