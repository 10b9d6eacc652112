"""Where channels lie in a bucket, and that a new one lies neither inside nor around another.

A channel is a folder with a channel.json, or with an index file of a subdir. Bounded, since a bucket may hold anything:
a check of one folder takes a request or two per subdir, the check of a new channel a listing of at most `_LISTED`
objects below it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from chaninfra.channel.conda.index_files import FILE_NAMES
from chaninfra.channel.conda.object_names import CHANNEL_JSON, SNAPSHOTS_JSON
from chaninfra.channel.conda.snapshots import is_file_of_snapshots
from chaninfra.channel.conda.subdirs import KNOWN_SUBDIRS
from chaninfra.channel.errors import ConfigurationError, DeniedError
from chaninfra.channel.location import Location, join
from chaninfra.channel.objects import ObjectStore, exists
from chaninfra.channel.text import one_line

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_LISTED = 1_000_000
_INDEX_FILE = FILE_NAMES["json"].partition(".")[0]
"""With this the names of all index files begin."""


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """A bucket to look into: its objects, and a client for what ObjectStore lacks, listing folders."""

    location: Location
    store: ObjectStore
    client: Callable[[], S3Client]

    def page(self, prefix: str, most: int = 1000) -> Any:
        """One page of a listing: the objects and folders whose key begins with `prefix`. Raises StorageError."""
        # Imported here, since boto3 takes long to import.
        from chaninfra.channel.s3.boto import translating_errors

        client = self.client()
        with translating_errors(self.location, "list", prefix):
            return client.list_objects_v2(Bucket=self.location.bucket, Prefix=prefix, Delimiter="/", MaxKeys=most)


def is_channel(bucket: Bucket, folder: str) -> bool:
    """Whether there is a channel at the prefix `folder`. Raises StorageError."""
    return exists(bucket.store, join(folder, CHANNEL_JSON)) or has_index(bucket, folder)


def has_index(bucket: Bucket, folder: str, subdirs: Iterable[str] = KNOWN_SUBDIRS) -> bool:
    """Whether one of the subdirs has an index file. Raises StorageError."""
    # Imported here, since hardly any command needs it.
    from concurrent.futures import ThreadPoolExecutor

    # It takes longer to make than its request takes, and all requests below share it.
    bucket.client()

    def look(subdir: str) -> bool:
        try:
            return bool(bucket.page(join(folder, subdir, _INDEX_FILE), most=1).get("KeyCount"))
        except DeniedError:
            return any(exists(bucket.store, join(folder, subdir, FILE_NAMES[kind])) for kind in ("shards", "json"))

    with ThreadPoolExecutor() as pool:
        return any([*pool.map(look, subdirs)])


def refuse_nested(bucket: Bucket, prefix: str, *, leaving: Collection[str] = ()) -> None:
    """Raise ConfigurationError where a new channel would lie inside another one, or around one: the packages and the
    index of the one would be objects of the other.

    `leaving`: prefixes of channels that are deleted by the same change, and do not count. Raises StorageError.
    """
    parts = prefix.split("/") if prefix else []
    for length in range(len(parts)):
        above = "/".join(parts[:length])
        if above not in leaving and is_channel(bucket, above):
            raise _nested(bucket, prefix, "inside", above)
    start = f"{prefix}/" if prefix else ""
    snapshots: bool | None = None
    for number, entry in enumerate(bucket.store.list(prefix)):
        if number == _LISTED:
            raise ConfigurationError(
                f"there are more than {_LISTED:,} objects here, too many to search for other channels",
                where=_url(bucket, prefix),
                remedy="choose a prefix of its own for the channel",
            )
        found = _channel_of(entry.key)
        if found is not None and is_file_of_snapshots(entry.key.removeprefix(start)):
            # Of the channel that lost its channel.json. Without the list it may be of a channel of another tool.
            snapshots = exists(bucket.store, join(prefix, SNAPSHOTS_JSON)) if snapshots is None else snapshots
            if snapshots:
                continue
        if found is not None and found != prefix and found not in leaving:
            raise _nested(bucket, prefix, "around", found)


def _channel_of(key: str) -> str | None:
    """The prefix of the channel that the object shows: its channel.json, or an index file of a subdir."""
    folder, _, name = key.rpartition("/")
    if name == CHANNEL_JSON:
        return folder
    above, _, subdir = folder.rpartition("/")
    return above if name.startswith(_INDEX_FILE) and subdir in KNOWN_SUBDIRS else None


def _nested(bucket: Bucket, prefix: str, where: str, other: str) -> ConfigurationError:
    return ConfigurationError(
        f"would be {where} the channel {_url(bucket, other)}",
        where=_url(bucket, prefix),
        remedy="choose a prefix that is neither inside nor around that of another channel",
    )


def _url(bucket: Bucket, prefix: str) -> str:
    # Whoever may write to the bucket chose the prefix of another channel.
    return one_line(f"s3://{join(bucket.location.bucket, prefix)}")
