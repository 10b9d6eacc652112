"""`.chaninfra/mirrors/<subdir>.json`: which packages of a subdir the mirrors have copied, if one of them prunes.

Only what stands here is yanked when it leaves the source: a package that somebody published is never taken for a copy,
also if it has the name of one. A mirror writes its packages right before the commit that gives them records, so that
none is forgotten where it is killed; an entry alone does nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Mapping
from typing import Annotated, Literal

from msgspec import Meta, Struct

from chaninfra.channel import patterns
from chaninfra.channel.conda.object_names import MIRRORS_FOLDER
from chaninfra.channel.conda.structs import prepared
from chaninfra.channel.conda.untrusted import is_file_name
from chaninfra.channel.errors import only_maintainers
from chaninfra.index.json_document import JsonDocument
from chaninfra.index.subdir_index import SubdirIndex


class Copied(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A package that mirrors have copied."""

    sha256: Annotated[str, Meta(pattern=patterns.whole("[0-9a-f]{64}"))]
    """Of the bytes that were copied."""
    mirrors: tuple[Annotated[str, Meta(pattern=patterns.NAME)], ...]
    """The names of the mirrors, in order."""


Copies = Mapping[str, Copied]
"""File name → what was copied under it."""


@prepared
class CopiesDocument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The document."""

    version: Literal[1] = 1
    files: dict[str, Copied] = {}


def _check(document: CopiesDocument) -> None:
    for file in document.files:
        if not is_file_name(file):
            raise ValueError(f"{file[:80]!r} is no file name")


_DOCUMENT = JsonDocument(
    model=CopiesDocument,
    name="it",
    # Of 200,000 packages.
    max_bytes=32 << 20,
    check=_check,
    remedy="restore an older version of it; or delete it: then only what is copied from now on is pruned",
    remedy_if_full="mirror less (`specs`, `newest`, `subdirs`); or take `prune` out of the mirror",
    remedy_if_denied=only_maintainers("run the mirrors of a channel where one of them prunes"),
    sorted_key="files",
    indented=False,
)


def copies_key(target: SubdirIndex) -> str:
    """The object key of the document."""
    return target.layout.key(MIRRORS_FOLDER, f"{target.subdir}.json")


def read_copies(target: SubdirIndex) -> Copies:
    """What the mirrors have copied. Raises StorageError."""
    return _DOCUMENT.read(target.store, copies_key(target))[0].files


def add_copies(target: SubdirIndex, mirror: str, files: Mapping[str, str]) -> Copies:
    """Say that this mirror copies these files (file name → sha256), and return all that was copied.

    Of a file that was copied with other bytes before, only this copy counts. Raises as `JsonDocument.update`.
    """

    def changed(before: Copies) -> Copies:
        after = dict(before)
        for file, sha256 in files.items():
            old = before.get(file)
            others = old.mirrors if old is not None and old.sha256 == sha256 else ()
            after[file] = Copied(sha256=sha256, mirrors=tuple(sorted({*others, mirror})))
        return after

    return _update(target, changed)


def prove_writable(target: SubdirIndex) -> None:
    """Write the document as it is: whoever may not write it learns so before anything else is written. Raises as
    `JsonDocument.update`.
    """
    document = dataclasses.replace(_DOCUMENT, always_written=True)
    document.update(target.store, target.runtime, copies_key(target), lambda before: before)


def forget_copies(target: SubdirIndex, mirror: str, files: Collection[str]) -> Copies:
    """Say that this mirror has nothing to do with these files any more, and return all that was copied. Raises as
    `JsonDocument.update`.
    """

    def changed(before: Copies) -> Copies:
        after = dict(before)
        for file in before.keys() & {*files}:
            left = tuple(name for name in before[file].mirrors if name != mirror)
            if left:
                after[file] = Copied(sha256=before[file].sha256, mirrors=left)
            else:
                del after[file]
        return after

    return _update(target, changed)


def _update(target: SubdirIndex, change: Callable[[Copies], Copies]) -> Copies:
    def changed(before: CopiesDocument) -> CopiesDocument:
        return CopiesDocument(files=dict(change(before.files)))

    return _DOCUMENT.update(target.store, target.runtime, copies_key(target), changed).files
