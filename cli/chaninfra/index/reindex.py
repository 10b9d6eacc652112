"""Re-index: make the index of a subdir match the packages in its folder.

It lists the folder, reads the packages that have no record or may have other bytes than their record, and commits. If
nothing differs, it writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain, islice
from typing import Literal, Protocol

from chaninfra.channel.conda.filenames import PackageFileName
from chaninfra.channel.conda.index_files import REPODATA, SHARDS
from chaninfra.channel.conda.name_rules import breaks_index, broken_rule, client_name
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.shards import ShardIndex, is_packable, shard_key
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.errors import StorageError
from chaninfra.channel.objects import ObjectMeta, md5_in
from chaninfra.index.channel import Channel
from chaninfra.index.commit.change import Applied, Change, IndexRecord, apply
from chaninfra.index.commit.commit import State, When, commit, read_index
from chaninfra.index.etag_cache import EtagCache, read_etag_cache, write_etag_cache
from chaninfra.index.package_reader import Missing, Read, read_packages
from chaninfra.index.reindex_plan import FolderListing, Scope, plan, sha256_in
from chaninfra.index.report import RENAME, LeftOut, OddName, Report, SubdirReport
from chaninfra.index.runtime import run_all
from chaninfra.index.subdir_index import SubdirIndex

_LISTED_FIRST = 1000
"""Keys listed in the background while the index is read: one ListObjectsV2 page."""

Mode = Literal["write", "check"]
"""`check`: only find out what would be done; nothing is written to the store."""


class Progress(Protocol):
    """Callbacks that tell how far a re-index is."""

    def listing(self, subdir: Subdir) -> None:
        """The folder is being listed; new packages are already read meanwhile."""

    def reading(self, subdir: Subdir, packages: int, size: int) -> None:
        """The listing is complete: this many packages have to be read, `size` bytes together. Those that were read
        during the listing are included.
        """

    def read(self, size: int) -> None:
        """A package of `size` bytes was read; called from several threads."""

    def writing(self, subdir: Subdir) -> None:
        """The index is being written."""


class Silent:
    """A Progress that does nothing."""

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
    """Re-index the subdirs, one after the other. Raises as `reindex_subdir`."""
    subdir_indexes = [channel.subdir_index(subdir, "read" if mode == "check" else "write") for subdir in subdirs]
    return Report.of(
        reindex_subdir(subdir_index, scope, mode=mode, progress=progress) for subdir_index in subdir_indexes
    )


def reindex_subdir(
    subdir_index: SubdirIndex, scope: Scope = "changed", *, mode: Mode = "write", progress: Progress | None = None
) -> SubdirReport:
    """Make the index of a subdir match its packages.

    Files that are not packages are listed in the report and skipped. If such a file has a record of other bytes, the
    record is dropped.

    Raises RefusedError for an index that belongs to another tool; InvalidRepodataError for an invalid repodata.json
    (the scope `all` rebuilds it instead); ConflictError where other writers won all attempts; and StorageError.
    """
    progress = progress or Silent()
    survey = _survey(subdir_index, scope, progress)
    if mode == "check":
        applied = apply(subdir_index, survey.repodata, survey.change, survey.yanked)
        return survey.report(subdir_index.subdir, applied, survey.repodata.count)
    if survey.differs or scope == "all":
        progress.writing(subdir_index.subdir)
        # The scope `all` writes also files whose content is right: their headers may not be those that are configured.
        when: When = "always" if scope == "all" else "changed"
        committed = commit(subdir_index, lambda: survey.change, when=when, unstamped="adopt")
        report = survey.report(subdir_index.subdir, committed.applied, committed.after)
    else:
        report = survey.report(subdir_index.subdir, Applied(), survey.repodata.count)
    write_etag_cache(subdir_index, survey.cached, survey.to_cache, survey.listing.packages)
    return report


@dataclass(kw_only=True)
class _Survey:
    """The differences between the folder and the index, and the change that removes them."""

    before: int | None
    repodata: Repodata
    yanked: frozenset[str]
    files: tuple[str, ...]
    """Index files that are missing or wrong."""
    listing: FolderListing = field(default_factory=FolderListing)
    missing: tuple[str, ...] = ()
    """File names that have a record and were not listed."""
    change: Change = field(default_factory=Change)
    left_out: list[LeftOut] = field(default_factory=list)
    cached: EtagCache = field(default_factory=dict)
    to_cache: dict[str, tuple[str, str]] = field(default_factory=dict)
    """New entries of the EtagCache."""

    @property
    def differs(self) -> bool:
        """Whether there is something to commit."""
        change, yanked = self.change, self.yanked
        listed = [*self.repodata.removed, *(file for file, _, _ in self.repodata.files())]
        to_yank = any(map(self.repodata.find, yanked)) or not yanked <= {*self.repodata.removed}
        by_package = change.records or change.missing or change.unreadable or change.reshard
        return bool(self.files or by_package or to_yank or any(map(breaks_index, listed)))

    def report(self, subdir: Subdir, applied: Applied, after: int) -> SubdirReport:
        """The report of the re-index, which has applied the change."""
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
            odd_names=tuple(self._odd_names(subdir)),
        )

    def _odd_names(self, subdir: Subdir) -> Iterator[OddName]:
        left_out = {skipped.package for skipped in self.left_out}
        for file in sorted(self.listing.packages.keys() - self.yanked):
            rule = broken_rule(*PackageFileName.parse(file)[:3])
            if rule and f"{subdir}/{file}" not in left_out:
                yield OddName(package=f"{subdir}/{file}", rule=rule)


def _survey(subdir_index: SubdirIndex, scope: Scope, progress: Progress) -> _Survey:
    progress.listing(subdir_index.subdir)
    entries, state = _list_and_read_index(subdir_index, scope)
    authority = state.authority
    wrong_files = [*state.disagreements]
    if authority is None or authority.stamp is None:
        # Missing, invalid, or written by another tool, which does not apply yanked.json.
        wrong_files.insert(0, REPODATA)
    survey = _Survey(
        before=authority.repodata.count if authority else None,
        repodata=authority.repodata if authority else Repodata.empty(subdir_index.subdir),
        yanked=_yanked(state.yanked.files(subdir_index.subdir)),
        files=tuple(wrong_files),
    )
    records: dict[str, IndexRecord] = {}
    missing: list[str] = []
    unreadable: dict[str, str] = {}
    without_record: list[Read] = []
    for read in read_packages(subdir_index, _to_read(subdir_index, survey, entries, scope, progress), progress.read):
        if isinstance(read, Missing):
            missing.append(read.file)
            continue
        if md5_in(read.etag) != read.md5:
            survey.to_cache[read.file] = (read.etag, read.sha256)
        if read.record is not None:
            records[read.file] = read.record
            continue
        without_record.append(read)
        survey.left_out.append(LeftOut(package=f"{subdir_index.subdir}/{read.file}", reason=read.reason))
        # A record of exactly these bytes is kept: another tool was able to index them.
        if sha256_in(survey.repodata, read.file) != read.sha256:
            unreadable[read.file] = read.etag
    survey.left_out += [
        LeftOut(package=f"{subdir_index.subdir}/{file}", reason=reason, remedy=RENAME)
        for file, reason in sorted(survey.listing.unreadable.items())
    ]
    reshard = lost = _names_of_lost_shards(subdir_index, state, survey.listing)
    if lost:
        survey.files += (SHARDS,)
    if scope == "all":
        reshard, nameless = _names(survey.repodata)
        # A record without a name cannot be put into a shard, so it is dropped unless the package gives a new one.
        missing += [file for file in nameless if file not in survey.listing.packages]
        unreadable |= {
            read.file: read.etag
            for read in without_record
            if (place := survey.repodata.find(read.file))
            and (read.file in nameless or not is_packable(survey.repodata, *place))
        }
    survey.change = Change(
        records=records,
        missing=[*survey.missing, *missing],
        unreadable=unreadable,
        reshard=reshard,
        replace=scope,
    )
    return survey


def _list_and_read_index(subdir_index: SubdirIndex, scope: Scope) -> tuple[Iterator[ObjectMeta], State]:
    """The folder's objects, listed further while they are taken; and the index, of which the scope `all` takes what is
    readable.
    """
    entries = iter(subdir_index.store.list(subdir_index.layout.key(subdir_index.subdir)))
    listing = subdir_index.runtime.submit(lambda: [*islice(entries, _LISTED_FIRST)])
    try:
        state = read_index(subdir_index, salvage=scope == "all")
    finally:
        first_page = listing()
    return chain(first_page, entries), state


def _to_read(
    subdir_index: SubdirIndex, survey: _Survey, entries: Iterator[ObjectMeta], scope: Scope, progress: Progress
) -> Iterator[tuple[str, ObjectMeta]]:
    """The packages to read: new ones while the folder is still listed, then those that may have changed."""
    known = {file for file, _, _ in survey.repodata.files()} | survey.yanked
    new: set[str] = set()
    for file, entry in survey.listing.take(entries, subdir_index.layout.key(subdir_index.subdir), known):
        if file not in known:
            new.add(file)
            yield file, entry

    def etag_cache() -> EtagCache:
        survey.cached = read_etag_cache(subdir_index)
        return survey.cached

    planned = plan(survey.listing, survey.repodata, survey.yanked, scope, etag_cache)
    survey.missing = planned.missing
    if planned.read:
        size = sum(entry.size for entry in planned.read.values())
        progress.reading(subdir_index.subdir, len(planned.read), size)
    yield from ((file, entry) for file, entry in planned.read.items() if file not in new)


def _names(repodata: Repodata) -> tuple[set[str], set[str]]:
    """The package names in the records; and the files whose record has no valid name."""
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


def _names_of_lost_shards(subdir_index: SubdirIndex, state: State, listing: FolderListing) -> set[str]:
    """The package names whose shard the shard index references and the store does not have; and those that the shard
    index spells as clients do not look them up, in both spellings.
    """
    index = ShardIndex.of(state.derived.index)
    if index is None or "shards" not in subdir_index.layout.index.formats:
        return set()
    unlisted = [name for name, digest in index.hashes.items() if shard_key(digest) not in listing.keys]
    # HEADed, since the listing may be older than the shard index.
    heads = run_all(
        subdir_index.runtime,
        [partial(subdir_index.store.head, subdir_index.key(shard_key(index.hashes[name]))) for name in unlisted],
    )
    misspelled = {name for name in index.hashes if client_name(name) != name}
    lost = {name for name, entry in zip(unlisted, heads, strict=True) if entry is None}
    return lost | misspelled | {*map(client_name, misspelled)}


def _yanked(files: frozenset[str]) -> frozenset[str]:
    """Those of the yanked files that an index can list as removed."""
    return frozenset(file for file in files if not breaks_index(file))
