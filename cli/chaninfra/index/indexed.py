"""Commits on an index that may have been written by another tool, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from chaninfra.index.change import Applied, Change
from chaninfra.index.commit import ForeignIndexError, commit
from chaninfra.index.report import SubdirReport
from chaninfra.index.target import Target


def commit_indexed(target: Target, change: Callable[[], Change]) -> tuple[Applied, SubdirReport]:
    """What the commit did; and how many packages the index has, with what was found besides where it was not ours: it
    is re-indexed first then, since it may lack packages. Raises as `commit`."""
    try:
        done = commit(target, change)
    except ForeignIndexError:
        # Most never need it.
        from chaninfra.index.reindex import reindex_subdir

        found = reindex_subdir(target)
        done = commit(target, change, foreign="adopt")
        return done.applied, replace(found, after=done.after)
    return done.applied, SubdirReport(subdir=target.subdir, before=done.before, after=done.after)
