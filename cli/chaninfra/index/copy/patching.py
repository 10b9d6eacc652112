"""The patches of packages that are copied, before and after the commit of their records.

A patch that the target has of its own stays. What was copied before is replaced by what the source says now, or taken
away with it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial

import msgspec

from chaninfra.channel.conda.patch import Patch
from chaninfra.channel.errors import StorageError
from chaninfra.index.json_document import FullError
from chaninfra.index.patches.document import Patches, update_patches
from chaninfra.index.subdir_index import SubdirIndex


def is_own(patch: Patch | None, sha256: str) -> bool:
    """Whether the target has made this patch of these bytes itself."""
    return patch is not None and patch.source is None and patch.fits(sha256)


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a package is to have."""

    sha256: str
    patch: Patch | None
    """None: none that was copied."""


@dataclass(frozen=True, kw_only=True)
class Begun:
    """What there is once the patches were written."""

    changed: bool
    """Whether that changed any."""
    own: frozenset[str]
    """The files that somebody has patched here meanwhile."""


class NoRoomError(StorageError):
    """The document has no room for the patches; `files`: those whose patches it lacks, at least one."""

    def __init__(self, full: FullError, files: Collection[str]) -> None:
        super().__init__(full.message, where=full.where, remedy=full.remedy)
        self.files = frozenset(files)


@dataclass(frozen=True)
class Patching:
    """File name → what it is to have."""

    target: SubdirIndex
    wishes: Mapping[str, Wish]

    def begin(self) -> Begun:
        """Write the patches, before the commit. Those that go are marked: whoever is killed in between can go on.

        Raises NoRoomError, and then nothing was written; StorageError.
        """
        if not self.wishes:
            return Begun(changed=False, own=frozenset())
        seen: list[Patches] = []
        try:
            after = update_patches(self.target, partial(self._begun, seen))
        except FullError as error:
            raise NoRoomError(error, self._lacking(seen[-1])) from error
        own = frozenset(file for file, wish in self.wishes.items() if is_own(after.get(file), wish.sha256))
        # What was read first: where the answer to the PUT was lost, it is read again with what that has written.
        return Begun(changed=after != seen[0], own=own)

    def _begun(self, seen: list[Patches], before: Patches) -> Patches:
        seen.append(before)
        after = dict(before)
        for file, wish in self.wishes.items():
            old = before.get(file)
            if is_own(old, wish.sha256):
                continue
            if wish.patch is not None:
                same = old is not None and not old.removing and old.source == wish.patch.source
                after[file] = old if same and old is not None and old.says_the_same(wish.patch) else wish.patch
            elif old is not None and old.is_of(wish.sha256):
                after[file] = msgspec.structs.replace(old, removing=True)
        return after

    def _lacking(self, before: Patches) -> Collection[str]:
        """The files that the document has no room for: those that get a patch, or if there is none, all that change."""
        after = self._begun([], before)
        changing = [file for file in self.wishes if after.get(file) != before.get(file)]
        return [file for file in changing if self.wishes[file].patch is not None] or changing

    def end(self, superseded: Collection[str]) -> None:
        """After the commit: take those away that go, and those of packages that are not there after all."""
        if self.wishes:
            update_patches(self.target, partial(self._ended, superseded))

    def _ended(self, superseded: Collection[str], before: Patches) -> Patches:
        def goes(file: str, patch: Patch) -> bool:
            wish = self.wishes.get(file)
            if wish is None:
                return False
            return patch.removing if wish.patch is None else file in superseded and patch == wish.patch

        return {file: patch for file, patch in before.items() if not goes(file, patch)}
