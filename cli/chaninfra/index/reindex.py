"""Re-indexing: an index brought in line with the packages that are there, at the cost of what differs.

It lists the folder, reads what has no record or may not be what its record says, and commits. Where nothing differs,
nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, islice
from typing import Literal, Protocol

from chaninfra.channel.conda.index_files import REPODATA, SHARDS
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.shards import ShardIndex, shard_key
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.errors import InvalidRepodataError, StorageError
from chaninfra.channel.objects import ObjectMeta, md5_in
from chaninfra.index.channel import Channel
from chaninfra.index.commit.change import Applied, Change, IndexRecord, apply
from chaninfra.index.commit.commit import State, When, commit, read_index
from chaninfra.index.etag_cache import EtagCache, read_etag_cache, write_etag_cache
from chaninfra.index.package_reader import Missing, Read, read_packages
from chaninfra.index.reindex_plan import FolderListing, Scope, plan, sha256_in
from chaninfra.index.report import LeftOut, Report, SubdirReport
from chaninfra.index.runtime import run_all
from chaninfra.index.subdir_index import SubdirIndex

_LISTED_FIRST = 1000
"""A page: so many are listed while the index is read."""

Mode = Literal["write", "check"]
"""`check`: only find out what would be done; the store is not written to."""


class Progress(Protocol):
    """Who is told how far it is."""

    def listing(self, subdir: Subdir) -> None:
        """It is looked up what is there; what is new is read meanwhile."""

    def reading(self, subdir: Subdir, packages: int, size: int) -> None:
        """So many packages are to be read, those included that were already, of `size` bytes together."""

    def read(self, size: int) -> None:
        """One of them was, of so many bytes; called from several threads."""

    def writing(self, subdir: Subdir) -> None:
        """The index is written."""


class Silent:
    """A Progress that nobody sees."""

    def listing(self, subdir: Subdir) -> None:
        """See Progress."""

    def reading(self, subdir: Subdir, packages: int, size: int) -> None:
        """See Progress."""

    def read(self, size: int) -> None:
        """See Progress."""

    def writing(self, subdir: Subdir) -> None:
        """See Progress."""


def reindex(
    channel: Channel,
    subdirs: Sequence[Subdir],
    scope: Scope = "changed",
    mode: Mode = "write",
    progress: Progress | None = None,
) -> Report:
    """Re-index the subdirs, one after the other. Raises what `reindex_subdir` does."""
    targets = [channel.target(subdir, "read" if mode == "check" else "write") for subdir in subdirs]
    return Report.of(reindex_subdir(target, scope, mode=mode, progress=progress) for target in targets)


def reindex_subdir(
    target: SubdirIndex, scope: Scope = "changed", *, mode: Mode = "write", progress: Progress | None = None
) -> SubdirReport:
    """Bring the index of a subdir in line with its packages.

    What is no package is left out and named; its record goes where that was of other bytes than are there now. Raises
    RefusedError for an index that belongs to another tool, InvalidRepodataError for a repodata.json that is none (with
    the scope `all` it is made anew), ConflictError where other writers were faster each time, and StorageError.
    """
    progress = progress or Silent()
    found = _survey(target, scope, progress)
    if mode == "check":
        applied = apply(target, found.repodata, found.change, found.yanked)
        return found.report(target.subdir, applied, found.repodata.count)
    if found.differs or scope == "all":
        progress.writing(target.subdir)
        # With the scope `all` also what says what it should: its headers may not be what is declared now.
        when: When = "always" if scope == "all" else "changed"
        done = commit(target, lambda: found.change, when=when, foreign="adopt")
        report = found.report(target.subdir, done.applied, done.after)
    else:
        report = found.report(target.subdir, Applied(), found.repodata.count)
    write_etag_cache(target, found.remembered, found.seen, found.listing.packages)
    return report


@dataclass(kw_only=True)
class _Survey:
    """What differs between the packages and the index, found by reading the packages in question."""

    before: int | None
    repodata: Repodata
    yanked: frozenset[str]
    files: tuple[str, ...]
    """The index files that are missing, or are not what they should be."""
    listing: FolderListing = field(default_factory=FolderListing)
    gone: tuple[str, ...] = ()
    """The packages that have a record, and were not listed."""
    change: Change = field(default_factory=Change)
    left_out: list[LeftOut] = field(default_factory=list)
    remembered: EtagCache = field(default_factory=dict)
    seen: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def differs(self) -> bool:
        """Whether there is something to commit."""
        change, yanked = self.change, self.yanked
        to_yank = any(map(self.repodata.find, yanked)) or not yanked <= {*self.repodata.removed}
        return bool(self.files or change.records or change.gone or change.spoiled or change.remade or to_yank)

    def report(self, subdir: Subdir, applied: Applied, after: int) -> SubdirReport:
        """What was found, and what was done for it."""
        return SubdirReport(
            subdir=subdir,
            before=self.before,
            after=after,
            added=tuple(sorted(applied.added)),
            replaced=tuple(sorted(applied.replaced)),
            dropped=tuple(sorted(applied.dropped)),
            yanked=tuple(sorted(applied.yanked)),
            files=self.files,
            left_out=tuple(self.left_out),
        )


def _survey(target: SubdirIndex, scope: Scope, progress: Progress) -> _Survey:
    progress.listing(target.subdir)
    entries, state = _look(target, scope)
    truth = state.truth if state else None
    wrong = [*state.disagreements] if state else []
    if truth is None or truth.mark is None:
        # Missing, no repodata, or another tool's, who knows nothing of yanks.
        wrong.insert(0, REPODATA)
    found = _Survey(
        before=truth.repodata.count if truth else None,
        repodata=truth.repodata if truth else Repodata.empty(target.subdir),
        yanked=state.yanked.files(target.subdir) if state else frozenset(),
        files=tuple(wrong),
    )
    records: dict[str, IndexRecord] = {}
    gone: list[str] = []
    spoiled: dict[str, str] = {}
    unread: list[Read] = []
    for each in read_packages(target, _to_read(target, found, entries, scope, progress), progress.read):
        if isinstance(each, Missing):
            gone.append(each.file)
            continue
        if md5_in(each.etag) != each.md5:
            found.seen[each.file] = (each.etag, each.sha256)
        if each.packaged is not None:
            records[each.file] = each.packaged
            continue
        unread.append(each)
        found.left_out.append(LeftOut(package=f"{target.subdir}/{each.file}", reason=each.wrong))
        # A record of these very bytes stays: somebody could read them.
        if sha256_in(found.repodata, each.file) != each.sha256:
            spoiled[each.file] = each.etag
    remade = lost = _lost_shards(target, state, found.listing)
    if lost:
        found.files += (SHARDS,)
    if scope == "all":
        remade, nameless = _names(found.repodata)
        # Nobody can put these into a shard, so they stay only where a package says what they should be.
        gone += [file for file in nameless if file not in found.listing.packages]
        spoiled |= {each.file: each.etag for each in unread if each.file in nameless}
    found.change = Change(
        records=records,
        gone=[*found.gone, *gone],
        spoiled=spoiled,
        remade=remade,
        replace=scope,
    )
    return found


def _names(repodata: Repodata) -> tuple[set[str], set[str]]:
    """The names that its records have; and the packages whose records have none that can be read."""
    names: set[str] = set()
    nameless: set[str] = set()
    for file, table, key in repodata.files():
        try:
            name = repodata.name_in(table, key)
        except StorageError:
            nameless.add(file)
            continue
        if name is not None:
            names.add(name)
    return names, nameless


def _look(target: SubdirIndex, scope: Scope) -> tuple[Iterator[ObjectMeta], State | None]:
    """What is there, listed on while it is taken; None where the index is none, and is to be made anew."""
    entries = iter(target.store.list(target.layout.key(target.subdir)))
    begun = target.means.go(lambda: [*islice(entries, _LISTED_FIRST)])
    state = None
    try:
        state = read_index(target)
    except InvalidRepodataError:
        if scope != "all":
            raise
    finally:
        first = begun()
    return chain(first, entries), state


def _to_read(
    target: SubdirIndex, found: _Survey, entries: Iterator[ObjectMeta], scope: Scope, progress: Progress
) -> Iterator[tuple[str, ObjectMeta]]:
    """The packages that are to be read: what is new while the others are still listed, then what may be changed."""
    known = {file for file, _, _ in found.repodata.files()} | found.yanked
    new: dict[str, ObjectMeta] = {}
    for file, entry in found.listing.take(entries, target.layout.key(target.subdir)):
        if file not in known:
            new[file] = entry
            yield file, entry

    def recall() -> EtagCache:
        found.remembered = read_etag_cache(target)
        return found.remembered

    planned = plan(found.listing, found.repodata, found.yanked, scope, recall)
    found.gone = planned.gone
    if planned.read:
        size = sum(entry.size for entry in planned.read.values())
        progress.reading(target.subdir, len(planned.read), size)
    yield from ((file, entry) for file, entry in planned.read.items() if file not in new)


def _lost_shards(target: SubdirIndex, state: State | None, listing: FolderListing) -> set[str]:
    """The names whose shards are not there, though the index names them."""
    stored = state.derived.index if state else None
    index = ShardIndex.parse(stored.data) if stored else None
    if index is None or "shards" not in target.layout.index.formats:
        return set()
    missing = [name for name, digest in index.hashes.items() if shard_key(digest) not in listing.keys]
    # The listing may be older than the index.
    heads = run_all(
        target.means, [partial(target.store.head, target.key(shard_key(index.hashes[name]))) for name in missing]
    )
    return {name for name, entry in zip(missing, heads, strict=True) if entry is None}
