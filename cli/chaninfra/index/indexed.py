"""Commits on an index that may have been written by another tool, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from chaninfra.index.change import Change
from chaninfra.index.commit import Committed, ForeignIndexError, commit
from chaninfra.index.target import Target


def commit_indexed(target: Target, change: Callable[[], Change]) -> Committed:
    """The commit; an index that is not ours is re-indexed first, since it may lack packages. Raises as `commit`."""
    try:
        return commit(target, change)
    except ForeignIndexError:
        # Most never need it.
        from chaninfra.index.reindex import reindex_subdir

        before = reindex_subdir(target).before
        return replace(commit(target, change, foreign="adopt"), before=before)
