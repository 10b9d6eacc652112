"""The records of packages that are brought back: those that they had before they were yanked, where these fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal

import msgspec
from msgspec import Raw

from chaninfra.channel.conda.filenames import PACKAGE_TABLES, key_in
from chaninfra.channel.conda.name_rules import breaks_index, client_name
from chaninfra.channel.conda.record_facts import facts_in
from chaninfra.channel.conda.untrusted import MALFORMED
from chaninfra.channel.conda.yank import Yank
from chaninfra.channel.objects import ObjectMeta, is_etag_of
from chaninfra.index.commit.index_record import IndexRecord
from chaninfra.index.package_reader import Missing, Unread, read_packages
from chaninfra.index.report import LeftOut
from chaninfra.index.runtime import run_all
from chaninfra.index.subdir_index import SubdirIndex
from chaninfra.index.valid_records import why_invalid


def records_back(
    subdir_index: SubdirIndex, yanks: Mapping[str, Yank | None], unread: Literal["raise", "leave out"] = "raise"
) -> tuple[dict[str, IndexRecord], list[LeftOut]]:
    """File name → the record that the package should have; and the packages that cannot be indexed.

    `yanks`: file name → its yank; None: another tool put it into `removed`. `unread`: what becomes of packages that
    must be read, and that the store does not give. Raises StorageError.
    """
    heads = run_all(subdir_index.runtime, [partial(subdir_index.store.head, subdir_index.key(file)) for file in yanks])
    records: dict[str, IndexRecord] = {}
    left_out: list[LeftOut] = []
    to_read: dict[str, ObjectMeta] = {}
    for (file, yank), entry in zip(yanks.items(), heads, strict=True):
        if entry is None or breaks_index(file):
            reason = "was deleted" if entry is None else "has a file name that would break the index for clients"
            left_out.append(LeftOut(package=f"{subdir_index.subdir}/{file}", reason=reason))
            continue
        old = _old_record(file, yank, entry.etag)
        if old is None or old.size != entry.size or not is_etag_of(entry.etag, old.md5):
            # The package has other bytes than the record, or the ETag does not tell.
            to_read[file] = entry
        else:
            records[file] = old.index_record
    for read in read_packages(subdir_index, to_read.items(), lambda _: None):
        path = f"{subdir_index.subdir}/{read.file}"
        if isinstance(read, Unread) and unread == "raise":
            # It stays yanked.
            raise read.error
        if isinstance(read, Missing):
            left_out.append(LeftOut(package=path, reason="was deleted"))
        elif isinstance(read, Unread) or read.record is None:
            left_out.append(LeftOut(package=path, reason=read.reason))
        else:
            old = _old_record(read.file, yanks[read.file], read.etag)
            records[read.file] = old.index_record if old and old.index_record.sha256 == read.sha256 else read.record
    return records, left_out


@dataclass(frozen=True)
class _OldRecord:
    """The record that a package had before it was yanked, and what it says of the package's bytes."""

    index_record: IndexRecord
    size: int | None
    md5: str | None


def _old_record(file: str, yank: Yank | None, etag: str) -> _OldRecord | None:
    """None: the yank has no record, one without a name or sha256, or one that clients cannot read."""
    if yank is None or yank.record is None or yank.table is None:
        return None
    try:
        facts = facts_in(yank.record, "name", "sha256", "size", "md5")
    except MALFORMED:
        return None
    if facts.name is None or facts.sha256 is None:
        return None
    raw = Raw(msgspec.json.encode(yank.record, order="sorted"))
    if yank.table in PACKAGE_TABLES and why_invalid(raw) is not None:
        return None
    index_record = IndexRecord(
        name=client_name(facts.name),
        table=yank.table,
        key=key_in(yank.table, file),
        sha256=facts.sha256,
        encode=lambda _: raw,
        etag=etag,
        # Also that of a re-index, which knows only the package.
        patched=True,
    )
    return _OldRecord(index_record, facts.size, facts.md5)
