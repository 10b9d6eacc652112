"""Sidecars whose package is gone (CEP 50: a sidecar stays as long as its package does), and summaries of names that the
index does not have, for `gc`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Literal

from chaninfra.channel.conda.filenames import suffix_of
from chaninfra.channel.conda.index_files import FILE_NAMES, STALE
from chaninfra.channel.conda.index_settings import RUN_EXPORTS
from chaninfra.channel.conda.sidecar_names import package_of
from chaninfra.channel.conda.summary import is_summary, summary_key
from chaninfra.channel.errors import ConflictError
from chaninfra.channel.objects import IfAbsent, ObjectMeta, StoredObject, get_within
from chaninfra.index.commit.authority import AUTHORITY
from chaninfra.index.package.sidecars import MAX_SIDECAR
from chaninfra.index.subdir_index import SubdirIndex

_RUN_EXPORTS = frozenset(FILE_NAMES[kind] for kind in RUN_EXPORTS)


@dataclass(frozen=True)
class Seen:
    """The packages, sidecars, summaries and index files of other indexers in a listing of a subdir's folder."""

    packages: set[str] = field(default_factory=set)
    sidecars: dict[str, ObjectMeta] = field(default_factory=dict)
    """File name → object, of the sidecars and their copies."""
    summaries: dict[str, ObjectMeta] = field(default_factory=dict)
    """Key relative to the folder → object."""
    index_files: dict[str, ObjectMeta] = field(default_factory=dict)
    """File name → object, of the authoritative index, of what only other indexers write (see `index_files.STALE`), and
    of run exports."""

    def take(self, file: str, entry: ObjectMeta) -> None:
        """Add an object; `file` is its key relative to the folder."""
        if "/" in file:
            if is_summary(file):
                self.summaries[file] = entry
            return
        if suffix_of(file):
            self.packages.add(file)
        elif package_of(file):
            self.sidecars[file] = entry
        elif file in STALE or file == AUTHORITY or file in _RUN_EXPORTS:
            self.index_files[file] = entry

    def orphans(self) -> dict[str, ObjectMeta]:
        """The sidecars without a package."""
        return {name: entry for name, entry in self.sidecars.items() if package_of(name) not in self.packages}

    def unneeded(self, names: Collection[str]) -> dict[str, ObjectMeta]:
        """The sidecars without a package, and the summaries of names that are not among these of the index."""
        needed = {summary_key(name) for name in names}
        return {**self.orphans(), **{key: entry for key, entry in self.summaries.items() if key not in needed}}


def _still_orphaned(target: SubdirIndex, names: Collection[str]) -> Iterator[str]:
    """Those of the names whose package is not there now."""
    packages = {package_of(name) or "" for name in names}
    gone = {file for file in packages if target.store.head(target.key(file)) is None}
    yield from (name for name in sorted(names) if package_of(name) in gone)


def sweep(target: SubdirIndex, names: Collection[str], mode: Literal["write", "check"]) -> list[str]:
    """Delete those of these sidecars that have no package; returns their names. With `check` nothing is deleted."""
    orphaned = [*_still_orphaned(target, names)]
    if mode == "write" and orphaned:
        _delete(target, orphaned)
    return orphaned


def _delete(target: SubdirIndex, names: Collection[str]) -> None:
    """Delete these sidecars, and put back those whose package was published meanwhile.

    Rule: the packages are looked for after the deletion. A publisher puts the package first. If it finds the sidecar
    before the deletion, the package is found here; otherwise the publisher puts the sidecar itself.
    """
    kept = {name: get_within(target.store, target.key(name), MAX_SIDECAR) for name in names}
    target.store.delete([target.key(name) for name in names])
    orphaned = {*_still_orphaned(target, names)}
    for name, stored in kept.items():
        if name in orphaned or not isinstance(stored, StoredObject):
            continue
        try:
            target.store.put(target.key(name), stored, IfAbsent())
        except ConflictError:
            # The publisher has put it.
            continue
