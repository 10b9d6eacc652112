"""The record that a package has in the target: that of the source, and the patch that keeps it.

A re-index makes records from packages, and lays the patches of the channel over them. So what the source says of a
package, and the package does not, lasts in the target only as a patch.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Raw

from chaninfra.channel.conda.filenames import V3, package_name, table_and_key
from chaninfra.channel.conda.name_rules import client_name
from chaninfra.channel.conda.patch import Patch, patch_between
from chaninfra.channel.conda.record_facts import fields_of, in_ms
from chaninfra.channel.conda.shards import MAX_RECORD
from chaninfra.channel.conda.untrusted import MALFORMED
from chaninfra.index.commit.index_record import IndexRecord
from chaninfra.index.copy.source import SourcePackage
from chaninfra.index.package.index_json import PackageError, parse_index
from chaninfra.index.package.record import record_of
from chaninfra.index.package.sidecars import FIELD
from chaninfra.index.patches.document import check_readable
from chaninfra.index.patches.valid import check_values
from chaninfra.index.valid_records import why_invalid

_OF_THE_INDEX = ("indexed_timestamp", FIELD)
_DECIDING = ("constrains", "depends", "features", "license", "noarch", "track_features")
"""What every indexer writes: where the record has none, it was taken away."""
_OPTIONAL = (
    "arch",
    "extra_depends",
    "flags",
    "license_family",
    "platform",
    "purls",
    "python_site_packages_path",
    "run_exports",
    "timestamp",
)
"""What some indexers do not know: where the record has no such key, that says nothing. An empty value says something.
"""
_IDENTITY = ("name", "version", "build", "build_number")
_EMPTY: tuple[object, ...] = (None, "", [], {})


def why_refused(package: SourcePackage) -> str | None:
    """Why the record cannot be in a channel, or is of another package than its file; None: it can."""
    if len(bytes(package.record)) > MAX_RECORD:
        return f"its record is larger than {MAX_RECORD >> 20} MiB"
    if (why := why_invalid(package.record)) is not None:
        return f"clients cannot read its record: {why}"
    fields = fields_of(package.record)
    if client_name(fields["name"]) != package_name(package.file):
        return f"its record is of another package: {str(fields['name'])[:80]}"
    if fields.get("subdir") not in (None, "", package.subdir):
        return f"its record is of another subdir: {str(fields['subdir'])[:80]}"
    if fields.get("sha256") is None:
        return "its record has no sha256, so that nobody can tell whether its bytes are right"
    return None


def record_fields(package: SourcePackage) -> dict[str, Any]:
    """What the source's record says of the package, without what is of the source's index alone."""
    fields = without_index(fields_of(package.record))
    fields["sha256"] = fields["sha256"].lower()
    return fields


def without_index(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record without `indexed_timestamp` and `attestations_sha256`, which each channel has of its own."""
    return {key: value for key, value in record.items() if key not in _OF_THE_INDEX}


def index_record(package: SourcePackage, etag: str, patch: Patch | None) -> IndexRecord:
    """The record for the index of the target; `etag` is that of the object there, `patch` the one that keeps it."""
    fields = record_fields(package)
    table, key = table_and_key(package.file, v3=is_v3(package))
    return IndexRecord(
        name=client_name(fields["name"]),
        table=table,
        key=key,
        sha256=fields["sha256"],
        encode=partial(_encoded, msgspec.json.encode(fields)),
        etag=etag,
        patched=True,
        patch=patch,
    )


def _encoded(fields: bytes, indexed: int) -> Raw:
    record = {**msgspec.json.decode(fields), "indexed_timestamp": indexed}
    return Raw(msgspec.json.encode(dict(sorted(record.items()))))


def is_v3(package: SourcePackage) -> bool:
    """Whether its record is below `v3` (CEP 48)."""
    return package.table.startswith(V3)


def told_source(url: str) -> str:
    """How a patch names its source, in a document that the public may read: of a folder only the last part."""
    return url if "://" in url else Path(url).absolute().name or "/"


def copied_patch(package: SourcePackage, source: str) -> Patch | None:
    """The patch that the source, a channel of chaninfra, has for the package, for the target.

    Raises one of UNWRITABLE for one that clients, or the next command, could not read.
    """
    if package.patch is None:
        return None
    sha256 = record_fields(package)["sha256"]
    patch = msgspec.structs.replace(package.patch, sha256=sha256, removing=False, source=told_source(source))
    patch.check()
    check_values(patch.changes, v3=is_v3(package))
    check_readable(package.file, patch)
    return patch


def found_patch(package: SourcePackage, made: Mapping[str, Any], when: str, source: str) -> Patch | None:
    """The patch for a package whose source does not tell of patches: it makes what the source's record says of `made`,
    the record that the package itself gives. None: both say the same.

    Both are compared in the form in which our indexer writes records: how specs are spelled, and what is empty, is no
    patch. Raises one of UNWRITABLE where no patch does so, or where both are of different packages.
    """
    record = record_fields(package)
    if any(_plain(made.get(key)) != _plain(record.get(key)) for key in _IDENTITY):
        raise ValueError("it is another package than its record says")
    meant = _as_indexed(record, v3=is_v3(package))
    aim = dict(made)
    for key in (*_DECIDING, *_OPTIONAL):
        theirs = _meaning(key, meant)
        if theirs == _meaning(key, made) or (record.get(key) is None and key in _OPTIONAL):
            continue
        if record.get(key) is None:
            aim.pop(key, None)
        else:
            aim[key] = record[key]
    if record.get("revoked") is True:
        aim |= {"revoked": True, "depends": record.get("depends") or []}
    patch = patch_between(made, aim, when, None)
    if patch is None:
        return None
    check_values(patch.changes, v3=is_v3(package))
    if patch.over(record) != record:
        raise ValueError("no patch makes the record that the source has")
    patch = msgspec.structs.replace(patch, source=told_source(source))
    check_readable(package.file, patch)
    return patch


def _as_indexed(record: Mapping[str, Any], *, v3: bool) -> Mapping[str, Any]:
    """The record as our indexer would write it; as it is where it would write none."""
    said = {key: value for key, value in record.items() if value is not None}
    exports = said.pop("run_exports", None)
    try:
        index = parse_index(msgspec.json.encode({**said, **({"repodata_revision": 3} if v3 else {})}))
        return record_of(index, None if exports is None else msgspec.json.encode(exports))[1]
    except (PackageError, *MALFORMED):
        return record


def _meaning(key: str, record: Mapping[str, Any]) -> object:
    """The value in a form that is equal where it says the same; None: it says nothing."""
    value = record.get(key)
    if value in _EMPTY or value is False:
        return None
    if key == "timestamp" and isinstance(value, int):
        return in_ms(value)
    if key == "noarch" and value is True:
        return "generic"
    if key in ("depends", "constrains") and isinstance(value, list):
        return frozenset(value)
    return value


def _plain(value: object) -> object:
    return client_name(value) if isinstance(value, str) else value
