"""Commits to an index that another tool may have written: it is re-indexed first."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from chaninfra.index.commit.authority import ForeignIndexError
from chaninfra.index.commit.change import Applied, Change
from chaninfra.index.commit.commit import Derive, When, commit
from chaninfra.index.commit.shard_reader import LostShardError, ShardReader
from chaninfra.index.report import SubdirReport
from chaninfra.index.subdir_index import SubdirIndex

_ADOPTIONS = 5
"""Re-indexes because another tool wrote the index before a commit gives up."""


def commit_adopting(
    subdir_index: SubdirIndex,
    change: Callable[[], Change],
    derive: Derive = "due",
    when: When = "always",
    shards: ShardReader | None = None,
) -> tuple[Applied, SubdirReport]:
    """`commit()`; on ForeignIndexError re-indexes the subdir and commits again, several times at most.

    Returns what the change did, and the subdir's report, which has what the re-index found. Raises as `commit`.
    """
    report: SubdirReport | None = None
    for attempt in range(_ADOPTIONS + 1):
        try:
            committed = commit(subdir_index, change, when=when, derive=derive, shards=shards)
            break
        except ForeignIndexError as error:
            if attempt == _ADOPTIONS:
                raise
            # Imported here, since most commits do not need it.
            from chaninfra.index.reindex import reindex_subdir

            found = reindex_subdir(subdir_index, every_shard=isinstance(error, LostShardError))
            report = report or found
    report = report or SubdirReport(subdir=subdir_index.subdir, before=committed.before, after=committed.after)
    return committed.applied, dataclasses.replace(report, after=committed.after)
