"""Deletes old versions of what a withdrawal deleted, in a bucket that keeps versions.

No role of chaninfra may read, list or delete old versions, so this takes an administrator's key.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Literal

from chaninfra.channel.conda.filenames import package_name
from chaninfra.channel.conda.index_files import FILE_NAMES, MAX_SHARD, STALE
from chaninfra.channel.conda.object_names import (
    CHANNELDATA_JSON,
    ETAG_CACHE_FOLDER,
    GC_FOLDER,
    LEFT_OUT_JSON,
    PATCHES_FOLDER,
    SNAPSHOTS_FOLDER,
    YANKED_JSON,
)
from chaninfra.channel.conda.shards import is_shard, names_file
from chaninfra.channel.conda.sidecar_names import package_of
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.conda.summary import summary_key
from chaninfra.channel.errors import DeniedError, StorageError
from chaninfra.channel.s3.boto import translating_errors
from chaninfra.channel.s3.object_versions import ObjectVersion, delete, versions
from chaninfra.index.channel import Channel
from chaninfra.index.runtime import run_all

_DERIVED = {*(FILE_NAMES[kind] for kind in FILE_NAMES if kind != "shards"), *STALE}

Files = Mapping[Subdir, Collection[str]]
"""Subdir → file names of the packages that were withdrawn."""
Kept = Literal["yes", "no", "unknown"]


@dataclass(frozen=True, kw_only=True)
class Undeletable:
    """A version that the store did not delete."""

    key: str
    version_id: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Purged:
    """What was deleted, and what was not."""

    deleted: int
    """Number of versions, delete markers among them."""
    left: tuple[Undeletable, ...]


def keeps_versions(channel: Channel) -> Kept:
    """Whether the bucket keeps old versions, as far as these credentials may ask."""
    client, location = channel.client(), channel.descriptor.location
    with suppress(StorageError), translating_errors(location, "look at"):
        status = client.get_bucket_versioning(Bucket=location.bucket).get("Status")
        return "yes" if status in ("Enabled", "Suspended") else "no"
    return "unknown"


def purge(channel: Channel, files: Files) -> Purged:
    """Delete the old versions and delete markers of these packages, their sidecars, the shards that told of them, and
    all other documents and index files that had their records; never a version that is the object of now.

    Raises DeniedError, which names the action, where they may not be listed or read; StorageError.
    """
    client, location = channel.client(), channel.descriptor.location
    try:
        found = [*versions(client, location, channel.descriptor.prefix)]
    except DeniedError as error:
        raise _missing(channel, "s3:ListBucketVersions", location.bucket, error) from error
    old = [each for each in found if each.version_id is not None and not (each.is_latest and not each.is_delete_marker)]
    live = {each.key for each in found if each.is_latest and not each.is_delete_marker}
    start = f"{channel.descriptor.key()}/" if channel.descriptor.prefix else ""
    relative = {each.key: each.key.removeprefix(start) for each in old if each.key.startswith(start)}
    wanted = {key for key, name in relative.items() if _had_it(name, files)}
    shards = {key for key, name in relative.items() if key not in live and _is_shard_of(name, files)}
    wanted |= _telling(channel, [each for each in old if each.key in shards], files)
    chosen = [each for each in old if each.key in wanted]
    by_key: dict[str, list[ObjectVersion]] = {}
    for each in chosen:
        by_key.setdefault(each.key, []).append(each)
    found_left = run_all(channel.runtime, [partial(_delete_all, channel, these) for these in by_key.values()])
    left = [one for these in found_left for one in these]
    return Purged(deleted=len(chosen) - len(left), left=tuple(left))


def _delete_all(channel: Channel, these: Sequence[ObjectVersion]) -> list[Undeletable]:
    """Delete these versions of one key; what was left.

    One after the other: when versions of one key are deleted concurrently, some stores keep one of them. Content first:
    without its delete marker an old version would be the object again.
    """
    left: list[Undeletable] = []
    for each in sorted(these, key=lambda each: each.is_delete_marker):
        # Below a marker that stays, nothing is the object again.
        if each.is_delete_marker and left:
            left.append(
                Undeletable(key=each.key, version_id=each.version_id or "", why="it hides a version that stays")
            )
        elif (refused := _delete(channel, each)) is not None:
            left.append(refused)
    return left


def _had_it(name: str, files: Files) -> bool:
    """Whether the object with this key, relative to the channel, is one of the packages or their sidecars, or may have
    told of one.
    """
    first, _, rest = name.partition("/")
    if first == SNAPSHOTS_FOLDER:
        parts = rest.split("/")
        return len(parts) == 3 and parts[1] in files and parts[2] in _DERIVED
    for subdir, names in files.items():
        if first == subdir and (rest in names or package_of(rest) in names or rest in _DERIVED):
            return True
        if first == subdir and rest in {summary_key(package_name(file)) for file in names}:
            return True
        if name in (
            f"{ETAG_CACHE_FOLDER}/{subdir}.json.zst",
            f"{GC_FOLDER}/{subdir}.json",
            f"{PATCHES_FOLDER}/{subdir}.json",
        ):
            return True
    return name in (YANKED_JSON, LEFT_OUT_JSON, CHANNELDATA_JSON)


def _is_shard_of(name: str, files: Files) -> bool:
    subdir, _, rest = name.partition("/")
    return subdir in files and is_shard(rest)


def _telling(channel: Channel, shards: Iterable[ObjectVersion], files: Files) -> set[str]:
    """The keys of those of these shards that told of a package. Each version of a shard has the same bytes."""
    by_key = {each.key: each for each in shards if not each.is_delete_marker}
    prefix = channel.descriptor.key()

    def tells(version: ObjectVersion) -> bool:
        subdir = version.key.removeprefix(f"{prefix}/" if prefix else "").partition("/")[0]
        names = next(names for of, names in files.items() if of == subdir)
        return names_file(_read(channel, version), names) is not None

    found = run_all(channel.runtime, [partial(tells, each) for each in by_key.values()])
    return {key for key, telling in zip(by_key, found, strict=True) if telling}


def _read(channel: Channel, version: ObjectVersion) -> bytes:
    """The bytes of a version; none if it is too large for a shard."""
    client, location = channel.client(), channel.descriptor.location
    try:
        with translating_errors(location, "read an old version of", version.key):
            answer = client.get_object(Bucket=location.bucket, Key=version.key, VersionId=version.version_id or "")
            with answer["Body"] as body:
                return body.read() if answer["ContentLength"] <= MAX_SHARD else b""
    except DeniedError as error:
        raise _missing(channel, "s3:GetObjectVersion", version.key, error) from error


def _delete(channel: Channel, version: ObjectVersion) -> Undeletable | None:
    """Delete a version; what was left, if the store refuses."""
    client, location = channel.client(), channel.descriptor.location
    try:
        delete(client, location, version.key, version.version_id)
    except StorageError as error:
        # Stores have codes of their own for an object that is locked.
        why = _locked(channel, version)
        if why is None and not isinstance(error, DeniedError):
            raise
        refused = f"s3:DeleteObjectVersion is not permitted ({error.code or error.status})"
        return Undeletable(key=version.key, version_id=version.version_id or "", why=why or refused)
    return None


def _locked(channel: Channel, version: ObjectVersion) -> str | None:
    """Until when Object Lock keeps the version, or that a legal hold does; None: that is not the cause, or unknown."""
    client, bucket = channel.client(), channel.descriptor.location.bucket
    which = version.version_id or ""
    with suppress(StorageError), translating_errors(channel.descriptor.location, "look at", version.key):
        retention = client.get_object_retention(Bucket=bucket, Key=version.key, VersionId=which).get("Retention", {})
        until = retention.get("RetainUntilDate")
        if until is not None:
            mode = str(retention.get("Mode", "")).lower()
            return f"Object Lock keeps it until {until:%Y-%m-%d %H:%M} UTC ({mode})"
    with suppress(StorageError), translating_errors(channel.descriptor.location, "look at", version.key):
        hold = client.get_object_legal_hold(Bucket=bucket, Key=version.key, VersionId=which).get("LegalHold", {})
        if hold.get("Status") == "ON":
            return "a legal hold keeps it"
    return None


def _missing(channel: Channel, action: str, on: str, error: DeniedError) -> DeniedError:
    return DeniedError(
        f"{action} is not permitted on {on}, so old versions were not deleted; all else is done",
        where=channel.descriptor.url,
        remedy="run the command again with a key that has s3:ListBucketVersions on the bucket, and s3:GetObjectVersion "
        "and s3:DeleteObjectVersion on its objects: an administrator's. No role of chaninfra has these rights",
        code=error.code,
        status=error.status,
    )
