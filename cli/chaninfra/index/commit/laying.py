"""Lays patches over records."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Raw

from chaninfra.channel.conda.filenames import V3, package_name
from chaninfra.channel.conda.name_rules import client_name
from chaninfra.channel.conda.patch import Patch
from chaninfra.channel.conda.record_facts import read_facts
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.shards import MAX_RECORD
from chaninfra.channel.conda.untrusted import MALFORMED
from chaninfra.channel.errors import StorageError
from chaninfra.index.patches.document import Patches, patches_key
from chaninfra.index.patches.valid import check_values
from chaninfra.index.subdir_index import SubdirIndex

if TYPE_CHECKING:
    from chaninfra.index.commit.index_record import IndexRecord


def laid(patches: Patches, file: str, record: Raw) -> Raw:
    """The record of the file, patched; as it is where no patch fits it, or where it is not valid."""
    patch = patches.get(file)
    if patch is None:
        return record
    try:
        document: dict[str, Any] = msgspec.json.decode(record, type=dict[str, Any])
    except MALFORMED:
        return record
    if not patch.fits(document.get("sha256")):
        return record
    patched = patch.over(document)
    if patched == document:
        return record
    encoded = msgspec.json.encode(dict(sorted(patched.items())))
    # Nobody could read the shard otherwise.
    return Raw(encoded) if len(encoded) <= MAX_RECORD else record


def lay(subdir_index: SubdirIndex, repodata: Repodata, patches: Patches) -> dict[str, str]:
    """Patch the records; returns the files whose record changes, and the names of their packages.

    Raises StorageError for a patch that would make a record that clients cannot read: somebody else has written it.
    """
    changed: dict[str, str] = {}
    if not patches:
        return changed
    for file, table, key in [*repodata.files()]:
        record = repodata.records[table][key]
        patched = laid(patches, file, record)
        if patched is record:
            continue
        _check(subdir_index, file, patches[file], v3=table.startswith(V3))
        repodata.records[table][key] = patched
        changed[file] = client_name(read_facts(patched, "name").name or package_name(file))
    return changed


def check_patches(subdir_index: SubdirIndex, repodata: Repodata, patches: Patches, names: Collection[str]) -> None:
    """Raise StorageError as `lay` would in a commit that touches the packages of these names: for callers that delete
    something before it.
    """
    for file, patch in patches.items():
        place = repodata.find(file) if package_name(file) in names else None
        if place is not None:
            table, key = place
            record = repodata.records[table][key]
            if laid(patches, file, record) is not record:
                _check(subdir_index, file, patch, v3=table.startswith(V3))


def unfit(repodata: Repodata, patches: Patches, files: Mapping[str, object]) -> list[str]:
    """Those of the files that have a record, and a patch of other bytes."""
    found = []
    for file in files:
        patch, place = patches.get(file), repodata.find(file)
        if patch is not None and place is not None and not patch.removing:
            try:
                sha256 = read_facts(repodata.records[place[0]][place[1]], "sha256").sha256
            except MALFORMED:
                continue
            if not patch.is_of(sha256):
                found.append(file)
    return found


def is_unpatched(file: str, new: IndexRecord, patches: Patches) -> bool:
    """Whether the record is what a patch has made that the patches do not have any more."""
    now = patches.get(file)
    return new.patch is not None and (now is None or now.removing or not new.patch.then(now).says_the_same(now))


def same_json(one: Raw, other: Raw) -> bool:
    """Whether both records are valid, and say the same."""
    try:
        return bool(msgspec.json.decode(one) == msgspec.json.decode(other))
    except MALFORMED:
        return False


def _check(subdir_index: SubdirIndex, file: str, patch: Patch, *, v3: bool) -> None:
    try:
        check_values(patch.changes, v3=v3)
    except ValueError as error:
        raise StorageError(
            f"the patch of {file} would make a record that clients cannot read: {error}",
            where=patches_key(subdir_index),
            remedy=f"patch it again: `chaninfra patch add {subdir_index.subdir}/{file}`; or remove the patch: "
            f"`chaninfra patch rm {subdir_index.subdir}/{file}`",
        ) from error
