"""Uploads of packages: never over other bytes, unless that is asked for.

boto3 uploads, since it splits large files into parts. The condition goes to the one request that makes the object:
the PUT, or the one that completes a multipart upload.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from chaninfra.channel.control import our_errors
from chaninfra.channel.errors import ConflictError
from chaninfra.channel.index_settings import ConditionalWrites
from chaninfra.channel.store import Entry, ObjectStore
from chaninfra.channel.writing import honoured, must_write
from chaninfra.index.channel import Channel
from chaninfra.index.package_file import PackageFile

if TYPE_CHECKING:
    from boto3.s3.transfer import TransferConfig
    from mypy_boto3_s3 import S3Client

Existing = Literal["refuse", "overwrite"]
State = Literal["new", "present", "differs"]
Outcome = Literal["uploaded", "present", "replaced"]
Advance = Callable[[int], None]
"""Told how many bytes more have gone out."""

# A .conda is a zip and a .tar.bz2 is compressed: no type says more to a client, and a store that recompresses or
# unpacks what it takes for text must not touch them. rattler and conda upload with this type too.
CONTENT_TYPE = "application/octet-stream"
_MAKES_THE_OBJECT = ("PutObject", "CompleteMultipartUpload")
# No part of it: what is more than the 5 GiB of a PutObject is refused by the store.
_ONE_PIECE = 1 << 50
_MD5 = re.compile(r'"?([0-9a-f]{32})"?')


@dataclass(frozen=True, kw_only=True)
class Planned:
    """A package, and what is at its key in the channel."""

    package: PackageFile
    key: str
    state: State


def plan(channel: Channel, packages: Sequence[PackageFile], existing: Existing) -> tuple[Planned, ...]:
    """What is to be done for each package; nothing is written.

    Raises ConflictError that names every package whose key holds other bytes, where these are not to be overwritten,
    and ConfigurationError where several may write and the store cannot keep them apart.
    """
    must_write(channel.descriptor)
    store, client = channel.store(), channel.client()
    planned = []
    for package in packages:
        key = channel.descriptor.key(package.subdir, package.path.name)
        planned.append(Planned(package=package, key=key, state=_state(channel, store, client, package, key)))
    taken = [one.package.label for one in planned if one.state == "differs"]
    if taken and existing == "refuse":
        raise _taken(channel, taken)
    return tuple(planned)


def upload(channel: Channel, planned: Planned, existing: Existing, advance: Advance) -> Outcome:
    """Put the package into the channel. `advance` is told of all its bytes, whether they had to go out or not.

    Raises ConflictError where another writer put other bytes there meanwhile.
    """
    package = planned.package
    if planned.state == "present":
        advance(package.size)
        return "present"
    condition: Existing = "refuse" if planned.state == "new" else existing
    client = channel.client()
    writes = honoured(channel.descriptor)
    created = _create_only(client) if condition == "refuse" and writes.create else nullcontext()
    try:
        with created, package.path.open("rb") as file, our_errors(channel.descriptor.location, "write", planned.key):
            client.upload_fileobj(
                file,
                channel.descriptor.bucket,
                planned.key,
                ExtraArgs={"ContentType": CONTENT_TYPE},
                Callback=advance,
                Config=_transfer(writes),
            )
    except ConflictError:
        # Ours, where the answer to a first attempt was lost; or somebody else's.
        if _state(channel, channel.store(), client, package, planned.key) == "present":
            return "present"
        raise _taken(channel, [package.label]) from None
    return "replaced" if planned.state == "differs" else "uploaded"


def _transfer(writes: ConditionalWrites) -> TransferConfig | None:
    """None: in parts where the package is large; in one piece where only that can have a condition."""
    if writes.multipart or not writes.create:
        return None
    from boto3.s3.transfer import TransferConfig

    return TransferConfig(multipart_threshold=_ONE_PIECE)


def _state(channel: Channel, store: ObjectStore, client: S3Client, package: PackageFile, key: str) -> State:
    entry = store.head(key)
    if entry is None:
        return "new"
    return "present" if _same_bytes(channel, client, package, entry) else "differs"


def _same_bytes(channel: Channel, client: S3Client, package: PackageFile, entry: Entry) -> bool:
    if entry.size != package.size:
        return False
    etag = _MD5.fullmatch(entry.etag)
    if etag and etag[1] == package.md5:
        return True
    # The ETag of an encrypted or multipart object is not its md5, so another one proves nothing.
    digest = hashlib.sha256()
    with our_errors(channel.descriptor.location, "read", entry.key):
        for block in client.get_object(Bucket=channel.descriptor.bucket, Key=entry.key)["Body"].iter_chunks(1 << 20):
            digest.update(block)
    return digest.hexdigest() == package.sha256


@contextmanager
def _create_only(client: S3Client) -> Iterator[None]:
    """Uploads within fail where the key exists; the client outlives this, and later uploads may be to overwrite."""
    names = [f"provide-client-params.s3.{operation}" for operation in _MAKES_THE_OBJECT]
    try:
        for name in names:
            # The arguments of boto3's uploads do not include the condition; this event is its way to add one.
            client.meta.events.register(name, _only_if_absent)
        yield
    finally:
        for name in names:
            client.meta.events.unregister(name, _only_if_absent)


def _only_if_absent(params: dict[str, Any], **_: Any) -> None:
    params["IfNoneMatch"] = "*"


def _taken(channel: Channel, labels: Sequence[str]) -> ConflictError:
    return ConflictError(
        f"already there with other bytes: {', '.join(labels)}",
        where=channel.descriptor.url,
        remedy="raise the build number; or `--force` to overwrite, which breaks those who have locked the old bytes",
    )
