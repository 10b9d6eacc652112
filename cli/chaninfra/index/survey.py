"""Surveys a subdir: compares its packages with its index, and says which change brings the index in line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain, islice
from typing import Literal

from chaninfra.channel.conda.filenames import PackageFileName, package_name
from chaninfra.channel.conda.index_files import REPODATA, STALE
from chaninfra.channel.conda.name_rules import breaks_index, broken_rule
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.shards import is_packable
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.objects import ObjectMeta, is_etag_of
from chaninfra.index.batches import Batches
from chaninfra.index.commit.authority import AUTHORITY
from chaninfra.index.commit.change import Applied, Change
from chaninfra.index.commit.index_record import IndexRecord
from chaninfra.index.commit.refused import check_base_url
from chaninfra.index.etag_cache import EtagCache, read_etag_cache
from chaninfra.index.known_records import drop_unusable, names_in, taken_over, with_what_is_known
from chaninfra.index.left_out import held, named_wrongly, not_given
from chaninfra.index.lost_shards import lost_shards
from chaninfra.index.others_index import name_of
from chaninfra.index.package_reader import Missing, Read, Unread, read_packages
from chaninfra.index.part import Part
from chaninfra.index.patched import check_patched
from chaninfra.index.patches.document import Patches, read_patches
from chaninfra.index.patches.missing import not_laid
from chaninfra.index.progress import Progress
from chaninfra.index.reindex_plan import FolderListing, Scope, plan, sha256_in
from chaninfra.index.report import InvalidRecord, LeftOut, OddName, SubdirReport
from chaninfra.index.share import Share
from chaninfra.index.signatures import Signatures
from chaninfra.index.subdir_index import SubdirIndex
from chaninfra.index.summaries import Summaries
from chaninfra.index.whole import Whole, read_whole
from chaninfra.index.yanks import Yanks, yanks_of

_LISTED_FIRST = 1000
"""Keys listed in the background while the index is read: one ListObjectsV2 page."""


@dataclass(kw_only=True)
class Survey:
    """The differences between the folder and the index, and the change that removes them."""

    share: Share
    whole: Whole
    yanks: Yanks
    yanked: frozenset[str]
    """The names of the yanked files."""
    files: tuple[str, ...]
    """Index files that are missing or wrong."""
    listing: FolderListing = field(default_factory=FolderListing)
    missing: tuple[str, ...] = ()
    """File names that have a record and were not listed."""
    signed: tuple[str, ...] = ()
    """File names of packages whose sidecar is to be looked at."""
    signatures: Signatures
    patches: Patches
    change: Change = field(default_factory=Change)
    committed: bool = False
    """Whether some of the packages that were read are committed already, see Batches."""
    before_end: Applied = field(default_factory=Applied)
    """What these commits have done."""
    taken: frozenset[str] = frozenset()
    """Files whose record is taken over as it is: from another tool, or from before it wrote the index."""
    left_out: list[LeftOut] = field(default_factory=list)
    invalid: list[InvalidRecord] = field(default_factory=list)
    many_streams: list[str] = field(default_factory=list)
    summaries: Summaries | None = None
    """Of the packages that were read, if anything is written."""
    same_bytes: set[str] = field(default_factory=set)
    """Files that were read and have the bytes of their old record."""
    cached: EtagCache = field(default_factory=dict)
    to_cache: dict[str, tuple[str, str]] = field(default_factory=dict)
    """New entries of the EtagCache."""

    @property
    def repodata(self) -> Repodata:
        """The records before the change."""
        return self.whole.repodata

    @property
    def differs(self) -> bool:
        """Whether there is something to commit."""
        change = self.change
        by_package = change.records or change.missing or change.unreadable or change.reshard or change.names
        return bool(self.committed or self.files or self.whole.behind or self.signed or by_package or change.recovered)

    def report(self, subdir: Subdir, applied: Applied, after: int) -> SubdirReport:
        """The report of the re-index, which has applied the change."""
        applied.update((), self.before_end)
        # Records that the authoritative index did not have, so the change has added those that are still there.
        foreign = self.whole.foreign - self.taken
        replaced = {*applied.replaced, *(foreign & applied.added.keys())}
        return SubdirReport(
            subdir=subdir,
            before=self.whole.before,
            after=after,
            added=tuple(sorted(applied.added.keys() - self.whole.foreign)),
            replaced=tuple(sorted(replaced - self.same_bytes)),
            remade=tuple(sorted(replaced & self.same_bytes)),
            dropped=tuple(sorted({*applied.dropped, *(foreign - applied.added.keys() - self.yanked)})),
            yanked=tuple(sorted({*applied.yanked, *(foreign & self.yanked)})),
            yanks=self.yanked,
            patched=tuple(sorted(applied.patched.keys() - applied.added.keys() - replaced)),
            signed=tuple(sorted((applied.signed.keys() | self.signatures.copied) - applied.added.keys())),
            files=self.files,
            left_out=(*self.left_out, *self.signatures.left_out()),
            invalid=tuple(self.invalid),
            stale=tuple(sorted(self.listing.keys & STALE)),
            odd_names=tuple(self._odd_names(subdir)),
            many_streams=tuple(sorted(self.many_streams)),
        )

    def _odd_names(self, subdir: Subdir) -> Iterator[OddName]:
        left_out = {skipped.package for skipped in self.left_out}
        for file in sorted(self.listing.packages.keys() - self.yanked):
            rule = broken_rule(*PackageFileName.parse(file)[:3])
            if rule and self.share.has(file) and f"{subdir}/{file}" not in left_out:
                yield OddName(package=f"{subdir}/{file}", rule=rule)


def survey_of(
    subdir_index: SubdirIndex,
    scope: Scope,
    progress: Progress,
    mode: Literal["write", "check"] = "write",
    *,
    every_shard: bool = False,
    hold: bool = False,
    part: Part | None = None,
    again: bool = False,
) -> Survey:
    """List the folder, read the index, and read the packages that have no record or may have other bytes than it.
    `every_shard`: read all shards, to find those that are damaged; the scope `all` does so, too. `hold`: the record of
    a package that was overwritten stays, and the package is named among those that are left out. `part`, `again`: see
    Share; with `check` nothing is taken over before.

    Raises as `reindex_subdir`.
    """
    progress.stage(f"reading {subdir_index.subdir}")
    entries, whole = _list_and_read_index(subdir_index, scope, every_shard=every_shard)
    check_base_url(subdir_index, whole.repodata.info(), REPODATA if whole.json_is_foreign else AUTHORITY)
    yanks = yanks_of(subdir_index, whole)
    listing = FolderListing()
    share = Share.of(subdir_index.subdir, part, whole, again=again)
    share = replace(share, takes_over=share.takes_over and mode == "write")
    share.let_first(subdir_index, whole)
    survey = Survey(
        share=share,
        whole=whole,
        listing=listing,
        signatures=Signatures(subdir_index, mode, listing.sidecars),
        patches=read_patches(subdir_index)[0],
        # Those that an index can list as removed.
        yanks=yanks,
        yanked=frozenset(file for file in yanks.files if not breaks_index(file)),
        # Between two times of `at-most-every` files are behind, and not wrong.
        files=(*whole.files, *(whole.behind if subdir_index.layout.index.monolith == "each-commit" else ())),
    )
    survey.left_out, survey.invalid = drop_unusable(whole, subdir_index.subdir)
    batches = Batches(subdir_index, whole, yanks.recovered, part) if mode == "write" else None
    records: dict[str, IndexRecord] = {}
    missing: list[str] = []
    unreadable: dict[str, str] = {}
    without_record: list[Read] = []
    for read in read_packages(subdir_index, _to_read(subdir_index, survey, entries, scope, progress), progress.done):
        if not share.has(read.file) and (isinstance(read, Missing) or read.record is None):
            # Its own part finds that out.
            continue
        if isinstance(read, Missing):
            missing.append(read.file)
            continue
        if isinstance(read, Unread):
            # What the index says of it stays.
            survey.left_out.append(not_given(subdir_index, read, listing.packages))
            continue
        if hold and (left := held(subdir_index, whole, read)):
            survey.left_out.append(left)
            continue
        if not is_etag_of(read.etag, read.md5):
            survey.to_cache[read.file] = (read.etag, read.sha256)
        if sha256_in(survey.repodata, read.file) == read.sha256:
            survey.same_bytes.add(read.file)
        if read.streams > 1:
            survey.many_streams.append(read.file)
        if read.record is not None:
            record = with_what_is_known(whole, read.file, read.record, scope)
            if batches is None:
                records[read.file] = record
            else:
                batches.add(read.file, record, read.summary, partial(_more_names, survey))
            continue
        without_record.append(read)
        survey.left_out.append(LeftOut(package=f"{subdir_index.subdir}/{read.file}", reason=read.reason))
        # A record of exactly these bytes is kept: another tool was able to index them.
        if sha256_in(survey.repodata, read.file) != read.sha256:
            unreadable[read.file] = read.etag
    if batches is not None:
        records, survey.before_end, survey.committed = batches.records, batches.applied, batches.committed
        survey.summaries = batches.summaries
    survey.left_out += [wrong for wrong in named_wrongly(subdir_index, listing) if share.has(wrong.file)]
    lost = lost_shards(survey)
    reshard = {*lost}
    if scope == "all":
        names, nameless = names_in(survey.repodata, share.has)
        reshard |= names
        # A record without a name cannot be put into a shard, so it is dropped unless the package gives a new one.
        missing += [file for file in nameless if file not in survey.listing.packages]
        unreadable |= {
            read.file: read.etag
            for read in without_record
            if (place := survey.repodata.find(read.file))
            and (read.file in nameless or not is_packable(survey.repodata, *place))
        }
    miscounted = whole.miscounted if share.counts or lost else 0
    gone = {*survey.missing, *missing, *unreadable}
    taken = {
        file: taken_record
        for file in whole.foreign - records.keys() - gone - survey.yanked
        if not breaks_index(file)
        and share.may_take(whole, listing, file)
        and (taken_record := taken_over(whole, file)) is not None
    }
    survey.taken = frozenset(taken)
    unlaid = not_laid(survey.repodata, survey.patches)
    survey.change = Change(
        records={**taken, **records},
        missing=[*survey.missing, *missing],
        unreadable=unreadable,
        signatures=survey.signatures.lookups(survey.signed),
        miscounted=miscounted,
        names=_more_names(survey, {*records, *gone, *survey.signed, *filter(share.has, unlaid)}),
        recovered=yanks.recovered,
        removed=whole.removed,
        reshard=reshard,
        replace=scope,
    )
    return survey


def _list_and_read_index(
    subdir_index: SubdirIndex, scope: Scope, *, every_shard: bool
) -> tuple[Iterator[ObjectMeta], Whole]:
    """The folder's objects, listed on while they are taken; and the index, of which `all` takes what is readable."""
    entries = iter(subdir_index.store.list(subdir_index.layout.key(subdir_index.subdir)))
    listing = subdir_index.runtime.submit(lambda: [*islice(entries, _LISTED_FIRST)])
    try:
        every = scope == "all"
        whole = read_whole(subdir_index, salvage=every, every_shard=every or every_shard)
    finally:
        first_page = listing()
    check_patched(subdir_index, whole.authority)
    return chain(first_page, entries), whole


