"""The records of signed packages in all tables: those of a re-index equal those of py-rattler's indexer."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rattler.index import index_fs

from chaninfra.channel.conda.index_files import decompress
from chaninfra.channel.objects import ObjectBody
from chaninfra.index.reindex import reindex_subdir
from support.channels.archives import conda, index_json, tar_bz2
from support.channels.bundles import bundle, digest, sidecar
from support.index_model.memory_subdir import INDEX, MemoryChannel

V3 = ['a[when="b"]']
PACKAGES = {
    "a-1-0.conda": conda(index_json("a", noarch="generic")),
    "b-1-0.tar.bz2": tar_bz2(index_json("b", noarch="generic")),
    "c-1-0.conda": conda(index_json("c", noarch="generic", depends=V3)),
    "d-1-0.tar.bz2": tar_bz2(index_json("d", noarch="generic", depends=V3)),
    "unsigned-1-0.conda": conda(index_json("unsigned", noarch="generic")),
}
SIDECARS = {
    file: sidecar(bundle(file, data), bundle(file, data, b"more"))
    for file, data in PACKAGES.items()
    if not file.startswith("unsigned")
}
TABLES = ("packages", "packages.conda", "v3")


def without_times(document: dict[str, Any]) -> dict[str, Any]:
    """The tables of records, without the times at which these came into the index."""
    tables = [document["packages"], document["packages.conda"], *document["v3"].values()]
    for record in (record for table in tables for record in table.values()):
        del record["indexed_timestamp"]
    return {name: document[name] for name in TABLES}


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that the reference has indexed."""
    folder = tmp_path_factory.mktemp("reference")
    noarch = folder / "noarch"
    noarch.mkdir()
    for file, data in PACKAGES.items():
        (noarch / file).write_bytes(data)
    for file, data in SIDECARS.items():
        (noarch / f"{file}.sigs").write_bytes(data)
        (noarch / f"{file}.sigs.{digest(data)}").write_bytes(data)
    asyncio.run(index_fs(folder, write_shards=True, write_zst=False))
    return noarch


def test_records_of_signed_packages_equal_the_reference(reference: Path) -> None:
    channel = MemoryChannel().skeleton()
    for path in reference.iterdir():
        if ".conda" in path.name or ".tar.bz2" in path.name:
            channel.put(path.name, path.read_bytes())
    reindex_subdir(channel.subdir_index)
    theirs = without_times(json.loads((reference / "repodata.json").read_text()))
    assert without_times(channel.repodata()) == theirs
    fields = {
        file: record.get("attestations_sha256")
        for table in (theirs["packages"], theirs["packages.conda"])
        for file, record in table.items()
    } | {
        f"{key}.{table}": record["attestations_sha256"]
        for table, records in theirs["v3"].items()
        for key, record in records.items()
    }
    assert fields == {file: digest(SIDECARS[file]) if file in SIDECARS else None for file in PACKAGES}


def test_shards_of_signed_packages_equal_the_reference(reference: Path) -> None:
    channel = MemoryChannel().skeleton()
    for path in reference.iterdir():
        if ".conda" in path.name or ".tar.bz2" in path.name:
            channel.put(path.name, path.read_bytes())
    reindex_subdir(channel.subdir_index)

    def shards(index: bytes, read: Any) -> dict[str, Any]:
        hashes = msgspec.msgpack.decode(decompress(index, 1 << 20) or b"")["shards"]
        found = {}
        for name, hashed in hashes.items():
            shard = msgspec.msgpack.decode(decompress(read(f"shards/{hashed.hex()}.msgpack.zst"), 1 << 20) or b"")
            shard.setdefault("v3", {})
            found[name] = without_times(shard)
        return found

    def ours(name: str) -> bytes:
        body: ObjectBody = channel.store.objects[f"c/noarch/{name}"]
        return body.data

    theirs = shards(
        (reference / "repodata_shards.msgpack.zst").read_bytes(), lambda name: (reference / name).read_bytes()
    )
    assert shards(channel.store.objects[INDEX].data, ours) == theirs
