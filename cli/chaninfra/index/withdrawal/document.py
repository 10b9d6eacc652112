"""withdrawn.json: the packages that were deleted for good, when and why.

It is a document for people and tools, and the start of each withdrawal: whoever may not write it withdraws nothing, and
an entry with a stage is of one that is under way, or was stopped. No commit reads it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from chaninfra.channel.conda.filenames import suffix_of
from chaninfra.channel.conda.object_names import WITHDRAWN_JSON
from chaninfra.channel.conda.structs import prepared
from chaninfra.channel.conda.subdirs import KNOWN_SUBDIRS
from chaninfra.channel.conda.untrusted import is_file_name
from chaninfra.channel.objects import Condition, ObjectStore
from chaninfra.channel.patterns import whole
from chaninfra.channel.text import MAX_REASON
from chaninfra.index.commit.replaced import MAY_NOT_DELETE
from chaninfra.index.json_document import JsonDocument
from chaninfra.index.runtime import Runtime

_MAX_SHA256 = 1000
"""Most contents of one file: it may have been replaced again and again."""
_TIME = whole("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")

Stage = Literal["deleting"]


class Withdrawal(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A package that was deleted for good."""

    path: Annotated[str, Meta(max_length=400, description="`<subdir>/<file>`.")]
    sha256: Annotated[
        list[Annotated[str, Meta(pattern=whole("[0-9a-f]{64}"))]],
        Meta(max_length=_MAX_SHA256, description="Hex sha256 of what the file was, as far as the index told."),
    ] = []
    when: Annotated[str, Meta(pattern=_TIME, description="When it was deleted.")]
    reason: Annotated[str, Meta(max_length=MAX_REASON, description="Why.")]
    stage: Annotated[
        Stage | None, Meta(description="`deleting`: this is under way, or was stopped; the same command goes on.")
    ] = None

    @property
    def subdir(self) -> str:
        """The subdir."""
        return self.path.partition("/")[0]

    @property
    def file(self) -> str:
        """The file name."""
        return self.path.partition("/")[2]


@prepared
class Withdrawn(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The document."""

    version: Annotated[Literal[1], Meta(description="The version of this format.")] = 1
    packages: list[Withdrawal] = []

    def under_way(self, path: str) -> Withdrawal | None:
        """The entry of the package whose deletion has begun."""
        return next((each for each in self.packages if each.path == path and each.stage is not None), None)

    def begun(self, new: Withdrawal) -> Withdrawn:
        """The document with this entry, which goes on with one that is under way; that one keeps its reason. One that
        has ended, and is of the same bytes, is begun again.
        """
        there = self.under_way(new.path) or next(
            (each for each in self.packages if each.path == new.path and {*new.sha256} <= {*each.sha256}), None
        )
        if there is None:
            first = msgspec.structs.replace(new, sha256=new.sha256[:_MAX_SHA256])
            return Withdrawn(packages=[*self.packages, first])
        known = sorted({*there.sha256, *new.sha256})[:_MAX_SHA256]
        later = msgspec.structs.replace(there, sha256=known, stage=new.stage)
        return Withdrawn(packages=[later if each is there else each for each in self.packages])

    def ended(self, paths: Collection[str]) -> Withdrawn:
        """The document where the withdrawals of these packages have ended."""
        return Withdrawn(
            packages=[
                msgspec.structs.replace(each, stage=None) if each.path in paths else each for each in self.packages
            ]
        )


def is_path(path: str) -> bool:
    """Whether this is `<subdir>/<file>` of a package."""
    subdir, slash, file = path.partition("/")
    return bool(slash) and subdir in KNOWN_SUBDIRS and is_file_name(file) and suffix_of(file) is not None


def _check(document: Withdrawn) -> None:
    for each in document.packages:
        if not is_path(each.path):
            raise ValueError(f"{each.path[:80]!r} is not `<subdir>/<file>` of a package")
        if not each.reason.isprintable():
            raise ValueError(f"the reason of {each.path[:80]!r} has control characters")


_DOCUMENT = JsonDocument(
    model=Withdrawn,
    name=WITHDRAWN_JSON,
    max_bytes=8 << 20,
    check=_check,
    # An error where it is damaged, since a withdrawal that was stopped would be forgotten.
    remedy="restore an older version of it. Or delete it: then nobody is told any more what was deleted, and deletions "
    "that were stopped have to be begun again",
    remedy_if_full="keep a copy of it elsewhere, and take the oldest entries out of it",
    remedy_if_denied=MAY_NOT_DELETE,
    always_written=True,
)


def read_withdrawn(store: ObjectStore, key: str) -> tuple[Withdrawn, Condition]:
    """The document, and the condition for replacing it. Raises StorageError."""
    return _DOCUMENT.read(store, key)


def update_withdrawn(
    store: ObjectStore, runtime: Runtime, key: str, change: Callable[[Withdrawn], Withdrawn]
) -> Withdrawn:
    """Change the document, and return it. It is written in any case, as the proof that this is permitted. See
    `JsonDocument.update`.
    """
    return _DOCUMENT.update(store, runtime, key, change)


def unfinished(document: Withdrawn, subdir: str) -> set[str]:
    """The files of a subdir whose withdrawal is under way, or was stopped."""
    return {each.file for each in document.packages if each.subdir == subdir and each.stage is not None}
