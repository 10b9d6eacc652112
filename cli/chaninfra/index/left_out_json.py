"""left-out.json: the packages that `chaninfra follow` could not index, or holds back, and why.

It is a document for people and tools, which `ls` and `doctor` show. No commit reads it. A package leaves it as soon as
a follow finds it mended or gone. So followers take a damaged one for an empty one, and write a new one: a comparison
finds all that is left out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from chaninfra.channel.conda.object_names import LEFT_OUT_JSON
from chaninfra.channel.conda.structs import prepared
from chaninfra.channel.conda.untrusted import is_file_name
from chaninfra.channel.objects import Condition, ObjectStore
from chaninfra.channel.text import one_line
from chaninfra.index.json_document import DocumentError, JsonDocument
from chaninfra.index.runtime import Runtime

MOST = 5_000
"""Most packages that it lists: `doctor` names all of a channel."""
_MAX_BYTES = 8 << 20
_MAX_TEXT = 500
_AROUND = 200
"""More than the bytes that the keys of an entry and its indentation take."""

Kind = Literal["unreadable", "held"]


class LeftOutPackage(Struct, frozen=True, kw_only=True, rename="kebab", omit_defaults=True):
    """A package that is left out. Keys of later versions are passed over."""

    reason: Annotated[str, Meta(max_length=_MAX_TEXT, description="Why, completing “the package …”.")]
    remedy: Annotated[str, Meta(max_length=_MAX_TEXT, description="What to do.")] = ""
    kind: Annotated[
        Kind,
        Meta(
            description="`unreadable`: it cannot be indexed. `held`: it got other bytes under its name, and its record "
            "is that of the earlier ones."
        ),
    ] = "unreadable"
    since: Annotated[int, Meta(description="When it was found, in ms since 1970.")] = 0
    etag: Annotated[str, Meta(description="ETag of the bytes that were looked at; empty if none could be read.")] = ""
    sha256: Annotated[str, Meta(description="Hex sha256 of these bytes; empty if none could be read.")] = ""

    @property
    def fault(self) -> tuple[str, ...]:
        """All but the time."""
        return self.reason, self.remedy, self.kind, self.etag, self.sha256


@prepared
class LeftOutDocument(Struct, frozen=True, kw_only=True):
    """The document; `packages` is `<subdir>/<file>` → LeftOutPackage."""

    version: Annotated[Literal[1], Meta(description="The version of this format.")] = 1
    packages: dict[str, LeftOutPackage] = {}

    def changed(self, found: Mapping[str, LeftOutPackage], fine: Collection[str]) -> LeftOutDocument:
        """The document with what was found, and without the packages that are fine now (`<subdir>/<file>`)."""
        kept = {path: left for path, left in self.packages.items() if path not in fine}
        for path, left in found.items():
            before = kept.get(path)
            if before is None or before.fault != left.fault:
                kept[path] = left
        return LeftOutDocument(packages=_that_fit(kept))


def _that_fit(packages: Mapping[str, LeftOutPackage]) -> dict[str, LeftOutPackage]:
    """The first ones, as many as can be read again: their texts may come from packages, and be long."""
    fit, room = dict[str, LeftOutPackage](), _MAX_BYTES - _AROUND
    for path, left in packages.items():
        room -= len(msgspec.json.encode(path)) + len(msgspec.json.encode(left)) + _AROUND
        if room < 0 or len(fit) == MOST:
            break
        fit[path] = left
    return fit


def left_out_package(
    reason: str, remedy: str, kind: Kind, now: int, etag: str = "", sha256: str = ""
) -> LeftOutPackage:
    """An entry; the texts may come from a package, so they are made safe to print, and short."""
    return LeftOutPackage(
        reason=one_line(reason)[:_MAX_TEXT],
        remedy=one_line(remedy)[:_MAX_TEXT],
        kind=kind,
        since=now,
        etag=etag[:_MAX_TEXT],
        sha256=sha256,
    )


def _check(document: LeftOutDocument) -> None:
    for path in document.packages:
        subdir, slash, file = path.partition("/")
        if not (slash and is_file_name(subdir) and is_file_name(file)):
            raise ValueError(f"{path[:80]!r} is not `<subdir>/<file>`")


_DOCUMENT = JsonDocument(
    model=LeftOutDocument,
    name=LEFT_OUT_JSON,
    max_bytes=_MAX_BYTES,
    check=_check,
    remedy="`chaninfra follow` writes a new one when it next compares; if nothing follows the channel, delete it",
    remedy_if_full="delete packages that cannot be indexed: `chaninfra ls` names them",
    sorted_key="packages",
    replaces_damaged=True,
)


def read_left_out(store: ObjectStore, key: str) -> tuple[LeftOutDocument, Condition]:
    """The document, and the condition for replacing it. Raises DocumentError; StorageError."""
    return _DOCUMENT.read(store, key)


def read_to_follow(store: ObjectStore, key: str) -> tuple[LeftOutDocument, Condition, DocumentError | None]:
    """The document, and the condition for replacing it; for a damaged one an empty one, and what is wrong with it.

    Raises DocumentError for one of a later version; StorageError.
    """
    return _DOCUMENT.read_or_empty(store, key)


def update_left_out(
    store: ObjectStore, runtime: Runtime, key: str, found: Mapping[str, LeftOutPackage], fine: Collection[str]
) -> LeftOutDocument:
    """Bring the document in line with what was found of these packages, and return it; nothing is written if it says
    so already. A damaged one is replaced. See `JsonDocument.update`.
    """
    return _DOCUMENT.update(store, runtime, key, lambda before: before.changed(found, fine))
