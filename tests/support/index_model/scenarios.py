"""Scenarios for the model checker: processes, the channel before them, and the invariants that must hold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import msgspec

from chaninfra.channel.conda.commit_stamp import read_stamp
from chaninfra.channel.conda.index_files import decompress
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.shards import ShardIndex, index_files, shard_key
from chaninfra.channel.objects import ObjectBody
from support.index_model.memory_store import MemoryStore, SequentialRuntime
from support.index_model.model_checker import Objects, Process, Search, ViolationError
from support.index_model.processes import (
    AUTHORITATIVE,
    FOLDER,
    INDEX,
    PREFIX,
    ZST,
    channel,
    collecting,
    file,
    forcing,
    package,
    publishing,
    reindexing,
    unyanking,
    yanking,
)


@dataclass
class Scenario:
    """Processes, and the channel that they start with. Packages are given by name."""

    processes: list[Process]
    indexed: tuple[str, ...] = ("a",)
    """Packages with a record."""
    bare: tuple[str, ...] = ()
    """Packages without a record."""
    lost: tuple[str, ...] = ()
    """Records without a package. These may stay until a reindex."""
    yanked: tuple[str, ...] = ()
    garbage: bool = False
    """Whether there are unreferenced shards: one marked a week ago, one not marked yet."""
    forced: bool = False
    """Whether packages are overwritten: until the last commit a record may be of other bytes than its package."""
    _good: dict[Objects, tuple[set[str], bool]] = field(default_factory=dict)
    _ended: set[tuple[Objects, frozenset[str], frozenset[str]]] = field(default_factory=set)

    def search(self, **bounds: int) -> Search:
        """The search through the schedules of the processes."""
        return Search(self.processes, self.start(), AUTHORITATIVE, self.check, self.end, **bounds)

    def start(self) -> dict[str, bytes]:
        """The objects before the processes start: key → bytes."""
        store = MemoryStore()
        settings = channel(store, SequentialRuntime()).descriptor.index
        for name, body in index_files(Repodata.empty("noarch"), settings).items():
            store.objects[f"{FOLDER}/{name}"] = body
        before = 0
        for name in (*self.indexed, *self.lost, *self.yanked):
            publishing(name).run(store, SequentialRuntime(f"before{before}"))
            before += 1
        for name in self.yanked:
            yanking(name).run(store, SequentialRuntime(f"before{before}"))
            before += 1
        index = ShardIndex.parse(store.objects[INDEX].data)
        assert index is not None
        kept = {f"{FOLDER}/{key}" for key in index.keys()}  # noqa: SIM118 (no dict)
        old = [key for key in store.objects if "/shards/" in key and key not in kept]
        for key in old:
            del store.objects[key]
        if self.garbage:
            for name in ("old", "new"):
                store.objects[f"{FOLDER}/shards/{name}.msgpack.zst"] = ObjectBody(data=name.encode(), content_type="")
            store.objects[f"{PREFIX}/.chaninfra/gc/noarch.json"] = ObjectBody(
                data=msgspec.json.encode({"unreferenced": {"shards/old.msgpack.zst": Process("", print).now}}),
                content_type="",
            )
        for name in self.lost:
            del store.objects[f"{FOLDER}/{file(name)}"]
        for name in self.bare:
            store.objects[f"{FOLDER}/{file(name)}"] = ObjectBody(data=package(name).path.read_bytes(), content_type="")
        return {key: body.data for key, body in store.objects.items()}

    def check(self, objects: Objects, makes: frozenset[str], takes: frozenset[str]) -> None:
        """Invariants of every state: the files are complete, each record has its package, and what processes that have
        ended did is still there.
        """
        if objects not in self._good:
            self._good[objects] = self._read(objects)
        files, _ = self._good[objects]
        if missing := makes - files:
            raise ViolationError(f"the record of a finished publish is lost: {missing}")
        if back := takes & files:
            raise ViolationError(f"a package that was yanked is back: {back}")

    def _read(self, objects: Objects) -> tuple[set[str], bool]:
        """The files in the authoritative index, and whether all index files agree."""
        there = dict(objects)
        exempt = {file(name) for name in self.lost}
        packages = {
            key.removeprefix(f"{FOLDER}/"): _sha256(data) for key, data in there.items() if key.endswith(".conda")
        }

        def check_packages(records: dict[str, str], what: str) -> None:
            if len(records) != len(set(records)):
                raise ViolationError(f"{what} has a record twice")
            for name, digest in records.items():
                if name in packages and (self.forced or packages[name] == digest):
                    continue
                if name not in exempt:
                    raise ViolationError(f"{what} has a record of {name}, whose package is missing")

        records = _records(there[AUTHORITATIVE])
        check_packages(records, "repodata.json")
        unpacked = decompress(there[ZST], 1 << 30)
        if unpacked is None:
            raise ViolationError("repodata.json.zst is damaged")
        plain = bytes(unpacked)
        check_packages(_records(plain), "repodata.json.zst")
        index = ShardIndex.parse(there[INDEX])
        if index is None:
            raise ViolationError("the shard index is damaged")
        sharded: dict[str, str] = {}
        for name, digest in index.hashes.items():
            data = there.get(f"{FOLDER}/{shard_key(digest)}")
            if data is None:
                raise ViolationError(f"the shard of {name} is missing")
            found = _shard(data)
            if set(found) & set(sharded):
                raise ViolationError("a record is in two shards")
            sharded |= found
        check_packages(sharded, "the shards")
        stamp = read_stamp(there[AUTHORITATIVE])
        same_revision = stamp is not None and index.revision == stamp.revision
        if same_revision and sharded != records:
            raise ViolationError("the shards have the revision of the authoritative index, and differ from it")
        return set(records), same_revision and plain == there[AUTHORITATIVE]

    def end(self, objects: Objects, must_agree: bool, makes: frozenset[str], takes: frozenset[str]) -> None:
        """Invariants when all processes have ended: the files agree, at the latest after one more run; a reindex then
        finds every package, and a second reindex writes nothing.
        """
        if must_agree and not self._good[objects][1]:
            raise ViolationError("all processes have ended, and the files do not agree")
        if (objects, makes, takes) in self._ended:
            return
        self._ended.add((objects, makes, takes))
        for last in (publishing("z"), reindexing("last")):
            after = _ran(last, objects)
            self.check(after, makes, takes)
            files, agree = self._good[after]
            if not agree:
                raise ViolationError(f"the files do not agree after the next run, {last.name}")
        there = dict(after)
        packages = {key.removeprefix(f"{FOLDER}/") for key in there if key.endswith(".conda")}
        yanked = _yanked(there.get(f"{PREFIX}/yanked.json"))
        if files != packages - yanked:
            raise ViolationError(f"after a reindex the index has {sorted(files)}")
        if self.forced and _records(there[AUTHORITATIVE]) != {
            name: _sha256(there[f"{FOLDER}/{name}"]) for name in packages - yanked
        }:
            raise ViolationError("a record has another sha256 than its package")
        if _ran(reindexing("idle"), after) != after:
            raise ViolationError("a second reindex writes")


def _ran(process: Process, objects: Objects) -> Objects:
    """The objects after the process has run alone."""
    store = MemoryStore()
    store.objects = {key: ObjectBody(data=data, content_type="") for key, data in objects}
    process.run(store, SequentialRuntime(process.name, process.now))
    return frozenset((key, body.data) for key, body in store.objects.items())


@lru_cache(maxsize=100_000)
def _sha256(data: bytes) -> str:
    import hashlib

    return hashlib.sha256(data).hexdigest()


class _Record(msgspec.Struct):
    sha256: Any


@lru_cache(maxsize=100_000)
def _parsed(data: bytes) -> dict[str, str]:
    repodata = Repodata.parse(data, where="repodata.json")
    return {
        key: msgspec.json.decode(repodata.records[table][key], type=_Record).sha256
        for _, table, key in repodata.files()
    }


def _records(data: bytes) -> dict[str, str]:
    return _parsed(data)


@lru_cache(maxsize=100_000)
def _shard(data: bytes) -> dict[str, str]:
    shard = msgspec.msgpack.decode(decompress(data, 1 << 30) or b"")
    return {key: record["sha256"].hex() for key, record in shard["packages.conda"].items()}


def _yanked(data: bytes | None) -> set[str]:
    return {path.partition("/")[2] for path in msgspec.json.decode(data)["packages"]} if data else set()


SCENARIOS: dict[str, Callable[[], Scenario]] = {
    "two publish": lambda: Scenario([publishing("b"), publishing("c")]),
    "two publish the same": lambda: Scenario([publishing("b", process="1"), publishing("b", process="2")]),
    "publish and yank": lambda: Scenario([publishing("b"), yanking("a")]),
    "publish and unyank": lambda: Scenario([publishing("b"), unyanking("x")], yanked=("x",)),
    "yank and unyank": lambda: Scenario([yanking("a"), unyanking("x")], yanked=("x",)),
    "publish and reindex": lambda: Scenario([publishing("b"), reindexing()], bare=("d",)),
    "publish of a lost package and reindex": lambda: Scenario([publishing("x"), reindexing()], lost=("x",)),
    "yank and reindex": lambda: Scenario([yanking("a"), reindexing()], indexed=("a", "b"), bare=("d",)),
    "two reindex": lambda: Scenario([reindexing("1"), reindexing("2")], bare=("d",)),
    "publish and gc": lambda: Scenario([publishing("a"), publishing("b"), collecting()], garbage=True),
    "yank and gc": lambda: Scenario([yanking("a"), collecting()], garbage=True),
    "reindex and gc": lambda: Scenario([reindexing(), collecting()], bare=("d",), garbage=True),
    "two force": lambda: Scenario([forcing("a", b"1"), forcing("a", b"2")], forced=True),
}
