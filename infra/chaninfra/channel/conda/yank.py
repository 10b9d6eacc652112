"""A yank: what is kept of a package that was taken out of the index while its file stays.

The shard of the package name has it (see `shards`), and the document yanked.json shows it.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw, Struct

from chaninfra.channel.conda.filenames import TABLES, V3, PackageFileName, package_name
from chaninfra.channel.conda.record_facts import RecordFacts, facts_in
from chaninfra.channel.conda.structs import prepared
from chaninfra.channel.conda.untrusted import MALFORMED, check_plain, is_file_name

_MAX_YANK = 4 << 20
"""Largest yank that is read, in bytes: decoded, it may take 25 times its memory."""


@prepared
class Yank(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why and when (ISO 8601, UTC) a package was yanked; the table and the record that it had in the index."""

    reason: str | None = None
    when: str
    rule: str | None = None
    """The retention rule by which `prune` yanked it; None: somebody else did, and `prune` never deletes it."""
    mirror: str | None = None
    """The mirror that yanked it, since it had left the source; it comes back with it."""
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

    def check(self, file: str) -> None:
        """Raise ValueError if the record could not be written into an index. `file`: for the message."""
        table = self.table
        if table is not None and not (table in TABLES or (table.startswith(f"{V3}.") and is_file_name(table))):
            raise ValueError(f"{file}: there is no table {table[:80]!r}")
        check_plain(self.record)

    def packed(self) -> Raw:
        """As msgpack, for a shard."""
        return Raw(msgspec.msgpack.encode(self))


def unpacked(raw: Raw) -> Yank:
    """The yank in a shard. Raises ValueError."""
    if len(bytes(raw)) > _MAX_YANK:
        raise ValueError(f"a yank is larger than {_MAX_YANK >> 20} MiB")
    return msgspec.msgpack.decode(raw, type=Yank)


def yanks_in_shard(raw: Raw, name: str) -> dict[str, Raw]:
    """File → yank (msgpack, see `unpacked`), of the shard of the package `name`. They stay packed, since decoded they
    may take 25 times the memory. Raises one of MALFORMED for what chaninfra does not write.
    """
    yanks = msgspec.msgpack.decode(raw, type=dict[str, Raw])
    for file, packed in yanks.items():
        if not is_file_name(file) or package_name(file) != name:
            raise ValueError(f"{file[:80]!r} is no package of this name")
        yank = unpacked(packed)
        yank.check(file)
        # Bytes and what is no number are not in JSON: yanked.json would never say the same.
        if msgspec.json.decode(msgspec.json.encode(yank.record)) != yank.record:
            raise ValueError(f"the record of {file[:80]!r} is not JSON")
    # Copies, so that the shard's other bytes do not stay in memory.
    return {file: Raw(bytes(packed)) for file, packed in yanks.items()}
