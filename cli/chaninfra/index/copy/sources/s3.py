"""A channel at an s3:// URL: one of chaninfra, one of another tool, or a snapshot."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Protocol

from chaninfra.channel import patterns
from chaninfra.channel.conda.object_names import CHANNEL_JSON
from chaninfra.channel.conda.subdirs import KNOWN_SUBDIRS, Subdir
from chaninfra.channel.errors import (
    CredentialsError,
    DeniedError,
    InvalidRepodataError,
    SkippedError,
)
from chaninfra.channel.location import Location, join
from chaninfra.channel.objects import ObjectStore, StoredObject, TooLargeError, exists, get_within
from chaninfra.channel.s3.credentials import Credentials
from chaninfra.channel.s3.object_store import S3Store
from chaninfra.channel.text import shown
from chaninfra.index.copy.source import S3Object
from chaninfra.index.copy.sources.indexed import GONE, MAX_DESCRIPTOR, PIECE, IndexedSource, Likely, subdirs_in
from chaninfra.index.copy.sources.reference import OPTION, channel_of, is_below, path_of
from chaninfra.index.copy.sources.source_errors import of_source
from chaninfra.index.copy.sources.web_pace import Pace
from chaninfra.index.runtime import Threads

_ELSEWHERE = "give the URL of the place where its packages are as the source"


class FolderStore(ObjectStore, Protocol):
    """An ObjectStore that lists folders, see S3Store."""

    def folders(self, prefix: str) -> frozenset[str]:
        """See S3Store."""


def s3_source(
    location: Location,
    prefix: str,
    credentials: Credentials | None,
    *,
    rate: int | None = None,
    at_once: int | None = None,
    allowed: Sequence[str] = (),
) -> IndexedSource:
    """The channel at s3://BUCKET/PREFIX. No request is made.

    `credentials` None: requests are anonymous. `rate`: the most bytes that are read in a second; `at_once`: the most
    requests for its index. `allowed`: prefixes of the same bucket that its index may name for its files.
    """
    files = S3Files(location, prefix, credentials, S3Store(location, credentials), Pace(rate, 1), allowed)
    return IndexedSource(files, Threads(at_once) if at_once else None)


class S3Files:
    """The files of a channel in a bucket, see Files. Whatever its index says, nothing outside of the channel is read,
    or for a snapshot outside of the channel that it is of: who may write the index may not read the whole bucket.
    """

    can_tell_patches = True

    def __init__(
        self,
        location: Location,
        prefix: str,
        credentials: Credentials | None,
        store: FolderStore,
        pace: Pace | None = None,
        allowed: Sequence[str] = (),
    ) -> None:
        self._location = location
        self._prefix = prefix
        self._credentials = credentials
        self._store = store
        self._pace = pace or Pace(None, 1)
        self._allowed = (prefix, *allowed)
        self.url = f"s3://{join(location.bucket, prefix)}"

    def likely(self) -> Likely:
        """See Files: as channel.json says, or else the folders that are there."""
        said = self._said()
        if said:
            return Likely(subdirs=said, certain=True)
        try:
            with of_source():
                folders = self._store.folders(self._prefix)
        except CredentialsError:
            raise
        except DeniedError:
            return Likely(subdirs=KNOWN_SUBDIRS, certain=False)
        return Likely(subdirs=[subdir for subdir in KNOWN_SUBDIRS if subdir in folders], certain=True)

    def _said(self) -> list[Subdir]:
        """The subdirs in its channel.json; none where there is none that can be read."""
        try:
            with of_source():
                stored = get_within(self._store, join(self._prefix, CHANNEL_JSON), MAX_DESCRIPTOR)
        except CredentialsError:
            raise
        except DeniedError:
            return []
        return subdirs_in(stored.data) if isinstance(stored, StoredObject) else []

    def get(self, subdir: Subdir, reference: str, most: int) -> bytes | None:
        """See Files."""
        key = self._key(subdir, reference)
        if key is None:
            raise InvalidRepodataError(
                f"says that its files are at {shown(reference)}, which is not in this channel",
                where=f"{self.url}/{subdir}",
                remedy=self._remedy(subdir, reference),
            )
        with of_source():
            stored = self._store.get(key, most)
        if stored is None:
            return None
        self._pace.took(len(stored.data))
        return stored.data

    def has(self, subdir: Subdir, name: str) -> bool:
        """See Files."""
        with of_source():
            key = self._key(subdir, name)
            return key is not None and exists(self._store, key)

    def chunks(self, subdir: Subdir, reference: str) -> Iterator[bytes]:
        """See Files. Up to PIECE it takes one request. Raises ConflictError where it is replaced meanwhile."""
        for piece in self._pieces(subdir, reference):
            self._pace.took(len(piece))
            yield piece

    def _pieces(self, subdir: Subdir, reference: str) -> Iterator[bytes]:
        key = self._key(subdir, reference)
        if key is None:
            raise SkippedError(
                f"is at {shown(reference)}, which is not in this channel",
                where=f"{self.url}/{subdir}",
                remedy=self._remedy(subdir, reference),
            )
        with of_source():
            try:
                stored = self._store.get(key, PIECE)
            except TooLargeError as error:
                for start in range(0, error.entry.size, PIECE):
                    yield self._store.get_range(key, error.entry.etag, start, PIECE)
                return
        if stored is None:
            where = f"s3://{join(self._location.bucket, key)}"
            raise SkippedError("is listed, and its file is not there", where=where, remedy=GONE)
        yield stored.data

    def s3_object(self, subdir: Subdir, reference: str) -> S3Object | None:
        """See Files."""
        key = self._key(subdir, reference)
        if key is None:
            return None
        return S3Object(location=self._location, credentials=self._credentials, key=key)

    def _key(self, subdir: Subdir, reference: str) -> str | None:
        """The object key of what the index of the subdir refers to; None: it is not in the channel."""
        key = path_of(join(self._prefix, subdir), reference, self._location.bucket)
        if key is None or any(is_below(key, each) for each in self._allowed):
            return key
        above = channel_of(self._prefix)
        return key if above is not None and is_below(key, above) and self._is_snapshot else None

    @cached_property
    def _is_snapshot(self) -> bool:
        """Whether the folder above that of the snapshots is a channel."""
        above = channel_of(self._prefix)
        with of_source():
            return above is not None and exists(self._store, join(above, CHANNEL_JSON))

    def _remedy(self, subdir: Subdir, reference: str) -> str:
        key = path_of(join(self._prefix, subdir), reference, self._location.bucket)
        folder = (key or "").rpartition("/")[0].removesuffix(subdir).rstrip("/")
        url = f"s3://{join(self._location.bucket, folder)}"
        if key is None or not re.search(patterns.CHANNEL_URL, url):
            return _ELSEWHERE
        return f"if whoever reads the target may read that place, too: {OPTION} {url}"
