"""The index files, compared with those of py-rattler's indexer for the same packages."""

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

from chaninfra.channel.conda.index_files import FILE_NAMES, IMMUTABLE
from chaninfra.channel.conda.index_settings import IndexSettings
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.shards import ShardIndex, index_files
from chaninfra.channel.errors import StorageError
from support.channels.packages import make_package


def unpacked(data: bytes) -> Any:
    return msgspec.msgpack.decode(zstandard.ZstdDecompressor().decompressobj().decompress(data))


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
    made = index_files(repodata, IndexSettings())
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


def test_all_content_of_repodata_is_kept_and_the_zst_is_equal(channel: Path) -> None:
    data = (channel / "repodata.json").read_bytes()
    made = index_files(Repodata.parse(data, where="x"), IndexSettings())
    ours, theirs = json.loads(made["repodata.json"].data), json.loads(data)
    assert ours.pop("info").items() >= theirs.pop("info").items()
    assert ours == {**theirs, "removed": []}
    plain = zstandard.ZstdDecompressor().decompressobj().decompress(made["repodata.json.zst"].data)
    assert plain == made["repodata.json"].data


def test_content_type_and_cache_control_of_each_file() -> None:
    repodata = Repodata.empty("noarch")
    repodata.records["packages.conda"]["a-1-0.conda"] = msgspec.Raw(b'{"name":"a"}')
    made = index_files(repodata, IndexSettings(cache_control="no-cache"))
    headers = {name.partition("/")[0]: (body.content_type, body.cache_control) for name, body in made.items()}
    assert headers == {
        "repodata.json": ("application/json", "no-cache"),
        "repodata.json.zst": ("application/zstd", "no-cache"),
        "repodata_shards.msgpack.zst": ("application/x-msgpack", "no-cache"),
        "shards": ("application/x-msgpack", IMMUTABLE),
    }
    # repodata.json comes last, since it commits; shards come before the index that references them.
    names = list(made)
    assert names[-1] == "repodata.json"
    assert names[0].startswith("shards/")


def test_only_the_configured_formats_are_made() -> None:
    made = index_files(Repodata.empty("noarch"), IndexSettings(monolith="never"))
    assert list(made) == ["repodata_shards.msgpack.zst", "repodata.json"]


@pytest.mark.parametrize(
    "record",
    [b"1", b"{}", b'{"name": 1}', b'{"name": "a", "md5": "no hex"}'],
)
def test_the_error_for_an_invalid_record_names_it(record: bytes) -> None:
    repodata = Repodata.parse(b'{"packages": {"a-1-0.tar.bz2": %s}}' % record, where="noarch/repodata.json")
    with pytest.raises(StorageError, match=r"noarch/repodata\.json: the record of a-1-0\.tar\.bz2 is not v") as caught:
        index_files(repodata, IndexSettings())
    assert "reindex --force" in str(caught.value.remedy)


@pytest.mark.parametrize("record", [{"fn": "x-1-py3-none-any.whl"}, {"name": 5}, None])
def test_a_wheel_record_without_a_name_is_kept_and_in_no_shard(record: Any) -> None:
    document = {"packages": {}, "packages.conda": {}, "v3": {"whl": {"x-1-py3-none-any": record, "y": {"name": "y"}}}}
    repodata = Repodata.parse(json.dumps(document).encode(), where="x", subdir="noarch")
    made = index_files(repodata, IndexSettings())
    assert json.loads(made["repodata.json"].data)["v3"] == document["v3"]
    index = ShardIndex.parse(made["repodata_shards.msgpack.zst"].data)
    assert index is not None
    assert list(index.hashes) == ["y"]
    assert [name for name, *_ in repodata.named(["x", "y"])] == ["y"]


def test_a_package_record_without_a_name_is_an_error() -> None:
    document = {"packages": {}, "packages.conda": {"x-1-0.conda": {}}}
    with pytest.raises(StorageError, match=r"the record of x-1-0\.conda is not valid"):
        index_files(Repodata.parse(json.dumps(document).encode(), where="x", subdir="noarch"), IndexSettings())
