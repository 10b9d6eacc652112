"""yanked.json: the packages of a channel that were taken out of its index, while their files stay.

It is the maintainers' to write, and every commit applies it: a yanked package has no record, and its name is in
`removed`. The record that it had is kept here, for when it comes back.
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
    """The document; `packages` are by `<subdir>/<file>`."""

    version: Annotated[Literal[1], Meta(description="The version of this format.")] = 1
    packages: dict[str, Yank] = {}

    def files(self, subdir: str) -> frozenset[str]:
        """The yanked files of a subdir."""
        start = f"{subdir}/"
        return frozenset(label.removeprefix(start) for label in self.packages if label.startswith(start))


def read_yanked(store: ObjectStore, key: str) -> tuple[Yanked, Condition]:
    """The document, and the condition under which another may take its place. Raises StorageError."""
    stored = store.get(key)
    if stored is None:
        return Yanked(), IfAbsent()
    try:
        return msgspec.json.decode(stored.data, type=Yanked), IfMatch(stored.entry.etag)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        # Taken for empty, it would bring back what was yanked.
        raise StorageError(
            f"is not valid: {error}",
            where=key,
            remedy="put an older version of it back; or delete it, and yank again what is to be",
        ) from error


def write_yanked(store: ObjectStore, key: str, yanked: Yanked, condition: Condition) -> None:
    """Put the document. Raises ConflictError where another writer was faster."""
    ordered = msgspec.structs.replace(yanked, packages=dict(sorted(yanked.packages.items())))
    data = msgspec.json.format(msgspec.json.encode(ordered), indent=2) + b"\n"
    store.put(key, ObjectBody(data=data, content_type=CONTENT_TYPE, cache_control=CACHE_CONTROL), condition)
