"""Mutants of what copies from another channel."""

from __future__ import annotations

from typing import Any

import pytest

from chaninfra.index.commit import change
from chaninfra.index.copy.patching import Begun, Patching
from support.index_model.mutant import Mutant


def _after_the_commit(patch: pytest.MonkeyPatch) -> None:
    """The patches are written after the commit of the records."""
    begin, end = Patching.begin, Patching.end
    patch.setattr(Patching, "begin", lambda self: Begun(changed=True, own=frozenset()))
    patch.setattr(Patching, "end", lambda self, superseded: (begin(self), end(self, superseded)))


def _gone_before_the_records(patch: pytest.MonkeyPatch) -> None:
    """A patch that goes is deleted before the record is that of the source."""
    original = Patching._begun

    def begun(self: Any, seen: Any, before: Any) -> Any:
        after = original(self, seen, before)
        return {file: each for file, each in after.items() if not each.removing}

    patch.setattr(Patching, "_begun", begun)


def _whatever_the_patches_are(patch: pytest.MonkeyPatch) -> None:
    """A record that a patch has made is committed whether there still is the patch or not."""
    patch.setattr(change, "is_unpatched", lambda file, new, patches: False)


COPY_MUTANTS: dict[str, Mutant] = {
    "copied patches written after the commit": Mutant(
        _after_the_commit, "copy of what is patched and publish of the same", "again and again"
    ),
    "copied patch gone before the record": Mutant(
        _gone_before_the_records, "copy of what is patched no longer and publish of one name", "no such patch"
    ),
    "copied records whatever the patches are": Mutant(
        _whatever_the_patches_are, "copy of what is patched later and unpatch", "no such patch"
    ),
}
