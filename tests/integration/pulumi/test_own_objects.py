"""What chaninfra writes into a channel beside packages and index: it is no obstacle to a destroy, and goes with it.

The objects are made by the engine itself, on real servers, in a bucket with two channels.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from chaninfra.channel.conda.object_names import CHANINFRA_FOLDER, CHANNEL_JSON
from chaninfra.channel.errors import RefusedError
from chaninfra.channel.outputs.descriptor import parse
from chaninfra.channel.s3.credentials import Credentials
from chaninfra.index.channel import Channel
from chaninfra.index.follow.compare import compare
from chaninfra.index.follow.follow import Seen, follow
from chaninfra.index.follow.mark import write_mark
from chaninfra.index.gc import collect
from chaninfra.index.snapshots.create import create
from support.channels import channels
from support.channels.bundles import bundle
from support.channels.new_channel import create_channel
from support.channels.packages import make_package
from support.pulumi.handlers import Store
from support.servers.s3_servers import Server

NAMES = ("main", "other")
INTERNAL = {"follow.json", "left-out.json", "seen", "history", "gc"}
_PART = 5 << 20
"""The smallest first part, in bytes, that stores take."""


class Bucket:
    """A bucket with two channels, in which followers and others were at work."""

    def __init__(self, server: Server, bucket: str, folder: Path) -> None:
        self.server, self.name, self.folder = server, bucket, folder
        self.store = Store(server, bucket)
        self.store.handler("bucket").create(self.props())
        for name in NAMES:
            create_channel(server, f"s3://{bucket}/{name}", "linux-64")
            self.fill(self.open(name))

    def props(self, **more: Any) -> dict[str, Any]:
        """The props of the stack with both channels."""
        return self.store.props(prefixes=[*NAMES], **more)

    def of(self, name: str) -> dict[str, Any]:
        """The props of one channel."""
        return {"prefix": name, "key": f"{name}/{CHANNEL_JSON}"}

    def open(self, name: str) -> Channel:
        """The channel, for the engine."""
        found = self.server.client().get_object(Bucket=self.name, Key=f"{name}/{CHANNEL_JSON}")["Body"].read()
        keys = Credentials(self.server.access_key_id, self.server.secret_access_key)
        return Channel(descriptor=parse(found, where=name), credentials=keys)

    def put(self, key: str, data: bytes) -> None:
        self.server.client().put_object(Bucket=self.name, Key=key, Body=data)

    def put_in_parts(self, key: str, data: bytes) -> None:
        """Two, so that its ETag tells no md5 and is remembered."""
        client, where = self.server.client(), {"Bucket": self.name, "Key": key}
        upload = client.create_multipart_upload(**where)["UploadId"]
        parts = []
        for number, body in enumerate((data[:_PART], data[_PART:]), 1):
            part = client.upload_part(**where, UploadId=upload, PartNumber=number, Body=body)
            parts.append({"PartNumber": number, "ETag": part["ETag"]})
        client.complete_multipart_upload(**where, UploadId=upload, MultipartUpload={"Parts": parts})

    def fill(self, channel: Channel) -> None:
        """Let the engine write every kind of object that it has."""
        folder = channel.descriptor.key("noarch")
        seen: Seen = {}
        signed, parts = (
            make_package(self.folder, "signed", "1.0"),
            make_package(self.folder, "parts", "1.0", payload=os.urandom(_PART + 1)),
        )
        self.put(f"{folder}/{signed.name}", signed.read_bytes())
        sidecar = json.dumps([bundle(signed.name, signed.read_bytes())]).encode()
        self.put(f"{folder}/{signed.name}.sigs", sidecar)
        self.put_in_parts(f"{folder}/{parts.name}", parts.read_bytes())
        # As a writer leaves it that was killed before its commit: gc marks it.
        self.put(f"{folder}/shards/{'0' * 64}.msgpack.zst", b"a shard that nothing names")
        self.put(f"{folder}/broken-1.0-0.conda", b"no package")
        compared = compare(channel, seen)
        follow(channel, compared.keys, seen)
        compare(channel, seen)
        write_mark(channel, "compare", "process", 3600)
        collect(channel, ("noarch",), "write")
        create(channel, "v1")
        copy = f"{folder}/{signed.name}.sigs.{hashlib.sha256(sidecar).hexdigest()}"
        assert copy in self.objects()

    def objects(self) -> set[str]:
        return {*channels.etags(self.server, self.name)}

    def delete_packages(self) -> None:
        """As people do, with the tools of the store."""
        for key in self.objects():
            if key.endswith(".conda"):
                self.server.client().delete_object(Bucket=self.name, Key=key)


@pytest.fixture
def bucket(server: Server, bucket_name: str, tmp_path: Path) -> Bucket:
    return Bucket(server, bucket_name, tmp_path)


def test_the_guard_counts_packages_and_what_is_of_others(bucket: Bucket) -> None:
    internal = {key.split("/")[2] for key in bucket.objects() if f"/{CHANINFRA_FOLDER}/" in key}
    assert internal == INTERNAL
    guard = bucket.store.handler("guard")
    with pytest.raises(RefusedError, match="the bucket has 6 packages"):
        guard.delete(bucket.props())
    bucket.delete_packages()
    assert f"{NAMES[0]}/snapshots/v1/noarch/repodata.json" in bucket.objects()
    guard.delete(bucket.props())
    # A snapshot has no packages: what lies there is of others.
    bucket.put("main/snapshots/v1/noarch/a-1.0-0.conda", b"of somebody")
    with pytest.raises(RefusedError, match=r"1 (?:package|object)"):
        guard.delete(bucket.props())
    bucket.delete_packages()
    # A channel that the stack does not declare is of others, all of it.
    bucket.put("main/notes.txt", b"of somebody")
    with pytest.raises(RefusedError, match=r"1 object that chaninfra did not make, for example 'main/notes\.txt'"):
        guard.delete(bucket.props())


def test_a_channel_leaves_nothing_behind_and_takes_nothing_of_its_neighbour(bucket: Bucket) -> None:
    before = channels.etags(bucket.server, bucket.name)
    forced = bucket.props(**{"force-destroy": True, **bucket.of("main")})
    for noun in ("skeleton", "descriptor"):
        bucket.store.handler(noun).delete(forced)
    assert channels.etags(bucket.server, bucket.name) == {
        key: etag for key, etag in before.items() if key.startswith("other/")
    }
    bucket.delete_packages()
    for noun in ("skeleton", "descriptor"):
        bucket.store.handler(noun).delete(bucket.props(**bucket.of("other")))
    assert bucket.objects() == set()


def test_gc_deletes_nothing_of_it(bucket: Bucket) -> None:
    internal = {key for key in bucket.objects() if f"/{CHANINFRA_FOLDER}/" in key}
    for name in NAMES:
        collected = collect(bucket.open(name), ("noarch", "linux-64"), "write")
        assert not collected.garbage
    assert internal <= bucket.objects()
