"""A generated channel laid out at a server, without asking the programs that are measured to do it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import zstandard

from bench.generator import SUBDIR, Channel
from chaninfra.channel.conda.commit_stamp import Origin, first_stamp
from chaninfra.channel.conda.filenames import TABLES
from chaninfra.channel.conda.index_files import FILE_NAMES, MAX_REPODATA, REPODATA, body, compress
from chaninfra.channel.conda.index_settings import IndexSettings
from chaninfra.channel.conda.object_names import CHANNEL_JSON, HISTORY_FOLDER
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.conda.shards import make_shards, shard_key
from chaninfra.channel.location import Location
from chaninfra.channel.objects import ObjectBody
from chaninfra.channel.s3.credentials import Credentials
from chaninfra.channel.s3.object_store import S3Store
from support.servers.s3_servers import Server

# Of a row that is known to write conditionally, as both servers do: it need not be tried at every write.
PROVIDER = "minio"
_THREADS = 16


@dataclass(frozen=True)
class Place:
    """A channel's place at a server; `folder` is the bucket's own on a server that keeps plain files, else None."""

    server: Server
    bucket: str
    prefix: str
    folder: Path | None

    @property
    def url(self) -> str:
        """The channel's s3:// URL."""
        return f"s3://{self.bucket}/{self.prefix}"

    def store(self) -> S3Store:
        """The store, not through any proxy."""
        location = Location(
            bucket=self.bucket, endpoint_url=self.server.endpoint_url, region=self.server.region, force_path_style=True
        )
        return S3Store(location, Credentials(self.server.access_key_id, self.server.secret_access_key))

    def put(self, objects: Iterable[tuple[str, bytes]]) -> None:
        """Puts objects, keys relative to the channel."""
        if self.folder is None:
            store = self.store()

            def one(each: tuple[str, bytes]) -> None:
                key, data = each
                store.put(f"{self.prefix}/{key}", ObjectBody(data=data, content_type="application/octet-stream"))

            with ThreadPoolExecutor(_THREADS) as pool:
                list(pool.map(one, objects))
            return
        for key, data in objects:
            path = self.folder / self.prefix / key
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            # What versitygw answers as the ETag.
            os.setxattr(path, "user.etag", hashlib.md5(data, usedforsecurity=False).hexdigest().encode())

    def clear_index(self) -> None:
        """Leaves the packages alone."""
        store = self.store()
        store.delete([entry.key for entry in store.list(self.prefix) if not entry.key.endswith(".conda")])

    def clear_subdir(self) -> None:
        """Leaves of the subdir's index nothing, nor of what it was, and the channel's other files alone."""
        store = self.store()
        for folder in (f"{self.prefix}/{SUBDIR}/", f"{self.prefix}/{HISTORY_FOLDER}/{SUBDIR}/"):
            store.delete([entry.key for entry in store.list(folder) if not entry.key.endswith(".conda")])

    def set_monolith(self, monolith: str) -> None:
        """Sets `index.monolith` in channel.json, as `pulumi up` would."""
        self.set_keys(index={"monolith": monolith})

    def set_keys(self, *, index: Mapping[str, object], **keys: object) -> None:
        """Sets keys of channel.json, and of `index` in it."""
        descriptor = msgspec.json.decode(self._read(CHANNEL_JSON))
        descriptor["index"] |= index
        descriptor |= keys
        body = ObjectBody(data=msgspec.json.encode(descriptor), content_type="application/json")
        self.store().put(f"{self.prefix}/{CHANNEL_JSON}", body)

    def descriptor(self) -> bytes:
        """The channel's channel.json."""
        return self._read(CHANNEL_JSON)

    def records(self) -> dict[str, object]:
        """The records of the subdir, by file name, without the time at which they were indexed: of repodata.json."""
        document = msgspec.json.decode(self._read(f"{SUBDIR}/{REPODATA}"))
        return _records(document)

    def records_of(self, names: Collection[str]) -> dict[str, object]:
        """Those of these package names, read from the shards, which all programs write alike (CEP 16)."""
        index = _unpacked(self._read(f"{SUBDIR}/{FILE_NAMES['shards']}"))
        found: dict[str, object] = {}
        for name in names:
            if digest := index["shards"].get(name):
                found |= _records(_unpacked(self._read(f"{SUBDIR}/{shard_key(digest)}")))
        return found

    def remove_packages(self, files: Iterable[str]) -> None:
        """Deletes packages of the subdir, and no record."""
        self.store().delete([f"{self.prefix}/{SUBDIR}/{file}" for file in files])

    def _read(self, key: str) -> bytes:
        stored = self.store().get(f"{self.prefix}/{key}", MAX_REPODATA)
        assert stored, f"there is no {key}"
        return stored.data


