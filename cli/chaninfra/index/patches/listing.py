"""The patches of a channel, and whether they apply."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from chaninfra.channel.conda.patch import Patch
from chaninfra.index.channel import Channel
from chaninfra.index.patches.opened import OpenedSubdir, open_subdirs

Applies = Literal["applied", "missing", "other-bytes", "yanked", "absent", "removing"]
"""`missing`: the record lacks it: `reindex` adds it. `other-bytes`: the package has other bytes than when it was
patched, so it does not apply. `yanked`: it applies once the package is brought back. `absent`: there is no such
package, or its bytes are not known. `removing`: it is being removed, or its removal was stopped."""


@dataclass(frozen=True, kw_only=True)
class ListedPatch:
    """A patch, of `<subdir>/<file>`."""

    package: str
    patch: Patch
    applies: Applies


def list_patches(channel: Channel) -> list[ListedPatch]:
    """The patches, sorted by package. Raises as `read_whole`; StorageError for patches that are not valid."""
    found = [
        ListedPatch(package=f"{subdir}/{file}", patch=patch, applies=_applies(one, file, patch))
        for subdir, one in open_subdirs(channel, "read").items()
        for file, patch in one.patches.items()
    ]
    return sorted(found, key=lambda each: each.package)


def _applies(one: OpenedSubdir, file: str, patch: Patch) -> Applies:
    if patch.removing:
        return "removing"
    known = one.known(file)
    if known is None or known.record is None:
        return "absent"
    if not patch.is_of(known.sha256):
        return "other-bytes"
    if known.yanked:
        return "yanked"
    return "applied" if patch.over(known.record) == known.record else "missing"
