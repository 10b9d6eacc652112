"""A change of a subdir's index, and how it is applied to the shards of the packages that it touches.

A commit that loses against another writer applies the same change again, to the shards that have changed meanwhile.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from msgspec import Raw

from chaninfra.channel.conda.filenames import file_name, package_name
from chaninfra.channel.conda.name_rules import breaks_index, client_name
from chaninfra.channel.conda.record_facts import RecordFacts
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.yank import Yank
from chaninfra.channel.objects import ObjectMeta
from chaninfra.index.commit.comparing import differs, encoded
from chaninfra.index.commit.index_record import IndexRecord
from chaninfra.index.commit.laying import is_unpatched, laid, lay, unfit
from chaninfra.index.commit.new_yanks import add_yanks, as_kept, with_records
from chaninfra.index.commit.signing import facts_of, sign
from chaninfra.index.patches.document import Patches
from chaninfra.index.runtime import run_all
from chaninfra.index.subdir_index import SubdirIndex

Replace = Literal["changed", "all", "none"]
"""Which existing records are replaced: `changed`, those whose package has another sha256; `all`, also those that differ
from the record that the package gives, with its patch, also those that are kept in yanks; `none`, none: a record of
other bytes stays, and the file is `superseded`."""


Attested = Callable[[str, str | None], str | None]
"""Looks up the `attestations_sha256` that the record of a package should have now (CEP 50), given the hex sha256 of the
package and the present value of the field."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """What the index should say of some packages. Yanked packages stay out of it; a file that is only in `removed`, and
    not yanked, comes back.
    """

    records: Mapping[str, IndexRecord] = field(default_factory=dict)
    """File name → the record that it should have."""
    missing: Collection[str] = ()
    """File names that a listing did not show. Each is HEADed again before its record is dropped."""
    anew: Collection[str] = ()
    """Package names that get a new shard in any case, even an empty one: who has built on the old one begins again."""
    unreadable: Mapping[str, str] = field(default_factory=dict)
    """File name → ETag of bytes that are not a package. The record is dropped only while the object has that ETag."""
    names: Collection[str] = ()
    """Names of further packages to look at: those whose shard has the old record of a file of another name."""
    yanks: Mapping[str, Yank] = field(default_factory=dict)
    """File name → why and when it becomes yanked, unless it is already. The record that it has in the index then is
    kept in its yank."""
    over_mirrors: bool = False
    """Whether `yanks` also replace those that a mirror has made, which it could end."""
    back: Collection[str] = ()
    """Yanked files that are to be yanked no longer. One with a record in `records` stays yanked (`superseded`) if its
    object has other bytes than that."""
    deleted: Collection[str] = ()
    """Files that the caller has deleted: those that HEAD does not find are yanked no longer, and have no record."""
    recovered: Mapping[str, Yank] = field(default_factory=dict)
    """File name → yank, for the packages whose shard cannot tell, since it is lost or another tool's."""
    signatures: Mapping[str, Attested] = field(default_factory=dict)
    """File name → what looks up the `attestations_sha256` of its record. Other records keep theirs as long as their
    package keeps its bytes."""
    removed: Collection[str] = ()
    """File names that are to be listed as removed, unless they have a record."""
    reshard: Collection[str] = ()
    """Package names whose shard is written again even if no record changes."""
    replace: Replace = "changed"
    planned: bool = False
    """It was planned before it is committed, maybe while somebody was asked. So a file that has no record by now gets
    one only if the store still has those bytes, and is yanked only if it has a record: it may be withdrawn."""
    miscounted: int = 0
    """How many records more the index has than its commit stamp says."""

    @property
    def touched(self) -> set[str]:
        """The names of the packages that the change is about, as clients look them up."""
        named = (self.records, self.missing, self.unreadable, self.signatures, self.removed, self.yanks, self.back)
        files = {package_name(file) for each in (*named, self.deleted, self.recovered) for file in each}
        return {*(new.name for new in self.records.values()), *files, *self.reshard, *self.anew, *self.names}

    def only(self, names: Collection[str]) -> Change:
        """The part of the change that is about packages of these names."""
        return dataclasses.replace(
            self,
            # The files that have no record there are passed over anyway.
            records={file: new for file, new in self.records.items() if new.name in names},
            removed=[file for file in self.removed if package_name(file) in names],
            reshard=[name for name in self.reshard if name in names],
            anew=[name for name in self.anew if name in names],
            names=names,
            yanks={file: yank for file, yank in self.yanks.items() if package_name(file) in names},
            back=[file for file in self.back if package_name(file) in names],
            deleted=[file for file in self.deleted if package_name(file) in names],
            recovered={file: yank for file, yank in self.recovered.items() if package_name(file) in names},
        )

    @property
    def is_of_odd_names(self) -> bool:
        """Whether shards of two names may tell of one file: one has its record, and the other, of the name in its file
        name, its yank. Then they are changed together only.
        """
        named = {package_name(file) for file in (*self.records, *self.yanks, *self.back)}
        return not {*self.names, *(new.name for new in self.records.values())} <= named


