"""What the index of a channel says, form by form: repodata.json, repodata.json.zst and the shards."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import msgspec
import zstandard

from support.servers.s3_servers import Server

FORMS = ("json", "zst", "shards")
Records = dict[str, dict[str, Any]]
"""The records by `<subdir>/<file>`, their hashes in hex."""


def forms(server: Server, bucket: str, prefix: str, subdirs: Iterable[str]) -> dict[str, Records]:
    """What each form says; every shard is there, is what its name says, and names no package twice."""
    client = server.client()
    found: dict[str, Records] = {form: {} for form in FORMS}

    def read(*key: str) -> bytes:
        data: bytes = client.get_object(Bucket=bucket, Key="/".join((prefix, *key)))["Body"].read()
        return data

    def add(form: str, subdir: str, document: dict[str, Any]) -> None:
        for table in ("packages", "packages.conda"):
            for file, record in document.get(table, {}).items():
                label = f"{subdir}/{file}"
                assert label not in found[form], f"{label} is there twice"
                found[form][label] = {
                    key: value.hex() if isinstance(value, bytes) else value for key, value in record.items()
                }

    for subdir in subdirs:
        add("json", subdir, msgspec.json.decode(read(subdir, "repodata.json")))
        add("zst", subdir, msgspec.json.decode(unpacked(read(subdir, "repodata.json.zst"))))
        index = msgspec.msgpack.decode(unpacked(read(subdir, "repodata_shards.msgpack.zst")))
        for name, digest in index["shards"].items():
            shard = read(subdir, "shards", f"{digest.hex()}.msgpack.zst")
            assert hashlib.sha256(shard).digest() == digest
            document = msgspec.msgpack.decode(unpacked(shard))
            add("shards", subdir, document)
            names = {record["name"] for table in ("packages", "packages.conda") for record in document[table].values()}
            assert names <= {name}
    return found


def unpacked(data: bytes) -> bytes:
    """The content of a zstd frame, whether it says its size or not."""
    return zstandard.ZstdDecompressor().decompressobj().decompress(data)
