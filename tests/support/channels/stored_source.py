"""A source of a copy that a test makes: its records are given, and its files are objects of a store."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from msgspec import Raw

from chaninfra.channel.conda.filenames import table_and_key
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.errors import SkippedError
from chaninfra.channel.location import Location
from chaninfra.channel.objects import ObjectBody, ObjectStore
from chaninfra.channel.s3.credentials import Credentials
from chaninfra.channel.s3.object_store import S3Store
from chaninfra.index.copy.source import S3Object, SourcePackage
from support.servers.s3_servers import Server

CHUNK = 8 << 20


class StoredSource:
    """A Source. `bucket` on `server`, or the objects of another store, hold the files at `<subdir>/<file>`."""

    url = "s3://staging/c"

    def __init__(self, store: ObjectStore, s3: tuple[Server, str] | None = None, *, tells_patches: bool = True) -> None:
        self.store = store
        self.tells_patches = tells_patches
        self.all: list[SourcePackage] = []
        self.read: list[str] = []
        """The files whose bytes were asked for."""
        self.keys: Credentials | None = None
        """With which it is said to be read; None: those of the server."""
        self._s3 = s3

    @classmethod
    def on(cls, server: Server, bucket: str, *, tells_patches: bool = True) -> StoredSource:
        """In a bucket."""
        return cls(
            S3Store(_location(server, bucket), _credentials(server)), (server, bucket), tells_patches=tells_patches
        )

    def add(self, file: str, data: bytes, **changed: Any) -> SourcePackage:
        """Put the bytes, with a record of them; `changed` are its fields that differ, None: it has none."""
        self.put(file, data)
        return self.tell(file, data, **changed)

    def put(self, file: str, data: bytes) -> None:
        """Put the bytes alone."""
        self.store.put(f"noarch/{file}", ObjectBody(data=data, content_type="text/x-other", metadata={"by": "them"}))

    def tell(self, file: str, data: bytes, **changed: Any) -> SourcePackage:
        """A record of these bytes."""
        name, version, build = file.removesuffix(".conda").removesuffix(".tar.bz2").rsplit("-", 2)
        record = {
            "name": name,
            "version": version,
            "build": build,
            "build_number": 0,
            "size": len(data),
            "md5": hashlib.md5(data, usedforsecurity=False).hexdigest(),
            "sha256": hashlib.sha256(data).hexdigest(),
            **changed,
        }
        told = Raw(json.dumps({key: value for key, value in record.items() if value is not None}).encode())
        table, key = table_and_key(file, v3=False)
        package = SourcePackage(subdir="noarch", file=file, table=table, key=key, record=told)
        self.all.append(package)
        return package

    def subdirs(self) -> Sequence[Subdir]:
        """See Source."""
        return ("noarch",)

    def packages(self, subdir: Subdir, names: Collection[str] | None = None) -> Iterator[SourcePackage]:
        """See Source; whatever the names."""
        yield from self.all

    def refused(self) -> Sequence[str]:
        """See Source."""
        return ()

    def passes_over(self, subdir: Subdir, file: str) -> bool:
        """See Source."""
        return False

    def chunks(self, package: SourcePackage) -> Iterator[bytes]:
        """See Source."""
        self.read.append(package.file)
        entry = self.store.head(package.path_in_channel)
        if entry is None:
            raise SkippedError("is not there", where=f"{self.url}/{package.path_in_channel}")
        for start in range(0, entry.size, CHUNK):
            yield self.store.get_range(entry.key, entry.etag, start, CHUNK)

    def sidecar(self, package: SourcePackage, most: int) -> bytes | None:
        """See Source."""
        return None

    def s3_object(self, package: SourcePackage) -> S3Object | None:
        """See Source."""
        if self._s3 is None:
            return None
        server, bucket = self._s3
        where = _location(server, bucket)
        return S3Object(location=where, credentials=self.keys or _credentials(server), key=package.path_in_channel)


def _location(server: Server, bucket: str) -> Location:
    return Location(bucket=bucket, endpoint_url=server.endpoint_url, region=server.region, force_path_style=True)


def _credentials(server: Server) -> Credentials:
    return Credentials(server.access_key_id, server.secret_access_key)
