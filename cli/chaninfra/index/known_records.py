"""The record that a package gets where index files of several tools may have one already."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from chaninfra.channel.conda.filenames import PACKAGE_TABLES, package_name
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.shards import is_packable
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.errors import StorageError
from chaninfra.index.commit.index_record import IndexRecord
from chaninfra.index.others_index import name_of
from chaninfra.index.others_records import first_seen_in, say_the_same
from chaninfra.index.reindex_plan import Scope, sha256_in
from chaninfra.index.report import InvalidRecord, LeftOut
from chaninfra.index.valid_records import why_invalid
from chaninfra.index.whole import Whole


def with_what_is_known(whole: Whole, file: str, record: IndexRecord, scope: Scope) -> IndexRecord:
    """The record of a package that was read, with the time when it came into the index. Where the index has one of the
    same bytes, that, or another tool's: if ours says only what the package says, somebody has patched the other one.
    """
    place, theirs = whole.repodata.find(file), whole.differing.get(file)
    if scope == "changed" and place and sha256_in(whole.repodata, file) == record.sha256:
        ours = whole.repodata.records[place[0]][place[1]]
        kept = theirs if theirs and say_the_same(ours, record.encode(0)) else ours
        return replace(record, table=place[0], key=place[1], encode=lambda _: kept, patched=kept is theirs)
    indexed = whole.first_seen.get((file, record.sha256))
    if indexed is None and place:
        # The shard that tells may be lost.
        indexed = first_seen_in(whole.repodata, *place, record.sha256)
    return record if indexed is None else replace(record, encode=lambda _: record.encode(indexed))


def taken_over(whole: Whole, file: str) -> IndexRecord | None:
    """The record of the file as it is; None if it has none."""
    place = whole.repodata.find(file)
    if place is None:
        return None
    raw, sha256 = whole.repodata.records[place[0]][place[1]], sha256_in(whole.repodata, file) or ""
    return IndexRecord(
        name=name_of(whole.repodata, *place) or package_name(file),
        table=place[0],
        key=place[1],
        sha256=sha256,
        encode=lambda _: raw,
    )


def drop_unusable(whole: Whole, subdir: Subdir) -> tuple[list[LeftOut], list[InvalidRecord]]:
    """Take the records of another tool that clients cannot read, or that no shard can hold, out of the records that
    were read. conda packages are read again; what has no other record is left out.
    """
    left_out: list[LeftOut] = []
    invalid: list[InvalidRecord] = []
    for file in sorted(whole.foreign):
        place = whole.repodata.find(file)
        if place is None:
            continue
        if place[0] in PACKAGE_TABLES:
            if (why := _why_unusable(whole.repodata, *place)) is None:
                continue
            invalid.append(InvalidRecord(package=f"{subdir}/{file}", reason=why))
        elif not is_packable(whole.repodata, *place):
            reason = "has a record in the index of another tool that is not valid"
            left_out.append(LeftOut(package=f"{subdir}/{file}", reason=reason))
        else:
            continue
        del whole.repodata.records[place[0]][place[1]]
        whole.foreign.discard(file)
    for file, record in sorted(whole.differing.items()):
        if (why := why_invalid(record)) is not None:
            invalid.append(InvalidRecord(package=f"{subdir}/{file}", reason=why))
            del whole.differing[file]
    return left_out, invalid


def _why_unusable(repodata: Repodata, table: str, key: str) -> str | None:
    why = why_invalid(repodata.records[table][key])
    return why if why is not None or is_packable(repodata, table, key) else "no shard can hold it"


def names_in(repodata: Repodata, own: Callable[[str], bool]) -> tuple[set[str], set[str]]:
    """The package names in the records of these files; and the files whose record has no valid name."""
    names: set[str] = set()
    nameless: set[str] = set()
    for file, table, key in repodata.files():
        if not own(file):
            continue
        try:
            name = repodata.name_in(table, key)
        except StorageError:
            nameless.add(file)
            continue
        if name is not None:
            names.add(name)
    return names, nameless
