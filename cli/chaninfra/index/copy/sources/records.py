"""Makes packages of what the index of a source says: the one place where records of a stranger are checked."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import msgspec
from msgspec import Raw

from chaninfra.channel.conda.filenames import (
    PACKAGE_TABLES,
    PackageFileName,
    file_name,
    key_in,
    package_name,
    table_and_key,
)
from chaninfra.channel.conda.name_rules import broken_rule, client_name, unreadable
from chaninfra.channel.conda.patch import Patch
from chaninfra.channel.conda.shards import MAX_RECORD
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.conda.untrusted import check_plain, is_file_name
from chaninfra.channel.conda.yank import Yank
from chaninfra.index.copy.source import SourcePackage
from chaninfra.index.patches.document import Patches

_SHA256 = re.compile("[0-9a-f]{64}")
_DIGESTS = {"md5": re.compile("[0-9a-f]{32}"), "sha256": _SHA256, "attestations_sha256": _SHA256}


def listed(
    subdir: Subdir, table: str, key: str, record: Raw, *, patches: Patches | None = None, base_url: str | None = None
) -> SourcePackage:
    """The package of a record. Raises one of MALFORMED, whose text says why a channel must not have it.

    `patches`: those of the source, if it tells them.
    """
    file = file_name(table, key)
    _check_name(file, table)
    fields = _checked(record)
    patch = _patch(patches[file], fields) if patches and file in patches else None
    package = SourcePackage(
        subdir=subdir, file=file, table=table, key=key, record=record, patch=patch, base_url=base_url
    )
    # Raises for what clients do not read.
    name = package.facts.identity()[0]
    # Clients find it by the one, and specs and exclusions could be got around by the other.
    if client_name(name) != package_name(file):
        raise ValueError(f"its record is that of another package, {name[:80]!r}")
    return package


def yanked(
    subdir: Subdir, file: str, yank: Yank, *, patches: Patches | None = None, base_url: str | None = None
) -> SourcePackage:
    """The package that is yanked, with the record that its yank keeps. Raises as `listed`."""
    if yank.record is None:
        raise ValueError("is yanked, and nothing is kept of its record: unyank it in the source, or leave it out")
    table = yank.table or table_and_key(file, v3=False)[0]
    record = Raw(msgspec.json.encode(yank.record))
    package = listed(subdir, table, key_in(table, file), record, patches=patches, base_url=base_url)
    return dataclasses.replace(package, yank=yank)


def _check_name(file: str, table: str) -> None:
    if not is_file_name(file):
        raise ValueError("is not the name of a file")
    if table not in PACKAGE_TABLES:
        raise ValueError("is no conda package, and only those are copied")
    parts = PackageFileName.parse(file)
    if parts.suffix not in (".conda", ".tar.bz2"):
        raise ValueError("is no conda package, and only those are copied")
    if (why := unreadable(file) or broken_rule(parts.name, parts.version, parts.build)) is not None:
        raise ValueError(why)


def _checked(record: Raw) -> dict[str, Any]:
    """The fields of the record."""
    if len(bytes(record)) > MAX_RECORD:
        raise ValueError(f"its record is larger than {MAX_RECORD >> 20} MiB")
    fields: dict[str, Any] = msgspec.json.decode(record, type=dict[str, Any])
    check_plain(fields)
    for name, form in _DIGESTS.items():
        digest = fields.get(name)
        if digest is not None and not (isinstance(digest, str) and form.fullmatch(digest)):
            raise ValueError(f"the {name} in its record is none")
    return fields


def _patch(patch: Patch, fields: dict[str, Any]) -> Patch | None:
    """The patch, if it is of these bytes; one that is being removed only where the record has its values still."""
    if not patch.is_of(fields.get("sha256")):
        return None
    if not patch.removing:
        return patch
    return msgspec.structs.replace(patch, removing=False) if patch.over(fields) == fields else None
