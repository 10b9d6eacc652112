"""The files that are made from a truth: repodata.json.zst, the shard index and the shards."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial

from chaninfra.channel.conda.commit_stamp import CommitStamp
from chaninfra.channel.conda.index_files import FILE_NAMES, REPODATA, body, compress, decompress
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.shards import ShardIndex, make_shards, shard_key
from chaninfra.channel.errors import ConflictError, UnreachableError
from chaninfra.channel.objects import Condition, IfAbsent, IfMatch, ObjectBody, ObjectMeta, StoredObject
from chaninfra.index.subdir_index import SubdirIndex

_DAY = 24 * 60 * 60 * 1000
MAX_SHARD_AGE_MS = _DAY
"""Shards that are older, in ms, are not named any more by who made them: `gc` deletes those that nobody names once they
are a week old."""


@dataclass(frozen=True, kw_only=True)
class Authority:
    """A repodata.json as it lies there. `mark` None: another tool wrote it."""

    data: bytes
    etag: str
    repodata: Repodata
    mark: CommitStamp | None


@dataclass(frozen=True, kw_only=True)
class Derived:
    """The derived files as they were when they were read; `zst` may be known without its bytes."""

    zst: ObjectMeta | StoredObject | None
    index: StoredObject | None


def parse_authority(target: SubdirIndex, stored: StoredObject) -> Authority:
    """The truth in an object. Raises InvalidRepodataError."""
    repodata = Repodata.parse(stored.data, where=target.key(REPODATA), subdir=target.subdir)
    return Authority(data=stored.data, etag=stored.entry.etag, repodata=repodata, mark=repodata.mark(stored.data))


def read_derived(target: SubdirIndex, *, whole: bool) -> Callable[[], Derived]:
    """Starts to read the derived files that the channel has; `whole` says whether the bytes of the zst are needed."""
    store, go, formats = target.store, target.means.go, target.layout.index.formats
    zst: Callable[[], ObjectMeta | StoredObject | None] = lambda: None  # noqa: E731
    index: Callable[[], StoredObject | None] = lambda: None  # noqa: E731
    if "shards" in formats:
        index = go(lambda: store.get(target.key(FILE_NAMES["shards"])))
    if "zst" in formats:
        zst = go(lambda: (store.get if whole else store.head)(target.key(FILE_NAMES["zst"])))
    return lambda: Derived(zst=zst(), index=index())


def disagreements(target: SubdirIndex, truth: Authority, derived: Derived) -> list[str]:
    """The derived files that are missing or were made from another truth, by name; `derived` was read whole."""
    found = []
    formats = target.layout.index.formats
    if "zst" in formats and (not isinstance(derived.zst, StoredObject) or decompress(derived.zst.data) != truth.data):
        found.append(FILE_NAMES["zst"])
    if "shards" in formats:
        index = ShardIndex.parse(derived.index.data) if derived.index else None
        if index is None or truth.mark is None or index.revision != truth.mark.revision:
            found.append(FILE_NAMES["shards"])
    return found


class DerivedWriter:
    """Derived files in the making: shards first, so that they are there before an index names them.

    `touched` are the names by which `repodata` differs from the truth with the mark `base`; that mark, the index that
    is there and the log tell which shards can be kept. `mark` is that of the truth which the files are made from.
    """

    def __init__(
        self,
        target: SubdirIndex,
        repodata: Repodata,
        mark: CommitStamp,
        there: Derived,
        *,
        base: CommitStamp | None,
        touched: Collection[str] = (),
    ) -> None:
        self._target = target
        self._repodata = repodata
        self._mark = mark
        self._there = there
        self._started = target.means.now()
        old = ShardIndex.parse(there.index.data) if there.index else None
        since = base.touched_since(old.revision) if base is not None and old is not None else None
        self._old = old
        self._names: set[str] | None = None if since is None else since | set(touched)
        self._waiting: list[Callable[[], str]] = []
        self._hashes: dict[str, bytes] = {}
        self._shards_made = False
        self._zst: Callable[[], bytes] | None = None

    @property
    def in_full(self) -> bool:
        """Whether no shard that is there can be kept."""
        return self._names is None

    def put_shards(self) -> None:
        """Start to put the new shards."""
        settings = self._target.layout.index
        if "shards" not in settings.formats or self._shards_made:
            return
        self._shards_made = True
        store, go = self._target.store, self._target.means.go
        for name, digest, shard in make_shards(
            self._repodata, self._names, self._target.means.fresh(), settings.compression_level
        ):
            key = self._target.key(shard_key(digest))
            self._waiting.append(go(partial(store.put, key, shard)))
            self._hashes[name] = digest

    def compress(self, truth: bytes) -> None:
        """Start to compress the truth."""
        settings = self._target.layout.index
        if "zst" in settings.formats:
            self._zst = self._target.means.go(lambda: compress(truth, settings.compression_level))

    def put(self) -> None:
        """Put the files in the place of those that were there. Raises ConflictError where another writer was faster,
        or may have been.
        """
        settings = self._target.layout.index
        bodies: list[tuple[str, ObjectBody, Condition]] = []
        if self._zst is not None:
            zst = self._there.zst
            entry = zst.entry if isinstance(zst, StoredObject) else zst
            bodies.append((FILE_NAMES["zst"], body(self._zst(), "zst", settings), _condition(entry)))
        if self._shards_made:
            for shard in self._waiting:
                shard()
            if self._target.means.now() - self._started > MAX_SHARD_AGE_MS:
                raise ConflictError("the new shards are too old to be named", remedy="run it again")
            entry = self._there.index.entry if self._there.index else None
            bodies.append((FILE_NAMES["shards"], body(self._index(), "shards", settings), _condition(entry)))
        go, store = self._target.means.go, self._target.store
        puts = [go(partial(store.put, self._target.key(name), made, if_)) for name, made, if_ in bodies]
        lost: ConflictError | None = None
        for each in puts:
            try:
                each()
            except ConflictError as error:
                lost = error
            except UnreachableError as error:
                # Whether it was written is not known. And a store that refuses a large body may close the connection
                # before anybody can hear why.
                lost = ConflictError(error.message, where=error.where, remedy="try again")
        if lost is not None:
            raise lost

    def _index(self) -> bytes:
        kept: dict[str, bytes] = {}
        if self._old is not None and self._names is not None:
            kept = {name: digest for name, digest in self._old.hashes.items() if name not in self._names}
        other = self._old.other if self._old else {}
        index = ShardIndex({**kept, **self._hashes}, self._mark.revision, other)
        return index.encode(self._repodata, self._target.layout.index.compression_level)


def _condition(entry: ObjectMeta | None) -> Condition:
    return IfMatch(entry.etag) if entry else IfAbsent()
