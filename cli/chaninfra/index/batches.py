"""Commits the packages that a long re-index has read so far, so that a kill loses a minute of reading and not all."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from chaninfra.channel.conda.summary import Summary
from chaninfra.channel.conda.yank import Yank
from chaninfra.index.commit.change import Applied, Change
from chaninfra.index.commit.commit import commit
from chaninfra.index.commit.index_record import IndexRecord
from chaninfra.index.part import Part
from chaninfra.index.subdir_index import SubdirIndex
from chaninfra.index.summaries import Summaries
from chaninfra.index.whole import Whole

EVERY_MS = 60_000
"""Time in ms from one commit to the next."""
_AT_ONCE = 8
"""Most commits of all parts together in that time: with more parts, each commits less often."""


class Batches:
    """The records that a re-index has read and not committed yet.

    Nothing is committed before the end where the index is to be taken over from another tool: readers would see a part
    of what they saw before.
    """

    def __init__(
        self, subdir_index: SubdirIndex, whole: Whole, recovered: Mapping[str, Yank], part: Part | None = None
    ) -> None:
        """`recovered`: see Change. They come with the first commit: after it the shards tell."""
        self.records: dict[str, IndexRecord] = {}
        """File name → record."""
        self.applied = Applied()
        """What the commits until now have done."""
        self.committed = False
        self.summaries = Summaries(subdir_index, new=not whole.exists, heals=True)
        self._subdir_index = subdir_index
        self._whole = whole
        self._recovered = recovered
        self._possible = not whole.exists or (whole.adoption is None and not whole.foreign)
        count = part.count if part else 1
        self._every_ms = EVERY_MS * max(1, count // _AT_ONCE)
        # Jobs that begin at the same time take turns.
        ahead = self._every_ms * (part.number - 1) // count if part else 0
        self._last_ms = subdir_index.runtime.now_ms() - ahead

    def add(
        self, file: str, record: IndexRecord, summary: Summary | None, names: Callable[[set[str]], set[str]]
    ) -> None:
        """Add a record and a summary; commit the records that were added if it is time. `names`: the names of further
        packages that a change of these files is about, see Change.

        Raises as `commit`.
        """
        self.records[file] = record
        self.summaries.add(summary)
        self.summaries.hold_back()
        if not self._possible or self._subdir_index.runtime.now_ms() - self._last_ms < self._every_ms:
            return
        change = Change(records=self.records, names=names({*self.records}), recovered=self._recovered)
        done = commit(
            self._subdir_index,
            lambda: change,
            when="changed",
            derive="later",
            adoption=self._whole.adoption,
            shards=self._whole.shards,
        )
        self.applied.update((), done.applied)
        self.records, self.committed = {}, True
        self._last_ms = self._subdir_index.runtime.now_ms()
