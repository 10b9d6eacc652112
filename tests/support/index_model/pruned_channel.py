"""A channel in memory with retention rules and a clock, for tests of prune. Its packages are bytes without content."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import msgspec
from msgspec import UNSET, Raw

from chaninfra.channel.conda.layout import ChannelLayout
from chaninfra.channel.conda.mirrors import Mirror
from chaninfra.channel.conda.retention import RetentionRule
from chaninfra.channel.conda.skeleton import empty_index
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.conda.yank import Yank
from chaninfra.channel.objects import ObjectBody
from chaninfra.channel.outputs.descriptor import DescribedIndex
from chaninfra.index.channel import Channel
from chaninfra.index.commit.change import Change
from chaninfra.index.commit.commit import commit
from chaninfra.index.commit.index_record import IndexRecord
from chaninfra.index.locks import Lock
from chaninfra.index.prune.prepare import Planned, matchers_of, prepare
from chaninfra.index.prune.prune import Pruned, carry_out
from chaninfra.index.whole import read_whole
from chaninfra.index.yanks import yanks_of
from support.channels.channels import descriptor
from support.index_model.memory_store import MemoryStore, SequentialRuntime, etag

START = datetime(2026, 1, 1, tzinfo=UTC)
SUBDIRS: tuple[Subdir, ...] = ("noarch", "linux-64")
PREFIX = "c"


def rules(**given: Mapping[str, Any]) -> dict[str, RetentionRule]:
    """Rules from the keys that the stack config has."""
    return msgspec.convert(given, dict[str, RetentionRule])


class PrunedChannel:
    """The channel; `day` is its clock, in days since 2026-01-01."""

    def __init__(self, rules: Mapping[str, RetentionRule], monolith: Literal["never", "each-commit"] = "never") -> None:
        self.rules = dict(rules)
        self.index = DescribedIndex(monolith=monolith)
        self.store = MemoryStore()
        self.mirrors: dict[str, Mirror] = {}
        self.day = 0.0
        self._runs = 0
        for subdir in SUBDIRS:
            for name, body in empty_index(subdir, ChannelLayout(PREFIX, SUBDIRS, self.index).index):
                self.store.objects[f"{PREFIX}/{subdir}/{name}"] = body

    def at(self, day: float) -> PrunedChannel:
        """Put the clock to this day."""
        self.day = day
        self.store.now = START + timedelta(days=day)
        return self

    def channel(self) -> Channel:
        """The channel as a new process opens it."""
        self._runs += 1
        opened = Channel(
            descriptor=descriptor(
                PREFIX, subdirs=SUBDIRS, index=self.index, retention=self.rules, mirrors=self.mirrors or UNSET
            ),
            credentials=None,
        )
        now = int(self.store.now.timestamp() * 1000)
        vars(opened).update(writer=self.store, runtime=SequentialRuntime(f"run{self._runs}-", now))
        return opened

    def add(self, *files: str, subdir: Subdir = "noarch", **fields: Any) -> None:
        """Publish packages: `name-version-build.conda`; the build number is what follows the last `_` of the build.
        `fields` are further fields of the records; None takes one away.
        """
        opened, records = self.channel().subdir_index(subdir), {}
        for file in files:
            data = f"{subdir}/{file}".encode()
            self.store.objects[f"{PREFIX}/{subdir}/{file}"] = ObjectBody(data=data, content_type="")
            self.store.modified[f"{PREFIX}/{subdir}/{file}"] = self.store.now
            records[file] = _record(file, data, opened.runtime.now_ms(), fields)
        commit(opened, lambda: Change(records=records))

    def plan(self, only: Sequence[str] = (), locks: Sequence[Lock] = ()) -> Planned:
        """What prune would do now."""
        opened = self.channel()
        return prepare(opened, matchers_of(opened, only), only, locks)

    def prune(self, only: Sequence[str] = (), locks: Sequence[Lock] = (), *, everything: bool = False) -> Pruned:
        """Prune."""
        opened = self.channel()
        matchers = matchers_of(opened, only)
        planned = prepare(opened, matchers, only, locks)
        if not everything:
            planned.check()
        return carry_out(opened, planned, matchers.rules)

    def files(self) -> set[str]:
        """`<subdir>/<file>` of the packages in the store."""
        return {key.removeprefix(f"{PREFIX}/") for key in self.store.objects if key.endswith(".conda")}

    def listed(self) -> set[str]:
        """`<subdir>/<file>` of the packages in the index."""
        return {
            f"{subdir}/{file}"
            for subdir in SUBDIRS
            for file, _, _ in read_whole(self.channel().subdir_index(subdir)).repodata.files()
        }

    def yanked(self) -> dict[str, Yank]:
        """`<subdir>/<file>` → yank, by the index."""
        found = {}
        for subdir in SUBDIRS:
            target = self.channel().subdir_index(subdir)
            yanks = yanks_of(target, read_whole(target))
            found |= {f"{subdir}/{file}": yank for file in yanks.files if (yank := yanks.find(file))}
        return found


def paths(going: Iterable[Any]) -> list[str]:
    """`<subdir>/<file>` of what a plan has."""
    return [getattr(each, "going", each).package.path_in_channel for each in going]


def _record(file: str, data: bytes, now: int, fields: Mapping[str, Any]) -> IndexRecord:
    name, version, build = file.removesuffix(".conda").rsplit("-", 2)
    number = build.rpartition("_")[2]
    sha256 = hashlib.sha256(data).hexdigest()
    known = {
        "build": build,
        "build_number": int(number) if number.isdigit() else 0,
        "depends": [],
        "md5": etag(data).strip('"'),
        "name": name,
        "sha256": sha256,
        "size": len(data),
        "timestamp": now,
        "version": version,
    }

    def encode(indexed: int) -> Raw:
        record = {**known, "indexed_timestamp": indexed, **fields}
        return Raw(msgspec.json.encode({key: value for key, value in record.items() if value is not None}))

    return IndexRecord(
        name=name, table="packages.conda", key=file, sha256=sha256, encode=encode, etag=etag(data), patched=True
    )
