"""Uploads packages, and overwrites existing ones only if that is asked for. A small package is one PUT."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from chaninfra.channel.errors import ChecksumRequiredError, ConflictError, SkippedError, StorageError
from chaninfra.channel.objects import IfAbsent, ObjectBody
from chaninfra.channel.s3.error_codes import ARCHIVED, RESTORE
from chaninfra.index.channel import Channel
from chaninfra.index.dry_run import DryStore
from chaninfra.index.large_upload import CONTENT_TYPE, IN_ONE_PUT, Advance, put_large
from chaninfra.index.package.local_file import PackageBytes, PackageFile, read_bytes
from chaninfra.index.stored import Content, look_for

Existing = Literal["refuse", "overwrite"]
Outcome = Literal["uploaded", "present", "replaced"]


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
    try:
        found = look_for(channel, package.path_in_channel, _content(package))
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
    return found if isinstance(found, str) else Uploaded(package=package, outcome="present", etag=found.etag)


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
    sent: list[int] = []

    def count(size: int) -> None:
        sent.append(size)
        advance(size)

    checksums = channel.descriptor.location.dialect.checksums
    with PackageBytes(package) as file:
        try:
            return put_large(channel, key, file, condition, count, checksums=checksums)
        except ChecksumRequiredError:
            if checksums:
                raise
            # The store took nothing; the package is read again from its start.
            advance(-sum(sent))
            file.seek(0)
            return put_large(channel, key, file, condition, count, checksums=True)


def _content(package: PackageFile) -> Content:
    return Content(size=package.size, md5=package.md5, sha256=package.sha256)
