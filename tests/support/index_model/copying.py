"""A channel in memory as the source of a copy, and what brings its packages to another one: both stand in for those
that make requests of their own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from msgspec import Raw

from chaninfra.channel.conda.filenames import package_name, suffix_of, table_and_key
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.errors import ConflictError, SkippedError
from chaninfra.channel.objects import IfAbsent, ObjectBody, ObjectStore
from chaninfra.channel.outputs.descriptor import DescribedIndex
from chaninfra.index.channel import Channel
from chaninfra.index.copy.brought import Brought
from chaninfra.index.copy.copy import copy
from chaninfra.index.copy.plan import Plan, plan_copy
from chaninfra.index.copy.report import Copied
from chaninfra.index.copy.source import S3Object, SourcePackage
from chaninfra.index.package.archive import read_data
from chaninfra.index.package.sidecars import sidecar_name
from chaninfra.index.patches.document import read_patches
from chaninfra.index.upload import CONTENT_TYPE
from chaninfra.index.whole import read_whole
from chaninfra.index.yanks import yanks_of
from support.index_model.memory_store import MemoryStore, SequentialRuntime
from support.index_model.model_checker import Process
from support.index_model.processes import DEFAULT, FOLDER, channel, file

URL = "s3://staging/c"
Hotfix = Callable[[dict[str, Any]], object]


@dataclass(kw_only=True)
class MemorySource:
    """A channel of a MemoryStore. `tells_patches`: as a channel of chaninfra; else as any other. `hotfixes`: file →
    what changes its record. `answers`: how many times its bytes were asked for.
    """

    store: MemoryStore
    tells_patches: bool = True
    hotfixes: dict[str, Hotfix] = field(default_factory=dict)
    url: str = URL
    answers: list[str] = field(default_factory=list)

    def subdirs(self) -> Sequence[Subdir]:
        """See Source."""
        return ["noarch"]

    def packages(self, subdir: Subdir = "noarch", names: Collection[str] | None = None) -> Iterator[SourcePackage]:
        """See Source."""
        index = channel(self.store, SequentialRuntime("source")).subdir_index(subdir)
        whole = read_whole(index)
        yanks, patches = yanks_of(index, whole), read_patches(index)[0]
        found = [(name, table, whole.repodata.records[table][key], None) for name, table, key in whole.repodata.files()]
        for name in sorted(yanks.files):
            yank = yanks.find(name)
            if yank is not None and yank.record is not None:
                found.append((name, yank.table or "", Raw(msgspec.json.encode(yank.record)), yank))  # type: ignore[arg-type]
        for name, table, record, yank in found:
            if names is not None and package_name(name) not in names:
                continue
            if name in self.hotfixes:
                fields = msgspec.json.decode(record, type=dict[str, Any])
                self.hotfixes[name](fields)
                record = Raw(msgspec.json.encode(fields))
            yield SourcePackage(
                subdir=subdir,
                file=name,
                table=table,
                key=table_and_key(name, v3=table.startswith("v3"))[1],
                record=record,
                yank=yank,
                patch=patches.get(name) if self.tells_patches else None,
            )

    def refused(self) -> Sequence[str]:
        """See Source."""
        return []

    def passes_over(self, subdir: Subdir, file: str) -> bool:
        """See Source."""
        return False

    def chunks(self, package: SourcePackage) -> Iterator[bytes]:
        """See Source."""
        self.answers.append(package.file)
        body = self.store.objects.get(f"{FOLDER}/{package.file}")
        if body is None:
            raise SkippedError("the source has no such file")
        yield body.data

    def sidecar(self, package: SourcePackage, most: int) -> bytes | None:
        """See Source."""
        body = self.store.objects.get(f"{FOLDER}/{sidecar_name(package.file)}")
        return body.data if body else None

    def s3_object(self, package: SourcePackage) -> S3Object | None:
        """See Source."""
        return None


@dataclass(kw_only=True)
class MemoryTransfer:
    """Puts the packages into the store of the target. `reads`: it parses them on their way."""

    source: MemorySource
    store: ObjectStore
    reads: bool = False

    def bring(self, package: SourcePackage, advance: Callable[[int], None], *, there: bool = False) -> Brought:
        """See Transfer."""
        key = f"{FOLDER}/{package.file}"
        found_there = self.store.head(key) if there else None
        if there and found_there is None:
            raise SkippedError("its file is not there any more")
        data = b"" if found_there else b"".join(self.source.chunks(package))
        if not found_there and hashlib.sha256(data).hexdigest() != package.facts.sha256:
            raise SkippedError("the source has other bytes than its index says")
        etag = None
        if not found_there:
            try:
                etag = self.store.put(key, ObjectBody(data=data, content_type=CONTENT_TYPE), IfAbsent())
            except ConflictError:
                found_there = self.store.head(key)
        if etag is None:
            found = self.store.get(key)
            if found is None or hashlib.sha256(found.data).hexdigest() != package.facts.sha256:
                raise ConflictError("other bytes are there")
            advance(len(found.data))
            return Brought(package=package, way="present", etag=found.entry.etag)
        advance(len(data))
        made = read_data(data, suffix_of(package.file) or ".conda") if self.reads else None
        return Brought(package=package, way="streamed", etag=etag, made=made)


def planned(target: Channel, source: MemorySource, *names: str) -> Plan:
    """The plan of a copy of the packages of these names; without, of all."""
    return plan_copy(source, target, source.packages("noarch", names or None))


def copied(
    store: MemoryStore,
    source: MemorySource,
    *names: str,
    process: str = "copy",
    reads: bool = False,
    index: DescribedIndex = DEFAULT,
) -> Copied:
    """Copy the packages of these names to the channel in this store; without, all."""
    runtime = SequentialRuntime(process, int(store.now.timestamp() * 1000))
    target = channel(store, runtime, index)
    plan = planned(target, source, *names)
    transfer = MemoryTransfer(source=source, store=target.writer, reads=reads)
    return copy(target, source, plan, transfer, bringing=runtime)


def copying(
    source: MemorySource,
    name: str,
    *,
    process: str = "copy",
    index: DescribedIndex = DEFAULT,
    makes: str | None = None,
    takes: str | None = None,
    alone: bool = True,
) -> Process:
    """`chaninfra copy` of the packages of a name. `makes`, `takes`: packages that must have a record when it has ended,
    or must have none. Unless it is `alone`, others delete what it copies.
    """

    def run(store: ObjectStore, runtime: SequentialRuntime) -> None:
        target = channel(store, runtime, index)
        transfer = MemoryTransfer(source=source, store=target.writer)
        done = copy(target, source, planned(target, source, name), transfer, bringing=runtime, at_once=1)
        for failed in done.failed:
            if alone:
                raise failed.error

    return Process(process, run, makes=file(makes) if makes else None, takes=file(takes) if takes else None)
