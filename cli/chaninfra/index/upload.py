"""Uploads of packages: never over other bytes, unless that is asked for.

A small package is one PUT. boto3 uploads the others, since it splits them into parts, with the condition on the request
that completes them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from chaninfra.channel.conda.index_settings import ConditionalWrites
from chaninfra.channel.errors import ChaninfraError, ConflictError, StorageError
from chaninfra.channel.objects import IfAbsent, ObjectBody, ObjectMeta, md5_in
from chaninfra.channel.probe.write_mode import honoured
from chaninfra.index.channel import Channel
from chaninfra.index.package.local_file import PackageBytes, PackageFile, read_bytes

if TYPE_CHECKING:
    from boto3.s3.transfer import TransferConfig
    from mypy_boto3_s3 import S3Client

Existing = Literal["refuse", "overwrite"]
Outcome = Literal["uploaded", "present", "replaced"]
Advance = Callable[[int], None]
"""Told how many bytes more have gone out."""

# A .conda is a zip and a .tar.bz2 is compressed: no type says more to a client, and a store that recompresses or
# unpacks what it takes for text must not touch them. rattler and conda upload with this type too.
CONTENT_TYPE = "application/octet-stream"
IN_ONE_PUT = 16 << 20
"""Larger packages, in bytes, go out in parts."""
_PART = 8 << 20
_MAKES_THE_OBJECT = ("PutObject", "CompleteMultipartUpload")
# No part of it: what is more than the 5 GiB of a PutObject is refused by the store.
_ONE_PIECE = 1 << 50


@dataclass(frozen=True, kw_only=True)
class Uploaded:
    """A package in the channel, and the ETag of its object."""

    package: PackageFile
    outcome: Outcome
    etag: str


def key_of(channel: Channel, package: PackageFile) -> str:
    """The key of the package's object."""
    return channel.descriptor.key(package.subdir, package.path.name)


def look(channel: Channel, package: PackageFile) -> Uploaded | Literal["absent", "differs"]:
    """What is at the package's key: itself, nothing, or other bytes."""
    entry = channel.writer.head(key_of(channel, package))
    if entry is None:
        return "absent"
    if _same_bytes(channel, package, entry):
        return Uploaded(package=package, outcome="present", etag=entry.etag)
    return "differs"


def upload(channel: Channel, package: PackageFile, existing: Existing, advance: Advance) -> Uploaded:
    """Put the package into the channel. `advance` is told of all its bytes, whether they had to go out or not.

    Raises ConflictError where other bytes are there that are not to be overwritten.
    """
    try:
        return Uploaded(package=package, outcome="uploaded", etag=_put(channel, package, IfAbsent(), advance))
    except ConflictError:
        # Ours, where the answer to a first attempt was lost; or somebody else's.
        there = look(channel, package)
    if isinstance(there, Uploaded):
        advance(package.size)
        return there
    if there == "differs" and existing == "refuse":
        raise taken(channel, [package.label])
    condition = None if existing == "overwrite" else IfAbsent()
    return Uploaded(package=package, outcome="replaced", etag=_put(channel, package, condition, advance))


def _transfer(writes: ConditionalWrites) -> TransferConfig | None:
    """None: in parts where the package is large; in one piece where only that can have a condition."""
    if writes.multipart or not writes.create:
        return None
    from boto3.s3.transfer import TransferConfig

    return TransferConfig(multipart_threshold=_ONE_PIECE)


def taken(channel: Channel, labels: Sequence[str]) -> ConflictError:
    """The error for packages whose names are taken by other bytes."""
    return ConflictError(
        f"already there with other bytes: {', '.join(labels)}",
        where=channel.descriptor.url,
        remedy="raise the build number; or `--force` to overwrite, which breaks those who have locked the old bytes",
    )


def _put(channel: Channel, package: PackageFile, condition: IfAbsent | None, advance: Advance) -> str:
    key = key_of(channel, package)
    if package.size <= IN_ONE_PUT:
        body = ObjectBody(data=read_bytes(package), content_type=CONTENT_TYPE)
        etag = channel.writer.put(key, body, condition)
        advance(package.size)
        return etag
    from chaninfra.channel.s3.boto import translating_errors

    client = channel.client()
    writes = honoured(channel.descriptor)
    if condition is not None and channel.writer.head(key) is not None:
        # Before all the bytes go out for nothing; and where the store does not honour the condition, instead of it.
        raise ConflictError(f"{key} is there already")
    created = _create_only(client) if condition is not None and writes.create else nullcontext()
    with created, _made(client) as etags, PackageBytes(package) as file:
        try:
            with translating_errors(channel.descriptor.location, "write", key):
                client.upload_fileobj(
                    file,
                    channel.descriptor.bucket,
                    key,
                    ExtraArgs={"ContentType": CONTENT_TYPE},
                    Callback=advance,
                    Config=_transfer(writes),
                )
        except ChaninfraError:
            if file.error is not None:
                raise file.error from None
            raise
    if not etags:
        raise StorageError("the store does not say what it made", where=key, remedy="publish it again")
    return etags[-1]


def _same_bytes(channel: Channel, package: PackageFile, entry: ObjectMeta) -> bool:
    if entry.size != package.size:
        return False
    if md5_in(entry.etag) == package.md5:
        return True
    # The ETag of an encrypted or multipart object is not its md5, so another one proves nothing.
    digest = hashlib.sha256()
    try:
        for start in range(0, entry.size, _PART):
            digest.update(channel.writer.get_range(entry.key, entry.etag, start, min(_PART, entry.size - start)))
    except ConflictError:
        # Replaced while it was read.
        return False
    return digest.hexdigest() == package.sha256


@contextmanager
def _made(client: S3Client) -> Iterator[list[str]]:
    """The ETags of what uploads within make, as the store answers: to ask later may give those of another writer."""
    etags: list[str] = []

    def keep(parsed: dict[str, Any], **_: Any) -> None:
        if "ETag" in parsed:
            # In quotes, as in the answers to all other requests; some stores leave them out in this one.
            plain = parsed["ETag"].strip('"')
            etags.append(f'"{plain}"')

    names = [f"after-call.s3.{operation}" for operation in _MAKES_THE_OBJECT]
    try:
        for name in names:
            client.meta.events.register(name, keep)
        yield etags
    finally:
        for name in names:
            client.meta.events.unregister(name, keep)


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
