"""Mutants of what a follower does."""

from __future__ import annotations

import pytest

from chaninfra.index.follow.follow import _Following
from chaninfra.index.follow.look import _Looked
from support.index_model.mutant import Mutant


def _not_renewed(patch: pytest.MonkeyPatch) -> None:
    """The shard of a package that was put again is not written again."""
    patch.setattr(_Looked, "_in_line", lambda self, file, entry: None)


def _not_looked_again(patch: pytest.MonkeyPatch) -> None:
    """Nobody looks whether a package is still there once its record was added."""
    patch.setattr(_Following, "_gone", lambda self, applied: [])


FOLLOW_MUTANTS: dict[str, Mutant] = {
    "shard of a package put again not renewed": Mutant(
        _not_renewed, "follow an upload again and reindex", "lost|are indexed"
    ),
    "added packages not looked at again": Mutant(
        _not_looked_again, "follow an upload and a deletion", "is missing|are indexed"
    ),
}
