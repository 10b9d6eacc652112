"""The subdirs of a channel with their indexes, yanks and patches, as a command reads them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from chaninfra.channel.conda.filenames import V3, package_name
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.conda.untrusted import MALFORMED
from chaninfra.index.channel import Channel
from chaninfra.index.contents import known_subdirs
from chaninfra.index.patches.document import Patches, read_patches
from chaninfra.index.select import Candidate
from chaninfra.index.subdir_index import SubdirIndex
from chaninfra.index.whole import Whole, read_whole
from chaninfra.index.yanks import Yanks, yanks_of


@dataclass(frozen=True)
class Known:
    """What the index knows of a file."""

    record: Mapping[str, Any] | None
    """Its record, or that which it had when it was yanked; None: there is none that is valid."""
    yanked: bool
    v3: bool = False
    """Whether the record is below `v3` (CEP 48)."""

    @property
    def sha256(self) -> str | None:
        """The sha256 of the package, by its record; in small letters, which not every tool writes."""
        found = (self.record or {}).get("sha256")
        return found.lower() if isinstance(found, str) else None


@dataclass(frozen=True)
class OpenedSubdir:
    """A subdir."""

    subdir_index: SubdirIndex
    whole: Whole
    yanks: Yanks
    patches: Patches

    def known(self, file: str) -> Known | None:
        """What the index knows of this file; None: nothing."""
        place, yank = self.whole.repodata.find(file), self.yanks.find(file)
        if yank is not None:
            return Known(yank.record, yanked=True, v3=(yank.table or "").startswith(V3))
        if place is None:
            return None
        return Known(
            _decoded(self.whole.repodata.records[place[0]][place[1]]), yanked=False, v3=place[0].startswith(V3)
        )

    def candidates(self) -> Iterable[Candidate]:
        """The packages in the index, and those that are yanked."""
        repodata, subdir = self.whole.repodata, self.subdir_index.subdir
        for file, table, key in repodata.files():
            if file not in self.yanks.files:
                yield Candidate(subdir, file, bytes(repodata.records[table][key]))
        for file in sorted(self.yanks.files):
            yank = self.yanks.find(file)
            if yank is not None:
                yield Candidate(subdir, file, msgspec.json.encode(yank.facts(file)))

    def names(self, files: Iterable[str]) -> set[str]:
        """The names of the packages of these files, by the files' names and by their records."""
        given = [*files]
        repodata = self.whole.repodata
        recorded = [repodata.name_in(*place) for file in given if (place := repodata.find(file))]
        return {*map(package_name, given), *(name for name in recorded if name is not None)}


def open_subdirs(channel: Channel, access: Literal["read", "write"] = "write") -> dict[Subdir, OpenedSubdir]:
    """Read the indexes and patches. Raises as `read_whole`; StorageError for patches that are not valid."""
    opened = {}
    for subdir in known_subdirs(channel):
        subdir_index = channel.subdir_index(subdir, access)
        # Readers may not list the history.
        whole = read_whole(subdir_index, history=access == "write")
        opened[subdir] = OpenedSubdir(subdir_index, whole, yanks_of(subdir_index, whole), read_patches(subdir_index)[0])
    return opened


def _decoded(record: msgspec.Raw) -> Mapping[str, Any] | None:
    try:
        found: dict[str, Any] = msgspec.json.decode(record, type=dict[str, Any])
    except MALFORMED:
        return None
    return found
