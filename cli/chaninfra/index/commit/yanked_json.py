"""yanked.json: the packages of a channel that were taken out of its index, while their files stay.

Maintainers write it, and every commit applies it: a yanked package has no record, and its file name is in `removed`.
The record that it had is kept in yanked.json, so that `unyank` can restore it.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from chaninfra.channel.conda.filenames import TABLES, V3, PackageFileName
from chaninfra.channel.conda.record_facts import RecordFacts, facts_in
from chaninfra.channel.conda.structs import prepared
from chaninfra.channel.conda.untrusted import MALFORMED, check_plain, is_file_name
from chaninfra.channel.errors import StorageError
from chaninfra.channel.objects import Condition, IfAbsent, IfMatch, ObjectBody, ObjectStore, TooLargeError

CONTENT_TYPE = "application/json"
CACHE_CONTROL = "no-cache"

_MAX_BYTES = 8 << 20
"""Largest yanked.json that is read or written: that of 7,000 packages or more.

A record made of many small lists needs 25 times its size in memory.
"""


@prepared
class Yank(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why and when (ISO 8601, UTC) a package was yanked; the table and the record that it had in the index."""

    reason: str | None = None
    when: str
    table: str | None = None
    record: dict[str, Any] | None = None

    def facts(self, file: str) -> RecordFacts:
        """The facts in the record, with name, version and build; those that the file name tells if it has no such
        record.
        """
        try:
            facts = facts_in(self.record or {}, *RecordFacts.__struct_fields__)
            facts.identity()
        except MALFORMED:
            return facts_in(PackageFileName.parse(file).record(), "name", "version", "build")
        return facts


@prepared
class Yanked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The document; `packages` is `<subdir>/<file>` → Yank."""

    version: Annotated[Literal[1], Meta(description="The version of this format.")] = 1
    packages: dict[str, Yank] = {}

    def files(self, subdir: str) -> frozenset[str]:
        """The names of the yanked files of a subdir."""
        folder = f"{subdir}/"
        return frozenset(path.removeprefix(folder) for path in self.packages if path.startswith(folder))


def read_yanked(store: ObjectStore, key: str) -> tuple[Yanked, Condition]:
    """The document, and the condition for replacing it. Raises StorageError."""
    try:
        stored = store.get(key, _MAX_BYTES)
        if stored is None:
            return Yanked(), IfAbsent()
        yanked = msgspec.json.decode(stored.data, type=Yanked)
        _check(yanked)
    except TooLargeError as error:
        raise _invalid(key, error.message) from error
    except MALFORMED as error:
        # An error, since an empty document instead would bring all yanked packages back.
        raise _invalid(key, f"is not valid: {error}") from error
    return yanked, IfMatch(stored.entry.etag)


def _invalid(key: str, message: str) -> StorageError:
    return StorageError(
        message, where=key, remedy="restore an older version of it; or delete it, and yank the packages again"
    )


def _check(yanked: Yanked) -> None:
    """Raise ValueError if a key is not `<subdir>/<file>`, or a record could not be written into an index."""
    for path, yank in yanked.packages.items():
        subdir, slash, file = path.partition("/")
        if not (slash and is_file_name(subdir) and is_file_name(file)):
            raise ValueError(f"{path[:80]!r} is not `<subdir>/<file>`")
        table = yank.table
        if table is not None and not (table in TABLES or (table.startswith(f"{V3}.") and is_file_name(table))):
            raise ValueError(f"{path}: there is no table {table[:80]!r}")
        check_plain(yank.record)


def write_yanked(store: ObjectStore, key: str, yanked: Yanked, condition: Condition) -> None:
    """Write the document. Raises ConflictError where another writer has changed it."""
    ordered = msgspec.structs.replace(yanked, packages=dict(sorted(yanked.packages.items())))
    data = msgspec.json.format(msgspec.json.encode(ordered), indent=2) + b"\n"
    if len(data) > _MAX_BYTES:
        raise StorageError(
            f"would be larger than {_MAX_BYTES >> 20} MiB, and then nobody could read it",
            where=key,
            remedy="delete the files of yanked packages, and unyank these",
        )
    store.put(key, ObjectBody(data=data, content_type=CONTENT_TYPE, cache_control=CACHE_CONTROL), condition)
