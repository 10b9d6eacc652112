"""What a re-index leaves out of the index, and names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice

from chaninfra.channel.errors import DeniedError
from chaninfra.channel.objects import ObjectMeta
from chaninfra.index.package_reader import Read, Unread
from chaninfra.index.reindex_plan import FolderListing, sha256_in
from chaninfra.index.report import ACCEPT, HELD, MOVE, RENAME, LeftOut
from chaninfra.index.subdir_index import SubdirIndex
from chaninfra.index.whole import Whole

_OTHERS = 3
"""So many other packages are looked at to tell a missing right from an object that is not given to anybody."""


def named_wrongly(subdir_index: SubdirIndex, listing: FolderListing) -> Iterator[LeftOut]:
    """The objects that no client can ask for, and the packages that clients cannot read, because of their names."""
    for kind, remedy in ((listing.unreadable, RENAME), (listing.stray, MOVE)):
        for file, reason in sorted(kind.items()):
            yield LeftOut(package=f"{subdir_index.subdir}/{file}", reason=reason, remedy=remedy)


def held(subdir_index: SubdirIndex, whole: Whole, read: Read) -> LeftOut | None:
    """The package, if it has other bytes than its record in our index."""
    before = sha256_in(whole.repodata, read.file)
    if before in (None, read.sha256) or read.file in whole.foreign:
        return None
    return LeftOut(package=f"{subdir_index.subdir}/{read.file}", reason=HELD, remedy=ACCEPT)


def not_given(subdir_index: SubdirIndex, unread: Unread, packages: Mapping[str, ObjectMeta]) -> LeftOut:
    """The package that the store does not give. `packages` are those that were listed.

    Raises DeniedError if these credentials may not read another package either: then they lack the right.
    """
    if isinstance(unread.error, DeniedError):
        others = (entry for file, entry in packages.items() if file != unread.file)
        if not any(_may_read(subdir_index, entry.key) for entry in islice(others, _OTHERS)):
            raise unread.error
    return LeftOut(package=f"{subdir_index.subdir}/{unread.file}", reason=unread.reason, remedy=unread.remedy)


def _may_read(subdir_index: SubdirIndex, key: str) -> bool:
    try:
        return subdir_index.store.head(key) is not None
    except DeniedError:
        return False
