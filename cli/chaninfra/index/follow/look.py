"""Looks at packages that were named, and says which change brings their records in line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from chaninfra.channel.conda.filenames import package_name
from chaninfra.channel.conda.name_rules import client_name, unreadable
from chaninfra.channel.conda.record_facts import RecordFacts, read_facts
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.summary import Summary
from chaninfra.channel.conda.untrusted import MALFORMED
from chaninfra.channel.errors import StorageError
from chaninfra.channel.objects import ObjectMeta, is_etag_of
from chaninfra.index.commit.authority import read_our_authority
from chaninfra.index.commit.change import Change
from chaninfra.index.commit.index_record import IndexRecord
from chaninfra.index.commit.shard_reader import ShardReader
from chaninfra.index.commit.shard_writer import joined
from chaninfra.index.follow.keys import Named
from chaninfra.index.left_out_json import Kind, LeftOutPackage, left_out_package
from chaninfra.index.package_reader import Missing, Read, Unread, is_about_the_object, read_packages
from chaninfra.index.report import ACCEPT, HELD, RENAME, REPLACE
from chaninfra.index.runtime import run_all
from chaninfra.index.signatures import Signatures
from chaninfra.index.subdir_index import SubdirIndex

EtagCache = dict[str, tuple[str, str]]


@dataclass(kw_only=True)
class Look:
    """What was found of the packages that were named. Packages are file names."""

    shards: ShardReader
    change: Change
    signatures: Signatures
    read: int = 0
    """How many packages were read."""
    left_out: dict[str, LeftOutPackage] = field(default_factory=dict)
    fine: set[str] = field(default_factory=set)
    """Those that are in line with the index, or will be by the change."""
    summaries: list[Summary] = field(default_factory=list)
    """Of those that were read and get another record."""

    @property
    def differs(self) -> bool:
        """Whether there may be something to commit."""
        change = self.change
        return bool(change.records or change.missing or change.unreadable or change.signatures or change.reshard)


def look_at(
    subdir_index: SubdirIndex, named: Named, before: Mapping[str, LeftOutPackage], seen: EtagCache, *, hold: bool
) -> Look:
    """Look at each package by one HEAD, and read those that are new or may have other bytes than their record.

    `before`: what is known to be left out. `seen`: see EtagCache; what is found is added. `hold`: the record of a
    package that was overwritten stays.
    Raises ForeignIndexError if the index is not ours, and StorageError.
    """
    # Rule: the index is read before the packages are looked at, as for every change.
    index = read_our_authority(subdir_index).index
    hashes = index.hashes if index is not None else {}
    reader = ShardReader(subdir_index)
    shards = reader.read(hashes, {package_name(file) for file in (*named.packages, *named.sidecars)})
    known = _Known(
        repodata=joined(subdir_index.subdir, shards.values()),
        yanked=frozenset(file for shard in shards.values() for file in shard.yanks),
        put_at={name: reader.put_at(hashes[name]) for name in shards},
    )
    files = sorted(named.packages)
    heads = run_all(subdir_index.runtime, [partial(_head, subdir_index, file) for file in files])
    looked = _Looked(subdir_index, known, before, seen, hold=hold)
    for file, entry in zip(files, heads, strict=True):
        if isinstance(entry, Unread):
            looked.take_unread(entry)
        else:
            looked.look(file, entry)
    to_read = looked.to_read
    for read in read_packages(subdir_index, to_read.items(), lambda _: None):
        looked.take(read, to_read[read.file])
    signatures = Signatures(subdir_index)
    # A package that is new may have had its sidecar before.
    signed = {*looked.records, *(file for file in named.sidecars if known.facts(file) is not None)}
    change = Change(
        records=looked.records,
        missing=looked.missing,
        unreadable=looked.unreadable,
        signatures=signatures.lookups(sorted(signed)),
        reshard=sorted(looked.renewed),
        replace="none" if hold else "changed",
    )
    return Look(
        shards=reader,
        change=change,
        signatures=signatures,
        read=len(to_read),
        left_out=looked.left_out,
        fine=named.packages - looked.left_out.keys(),
        summaries=looked.summaries,
    )


def _head(subdir_index: SubdirIndex, file: str) -> ObjectMeta | Unread | None:
    """The object of a package. One that was put with another key of encryption, or by another account, does not stop
    the others: the index could be read.
    """
    try:
        return subdir_index.store.head(subdir_index.key(file))
    except StorageError as error:
        if not is_about_the_object(error):
            raise
        return Unread(file=file, error=error)


@dataclass(frozen=True, kw_only=True)
class _Known:
    """What the shards say."""

    repodata: Repodata
    yanked: frozenset[str]
    put_at: Mapping[str, datetime | None]
    """Package name → when its shard was put."""

    def record(self, file: str, etag: str) -> IndexRecord | None:
        """The file's record as it is, which is that of the object with this ETag; None: it has none that is valid."""
        place, facts = self.repodata.find(file), self.facts(file)
        if place is None or facts is None or facts.sha256 is None:
            return None
        raw = self.repodata.records[place[0]][place[1]]
        return IndexRecord(
            name=client_name(facts.name or package_name(file)),
            table=place[0],
            key=place[1],
            sha256=facts.sha256,
            encode=lambda _: raw,
            etag=etag,
        )

    def facts(self, file: str) -> RecordFacts | None:
        """The facts of the file's record; without any where that is not valid. None: it has no record."""
        place = self.repodata.find(file)
        if place is None:
            return None
        try:
            return read_facts(self.repodata.records[place[0]][place[1]], "name", "size", "md5", "sha256")
        except MALFORMED:
            return RecordFacts()


