"""yanked.json: the packages of a channel that were taken out of its index, while their files stay.

Maintainers write it, and every commit applies it: a yanked package has no record, and its file name is in `removed`.
The record that it had is kept in yanked.json, so that `unyank` can restore it.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from chaninfra.channel.conda.structs import prepared
from chaninfra.channel.errors import StorageError
from chaninfra.channel.objects import Condition, IfAbsent, IfMatch, ObjectBody, ObjectStore

CONTENT_TYPE = "application/json"
CACHE_CONTROL = "no-cache"


@prepared
class Yank(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why and when (ISO 8601, UTC) a package was yanked; the table and the record that it had in the index."""

    reason: str | None = None
    when: str
    table: str | None = None
    record: dict[str, Any] | None = None


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
    stored = store.get(key)
    if stored is None:
        return Yanked(), IfAbsent()
    try:
        return msgspec.json.decode(stored.data, type=Yanked), IfMatch(stored.entry.etag)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        # An error, since an empty document instead would bring all yanked packages back.
        raise StorageError(
            f"is not valid: {error}",
            where=key,
            remedy="restore an older version of it; or delete it, and yank the packages again",
        ) from error


def write_yanked(store: ObjectStore, key: str, yanked: Yanked, condition: Condition) -> None:
    """Write the document. Raises ConflictError where another writer has changed it."""
    ordered = msgspec.structs.replace(yanked, packages=dict(sorted(yanked.packages.items())))
    data = msgspec.json.format(msgspec.json.encode(ordered), indent=2) + b"\n"
    store.put(key, ObjectBody(data=data, content_type=CONTENT_TYPE, cache_control=CACHE_CONTROL), condition)
