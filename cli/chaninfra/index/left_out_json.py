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
from chaninfra.channel.conda.untrusted import MALFORMED, is_file_name
from chaninfra.channel.errors import ConflictError, StorageError
from chaninfra.channel.objects import Condition, IfAbsent, IfMatch, ObjectBody, ObjectStore, TooLargeError
from chaninfra.channel.text import one_line
from chaninfra.index.commit.derived_files import ATTEMPTS
from chaninfra.index.commit.yanked_json import check_version
from chaninfra.index.runtime import Runtime

CONTENT_TYPE = "application/json"
CACHE_CONTROL = "no-cache"
MOST = 5_000
"""Most packages that it lists: `doctor` names all of a channel."""
_MAX_BYTES = 8 << 20
_MAX_TEXT = 500

Kind = Literal["unreadable", "held"]


class LeftOutError(StorageError):
    """The document cannot be used: it is damaged, or of a later version."""


class DamagedLeftOutError(LeftOutError):
    """It is damaged. `condition`: that for replacing it."""

    def __init__(self, message: str, *, where: str, condition: Condition) -> None:
        remedy = "`chaninfra follow` writes a new one when it next compares; if nothing follows the channel, delete it"
        super().__init__(message, where=where, remedy=remedy)
        self.condition = condition


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
        return LeftOutDocument(packages=dict([*kept.items()][:MOST]))


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


def read_left_out(store: ObjectStore, key: str) -> tuple[LeftOutDocument, Condition]:
    """The document, and the condition for replacing it. Raises LeftOutError; StorageError."""
    try:
        stored = store.get(key, _MAX_BYTES)
    except TooLargeError as error:
        raise DamagedLeftOutError(error.message, where=key, condition=IfMatch(error.entry.etag)) from error
    if stored is None:
        return LeftOutDocument(), IfAbsent()
    try:
        document = msgspec.json.decode(stored.data, type=LeftOutDocument)
        for path in document.packages:
            subdir, slash, file = path.partition("/")
            if not (slash and is_file_name(subdir) and is_file_name(file)):
                raise ValueError(f"{path[:80]!r} is not `<subdir>/<file>`")
    except MALFORMED as error:
        condition = IfMatch(stored.entry.etag)
        try:
            check_version(stored.data, key)
        except StorageError as later:
            raise LeftOutError(later.message, where=later.where, remedy=later.remedy) from error
        raise DamagedLeftOutError(f"is not valid: {error}", where=key, condition=condition) from error
    return document, IfMatch(stored.entry.etag)


def read_to_follow(store: ObjectStore, key: str) -> tuple[LeftOutDocument, Condition, DamagedLeftOutError | None]:
    """The document, and the condition for replacing it; for a damaged one an empty one, and what is wrong with it.

    Raises LeftOutError for one of a later version; StorageError.
    """
    try:
        return *read_left_out(store, key), None
    except DamagedLeftOutError as error:
        return LeftOutDocument(), error.condition, error


def update_left_out(
    store: ObjectStore, runtime: Runtime, key: str, found: Mapping[str, LeftOutPackage], fine: Collection[str]
) -> LeftOutDocument:
    """Bring the document in line with what was found of these packages, and return it; nothing is written if it says
    so already. A damaged one is replaced. Raises as `read_to_follow`; ConflictError where other writers won all
    attempts.
    """
    for attempt in range(ATTEMPTS):
        before, condition, damaged = read_to_follow(store, key)
        after = before.changed(found, fine)
        if after == before and damaged is None:
            return before
        ordered = msgspec.structs.replace(after, packages=dict(sorted(after.packages.items())))
        data = msgspec.json.format(msgspec.json.encode(ordered), indent=2) + b"\n"
        try:
            store.put(key, ObjectBody(data=data, content_type=CONTENT_TYPE, cache_control=CACHE_CONTROL), condition)
        except ConflictError:
            runtime.pause(attempt)
            continue
        return after
    raise ConflictError(f"other writers changed {LEFT_OUT_JSON} first, {ATTEMPTS} times", where=key, remedy="try again")
