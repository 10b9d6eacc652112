"""What of a subdir a re-index does: all of it, or a part, beside the re-indexes that do the others.

A part drops and changes records of its own packages only. What another tool has written is taken over whole, by one
commit, before any part reads its packages: then none of the records waits for a part that dies or never runs.
"""

from __future__ import annotations

from dataclasses import dataclass

from chaninfra.channel.conda.filenames import suffix_of
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.index.commit.authority import ForeignIndexError, authority_key
from chaninfra.index.commit.derived_files import pause_for_others, waits
from chaninfra.index.part import Part
from chaninfra.index.reindex_plan import FolderListing, sha256_in
from chaninfra.index.subdir_index import SubdirIndex
from chaninfra.index.whole import Whole

_TURNS = 4
"""The parts after so many wait no longer than this one: half a minute."""


@dataclass(frozen=True, kw_only=True)
class Share:
    """The packages of a subdir that a re-index reads, and whose records it may drop."""

    subdir: Subdir
    part: Part | None = None
    """None: all packages."""
    takes_over: bool = False
    """It takes over what other tools have written, of all packages, and reads none of its own."""

    @classmethod
    def of(cls, subdir: Subdir, part: Part | None, whole: Whole, *, again: bool) -> Share:
        """The share of a part, given the index. `again`: it has taken over the keys of a repodata.json of another tool,
        which stays where nobody writes repodata.json.
        """
        theirs = whole.exists and (whole.adoption is not None or (whole.keys is not None and not again))
        return cls(subdir=subdir, part=part, takes_over=part is not None and theirs)

    def has(self, file: str) -> bool:
        """Whether the package is of this share."""
        return not self.takes_over and (self.part is None or self.part.has(f"{self.subdir}/{file}"))

    def let_first(self, subdir_index: SubdirIndex, whole: Whole) -> None:
        """Before an index of another tool is taken over: give part 1 time to do so. It may never run, so the others do
        it then. Raises ForeignIndexError once it is done.
        """
        if self.part is None or self.part.number == 1 or not self.takes_over or whole.adoption is None:
            return
        # In turn: else all would begin at once where the first takes longer.
        turn = min(self.part.number - 1, _TURNS)
        for waited in range(turn * waits(subdir_index, whole.derived)):
            pause_for_others(subdir_index, waited)
            entry = subdir_index.store.head(authority_key(subdir_index))
            if (entry.etag if entry else None) != whole.adoption.etag:
                raise ForeignIndexError("was taken over by another part", where=authority_key(subdir_index))

    @property
    def counts(self) -> bool:
        """Whether it corrects a wrong number of records in the commit stamp, which only one re-index may do; where
        shards are lost, the first that makes them again does.
        """
        return self.part is None or self.part.number == 1

    def to_compare(self, whole: Whole) -> set[str]:
        """The packages that are read because another tool says something else of them. Rule: who takes over reads them
        all, since what that tool says is replaced by this commit.
        """
        if not self.takes_over:
            return {file for file in whole.differing if self.has(file)}
        # Those whose time of indexing is known for other bytes than those of their record.
        other = {file for file, sha256 in whole.first_seen if sha256_in(whole.repodata, file) != sha256}
        return {*whole.differing, *other}

    def may_take(self, whole: Whole, listing: FolderListing, file: str) -> bool:
        """Whether a record that only another index file has is taken over. Rule: where our index is read, one without a
        package is not, since the part that it belongs to may have dropped it; where the index is another tool's, all
        are: each part drops its own.
        """
        return whole.adoption is not None or file in listing.keys or not suffix_of(file)
