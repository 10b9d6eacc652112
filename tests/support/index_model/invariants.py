"""What must hold of a channel in every state of the model checker, and when all processes have ended."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Literal

import msgspec

from chaninfra.channel.conda.commit_stamp import Origin
from chaninfra.channel.conda.index_files import FILE_NAMES, decompress
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.conda.shards import parse_shard, shard_key
from chaninfra.channel.conda.snapshot_schedule import begin_of
from chaninfra.channel.errors import ChaninfraError
from chaninfra.channel.objects import ObjectBody
from chaninfra.channel.outputs.descriptor import DescribedIndex
from chaninfra.index.commit.replaced import Replaced
from chaninfra.index.snapshots.document import Snapshots
from support.index_model.memory_store import MemoryStore, SequentialRuntime
from support.index_model.model_checker import Process, ViolationError
from support.index_model.patches import check_patches
from support.index_model.processes import (
    FOLDER,
    INDEX,
    JSON,
    KEY_OF_ANOTHER_TOOL,
    PREFIX,
    ZST,
    deleting,
    publishing,
    reindexing,
)
from support.index_model.requests import LONG_AGO, Held, Objects
from support.index_model.yanks import check_document

HISTORY = f"{PREFIX}/.chaninfra/history/noarch/"
SNAPSHOTS = f"{PREFIX}/snapshots/"
LIST = f"{SNAPSHOTS}index.json"
REPLACED = f"{PREFIX}/.chaninfra/replaced/noarch.json"
WITHDRAWN = f"{PREFIX}/withdrawn.json"
_LARGE = 1 << 30

Foreign = Literal["no", "before", "beside"]
"""Whether another tool has written the index or damaged it, before the processes or beside them. Beside them, until the
next reindex records may be missing, or be back."""


class Record(msgspec.Struct, frozen=True):
    """What is compared of a record."""

    sha256: str
    indexed_timestamp: int | None = None
    license: str | None = None


@dataclass(frozen=True)
class Content:
    """The records of an index, by file name; and the files that were taken out of it."""

    records: Mapping[str, Record]
    removed: frozenset[str]


@dataclass(kw_only=True)
class Invariants:
    """The invariants of one scenario; see Scenario for its fields."""

    index: DescribedIndex
    exempt: frozenset[str]
    """Files whose record may lack its package until a reindex."""
    indexed: frozenset[str]
    indexed_ms: int
    """When these came into the index, in ms since 1970."""
    forced: bool
    foreign: Foreign
    followed: bool = False
    """Whether all uploads and deletions are followed: when all have ended, the index lists what is there."""
    withdrawn: frozenset[str] = frozenset()
    """Files that processes delete for good."""
    lasting: tuple[str, ...] = ()
    """Snapshots that must be there, whole, in every state."""
    automatic: int = 0
    """How many automatic snapshots must at least be there, whole, in every state."""
    kept: frozenset[str] = frozenset()
    """Files that must stay."""
    gone: frozenset[str] = frozenset()
    """Files that must not get a record."""
    _good: dict[Objects, tuple[Content, bool]] = field(default_factory=dict)
    _ended: set[tuple[Objects, frozenset[str], frozenset[str]]] = field(default_factory=set)

    def number(self, data: bytes) -> int | None:
        """See Search."""
        index = _index(data)
        return index.stamp.number if index is not None and index.stamp is not None else None

    def moved(self, key: str, before: Held, after: Held, objects: Objects) -> None:
        """Derived files never go back to an older commit, and what a commit replaces was kept before."""
        if not self.withdrawn and key.startswith(SNAPSHOTS) and key != LIST and before.data != after.data:
            raise ViolationError(f"{key} is replaced, and a snapshot never changes")
        number = self.number(before.data) if key == INDEX else None
        if number is not None and self.foreign == "no":
            kept = dict(objects).get(f"{HISTORY}{number}")
            if kept is None or kept.data != before.data:
                raise ViolationError(f"the index of commit {number} is replaced, and was not kept")
        old, new = _origin(before), _origin(after)
        if key in (JSON, ZST) and old is not None and new is not None and new.number < old.number:
            raise ViolationError(f"{key} goes from commit {old.number} to {new.number}")

    def check(self, objects: Objects, makes: frozenset[str], takes: frozenset[str]) -> None:
        """Invariants of every state: a reader finds complete files, each record has its package, and what processes
        that have ended did is still there.
        """
        if objects not in self._good:
            self._good[objects] = self._read(objects)
        content, _ = self._good[objects]
        for name in self.kept:
            if f"{FOLDER}/{name}" not in dict(objects):
                raise ViolationError(f"the file {name} is gone, which must stay")
        if self.foreign == "beside":
            return
        if back := self.gone & content.records.keys():
            raise ViolationError(f"a package that was yanked is back: {back}")
        if missing := makes - content.records.keys():
            raise ViolationError(f"the record of a finished publish is lost: {missing}")
        if back := takes & content.records.keys():
            raise ViolationError(f"a package that was yanked is back: {back}")

    def _read(self, objects: Objects) -> tuple[Content, bool]:
        """The content of the authoritative index; and whether all files that are due are of its commit."""
        there = dict(objects)
        if INDEX not in there and self.foreign != "no":
            return Content({}, frozenset()), False
        index = _index(there[INDEX].data)
        if index is None:
            if self.foreign == "no":
                raise ViolationError("the shard index is damaged")
            return Content({}, frozenset()), False
        content = self._sharded(there, index, "the shard index")
        kept = {int(key.removeprefix(HISTORY)): held.data for key, held in objects if key.startswith(HISTORY)}
        old = {number: self._kept(there, number, data) for number, data in kept.items()}
        check_snapshots(self, there)
        stamp = index.stamp
        if stamp is not None and stamp.count != len(content.records):
            raise ViolationError(f"the index says that it has {stamp.count} records, and has {len(content.records)}")
        agree = stamp is not None
        for key in (JSON, ZST):
            if self.index.monolith == "never":
                continue
            if key not in there:
                if self.foreign == "no":
                    raise ViolationError(f"there is no {key}")
                agree = False
                continue
            plain = there[key].data if key == JSON else _unpacked(there[key].data)
            found = _repodata(plain)
            self._check_packages(there, found, key)
            origin = _origin(there[key])
            if origin is None or not origin.is_of(plain):
                if self.foreign == "no":
                    raise ViolationError(f"{key} does not say from which commit it is")
                agree = False
                continue
            agree = agree and stamp is not None and origin.number == stamp.number
            if self.foreign != "no" or stamp is None:
                agree = agree and found == content
                continue
            if origin.number > stamp.number:
                raise ViolationError(f"{key} is of a later commit than the index")
            then = content if origin.number == stamp.number else old.get(origin.number, found)
            if without(found, self.withdrawn) != without(then, self.withdrawn):
                raise ViolationError(f"{key} says that it is of commit {origin.number}, and differs from it")
        return content, agree

    def _kept(self, there: Mapping[str, Held], number: int, data: bytes) -> Content:
        index = _index(data)
        if index is None or index.stamp is None or index.stamp.number != number:
            raise ViolationError(f"the history has another index for commit {number}")
        index = replaced_in(there).applied(index)
        return self._sharded(there, index, f"commit {number} in the history", old=True)

    def _sharded(self, there: Mapping[str, Held], index: ShardIndex, what: str, *, old: bool = False) -> Content:
        records: dict[str, Record] = {}
        removed: set[str] = set()
        for name, digest in index.hashes.items():
            held = there.get(f"{FOLDER}/{shard_key(digest)}")
            if held is None:
                raise ViolationError(f"the shard of {name} is missing, which {what} names")
            found = _shard(held.data, name)
            if found is None:
                raise ViolationError(f"the shard of {name} is damaged")
            if set(found.records) & set(records):
                raise ViolationError("a record is in two shards")
            records |= found.records
            removed |= found.removed
        content = Content(records, frozenset(removed))
        if not old:
            self._check_packages(there, content, what)
        return content

    def _check_packages(self, there: Mapping[str, Held], content: Content, what: str) -> None:
        for name, record in content.records.items():
            package = there.get(f"{FOLDER}/{name}")
            if package is not None and (self.forced or _sha256(package.data) == record.sha256):
                continue
            if name not in self.exempt:
                raise ViolationError(f"{what} has a record of {name}, whose package is missing")

    def end(
        self, objects: Objects, writer: Process | None, crashed: bool, makes: frozenset[str], takes: frozenset[str]
    ) -> None:
        """Invariants when all processes have ended: the files agree, at the latest after one more run; a reindex then
        finds every package, and a second reindex writes nothing.
        """
        each = self.index.monolith in ("each-commit", "never")
        if writer is not None and (each or writer.derives) and self.foreign != "beside" and not self._good[objects][1]:
            raise ViolationError("all processes have ended, and the files do not agree")
        if not crashed:
            if self.forced or self.followed:
                self._check_bytes(objects)
            if self.followed:
                self._check_followed(objects)
            if self.foreign == "no":
                check_document(dict(objects), _index_of(dict(objects)))
                check_patches(dict(objects), _index_of(dict(objects)), self._good[objects][0].records)
        if (objects, makes, takes) in self._ended:
            return
        self._ended.add((objects, makes, takes))
        after = objects
        names = [each.removesuffix("-0.conda") for each in sorted(self.withdrawn)]
        again = [deleting(name, process=f"again-{name}", index=self.index) for name in names]
        for last in (publishing("z", index=self.index), reindexing("last", index=self.index), *again):
            after = self._ran(last, after)
            self.check(after, makes, takes)
            if (each or last.derives) and not self._good[after][1]:
                raise ViolationError(f"the files do not agree after the next run, {last.name}")
        # Also what another tool has put back beside the processes.
        if back := takes & self._good[after][0].records.keys():
            raise ViolationError(f"after a reindex a package that was yanked is back: {back}")
        if gone := {each for each in makes if each.endswith(".conda")} - self._good[after][0].records.keys():
            raise ViolationError(f"after a reindex the record of a finished publish or unyank is lost: {gone}")
        check_no_trace(after, self.withdrawn)
        self._check_reindexed(after, makes, takes)
        if self._ran(reindexing("idle", index=self.index), after) != after:
            raise ViolationError("a second reindex writes")

    def _check_reindexed(self, objects: Objects, makes: frozenset[str], takes: frozenset[str]) -> None:
        there = dict(objects)
        content = self._good[objects][0]
        packages = {
            key.removeprefix(f"{FOLDER}/"): _sha256(held.data) for key, held in objects if key.endswith(".conda")
        }
        yanked = check_document(there, _index_of(there))
        if content.removed != yanked:
            raise ViolationError(f"after a reindex {sorted(content.removed)} are removed")
        if content.records.keys() != packages.keys() - yanked:
            raise ViolationError(f"after a reindex the index has {sorted(content.records)}")
        self._check_bytes(objects)
        # Another tool that has read the index before a patch was removed writes the patched record later.
        check_patches(there, _index_of(there), content.records, only=self.foreign != "beside")
        if KEY_OF_ANOTHER_TOOL in makes and KEY_OF_ANOTHER_TOOL not in _index_of(there).other:
            raise ViolationError("what another tool wrote is lost")
        for name in content.records.keys() & self.indexed:
            if not self.forced and content.records[name].indexed_timestamp != self.indexed_ms:
                raise ViolationError(f"the index does not know any more when {name} came into it")

    def _check_followed(self, objects: Objects) -> None:
        packages = {key.removeprefix(f"{FOLDER}/") for key, _ in objects if key.endswith(".conda")}
        content = self._good[objects][0]
        if content.records.keys() != packages - content.removed:
            raise ViolationError(f"all have ended; {sorted(packages)} are there, {sorted(content.records)} are indexed")

    def _check_bytes(self, objects: Objects) -> None:
        there = dict(objects)
        for name, record in self._good[objects][0].records.items():
            if f"{FOLDER}/{name}" not in there:
                raise ViolationError(f"the package of {name} is missing")
            if record.sha256 != _sha256(there[f"{FOLDER}/{name}"].data):
                raise ViolationError(f"the record of {name} has another sha256 than its package")

    def _ran(self, process: Process, objects: Objects) -> Objects:
        """The objects after the process has run alone."""
        store = MemoryStore()
        for key, held in objects:
            store.objects[key] = ObjectBody(data=held.data, content_type="", metadata=dict(held.metadata))
        try:
            process.run(store, SequentialRuntime(process.name, process.now))
        except ChaninfraError as error:
            raise ViolationError(f"{process.name} failed: {error}") from error
        return objects_of(store)


def check_snapshots(rules: Invariants, there: Mapping[str, Held]) -> None:
    """Each shard that a snapshot names is there, also while it is made; one that is ready has all its files, and says
    what the state says that its entry names, as long as that is kept.
    """
    for key, held in there.items():
        if key.startswith(SNAPSHOTS) and key.endswith(FILE_NAMES["shards"]):
            shards = _index(held.data)
            if shards is None:
                raise ViolationError(f"{key} is damaged")
            # What is withdrawn while a snapshot is made is seen by its maker before it says that it is ready.
            if not rules.withdrawn:
                rules._sharded(there, shards, key, old=True)
    if LIST not in there:
        return
    found = _list(there[LIST].data).snapshots
    for name in rules.lasting:
        if name not in found or found[name].stage != "ready":
            raise ViolationError(f"the snapshot {name} is gone, and should stay")
    if sum(begin_of(name) is not None and each.stage == "ready" for name, each in found.items()) < rules.automatic:
        raise ViolationError("an automatic snapshot is gone, and should be kept")
    for name, snapshot in found.items():
        if snapshot.stage != "ready":
            continue
        folder, state = f"{SNAPSHOTS}{name}/noarch/", snapshot.subdirs["noarch"]
        for kind in rules.index.formats:
            if f"{folder}{FILE_NAMES[kind]}" not in there:
                raise ViolationError(f"the snapshot {name} is listed as ready, and has no {FILE_NAMES[kind]}")
        index = _index(there[f"{folder}{FILE_NAMES['shards']}"].data)
        assert index is not None
        kept = there.get(f"{HISTORY}{state.commit}")
        wanted = _index(kept.data) if kept is not None else None
        replaced = replaced_in(there)
        if wanted is not None and replaced.applied(wanted).hashes != replaced.applied(index).hashes:
            raise ViolationError(f"the snapshot {name} says something else than commit {state.commit}")
        content = rules._sharded(there, index, f"the snapshot {name}", old=True)
        if "json" in rules.index.formats:
            json, zst = (there[f"{folder}{FILE_NAMES[kind]}"].data for kind in ("json", "zst"))
            forms = (_repodata(json), _repodata(_unpacked(zst)))
            if any(without(each, rules.withdrawn) != without(content, rules.withdrawn) for each in forms):
                raise ViolationError(f"the files of the snapshot {name} do not agree")


def without(content: Content, files: frozenset[str]) -> Content:
    """The content without these files, which are in some forms of an index while they are taken out of all."""
    if not files:
        return content
    return Content({file: each for file, each in content.records.items() if file not in files}, content.removed - files)


def replaced_in(there: Mapping[str, Held]) -> Replaced:
    """Which shards stand for others in old states of the index."""
    held = there.get(REPLACED)
    return _replaced(held.data) if held is not None else Replaced()


def check_no_trace(objects: Objects, withdrawn: frozenset[str]) -> None:
    """Nothing but withdrawn.json names a file that was deleted for good. Raises ViolationError."""
    for key, held in objects:
        texts = (key.encode(), held.data, bytes(decompress(held.data, _LARGE) or b""))
        for file in withdrawn:
            if key != WITHDRAWN and any(file.encode() in text for text in texts):
                raise ViolationError(f"{key} still says something of {file}")


def content_of(store: MemoryStore, index: DescribedIndex) -> tuple[Content, bool]:
    """What the index in the store says, and whether all files that are due say it. Raises ViolationError where a file
    is damaged, or a record is of other bytes than its package; but not where those were overwritten.
    """
    rules = Invariants(index=index, exempt=frozenset(), indexed=frozenset(), indexed_ms=0, forced=True, foreign="no")
    return rules._read(objects_of(store))


def objects_of(store: MemoryStore) -> Objects:
    """What is in the store."""
    return frozenset(
        (key, Held(body.data, tuple(body.metadata.items()), LONG_AGO)) for key, body in store.objects.items()
    )


@lru_cache(maxsize=100_000)
def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@lru_cache(maxsize=100_000)
def _index(data: bytes) -> ShardIndex | None:
    return ShardIndex.parse(data)


@lru_cache(maxsize=100_000)
def _replaced(data: bytes) -> Replaced:
    return msgspec.json.decode(data, type=Replaced)


@lru_cache(maxsize=100_000)
def _list(data: bytes) -> Snapshots:
    return msgspec.json.decode(data, type=Snapshots)


@lru_cache(maxsize=100_000)
def _unpacked(data: bytes) -> bytes:
    plain = decompress(data, _LARGE)
    if plain is None:
        raise ViolationError("repodata.json.zst is damaged")
    return bytes(plain)


@lru_cache(maxsize=100_000)
def _repodata(data: bytes) -> Content:
    repodata = Repodata.parse(data, where="repodata.json")
    records = {
        file: msgspec.json.decode(repodata.records[table][key], type=Record) for file, table, key in repodata.files()
    }
    if len(records) != repodata.count:
        raise ViolationError("repodata.json has a record twice")
    return Content(records, frozenset(repodata.removed))


@lru_cache(maxsize=100_000)
def _shard(data: bytes, name: str) -> Content | None:
    shard = parse_shard(data, name, hashlib.sha256(data).digest())
    if shard is None:
        return None
    records = {
        key: msgspec.json.decode(record, type=Record)
        for table in shard.records.values()
        for key, record in table.items()
    }
    if len(records) != shard.count:
        raise ViolationError("a shard has a record twice")
    return Content(records, frozenset(shard.removed))


def _index_of(there: Mapping[str, Held]) -> ShardIndex:
    index = _index(there[INDEX].data)
    assert index is not None
    return index


def _origin(held: Held) -> Origin | None:
    return Origin.read(dict(held.metadata))
