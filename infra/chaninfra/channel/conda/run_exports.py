"""run_exports.json of a subdir (CEP 12, https://conda.org/learn/ceps/cep-0012): the run exports of all packages.

`{"info": {"subdir", "version"}, "packages": {file: {"run_exports": {…}}}, "packages.conda": {…}}`, with an empty object
for a package without any. It tells what the packages say, and no patch. A `.tar.bz2` whose record has none is left out:
indexers do not look for them there, so nobody knows, and tools that miss a package read it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Raw, Struct, field

from chaninfra.channel.conda.filenames import TABLES, suffix_of
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.structs import prepared
from chaninfra.channel.conda.untrusted import MALFORMED

VERSION = 1
"""The version of the format, as conda-index writes it."""

_KEY = b'"run_exports"'

_TABLE_OF = {".tar.bz2": "packages", ".conda": "packages.conda"}


@prepared
class _Record(Struct):
    """What is read of a record."""

    run_exports: dict[str, list[str]] | None = None


@prepared
class _Document(Struct):
    """What is read of a run_exports.json."""

    packages: dict[str, Raw] = {}
    conda: dict[str, Raw] = field(default={}, name="packages.conda")


_record = msgspec.json.Decoder(_Record)
_document = msgspec.json.Decoder(_Document)


def run_exports_in(record: Raw | bytes) -> dict[str, list[str]] | None:
    """The run exports in a record (JSON); None where it has none, or none of the right type."""
    try:
        return _record.decode(record).run_exports
    except MALFORMED:
        return None


def entries_in(data: bytes | bytearray) -> dict[str, Raw] | None:
    """File name → its entry in a run_exports.json, which is read as a record is; None where it is not one."""
    try:
        document = _document.decode(data)
    except MALFORMED:
        return None
    return document.packages | document.conda


def encode_run_exports(repodata: Repodata, subdir: str, unpatched: Mapping[str, Raw]) -> bytes:
    """The bytes of run_exports.json, of the packages that have a record in `repodata`. Equal content gives equal bytes.

    `unpatched`: file name → the record that the package gives, of those whose record has the run exports of a patch.
    """
    tables: dict[str, dict[str, Any]] = {table: {} for table in TABLES}
    for file, table, key in repodata.files():
        suffix = suffix_of(file)
        raw = unpatched.get(file) or repodata.records[table][key]
        # To search the bytes is faster than to decode them.
        exports = run_exports_in(raw) if _KEY in bytes(raw) else None
        if suffix == ".conda" or (suffix and exports is not None):
            tables[_TABLE_OF[suffix]][file] = {"run_exports": dict(sorted((exports or {}).items()))}
    ordered = {table: dict(sorted(found.items())) for table, found in tables.items()}
    return msgspec.json.encode({"info": {"subdir": subdir, "version": VERSION}, **ordered})
