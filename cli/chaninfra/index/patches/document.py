"""`.chaninfra/patches/<subdir>.json`: the patches of the packages of a subdir.

Only maintainers and promoters may write it. Every commit reads it, and lays the patches over the records of the
packages that it touches, see `commit.laying` and docs/index-protocol.md.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from chaninfra.channel.conda.filenames import suffix_of
from chaninfra.channel.conda.object_names import PATCHES_FOLDER
from chaninfra.channel.conda.patch import Patch
from chaninfra.channel.conda.structs import prepared
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.conda.untrusted import MALFORMED, is_file_name
from chaninfra.channel.errors import only_maintainers
from chaninfra.channel.objects import Condition
from chaninfra.index.json_document import JsonDocument
from chaninfra.index.subdir_index import SubdirIndex

Patches = Mapping[str, Patch]
"""File name → its patch."""


@prepared
class PatchesDocument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The document."""

    version: Annotated[Literal[1], Meta(description="The version of this format.")] = 1
    files: Annotated[dict[str, Patch], Meta(description="The patches, by file name.")] = {}


def patches_key(subdir_index: SubdirIndex) -> str:
    """The object key of the document."""
    return subdir_index.layout.key(PATCHES_FOLDER, f"{subdir_index.subdir}.json")


def check_file(file: str) -> None:
    """Raise ValueError for a name that is not that of a conda package."""
    if not is_file_name(file) or suffix_of(file) is None:
        raise ValueError(f"{file[:80]!r} is not the file name of a package")


def _check(document: PatchesDocument) -> None:
    for file, patch in document.files.items():
        check_file(file)
        try:
            patch.check()
        except MALFORMED as error:
            raise ValueError(f"the patch of {file}: {error}") from error


_DOCUMENT = JsonDocument(
    model=PatchesDocument,
    name="it",
    max_bytes=8 << 20,
    check=_check,
    # An error where it is damaged, since records would lose their patches.
    remedy="restore an older version of it; or delete it, and import what you exported: `chaninfra patch import FILE "
    "--subdir {subdir}`",
    remedy_if_full="remove patches that are not needed any more: `chaninfra patch ls` lists them, `chaninfra patch rm "
    "PACKAGE` removes one",
    remedy_if_denied=only_maintainers("patch", promoters=True),
    sorted_key="files",
)


MAX_DOCUMENT = _DOCUMENT.max_bytes
"""Largest document, in bytes."""


def _document(subdir: Subdir) -> JsonDocument[PatchesDocument]:
    return dataclasses.replace(_DOCUMENT, remedy=_DOCUMENT.remedy.format(subdir=subdir))


def parse_patches(data: bytes, subdir: Subdir, where: str) -> Patches:
    """The patches in the bytes of the document; `where` is its place, for the message. Raises DocumentError."""
    return _document(subdir).parse(data, where).files


def check_readable(file: str, patch: Patch) -> None:
    """Raise one of UNWRITABLE for a patch that nobody could read again: msgspec does not check new structs."""
    data = msgspec.json.encode(PatchesDocument(files={file: patch}))
    _check(msgspec.json.decode(data, type=PatchesDocument))


def read_patches(subdir_index: SubdirIndex) -> tuple[Patches, Condition]:
    """The patches, and the condition for replacing the document, by one GET. Raises StorageError."""
    document, condition = _document(subdir_index.subdir).read(subdir_index.store, patches_key(subdir_index))
    return document.files, condition


def update_patches(subdir_index: SubdirIndex, change: Callable[[Patches], Patches]) -> Patches:
    """Change the patches, and return them. See `JsonDocument.update`."""

    def changed(before: PatchesDocument) -> PatchesDocument:
        return PatchesDocument(files=dict(change(before.files)))

    key = patches_key(subdir_index)
    return _document(subdir_index.subdir).update(subdir_index.store, subdir_index.runtime, key, changed).files


def prove_writable(subdir_index: SubdirIndex) -> None:
    """Write the document as it is: whoever may not write it learns so before anything else is written.

    Raises DeniedError; StorageError.
    """
    document = dataclasses.replace(_document(subdir_index.subdir), always_written=True)
    document.update(subdir_index.store, subdir_index.runtime, patches_key(subdir_index), lambda before: before)


def marked(files: Collection[str], before: Patches) -> Patches:
    """The patches, of which those of these files are being removed."""
    return {
        file: msgspec.structs.replace(patch, removing=True) if file in files else patch
        for file, patch in before.items()
    }


def without_marked(files: Collection[str], before: Patches) -> Patches:
    """The patches without those of these files that are being removed."""
    return {file: patch for file, patch in before.items() if file not in files or not patch.removing}
