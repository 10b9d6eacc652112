"""What the schedules are of: some processes, what lay there before them, and what must hold at any moment."""

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
from support.index_model.index_processes import (
    FOLDER,
    INDEX,
    PREFIX,
    TRUTH,
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
from support.index_model.memory_store import Alone, MemoryStore
from support.index_model.model_checker import Objects, Process, Search, ViolationError


@dataclass
class Scene:
    """Processes, and what lay there before them."""

    processes: list[Process]
    indexed: tuple[str, ...] = ("a",)
    """Packages that are there, with their records."""
    bare: tuple[str, ...] = ()
    """Packages that are there without a record."""
    lost: tuple[str, ...] = ()
    """Records whose packages are not there; readers must live with these until a reindex."""
    yanked: tuple[str, ...] = ()
    garbage: bool = False
    """Whether there are shards that nobody names: one marked a week ago, one not marked yet."""
    forced: bool = False
    """Whether packages are overwritten: their records may be of other bytes for a moment."""
    _good: dict[Objects, tuple[set[str], bool]] = field(default_factory=dict)
    _ended: set[tuple[Objects, frozenset[str], frozenset[str]]] = field(default_factory=set)

    def search(self, **bounds: int) -> Search:
        """The search through its schedules."""
        return Search(self.processes, self.start(), TRUTH, self.check, self.end, **bounds)

    def start(self) -> dict[str, bytes]:
        """What lay there before."""
        store = MemoryStore()
        settings = channel(store, Alone()).descriptor.index
        for name, body in index_files(Repodata.empty("noarch"), settings).items():
            store.objects[f"{FOLDER}/{name}"] = body
        before = 0
        for name in (*self.indexed, *self.lost, *self.yanked):
            publishing(name).run(store, Alone(f"before{before}"))
            before += 1
        for name in self.yanked:
            yanking(name).run(store, Alone(f"before{before}"))
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
        """At any moment: the files are whole, each record has its package, and what has ended was not in vain."""
        if objects not in self._good:
            self._good[objects] = self._read(objects)
        files, _ = self._good[objects]
        if missing := makes - files:
            raise ViolationError(f"the record of a finished publish is lost: {missing}")
        if back := takes & files:
            raise ViolationError(f"a package that was yanked is back: {back}")

    def _read(self, objects: Objects) -> tuple[set[str], bool]:
        """The files in the truth, and whether all agree."""
        there = dict(objects)
        exempt = {file(name) for name in self.lost}
        packages = {
            key.removeprefix(f"{FOLDER}/"): _sha256(data) for key, data in there.items() if key.endswith(".conda")
        }

        def known(records: dict[str, str], what: str) -> None:
            if len(records) != len(set(records)):
                raise ViolationError(f"{what} has a record twice")
            for name, digest in records.items():
                if name in packages and (self.forced or packages[name] == digest):
                    continue
                if name not in exempt:
                    raise ViolationError(f"{what} has a record of {name}, and its package is not there")

        truth = _records(there[TRUTH])
        known(truth, "repodata.json")
        plain = decompress(there[ZST])
        if plain is None:
            raise ViolationError("repodata.json.zst is none")
        known(_records(plain), "repodata.json.zst")
        index = ShardIndex.parse(there[INDEX])
        if index is None:
            raise ViolationError("the shard index is none")
        sharded: dict[str, str] = {}
        for name, digest in index.hashes.items():
            data = there.get(f"{FOLDER}/{shard_key(digest)}")
            if data is None:
                raise ViolationError(f"the shard of {name} is not there")
            found = _shard(data)
            if set(found) & set(sharded):
                raise ViolationError("a record is in two shards")
            sharded |= found
        known(sharded, "the shards")
        mark = read_stamp(there[TRUTH])
        agree = mark is not None and index.revision == mark.revision and sharded == truth and plain == there[TRUTH]
        if mark is not None and index.revision == mark.revision and sharded != truth:
            raise ViolationError("the shards name the truth and differ from it")
        return set(truth), agree

    def end(self, objects: Objects, must_agree: bool, makes: frozenset[str], takes: frozenset[str]) -> None:
        """Once all have ended: the files agree, or do so after the next run; and that writes no more than is needed."""
        if must_agree and not self._good[objects][1]:
            raise ViolationError("all have ended, and the files do not agree")
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
        if self.forced and _records(there[TRUTH]) != {
            name: _sha256(there[f"{FOLDER}/{name}"]) for name in packages - yanked
        }:
            raise ViolationError("a record is of other bytes than its package")
        if _ran(reindexing("idle"), after) != after:
            raise ViolationError("a reindex of what is right writes")


def _ran(process: Process, objects: Objects) -> Objects:
    """What lies there after the process alone."""
    store = MemoryStore()
    store.objects = {key: ObjectBody(data=data, content_type="") for key, data in objects}
    process.run(store, Alone(process.name, process.now))
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
    shard = msgspec.msgpack.decode(decompress(data) or b"")
    return {key: record["sha256"].hex() for key, record in shard["packages.conda"].items()}


def _yanked(data: bytes | None) -> set[str]:
    return {label.partition("/")[2] for label in msgspec.json.decode(data)["packages"]} if data else set()


SCENES: dict[str, Callable[[], Scene]] = {
    "two publish": lambda: Scene([publishing("b"), publishing("c")]),
    "two publish the same": lambda: Scene([publishing("b", process="1"), publishing("b", process="2")]),
    "publish and yank": lambda: Scene([publishing("b"), yanking("a")]),
    "publish and unyank": lambda: Scene([publishing("b"), unyanking("x")], yanked=("x",)),
    "yank and unyank": lambda: Scene([yanking("a"), unyanking("x")], yanked=("x",)),
    "publish and reindex": lambda: Scene([publishing("b"), reindexing()], bare=("d",)),
    "what was lost comes back": lambda: Scene([publishing("x"), reindexing()], lost=("x",)),
    "yank and reindex": lambda: Scene([yanking("a"), reindexing()], indexed=("a", "b"), bare=("d",)),
    "two reindex": lambda: Scene([reindexing("1"), reindexing("2")], bare=("d",)),
    "publish and gc": lambda: Scene([publishing("a"), publishing("b"), collecting()], garbage=True),
    "yank and gc": lambda: Scene([yanking("a"), collecting()], garbage=True),
    "reindex and gc": lambda: Scene([reindexing(), collecting()], bare=("d",), garbage=True),
    "two force": lambda: Scene([forcing("a", b"1"), forcing("a", b"2")], forced=True),
}
