"""Uploads packages, and overwrites existing ones only if that is asked for.

A small package is one PUT. Larger ones are uploaded by boto3 in parts, with the condition on the request that completes
the upload.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from chaninfra.channel.conda.index_settings import ConditionalWrites
from chaninfra.channel.errors import (
    ChaninfraError,
    ChecksumRequiredError,
    ConflictError,
    SkippedError,
    StorageError,
)
from chaninfra.channel.objects import IfAbsent, ObjectBody, ObjectMeta, md5_in
from chaninfra.channel.probe.write_mode import honoured
from chaninfra.channel.s3.error_codes import ARCHIVED, RESTORE
from chaninfra.index.channel import Channel
from chaninfra.index.dry_run import DryStore
from chaninfra.index.package.local_file import PackageBytes, PackageFile, read_bytes

if TYPE_CHECKING:
    from boto3.s3.transfer import TransferConfig
    from mypy_boto3_s3 import S3Client

Existing = Literal["refuse", "overwrite"]
Outcome = Literal["uploaded", "present", "replaced"]
Advance = Callable[[int], None]
"""Called with the number of bytes that were uploaded since the last call."""

CONTENT_TYPE = "application/octet-stream"
"""The type with which rattler and conda upload packages, too. With a type that it takes for text, a store might
compress or decompress the packages."""
IN_ONE_PUT = 16 << 20
"""Packages larger than this (bytes) are uploaded in parts."""
_PART = 8 << 20
_CREATING_OPERATIONS = ("PutObject", "CompleteMultipartUpload")
_ONE_PIECE = 1 << 50
"""multipart_threshold that no file reaches, so that boto3 sends one PutObject (max 5 GiB): used where
CompleteMultipartUpload ignores If-None-Match."""


@dataclass(frozen=True, kw_only=True)
class Uploaded:
    """A package that is in the channel, and the ETag of its object."""

    package: PackageFile
    outcome: Outcome
    etag: str


def key_of(channel: Channel, package: PackageFile) -> str:
    """The object key of the package."""
    return channel.descriptor.key(package.subdir, package.path.name)


def look(channel: Channel, package: PackageFile, existing: Existing) -> Uploaded | Literal["absent", "differs"]:
    """What is at the package's key: the package, nothing (`absent`), or other bytes (`differs`).

    A package that is archived nobody can read: with `overwrite` it `differs` too, so that it is put again, else this
    raises SkippedError.
    """
    entry = channel.writer.head(key_of(channel, package))
    if entry is None:
        return "absent"
    try:
        if not _same_bytes(channel, package, entry):
            return "differs"
        # The answer to HEAD does not tell: one that was restored for some days keeps its storage class.
        channel.writer.get_range(entry.key, entry.etag, 0, 1)
    except StorageError as error:
        if error.code != ARCHIVED:
            raise
        if existing == "overwrite":
            return "differs"
        raise SkippedError(
            f"already there, but archived, so that nobody can read it: {package.path_in_channel}",
            where=channel.descriptor.url,
            remedy=f"put it again: `chaninfra publish --force FILE`; or {RESTORE}",
        ) from error
    return Uploaded(package=package, outcome="present", etag=entry.etag)


def upload(channel: Channel, package: PackageFile, existing: Existing, advance: Advance) -> Uploaded:
    """Upload the package, unless it is in the channel already; `advance` is called for its bytes in either case.

    Raises ConflictError if the object has other bytes and `existing` is `refuse`, SkippedError if it is archived then;
    RecreationError if the store refuses it since it was deleted before.
    """
    try:
        return Uploaded(package=package, outcome="uploaded", etag=_put(channel, package, IfAbsent(), advance))
    except ConflictError:
        # The object exists: our own upload, whose answer was lost, or another one.
        current = look(channel, package, existing)
    if isinstance(current, Uploaded):
        advance(package.size)
        return current
    if current == "differs" and existing == "refuse":
        raise taken(channel, [package.path_in_channel])
    condition = None if existing == "overwrite" else IfAbsent()
    try:
        etag = _put(channel, package, condition, advance)
    except ConflictError as error:
        if condition is None or look(channel, package, existing) != "absent":
            raise
        from chaninfra.channel.s3.recreation import recreation_refused

        location, key = channel.descriptor.location, key_of(channel, package)
        raise recreation_refused(location, channel.credentials, key) from error
    return Uploaded(package=package, outcome="uploaded" if current == "absent" else "replaced", etag=etag)


def _transfer(writes: ConditionalWrites) -> TransferConfig | None:
    """boto3's transfer settings; None: its default, upload in parts. In one PutObject only where
    CompleteMultipartUpload does not honour the condition and PutObject does.
    """
    if writes.multipart or not writes.create:
        return None
    from boto3.s3.transfer import TransferConfig

    return TransferConfig(multipart_threshold=_ONE_PIECE)


def taken(channel: Channel, paths: Sequence[str]) -> ConflictError:
    """The error for packages (`<subdir>/<file>`) whose object exists with other bytes."""
    return ConflictError(
        f"already there with other bytes: {', '.join(paths)}",
        where=channel.descriptor.url,
        remedy="increase the build number; or overwrite with `--force`, which breaks lock files that have the old hash",
    )


def _put(channel: Channel, package: PackageFile, condition: IfAbsent | None, advance: Advance) -> str:
    key = key_of(channel, package)
    if isinstance(channel.writer, DryStore):
        etag = channel.writer.put_file(key, package.path, package.size, package.md5, condition)
        advance(package.size)
        return etag
    if package.size <= IN_ONE_PUT:
        body = ObjectBody(data=read_bytes(package), content_type=CONTENT_TYPE)
        etag = channel.writer.put(key, body, condition)
        advance(package.size)
        return etag
    from chaninfra.channel.s3.boto import WITH_CHECKSUM, translating_errors

    client = channel.client()
    writes = honoured(channel.descriptor)
    if condition is not None and channel.writer.head(key) is not None:
        # Saves the upload of a large file that would be refused; and replaces the condition where the store ignores it.
        raise ConflictError(f"{key} exists already")
    create_only = _create_only(client) if condition is not None and writes.create else nullcontext()
    location = channel.descriptor.location
    sent: list[int] = []

    def count(size: int) -> None:
        sent.append(size)
        advance(size)

    def send(file: PackageBytes, *, checksums: bool) -> None:
        extra = {"ContentType": CONTENT_TYPE, **(WITH_CHECKSUM if checksums else {})}
        with translating_errors(location, "write", key):
            client.upload_fileobj(file, location.bucket, key, ExtraArgs=extra, Callback=count, Config=_transfer(writes))

    with create_only, _returned_etags(client) as etags, PackageBytes(package) as file:
        try:
            try:
                send(file, checksums=location.dialect.checksums)
            except ChecksumRequiredError:
                if location.dialect.checksums:
                    raise
                # The store took nothing; the package is read again from its start.
                advance(-sum(sent))
                file.seek(0)
                send(file, checksums=True)
        except ChaninfraError:
            if file.error is not None:
                raise file.error from None
            raise
    if not etags:
        raise StorageError("the store did not return the ETag of the upload", where=key, remedy="publish it again")
    return etags[-1]


def _same_bytes(channel: Channel, package: PackageFile, entry: ObjectMeta) -> bool:
    if entry.size != package.size:
        return False
    if md5_in(entry.etag) == package.md5:
        return True
    # The ETag of an encrypted or multipart object is not its md5, so the bytes are compared.
    digest = hashlib.sha256()
    try:
        for start in range(0, entry.size, _PART):
            digest.update(channel.writer.get_range(entry.key, entry.etag, start, min(_PART, entry.size - start)))
    except ConflictError:
        # The object was replaced while it was read.
        return False
    return digest.hexdigest() == package.sha256


@contextmanager
def _returned_etags(client: S3Client) -> Iterator[list[str]]:
    """The ETags that the store returns for uploads inside this context. A HEAD afterwards could give the ETag of
    another writer's upload.
    """
    etags: list[str] = []

    def keep(parsed: dict[str, Any], **_: Any) -> None:
        if "ETag" in parsed:
            # With quotes, as in all other answers; some stores omit them in this one.
            plain = parsed["ETag"].strip('"')
            etags.append(f'"{plain}"')

    names = [f"after-call.s3.{operation}" for operation in _CREATING_OPERATIONS]
    try:
        for name in names:
            client.meta.events.register(name, keep)
        yield etags
    finally:
        for name in names:
            client.meta.events.unregister(name, keep)


@contextmanager
def _create_only(client: S3Client) -> Iterator[None]:
    """Uploads inside this context fail if the key exists. Later uploads with the same client may overwrite again."""
    names = [f"provide-client-params.s3.{operation}" for operation in _CREATING_OPERATIONS]
    try:
        for name in names:
            # boto3's uploads have no argument for the condition; this event can add it to the request.
            client.meta.events.register(name, _only_if_absent)
        yield
    finally:
        for name in names:
            client.meta.events.unregister(name, _only_if_absent)


def _only_if_absent(params: dict[str, Any], **_: Any) -> None:
    params["IfNoneMatch"] = "*"
