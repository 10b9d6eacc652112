"""yanked.json: the document that shows people and tools which packages of a channel are yanked.

What is yanked is decided by the shards of the index (see `conda.yank`). The document is brought in line with them after
a commit that yanks or brings back; see `yanked_document`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from chaninfra.channel.conda.filenames import package_name
from chaninfra.channel.conda.structs import prepared
from chaninfra.channel.conda.untrusted import MALFORMED, UNWRITABLE, is_file_name
from chaninfra.channel.conda.yank import Yank
from chaninfra.channel.errors import StorageError
from chaninfra.channel.objects import Condition, IfAbsent, IfMatch, ObjectBody, ObjectStore, TooLargeError
from chaninfra.index.json_document import CONTENT_TYPE, check_version

CACHE_CONTROL = "no-cache"

_MAX_BYTES = 8 << 20
"""Largest yanked.json that is read or written: that of 7,000 packages or more.

A record made of many small lists needs 25 times its size in memory.
"""


@prepared
class Yanked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The document; `packages` is `<subdir>/<file>` → Yank."""

    version: Annotated[Literal[1], Meta(description="The version of this format.")] = 1
    packages: dict[str, Yank] = {}

    def of(self, subdir: str) -> dict[str, Yank]:
        """File name → yank, of the yanked files of a subdir."""
        folder = f"{subdir}/"
        return {path.removeprefix(folder): yank for path, yank in self.packages.items() if path.startswith(folder)}

    def with_names(self, subdir: str, names: Collection[str], yanks: Mapping[str, Yank]) -> Yanked:
        """The document that says `yanks` (file name → yank) of the packages of these names in a subdir, and of all
        others what this one says.
        """
        replaced = {f"{subdir}/{file}" for file in self.of(subdir) if package_name(file) in names}
        kept = {path: yank for path, yank in self.packages.items() if path not in replaced}
        return Yanked(packages={**kept, **{f"{subdir}/{file}": yank for file, yank in yanks.items()}})


def read_yanked(store: ObjectStore, key: str) -> tuple[Yanked, Condition]:
    """The document, and the condition for replacing it. Raises StorageError."""
    try:
        stored = store.get(key, _MAX_BYTES)
    except TooLargeError as error:
        raise _invalid(key, error.message) from error
    if stored is None:
        return Yanked(), IfAbsent()
    try:
        yanked = _decoded(stored.data)
    except MALFORMED as error:
        check_version(stored.data, key)
        # An error, since an empty document instead would hide the yanked packages of other subdirs.
        raise _invalid(key, f"is not valid: {error}") from error
    return yanked, IfMatch(stored.entry.etag)


def _invalid(key: str, message: str) -> StorageError:
    return StorageError(
        message,
        where=key,
        remedy="restore an older version of it; or delete it, and run `chaninfra reindex` as a maintainer",
    )


def _decoded(data: bytes) -> Yanked:
    """The document. Raises one of MALFORMED, also if a key is not `<subdir>/<file>`, or a record could not be written
    into an index.
    """
    yanked = msgspec.json.decode(data, type=Yanked)
    for path, yank in yanked.packages.items():
        subdir, slash, file = path.partition("/")
        if not (slash and is_file_name(subdir) and is_file_name(file)):
            raise ValueError(f"{path[:80]!r} is not `<subdir>/<file>`")
        yank.check(path)
    return yanked


def write_yanked(store: ObjectStore, key: str, yanked: Yanked, condition: Condition) -> None:
    """Write the document. Raises ConflictError where another writer has changed it; as `check_size`."""
    body = ObjectBody(data=_encoded(key, yanked), content_type=CONTENT_TYPE, cache_control=CACHE_CONTROL)
    store.put(key, body, condition)


def check_size(key: str, yanked: Yanked) -> None:
    """Raise StorageError if nobody could read the document."""
    _encoded(key, yanked)


def _encoded(key: str, yanked: Yanked) -> bytes:
    ordered = msgspec.structs.replace(yanked, packages=dict(sorted(yanked.packages.items())))
    try:
        data = msgspec.json.format(msgspec.json.encode(ordered), indent=2) + b"\n"
        # msgspec does not check what structs are made of.
        _decoded(data)
    except UNWRITABLE as error:
        raise StorageError(
            f"would not be valid, and then nobody could read it: {error}",
            where=key,
            remedy="name the packages that are to be yanked one by one, without the one that the message names",
        ) from error
    if len(data) > _MAX_BYTES:
        raise StorageError(
            f"would be larger than {_MAX_BYTES >> 20} MiB, and then nobody could read it",
            where=key,
            remedy="delete the files of yanked packages, and unyank these",
        )
    return data
