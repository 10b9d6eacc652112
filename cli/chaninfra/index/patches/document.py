"""`.chaninfra/patches/<subdir>.json`: the patches of the packages of a subdir.

Only maintainers may write it. Every commit reads it, and lays the patches over the records of the packages that it
touches, see `commit.laying` and docs/index-protocol.md.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from chaninfra.channel.conda.filenames import suffix_of
from chaninfra.channel.conda.object_names import PATCHES_FOLDER
from chaninfra.channel.conda.patch import Patch
from chaninfra.channel.conda.structs import prepared
from chaninfra.channel.conda.untrusted import MALFORMED, is_file_name
from chaninfra.channel.errors import ConflictError, StorageError, only_maintainers, remedy_if_denied
from chaninfra.channel.objects import Condition, IfAbsent, IfMatch, ObjectBody, TooLargeError
from chaninfra.index.commit.yanked_json import check_version
from chaninfra.index.subdir_index import SubdirIndex

CONTENT_TYPE = "application/json"
CACHE_CONTROL = "no-cache"
_MAX_BYTES = 8 << 20
_ATTEMPTS = 20
_MAINTAINERS = only_maintainers("patch")

Patches = Mapping[str, Patch]
"""File name → its patch."""


@prepared
class PatchesDocument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The document."""

    version: Annotated[Literal[1], Meta(description="The version of this format.")] = 1
    files: Annotated[dict[str, Patch], Meta(description="The patches, by file name.")] = {}


_document = msgspec.json.Decoder(PatchesDocument)


def patches_key(subdir_index: SubdirIndex) -> str:
    """The object key of the document."""
    return subdir_index.layout.key(PATCHES_FOLDER, f"{subdir_index.subdir}.json")


def read_patches(subdir_index: SubdirIndex) -> tuple[Patches, Condition]:
    """The patches, and the condition for replacing the document, by one GET. Raises StorageError."""
    key = patches_key(subdir_index)
    try:
        stored = subdir_index.store.get(key, _MAX_BYTES)
    except TooLargeError as error:
        raise _invalid(key, error.message) from error
    if stored is None:
        return {}, IfAbsent()
    try:
        files = _document.decode(stored.data).files
        for file, patch in files.items():
            check_file(file)
            _check(file, patch)
    except MALFORMED as error:
        check_version(stored.data, key)
        # An error, since records would lose their patches.
        raise _invalid(key, f"is not valid: {error}") from error
    return files, IfMatch(stored.entry.etag)


def check_file(file: str) -> None:
    """Raise ValueError for a name that is not that of a conda package."""
    if not is_file_name(file) or suffix_of(file) is None:
        raise ValueError(f"{file[:80]!r} is not the file name of a package")


def _check(file: str, patch: Patch) -> None:
    try:
        patch.check()
    except MALFORMED as error:
        raise ValueError(f"the patch of {file}: {error}") from error


def _invalid(key: str, message: str) -> StorageError:
    subdir = key.rpartition("/")[2].removesuffix(".json")
    return StorageError(
        message,
        where=key,
        remedy="restore an older version of it; or delete it, and import what you exported: `chaninfra patch import "
        f"FILE --subdir {subdir}`",
    )


def update_patches(subdir_index: SubdirIndex, change: Callable[[Patches], Patches]) -> Patches:
    """Change the patches by If-Match, and return them; nothing is written if the change changes nothing.

    `change` may be called again with what another writer wrote meanwhile, or this one, whose answer was lost. Raises
    what it raises; ConflictError where other writers won all attempts; StorageError.
    """
    key = patches_key(subdir_index)
    for attempt in range(_ATTEMPTS):
        before, condition = read_patches(subdir_index)
        after = change(before)
        if after == before:
            return before
        document = PatchesDocument(files=dict(sorted(after.items())))
        data = msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n"
        if len(data) > _MAX_BYTES:
            raise StorageError(
                f"would be larger than {_MAX_BYTES >> 20} MiB, and then nobody could read it",
                where=key,
                remedy="remove patches that are not needed any more: `chaninfra patch ls` lists them, `chaninfra patch "
                "rm PACKAGE` removes one",
            )
        body = ObjectBody(data=data, content_type=CONTENT_TYPE, cache_control=CACHE_CONTROL)
        try:
            with remedy_if_denied(_MAINTAINERS):
                subdir_index.store.put(key, body, condition)
        except ConflictError:
            subdir_index.runtime.pause(attempt)
            continue
        return after
    raise ConflictError(f"other writers changed it first, {_ATTEMPTS} times", where=key, remedy="try again")


def marked(files: Collection[str], before: Patches) -> Patches:
    """The patches, of which those of these files are being removed."""
    return {
        file: msgspec.structs.replace(patch, removing=True) if file in files else patch
        for file, patch in before.items()
    }


def without_marked(files: Collection[str], before: Patches) -> Patches:
    """The patches without those of these files that are being removed."""
    return {file: patch for file, patch in before.items() if file not in files or not patch.removing}