def _to_read(
    subdir_index: SubdirIndex, survey: Survey, entries: Iterator[ObjectMeta], scope: Scope, progress: Progress
) -> Iterator[tuple[str, ObjectMeta]]:
    """The packages to read: new ones while the folder is still listed, then those that may have changed."""
    known = {file for file, _, _ in survey.repodata.files()} | survey.yanked
    new: set[str] = set()
    for file, entry in survey.listing.take(entries, subdir_index.layout.key(subdir_index.subdir), known):
        if file not in known and survey.share.has(file):
            new.add(file)
            yield file, entry

    def etag_cache() -> EtagCache:
        survey.cached = read_etag_cache(subdir_index)
        return survey.cached

    planned = plan(survey.listing, survey.repodata, survey.yanked, scope, etag_cache, survey.share.has)
    survey.missing, survey.signed = planned.missing, planned.signed
    if planned.read:
        progress.total(len(planned.read), sum(entry.size for entry in planned.read.values()))
    yield from ((file, entry) for file, entry in planned.read.items() if file not in new)
    listed = survey.listing.packages
    patched = survey.share.to_compare(survey.whole) - planned.read.keys() - new - survey.yanked
    yield from ((file, listed[file]) for file in sorted(patched) if file in listed)


def _more_names(survey: Survey, files: set[str]) -> set[str]:
    """The names of the packages that the change is about, besides those that its files are named after: those in the
    old records of these files, and those with yanks or file names that the index does not show yet.
    """
    repodata = survey.repodata
    yanked = [file for file in survey.yanked if repodata.find(file)]
    files = {*files, *yanked, *(file for file, _, _ in repodata.files() if breaks_index(file))}
    names = {package_name(file) for file in (*yanked, *filter(breaks_index, repodata.removed))}
    for file in files:
        place = repodata.find(file)
        if place is not None:
            names.add(name_of(repodata, *place) or package_name(file))
    return names