def _records(document: Mapping[str, Any]) -> dict[str, object]:
    """The records of repodata.json or of a shard; the latter has bytes where the former has hex digits."""
    return {
        file: {
            key: value.hex() if isinstance(value, bytes) else value
            for key, value in record.items()
            if key != "indexed_timestamp"
        }
        for table in TABLES
        for file, record in document.get(table, {}).items()
    }


def _unpacked(data: bytes) -> dict[str, Any]:
    plain = zstandard.ZstdDecompressor().stream_reader(data).read()
    return msgspec.msgpack.decode(plain, type=dict[str, Any])


def packages(place: Place, channel: Channel) -> Repodata:
    """Puts the packages of the channel, and no index; what an index would say."""
    repodata = Repodata.empty(SUBDIR)
    records = repodata.records["packages.conda"]

    def each() -> Iterator[tuple[str, bytes]]:
        for package in channel:
            records[package.file] = msgspec.Raw(msgspec.json.encode(package.record()))
            yield f"{SUBDIR}/{package.file}", package.data

    place.put(each())
    return repodata


def copy(source: Place, target: Place) -> None:
    """The same packages at another place of the same server."""
    if source.folder and target.folder:
        folder = target.folder / target.prefix / SUBDIR
        folder.mkdir(parents=True)
        for path in (source.folder / source.prefix / SUBDIR).glob("*.conda"):
            # ETag included, and no room on the disk.
            os.link(path, folder / path.name)
        return
    client = target.server.client()

    def one(key: str) -> None:
        file = key.removeprefix(source.prefix)
        given = {"Bucket": source.bucket, "Key": key}
        client.copy_object(Bucket=target.bucket, Key=f"{target.prefix}{file}", CopySource=given)

    keys = [entry.key for entry in source.store().list(source.prefix) if entry.key.endswith(".conda")]
    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(one, keys))


def records(channel: Channel) -> Repodata:
    """What an index would say of a channel whose packages are not made."""
    repodata = Repodata.empty(SUBDIR)
    table = repodata.records["packages.conda"]
    for file, record in channel.records():
        table[file] = msgspec.Raw(msgspec.json.encode(record))
    return repodata


Files = Mapping[str, ObjectBody]
"""The index files of a subdir, keys relative to the channel."""


def our_files(repodata: Repodata, settings: IndexSettings | None = None) -> Files:
    """The index files of the channel as after one commit of ours."""
    settings = settings or IndexSettings()
    folder = f"{SUBDIR}/"
    files: dict[str, ObjectBody] = {}
    hashes: dict[str, bytes] = {}
    for new in make_shards(repodata, None, "first", settings.compression_level):
        hashes[new.name] = new.digest
        files[folder + shard_key(new.digest)] = new.body
    stamp = first_stamp(1, "first", (), repodata.count)
    shard_index = ShardIndex(hashes=hashes, stamp=stamp, info={"subdir": SUBDIR})
    authority = shard_index.encode(settings.compression_level, 0)
    files[folder + FILE_NAMES["shards"]] = body(authority, "shards", settings)
    # As its writer keeps it, so that the next one need not.
    kept = body(authority, "shards", settings, {"chaninfra-revision": stamp.revision})
    files[f"{HISTORY_FOLDER}/{SUBDIR}/{stamp.number}"] = kept
    if "json" in settings.formats:
        data = repodata.encode(stamp)
        metadata = Origin.of(stamp.number, data).metadata()
        files[folder + FILE_NAMES["zst"]] = body(compress(data, settings.compression_level), "zst", settings, metadata)
        files[folder + REPODATA] = body(data, "json", settings, metadata)
    return files


def put_index(place: Place, files: Files) -> None:
    """Puts index files: to make them by the programs that are measured takes minutes."""
    place.put((key, each.data) for key, each in files.items() if not each.metadata)
    for key, each in files.items():
        if each.metadata:
            place.store().put(f"{place.prefix}/{key}", each)