class _Looked:
    """Sorts packages by what their object and their record say."""

    def __init__(
        self,
        subdir_index: SubdirIndex,
        known: _Known,
        before: Mapping[str, LeftOutPackage],
        seen: EtagCache,
        *,
        hold: bool,
    ) -> None:
        self.records: dict[str, IndexRecord] = {}
        self.missing: list[str] = []
        self.unreadable: dict[str, str] = {}
        self.renewed: set[str] = set()
        self.left_out: dict[str, LeftOutPackage] = {}
        self.to_read: dict[str, ObjectMeta] = {}
        self.summaries: list[Summary] = []
        self._subdir_index = subdir_index
        self._known = known
        self._before = before
        self._seen = seen
        self._hold = hold

    def look(self, file: str, entry: ObjectMeta | None) -> None:
        """Sort a package by its object; None: it has none."""
        facts = self._known.facts(file)
        if entry is None:
            self._seen.pop(file, None)
            if facts is not None:
                self.missing.append(file)
            return
        if file in self._known.yanked:
            return
        if facts is None and (reason := unreadable(file)):
            self._leave_out(file, reason, RENAME)
            return
        if facts is not None:
            cached = self._seen.get(file)
            same_md5 = is_etag_of(entry.etag, facts.md5) and facts.size in (None, entry.size)
            if same_md5 or (cached is not None and cached == (entry.etag, facts.sha256)):
                self._in_line(file, entry)
                return
        left = self._before.get(file)
        if left is not None and left.etag == entry.etag and self._is_still_out(left, facts):
            self.left_out[file] = left
            return
        self.to_read[file] = entry

    def take(self, read: Read | Missing | Unread, entry: ObjectMeta) -> None:
        """Sort a package that was read."""
        file = read.file
        facts = self._known.facts(file)
        if isinstance(read, Missing):
            if facts is not None:
                self.missing.append(file)
            return
        if isinstance(read, Unread):
            self.take_unread(read)
            return
        if not is_etag_of(read.etag, read.md5):
            self._seen[file] = (read.etag, read.sha256)
        if facts is not None and facts.sha256 == read.sha256:
            self._in_line(file, entry)
            if read.record is None:
                # Another tool was able to index it, so its record stays.
                self._leave_out(file, read.reason, REPLACE, etag=read.etag, sha256=read.sha256)
        elif facts is not None and self._hold:
            self._leave_out(file, HELD, ACCEPT, kind="held", etag=read.etag, sha256=read.sha256)
        elif read.record is not None:
            self.records[file] = read.record
            self.summaries += [read.summary] if read.summary else []
        else:
            self._leave_out(file, read.reason, REPLACE, etag=read.etag, sha256=read.sha256)
            if facts is not None:
                self.unreadable[file] = read.etag

    def take_unread(self, unread: Unread) -> None:
        """Sort a package that the store does not give."""
        self._leave_out(unread.file, unread.reason, unread.remedy)

    def _in_line(self, file: str, entry: ObjectMeta) -> None:
        """The record is that of the bytes.

        Rule: where the object was put later than the shard with its record, the shard is written again. A re-index may
        have found the object missing before it was put, and would drop the record by a later commit; it starts again if
        the shard is another. If it has dropped it since the index was read here, the record comes back. Times of the
        store are compared, which have whole seconds.
        """
        put_at = self._known.put_at.get(package_name(file))
        record = self._known.record(file, entry.etag)
        if put_at is not None and entry.modified > put_at and record is not None:
            self.records[file] = record
            self.renewed.add(record.name)

    def _is_still_out(self, left: LeftOutPackage, facts: RecordFacts | None) -> bool:
        """Whether what was said of the same ETag holds still."""
        if left.kind == "held":
            return self._hold and facts is not None and facts.sha256 != left.sha256
        return left.sha256 != "" and facts is None

    def _leave_out(
        self, file: str, reason: str, remedy: str, kind: Kind = "unreadable", etag: str = "", sha256: str = ""
    ) -> None:
        now = self._subdir_index.runtime.now_ms()
        self.left_out[file] = left_out_package(reason, remedy, kind, now, etag, sha256)
