"""The authoritative index of a subdir (its shard index) as it was read: the file that decides what the index says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from chaninfra.channel.conda.commit_stamp import CommitStamp
from chaninfra.channel.conda.index_files import FILE_NAMES, MAX_SHARD_INDEX
from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.errors import StorageError
from chaninfra.channel.objects import ObjectMeta, StoredObject, get_within
from chaninfra.index.subdir_index import SubdirIndex

AUTHORITY = FILE_NAMES["shards"]
"""The file name of the authoritative index."""


class ForeignIndexError(StorageError):
    """The index was written by another tool, or there is none. It may lack packages, so re-index the subdir first."""


@dataclass(frozen=True, kw_only=True)
class Authority:
    """The authoritative index that was read."""

    data: bytes
    """Empty if it is too large to be read."""
    etag: str
    index: ShardIndex | None
    """None: it is damaged."""

    @property
    def ours(self) -> bool:
        """Whether chaninfra was the last to write it, for this subdir."""
        return self.index is not None and self.index.stamp is not None

    @property
    def stamp(self) -> CommitStamp:
        """Its stamp; only where it is `ours`."""
        return cast("CommitStamp", cast("ShardIndex", self.index).stamp)


def authority_key(subdir_index: SubdirIndex) -> str:
    """The object key of the authoritative index."""
    return subdir_index.key(AUTHORITY)


def read_authority(subdir_index: SubdirIndex) -> Authority | None:
    """Read the authoritative index; None: there is none."""
    return parse_authority(subdir_index, get_within(subdir_index.store, authority_key(subdir_index), MAX_SHARD_INDEX))


def parse_authority(subdir_index: SubdirIndex, read: StoredObject | ObjectMeta | None) -> Authority | None:
    """Parse what `get_within` returned for it. That of another subdir counts as damaged.

    Raises StorageError for one of a later version, which nobody may replace who does not know what it says.
    """
    if read is None:
        return None
    if not isinstance(read, StoredObject):
        return Authority(data=b"", etag=read.etag, index=None)
    index = ShardIndex.parse(read.data, where=authority_key(subdir_index))
    if index is not None and index.info["subdir"] != subdir_index.subdir:
        index = None
    return Authority(data=read.data, etag=read.entry.etag, index=index)


def read_our_authority(subdir_index: SubdirIndex) -> Authority:
    """Read the authoritative index. Raises ForeignIndexError if there is none, or another tool wrote it."""
    authority = read_authority(subdir_index)
    if authority is None or not authority.ours:
        raise foreign(subdir_index, authority)
    return authority


def was_replaced(subdir_index: SubdirIndex, authority: Authority) -> bool:
    """Whether another authoritative index, or none, is there now. Then a shard that it names may be missing, since a
    withdrawal deletes those that its commit has replaced.
    """
    entry = subdir_index.store.head(authority_key(subdir_index))
    return entry is None or entry.etag != authority.etag


def foreign(subdir_index: SubdirIndex, authority: Authority | None) -> ForeignIndexError:
    """The error for an index that a commit cannot be built on."""
    if authority is None:
        reason = "there is no index"
    else:
        reason = "the index is damaged" if authority.index is None else "the index was written by another tool"
    return ForeignIndexError(reason, where=authority_key(subdir_index), remedy="run `chaninfra reindex`")
