"""The authoritative index of a subdir (repodata.json) as it was read: the file that decides what the index says."""

from __future__ import annotations

from dataclasses import dataclass

from chaninfra.channel.conda.commit_stamp import CommitStamp
from chaninfra.channel.conda.index_files import MAX_REPODATA, REPODATA
from chaninfra.channel.conda.repodata import Repodata, too_large
from chaninfra.channel.errors import InvalidRepodataError
from chaninfra.channel.objects import ObjectMeta, StoredObject, get_within
from chaninfra.index.subdir_index import SubdirIndex


@dataclass(frozen=True, kw_only=True)
class Authority:
    """The authoritative index that was read."""

    data: bytes
    etag: str
    repodata: Repodata
    stamp: CommitStamp | None
    """None: another tool wrote the file."""


def fetch_authority(subdir_index: SubdirIndex) -> StoredObject | ObjectMeta | None:
    """The object, for `parse_authority`; without its bytes if they are too many. None: there is none."""
    return get_within(subdir_index.store, subdir_index.key(REPODATA), MAX_REPODATA)


def parse_authority(
    subdir_index: SubdirIndex, fetched: StoredObject | ObjectMeta | None, *, salvage: bool = False
) -> Authority | None:
    """Parse the authoritative index; None: there is none. Raises InvalidRepodataError.

    `salvage`: of one that is not valid, take what is readable, perhaps nothing, as another tool's; for a re-index that
    replaces it.
    """
    if fetched is None:
        return None
    key, subdir = subdir_index.key(REPODATA), subdir_index.subdir
    data, etag = (fetched.data, fetched.entry.etag) if isinstance(fetched, StoredObject) else (b"", fetched.etag)
    try:
        if not isinstance(fetched, StoredObject):
            raise too_large(key)
        repodata = Repodata.parse(data, where=key, subdir=subdir)
    except InvalidRepodataError:
        if not salvage:
            raise
        return Authority(data=data, etag=etag, repodata=Repodata.salvage(data, where=key, subdir=subdir), stamp=None)
    return Authority(data=data, etag=etag, repodata=repodata, stamp=repodata.stamp(data))


def read_authority(subdir_index: SubdirIndex, *, salvage: bool = False) -> Authority | None:
    """Read and parse the authoritative index; see `parse_authority`."""
    return parse_authority(subdir_index, fetch_authority(subdir_index), salvage=salvage)
