"""Reads the index of a subdir that somebody else has written, whatever tool that was, by a function that gets files.

The shards are read first (CEP 16), and only those of the names that are asked for; where there are none,
repodata.json.zst or repodata.json (CEP 36). Everything read is input: bounded, and checked record by record.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from threading import Lock

from msgspec import Raw

from chaninfra.channel.conda.filenames import file_name
from chaninfra.channel.conda.index_files import FILE_NAMES, MAX_SHARD, MAX_SHARD_INDEX
from chaninfra.channel.conda.name_rules import client_name
from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.conda.shards import Shard, parse_shard
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.conda.untrusted import MALFORMED
from chaninfra.channel.conda.yank import unpacked
from chaninfra.channel.errors import InvalidRepodataError
from chaninfra.index.copy.source import SourcePackage
from chaninfra.index.copy.sources.monolith import Monolith, parse_monolith
from chaninfra.index.copy.sources.passed_over import PassedOver
from chaninfra.index.copy.sources.records import listed, yanked
from chaninfra.index.copy.sources.reference import HERE, base_url_in, beside
from chaninfra.index.copy.sources.told_patches import Exists, told_patches
from chaninfra.index.patches.document import Patches
from chaninfra.index.runtime import Runtime, run_all

Get = Callable[[str, int], bytes | None]
"""The bytes of a file of at most so many, by its reference relative to the index of the subdir, which may be a URL that
the index says; None: it is not there. Raises StorageError, also for one that is larger, or that must not be read."""

MENDED = "try again; if it stays so, whoever writes the source has to index it again"
"""What to do about the damaged index of a source."""

_AT_ONCE = 16
"""Shards that are read at the same time, and are in memory until their packages were taken."""
_MAX_PACKED = MAX_SHARD // 4
"""Largest shard, compressed, in bytes: records shrink to less than that."""
_MANY = 3000
"""More shards than this are not read where repodata.json says the same by one request: conda-forge has 30,000."""
_ATTEMPTS = 5


@dataclass(frozen=True, kw_only=True)
class _State:
    """The shard index as it was read."""

    index: ShardIndex
    patches: Patches | None
    """None: nobody tells."""

    @property
    def base_url(self) -> str | None:
        return base_url_in(self.index.info)


def _says_the_same(monolith: Monolith, index: ShardIndex) -> bool:
    """Whether repodata.json has what the shards have; that of another tool is taken to."""
    stamp = index.stamp
    return stamp is None or monolith.commit == (stamp.number, stamp.revision)


class IndexReader:
    """The index of one subdir. Several threads may use it; it makes requests by `runtime`."""

    def __init__(
        self,
        subdir: Subdir,
        get: Get,
        runtime: Runtime,
        *,
        url: str,
        passed_over: PassedOver,
        exists: Exists | None = None,
    ) -> None:
        """`url`: of the subdir, for messages. `exists`: where the source's `.chaninfra` can be read, so that a channel
        of chaninfra tells its patches.
        """
        self._subdir: Subdir = subdir
        self._get = get
        self._runtime = runtime
        self._url = url
        self._passed_over = passed_over
        self._exists = exists
        self._lock = Lock()
        self._read = False
        self._state: _State | None = None
        self._monolith: Monolith | None = None

    def has_shards(self) -> bool:
        """Whether there is a shard index. Raises InvalidRepodataError for a damaged one; StorageError."""
        return self._current() is not None

    def tells_patches(self) -> bool:
        """Whether chaninfra wrote the index last, and its patches can be read. Raises as `has_shards`."""
        state = self._current()
        return state is not None and state.patches is not None

    def names(self) -> Collection[str]:
        """See Source.names; nothing where there is no index at all."""
        state = self._current()
        if state is not None:
            return state.index.hashes.keys()
        monolith = self._whole()
        return () if monolith is None else monolith.by_name.keys()

    def packages(self, names: Collection[str] | None = None) -> Iterator[SourcePackage]:
        """See Source.packages; nothing where there is no index at all."""
        wanted = None if names is None else frozenset(map(client_name, names))
        state = self._current()
        if state is None:
            monolith = self._whole()
            if monolith is not None:
                yield from self._of_monolith(monolith, monolith.by_name.keys() if wanted is None else wanted, None)
            return
        many = state.index.hashes.keys() if wanted is None else state.index.hashes.keys() & wanted
        if len(many) > _MANY:
            monolith = self._whole()
            if monolith is not None and _says_the_same(monolith, state.index):
                told = monolith.by_name.keys() if wanted is None else wanted
                # Yanks are told by the shards alone.
                wanted = monolith.removed & many
                yield from self._of_monolith(monolith, told - wanted, state.patches)
        yield from self._of_shards(state, wanted)

    def _of_shards(self, state: _State, names: Collection[str] | None) -> Iterator[SourcePackage]:
        hashes, seen = state.index.hashes, set[str]()
        wanted = sorted(hashes if names is None else hashes.keys() & names)
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            gets = [partial(self._get, self._shard(state, hashes[name]), _MAX_PACKED) for name in some]
            read = run_all(self._runtime, gets)[::-1]
            for name in some:
                yield from self._of_shard(state, name, read.pop(), seen)

    def _of_shard(self, state: _State, name: str, data: bytes | None, seen: set[str]) -> Iterator[SourcePackage]:
        """The packages of a shard that was read; of the one that stands for it now, if that one is gone."""
        for _ in range(_ATTEMPTS):
            digest = state.index.hashes[name]
            shard = None if data is None else parse_shard(data, name, digest, self._pass_over)
            if shard is not None:
                yield from self._in_shard(state, shard, seen)
                return
            # A writer may have replaced the index, and deleted what it named: by a withdrawal, or as garbage.
            now = self._after(state)
            if name not in now.index.hashes:
                return
            if now.index.hashes[name] == digest:
                break
            state, data = now, self._get(self._shard(now, now.index.hashes[name]), _MAX_PACKED)
        raise InvalidRepodataError(
            f"the shard of {name[:80]!r} is {'missing' if data is None else 'damaged'}",
            where=f"{self._url}/{FILE_NAMES['shards']}",
            remedy=MENDED,
        )

    def _in_shard(self, state: _State, shard: Shard, seen: set[str]) -> Iterator[SourcePackage]:
        records = [(table, key, raw) for table, keys in shard.records.items() for key, raw in keys.items()]
        yield from self._listed(records, seen, state.base_url, state.patches)
        for file, packed in sorted(shard.yanks.items()):
            # Where it has a record all the same, another tool has put that back.
            if file not in seen:
                try:
                    yield yanked(self._subdir, file, unpacked(packed), patches=state.patches, base_url=state.base_url)
                except MALFORMED as error:
                    self._pass_over(file, str(error))

    def _of_monolith(
        self, monolith: Monolith, names: Collection[str], patches: Patches | None
    ) -> Iterator[SourcePackage]:
        seen: set[str] = set()
        for name in sorted(monolith.by_name.keys() & names):
            yield from self._listed(monolith.by_name[name], seen, monolith.base_url, patches)

    def _listed(
        self, records: Sequence[tuple[str, str, Raw]], seen: set[str], base_url: str | None, patches: Patches | None
    ) -> Iterator[SourcePackage]:
        """The packages of the records; their files are added to `seen`."""
        for table, key, raw in records:
            file = file_name(table, key)
            try:
                if file in seen:
                    raise ValueError("has a second record")
                seen.add(file)
                package = listed(self._subdir, table, key, raw, patches=patches, base_url=base_url)
            except MALFORMED as error:
                self._pass_over(file, str(error))
                continue
            yield package

    def _pass_over(self, file: str, why: str) -> None:
        self._passed_over.add(f"{self._subdir}/{file}", why)

    def _shard(self, state: _State, digest: bytes) -> str:
        base = state.index.shards_base_url
        return beside(HERE if base is None else base, f"{digest.hex()}.msgpack.zst")

    def _current(self) -> _State | None:
        """The shard index, which is read once; None: there is none."""
        with self._lock:
            if not self._read:
                self._state = self._read_state()
                self._read = True
            return self._state

    def _after(self, state: _State) -> _State:
        """The shard index that was read after this one, or is read now.

        Rule: that the index is not there any more does not mean that its packages are gone.
        """
        with self._lock:
            if self._state is state:
                now = self._read_state()
                if now is None:
                    raise InvalidRepodataError(
                        "went away while it was read", where=f"{self._url}/{FILE_NAMES['shards']}", remedy=MENDED
                    )
                if state.patches is not None and now.patches is None:
                    # Rule: whoever was told of patches is not given records of which nobody tells that.
                    raise InvalidRepodataError(
                        "was replaced by another tool while it was read, so that its patches are not known any more",
                        where=f"{self._url}/{FILE_NAMES['shards']}",
                        remedy="try again",
                    )
                self._state = now
            return self._state or state

    def _read_state(self) -> _State | None:
        data = self._get(FILE_NAMES["shards"], MAX_SHARD_INDEX)
        for _ in range(_ATTEMPTS):
            if data is None:
                return None
            index = self._parsed(data)
            if self._exists is None or index.stamp is None:
                break
            # Rule: a patch is written before the commit that lays it, and goes after the one that takes it back. So the
            # document belongs to the index that is there before and after it was read.
            patches = told_patches(index, self._subdir, self._url, self._get, self._exists)
            after = self._get(FILE_NAMES["shards"], MAX_SHARD_INDEX)
            if after == data:
                return _State(index=index, patches=patches)
            data = after
        return _State(index=index, patches=None)

    def _parsed(self, data: bytes) -> ShardIndex:
        where = f"{self._url}/{FILE_NAMES['shards']}"
        index = ShardIndex.parse(data, where=where)
        if index is None:
            raise InvalidRepodataError("is damaged", where=where, remedy=MENDED)
        if index.info["subdir"] != self._subdir:
            raise InvalidRepodataError(
                f"is the index of another subdir, {str(index.info['subdir'])[:80]!r}", where=where, remedy=MENDED
            )
        return index

    def _whole(self) -> Monolith | None:
        """repodata.json, which is read once; None: there is none."""
        with self._lock:
            if self._monolith is None:
                self._monolith = parse_monolith(
                    self._get, self._subdir, url=self._url, remedy=MENDED, passed_over=self._passed_over
                )
            return self._monolith