@dataclass(kw_only=True)
class Applied:
    """What a change did to an index, as file name → package name."""

    names: set[str] = field(default_factory=set)
    """Names of the packages whose shards change."""
    added: dict[str, str] = field(default_factory=dict)
    replaced: dict[str, str] = field(default_factory=dict)
    dropped: dict[str, str] = field(default_factory=dict)
    yanked: dict[str, str] = field(default_factory=dict)
    """Yanked files that had a record, or for which the change has one."""
    newly_yanked: dict[str, str] = field(default_factory=dict)
    """Files that the change has yanked, and that were not yanked before, or by a mirror."""
    signed: dict[str, str] = field(default_factory=dict)
    """Files whose record got another `attestations_sha256`, or none any more."""
    superseded: dict[str, str] = field(default_factory=dict)
    """Files whose object has other bytes by now than the change's record; the record in the index, or the yank, was
    kept."""
    gone: dict[str, str] = field(default_factory=dict)
    """Files that a planned change was to yank, and that have no record any more."""
    patched: dict[str, str] = field(default_factory=dict)
    """Files whose record, or that of the change, was changed by their patch."""
    unpatched: dict[str, str] = field(default_factory=dict)
    """Files whose record of the change is what a patch has made that there is no more: they stay as they are."""
    unfit: dict[str, str] = field(default_factory=dict)
    """Files of the change whose patch is of other bytes than their record, so that it does not apply."""

    def update(self, names: Collection[str], other: Applied) -> None:
        """Replace what was done to the packages of these names by `other`."""
        self.names = (self.names - set(names)) | other.names
        for kind in (
            "added",
            "replaced",
            "dropped",
            "yanked",
            "newly_yanked",
            "signed",
            "superseded",
            "gone",
            "patched",
            "unpatched",
            "unfit",
        ):
            before: dict[str, str] = getattr(self, kind)
            kept = {file: name for file, name in before.items() if name not in names}
            setattr(self, kind, {**kept, **getattr(other, kind)})


