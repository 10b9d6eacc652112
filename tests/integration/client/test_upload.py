"""Uploads while another process changes the file, or writes to the same key."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chaninfra.channel.conda.index_settings import ConditionalWrites
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.s3.credentials import Credentials
from chaninfra.index.channel import Channel
from chaninfra.index.package.local_file import PackageFile, read
from chaninfra.index.upload import key_of, upload
from support.channels.packages import make_package
from support.index_model.memory_store import MemoryStore, SequentialRuntime
from support.index_model.processes import channel as in_memory
from support.servers.s3_servers import Server

SMALL, LARGE = 10, 17 << 20
IN_PARTS = ConditionalWrites(create=True, replace=True, multipart=True)
IN_ONE_PIECE = ConditionalWrites(create=True, replace=True, multipart=False)


@pytest.fixture
def channel(minio: Server, bucket_name: str) -> Channel:
    minio.client().create_bucket(Bucket=bucket_name)
    described = in_memory(MemoryStore(), SequentialRuntime()).descriptor
    return Channel(
        descriptor=msgspec.structs.replace(described, bucket=bucket_name, endpoint_url=minio.endpoint_url),
        credentials=Credentials(minio.access_key_id, minio.secret_access_key),
    )


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[int, PackageFile]:
    """A package of each size."""
    folder = tmp_path_factory.mktemp("packages")
    return {
        size: read(make_package(folder / str(size), "hello", "1.0", payload=os.urandom(size)))
        for size in (SMALL, LARGE)
    }


def with_writes(channel: Channel, writes: ConditionalWrites) -> Channel:
    described = channel.descriptor
    index = msgspec.structs.replace(described.index, conditional_writes=writes)
    return replace(channel, descriptor=msgspec.structs.replace(described, index=index))


def flip(path: Path) -> None:
    """Change one byte in the middle of the file, but not its size."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def shrink(path: Path) -> None:
    os.truncate(path, 10 << 20)


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


@pytest.mark.parametrize(
    ("size", "writes", "change"),
    [
        (SMALL, IN_PARTS, grow),
        (SMALL, IN_PARTS, Path.unlink),
        (LARGE, IN_PARTS, flip),
        (LARGE, IN_PARTS, shrink),
        (LARGE, IN_PARTS, Path.unlink),
        (LARGE, IN_ONE_PIECE, flip),
        (LARGE, IN_ONE_PIECE, grow),
    ],
)
def test_a_file_that_changes_after_it_was_checked_is_not_uploaded(
    channel: Channel,
    packages: dict[int, PackageFile],
    tmp_path: Path,
    size: int,
    writes: ConditionalWrites,
    change: Any,
) -> None:
    package = replace(packages[size], path=tmp_path / packages[size].path.name)
    shutil.copy(packages[size].path, package.path)
    change(package.path)
    channel = with_writes(channel, writes)
    said = "cannot be read: No such file" if change is Path.unlink else "changed while it was published"
    with pytest.raises(ConfigurationError, match=said) as raised:
        upload(channel, package, "refuse", lambda _: None)
    assert raised.value.where == str(package.path)
    assert channel.writer.head(key_of(channel, package)) is None
    assert not channel.client().list_multipart_uploads(Bucket=channel.descriptor.bucket).get("Uploads")


@pytest.mark.parametrize("writes", [IN_PARTS, IN_ONE_PIECE], ids=["in parts", "in one piece"])
def test_the_reported_etag_is_that_of_our_upload_even_if_another_follows(
    channel: Channel, packages: dict[int, PackageFile], writes: ConditionalWrites
) -> None:
    channel = with_writes(channel, writes)
    package = packages[LARGE]
    first = upload(channel, package, "refuse", lambda _: None)
    assert first.etag == head(channel, package)
    client = channel.client()
    names = [f"after-call.s3.{operation}" for operation in ("CompleteMultipartUpload", "PutObject")]

    def overtake(**_: Any) -> None:
        for name in names:
            client.meta.events.unregister(name, overtake)
        channel.store().delete([key_of(channel, package)])
        client.put_object(Bucket=channel.descriptor.bucket, Key=key_of(channel, package), Body=b"theirs")

    channel.store().delete([key_of(channel, package)])
    for name in names:
        client.meta.events.register(name, overtake)
    mine = upload(channel, package, "overwrite", lambda _: None)
    assert mine.etag == first.etag != head(channel, package)


def head(channel: Channel, package: PackageFile) -> str:
    entry = channel.writer.head(key_of(channel, package))
    assert entry is not None
    return entry.etag
