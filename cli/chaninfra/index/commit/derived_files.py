"""The index files that are made from the authoritative index: repodata.json.zst, the shard index and the shards."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial

from chaninfra.channel.conda.commit_stamp import CommitStamp
from chaninfra.channel.conda.index_files import FILE_NAMES, MAX_ZST, body, compress, has_content
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.shards import ShardIndex, make_shards, read_shard_index, shard_key
from chaninfra.channel.errors import ConflictError, UnreachableError
from chaninfra.channel.objects import Condition, IfAbsent, IfMatch, ObjectBody, ObjectMeta, StoredObject, get_within
from chaninfra.index.commit.authority import Authority
from chaninfra.index.subdir_index import SubdirIndex

MAX_SHARD_AGE_MS = 24 * 60 * 60 * 1000
"""Max age in ms of uploaded shards that a commit may still reference. Must stay below gc.KEPT, or gc could delete a
shard just before the index names it."""


@dataclass(frozen=True, kw_only=True)
class Derived:
    """The derived files as they were read, without their bytes where those are too many or not needed.

    None: missing, or not a format of the channel.
    """

    zst: ObjectMeta | StoredObject | None
    index: ObjectMeta | StoredObject | None
    """The shard index."""


def read_derived(subdir_index: SubdirIndex, *, whole: bool) -> Callable[[], Derived]:
    """Start to read the derived files. Without `whole` the zst is only HEADed: a commit needs no more than its ETag."""
    store, submit, formats = subdir_index.store, subdir_index.runtime.submit, subdir_index.layout.index.formats
    zst: Callable[[], ObjectMeta | StoredObject | None] = lambda: None  # noqa: E731
    index: Callable[[], ObjectMeta | StoredObject | None] = lambda: None  # noqa: E731
    if "shards" in formats:
        index = submit(lambda: read_shard_index(store, subdir_index.key(FILE_NAMES["shards"])))
    if "zst" in formats:
        key = subdir_index.key(FILE_NAMES["zst"])
        zst = submit(lambda: get_within(store, key, MAX_ZST) if whole else store.head(key))
    return lambda: Derived(zst=zst(), index=index())


def disagreements(subdir_index: SubdirIndex, authority: Authority, derived: Derived) -> list[str]:
    """Names of the derived files that are missing or were not made from `authority`; `derived` was read whole."""
    names = []
    formats = subdir_index.layout.index.formats
    if "zst" in formats and (
        not isinstance(derived.zst, StoredObject) or not has_content(derived.zst.data, authority.data)
    ):
        names.append(FILE_NAMES["zst"])
    if "shards" in formats:
        index = ShardIndex.of(derived.index)
        if index is None or authority.stamp is None or index.revision != authority.stamp.revision:
            names.append(FILE_NAMES["shards"])
    return names


class DerivedWriter:
    """Makes and uploads the derived files of one authoritative index: the shards before the index that names them."""

    def __init__(
        self,
        subdir_index: SubdirIndex,
        repodata: Repodata,
        stamp: CommitStamp,
        old: Derived,
        *,
        base: CommitStamp | None,
        touched: Collection[str] = (),
    ) -> None:
        """`repodata` and `stamp` are those of the authoritative index; `old` are the files to replace.

        `repodata` differs in the packages named `touched` from the authoritative index with the stamp `base`. The log
        in `base` tells what else has changed since the old shard index was made, so the other shards are kept. `base`
        None: all shards are made.
        """
        self._subdir_index = subdir_index
        self._repodata = repodata
        self._stamp = stamp
        self._old = old
        self._started_ms = subdir_index.runtime.now_ms()
        self._old_index = ShardIndex.of(old.index)
        since = None
        if base is not None and self._old_index is not None:
            since = base.touched_since(self._old_index.revision)
        self._names: set[str] | None = None if since is None else since | set(touched)
        self._uploads: list[Callable[[], str]] = []
        self._hashes: dict[str, bytes] = {}
        self._shards_started = False
        self._zst: Callable[[], bytes] | None = None

    @property
    def in_full(self) -> bool:
        """Whether all shards have to be made."""
        return self._names is None

    def put_shards(self) -> None:
        """Start to upload the new shards; a second call does nothing."""
        settings = self._subdir_index.layout.index
        if "shards" not in settings.formats or self._shards_started:
            return
        self._shards_started = True
        store, runtime = self._subdir_index.store, self._subdir_index.runtime
        for name, digest, shard in make_shards(
            self._repodata, self._names, runtime.new_revision(), settings.compression_level
        ):
            key = self._subdir_index.key(shard_key(digest))
            self._uploads.append(runtime.submit(partial(store.put, key, shard)))
            self._hashes[name] = digest

    def compress(self, authoritative: bytes) -> None:
        """Start to compress the authoritative index."""
        settings = self._subdir_index.layout.index
        if "zst" in settings.formats:
            self._zst = self._subdir_index.runtime.submit(lambda: compress(authoritative, settings.compression_level))

    def put(self) -> None:
        """Replace the old files with those that `put_shards` and `compress` have started.

        Raises ConflictError where another writer replaced one of them first, or may have done so.
        """
        settings = self._subdir_index.layout.index
        bodies: list[tuple[str, ObjectBody, Condition]] = []
        if self._zst is not None:
            bodies.append((FILE_NAMES["zst"], body(self._zst(), "zst", settings), _condition(self._old.zst)))
        if self._shards_started:
            for upload in self._uploads:
                upload()
            if self._subdir_index.runtime.now_ms() - self._started_ms > MAX_SHARD_AGE_MS:
                raise ConflictError("the new shards are too old to be referenced by the index", remedy="run it again")
            index = body(self._shard_index(), "shards", settings)
            bodies.append((FILE_NAMES["shards"], index, _condition(self._old.index)))
        submit, store = self._subdir_index.runtime.submit, self._subdir_index.store
        puts = [submit(partial(store.put, self._subdir_index.key(name), content, if_)) for name, content, if_ in bodies]
        conflict: ConflictError | None = None
        for put in puts:
            try:
                put()
            except ConflictError as error:
                conflict = error
            except UnreachableError as error:
                # The file may have been written or not. A store that rejects a large body may close the connection
                # before the client reads the answer.
                conflict = ConflictError(error.message, where=error.where, remedy="try again")
        if conflict is not None:
            raise conflict

    def _shard_index(self) -> bytes:
        kept: dict[str, bytes] = {}
        if self._old_index is not None and self._names is not None:
            kept = {name: digest for name, digest in self._old_index.hashes.items() if name not in self._names}
        other = self._old_index.other if self._old_index else {}
        index = ShardIndex({**kept, **self._hashes}, self._stamp.revision, other)
        return index.encode(self._repodata, self._subdir_index.layout.index.compression_level)


def _condition(old: StoredObject | ObjectMeta | None) -> Condition:
    entry = old.entry if isinstance(old, StoredObject) else old
    return IfMatch(entry.etag) if entry else IfAbsent()