def apply(
    subdir_index: SubdirIndex, repodata: Repodata, yanks: dict[str, Raw], change: Change, patches: Patches
) -> Applied:
    """Apply the change to `repodata` and `yanks` (as in Shard): those of all packages that it touches; and `patches`,
    those of the subdir, to all their records.

    Rule: the index was read before, so the HEAD requests made here tell what is in the store later than it. A record
    is dropped only if the store says that its package is missing, and replaced only if the package is the one that the
    new record was made from. Records and yanked files whose name breaks the index for clients are taken out of it.
    """
    applied = Applied()
    for file in [file for file, _, _ in repodata.files() if breaks_index(file)]:
        applied.dropped[file] = _remove(repodata, file, applied) or package_name(file)
    before = yanks.keys() | set()
    wanted = {file: new for file, new in change.records.items() if file not in yanks or file in change.back}
    # Rule: what is brought back has the record that its yank keeps at this attempt. It is made again when a patch of it
    # is removed.
    wanted |= {file: as_kept(wanted[file], yanks[file]) for file in change.back if file in wanted and file in yanks}
    # Rule: who removes a patch makes its record again; a commit after that must not bring the patched one back.
    applied.unpatched = {file: new.name for file, new in wanted.items() if is_unpatched(file, new, patches)}
    wanted = {file: new for file, new in wanted.items() if file not in applied.unpatched}
    replaced = [file for file, new in wanted.items() if differs(repodata, file, new, change.replace, patches)]
    missing = [file for file in change.missing if file not in wanted and repodata.find(file)]
    unreadable = [file for file in change.unreadable if file not in wanted and repodata.find(file)]
    # Those that get a record, and have none.
    unlisted = [file for file in wanted if change.planned and file not in change.back and repodata.find(file) is None]
    back = [*(file for file in change.back if file in wanted and file not in replaced), *unlisted]
    objects = _head(subdir_index, [*replaced, *missing, *unreadable, *back, *change.deleted])
    for file in back:
        # Rule: a package is brought back by a record of the bytes that it has: whoever replaced it while it was yanked
        # has committed no record of them. So is one that is planned to be in the index: `delete` may have dropped it.
        entry = objects[file]
        if entry is None or entry.etag != wanted[file].etag:
            applied.superseded[file] = wanted.pop(file).name
    for file in change.back:
        if file not in applied.superseded:
            yanks.pop(file, None)
    for file in (*missing, *unreadable):
        entry = objects[file]
        if entry is None or (file in change.unreadable and entry.etag == change.unreadable[file]):
            applied.dropped[file] = _remove(repodata, file, applied) or package_name(file)
    # One that was deleted is brought back without a record.
    removed = set(repodata.removed).difference({*change.back} - {*applied.superseded})
    for file in change.deleted:
        # Rule: a yank goes only if its package is missing, or a package that somebody uploads meanwhile would come back
        # by itself.
        if objects[file] is None:
            yanks.pop(file, None)
            removed.discard(file)
            if (name := _remove(repodata, file, applied)) is not None:
                applied.dropped[file] = name
    for file, new in wanted.items():
        place = repodata.find(file)
        if place is not None and file not in replaced:
            removed.discard(file)
            continue
        old = RecordFacts()
        if place is not None:
            entry = objects[file]
            if change.replace == "none" or entry is None or (new.etag is not None and entry.etag != new.etag):
                applied.superseded[file] = new.name
                continue
            old = facts_of(repodata.records[place[0]][place[1]])
            _remove(repodata, file, applied)
        (applied.added if place is None else applied.replaced)[file] = new.name
        repodata.records.setdefault(new.table, {})[new.key] = encoded(new, old, subdir_index.runtime.now_ms())
        removed.discard(file)
        applied.names.add(new.name)
    if change.planned:
        applied.gone = {
            file: package_name(file) for file in change.yanks if file not in yanks and repodata.find(file) is None
        }
    # Rule: a yank that comes with a record is of the bytes of that record.
    left = applied.gone | applied.unpatched | applied.superseded
    to_yank = {file: yank for file, yank in change.yanks.items() if file not in left}
    applied.newly_yanked = add_yanks(repodata, yanks, to_yank, over_mirrors=change.over_mirrors)
    again: set[str] = set()
    if change.replace == "all":
        kept = {file: new for file, new in change.records.items() if file in yanks}
        again = with_records(yanks, kept, lambda file, new, old: laid(patches, file, encoded(new, old, 0)))
    for file in yanks:
        name = _remove(repodata, file, applied)
        if name is not None or file in change.records:
            applied.yanked[file] = name or package_name(file)
    applied.signed = sign(subdir_index, repodata, change.signatures)
    applied.names.update(applied.signed.values())
    applied.patched = lay(subdir_index, repodata, patches)
    applied.names.update(applied.patched.values())
    applied.unfit = {file: wanted[file].name for file in unfit(repodata, patches, wanted)}
    removed |= {file for file in change.removed if repodata.find(file) is None}
    removed = {file for file in removed.union(yanks) if not breaks_index(file)}
    for file in [file for file in yanks if breaks_index(file)]:
        del yanks[file]
    applied.names |= {package_name(file) for file in (yanks.keys() ^ before) | again | applied.newly_yanked.keys()}
    applied.names |= {package_name(file) for file in removed ^ set(repodata.removed)}
    repodata.removed = sorted(removed)
    applied.names.update(change.reshard, change.anew)
    return applied


def _head(subdir_index: SubdirIndex, files: Collection[str]) -> dict[str, ObjectMeta | None]:
    calls = [partial(subdir_index.store.head, subdir_index.key(file)) for file in files]
    return dict(zip(files, run_all(subdir_index.runtime, calls), strict=True))


def _remove(repodata: Repodata, file: str, applied: Applied) -> str | None:
    """Remove the file's record, and return the name of its package; None: there was no record."""
    place = repodata.find(file)
    if place is None:
        return None
    table, key = place
    record = repodata.records[table].pop(key)
    name = client_name(facts_of(record).name or package_name(file_name(table, key)))
    applied.names.add(name)
    return name
