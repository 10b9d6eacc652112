"""Scenarios for the model checker: processes, the channel before them, and the settings of its index."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec

from chaninfra.channel.conda.index_settings import AtMostEvery, Follow
from chaninfra.channel.conda.layout import ChannelLayout
from chaninfra.channel.conda.skeleton import empty_index
from chaninfra.channel.objects import ObjectBody
from chaninfra.channel.outputs.descriptor import DescribedIndex
from support.index_model.invariants import HISTORY, LIST, Foreign, Invariants, objects_of
from support.index_model.memory_store import MemoryStore, SequentialRuntime
from support.index_model.model_checker import Process, Search
from support.index_model.other_tool import overwriting
from support.index_model.patches import patching, unpatching
from support.index_model.processes import (
    AUTHORITATIVE,
    DAY,
    DEFAULT,
    FOLDER,
    JSON,
    NOW,
    PREFIX,
    WEEK,
    ZST,
    collecting,
    file,
    following,
    forcing,
    package,
    publishing,
    reindexing,
    removing,
    snapshotting,
    tending,
    unyanking,
    yanking,
)
from support.index_model.pruning import LATER as GRACE_OVER
from support.index_model.pruning import pruned_before, pruning, publishing_again, yanked_by_hand
from support.index_model.requests import Held

NEVER = DescribedIndex(monolith="never")
BRIEF = DescribedIndex(monolith="never", history_days=1)
SELDOM = DescribedIndex(monolith=AtMostEvery(at_most_every="10m"))
SINGLE = DescribedIndex(writers="single")
SHARDS = f"{FOLDER}/shards/"
BEFORE = NOW - 3_600_000
"""The clock of those who made the channel, in ms since 1970."""


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
    index: DescribedIndex = DEFAULT
    garbage: bool = False
    """Whether there are unreferenced shards: one marked a week ago, one not marked yet."""
    forced: bool = False
    """Whether packages are overwritten: until the last commit a record may be of other bytes than its package."""
    foreign: Foreign = "no"
    followed: bool = False
    """Whether all uploads and deletions are followed: when all have ended, the index lists what is there."""
    deleted: tuple[str, ...] = ()
    """Packages that a process deletes: their record may stay until it has ended."""
    withdrawn: tuple[str, ...] = ()
    """Packages that processes delete for good. Their record may stay until the last one has ended."""
    lasting: tuple[str, ...] = ()
    """Snapshots that must be there, whole, in every state."""
    automatic: int = 0
    """How many automatic snapshots must at least be there, whole, in every state."""
    kept: tuple[str, ...] = ()
    """Packages whose file must stay."""
    gone: tuple[str, ...] = ()
    """Packages that must not get a record."""
    dated_shards: bool = False
    """Whether shards tell when they were put. Otherwise all seem to be very old, so that gc may delete them."""
    before: Callable[[MemoryStore], None] = lambda store: None
    """Called with the channel before the processes start."""
    invariants: Invariants = field(init=False)

    def __post_init__(self) -> None:
        self.invariants = Invariants(
            index=self.index,
            exempt=frozenset(map(file, (*self.lost, *self.deleted, *self.withdrawn))),
            indexed=frozenset(map(file, {*self.indexed} - {*self.deleted, *self.withdrawn})),
            indexed_ms=BEFORE,
            forced=self.forced,
            foreign=self.foreign,
            followed=self.followed,
            withdrawn=frozenset(map(file, self.withdrawn)),
            lasting=self.lasting,
            automatic=self.automatic,
            kept=frozenset(map(file, self.kept)),
            gone=frozenset(map(file, self.gone)),
        )

    def search(self, **bounds: int) -> Search:
        """The search through the schedules of the processes."""
        rules = self.invariants
        return Search(
            processes=self.processes,
            start=self.start(),
            authoritative=AUTHORITATIVE,
            derived=(JSON, ZST),
            number=rules.number,
            check=rules.check,
            moved=rules.moved,
            end=rules.end,
            unlisted=FOLDER if self.foreign == "no" else None,
            in_turn=self.index.writers == "single",
            dated=(
                HISTORY,
                *((JSON, ZST) if self.index is SELDOM else ()),
                *((FOLDER,) if self.followed else ()),
                *((SHARDS,) if self.dated_shards else ()),
            ),
            **bounds,
        )

    def start(self) -> dict[str, Held]:
        """The objects before the processes start, by key."""
        store = MemoryStore()
        for name, body in empty_index("noarch", ChannelLayout(PREFIX, ("noarch",), self.index).index):
            store.objects[f"{FOLDER}/{name}"] = body
        makers = [publishing(name, index=self.index) for name in (*self.indexed, *self.lost, *self.yanked)]
        makers += [yanking(name, index=self.index) for name in self.yanked]
        for number, maker in enumerate(makers):
            maker.run(store, SequentialRuntime(f"before{number}", BEFORE))
        if self.garbage:
            old, new = (f"shards/{digit * 64}.msgpack.zst" for digit in "01")
            for name in (old, new):
                store.objects[f"{FOLDER}/{name}"] = ObjectBody(data=name.encode(), content_type="")
            marks = msgspec.json.encode({"unreferenced": {old: NOW}})
            store.objects[f"{PREFIX}/.chaninfra/gc/noarch.json"] = ObjectBody(data=marks, content_type="")
        for name in self.lost:
            del store.objects[f"{FOLDER}/{file(name)}"]
        for name in self.bare:
            store.objects[f"{FOLDER}/{file(name)}"] = ObjectBody(data=package(name).path.read_bytes(), content_type="")
        self.before(store)
        objects = dict(objects_of(store))
        dated = (HISTORY, *((SHARDS,) if self.dated_shards else ()))
        return {key: held._replace(modified=BEFORE) if key.startswith(dated) else held for key, held in objects.items()}


def _with(index: DescribedIndex, *processes: Callable[..., Process], **how: Any) -> Scenario:
    return Scenario([process(index=index) for process in processes], index=index, **how)


def _without_authority(store: MemoryStore) -> None:
    del store.objects[AUTHORITATIVE]


def _damaged(store: MemoryStore) -> None:
    store.objects[AUTHORITATIVE] = ObjectBody(data=b"nonsense", content_type="")


def _restored(store: MemoryStore) -> None:
    """An old state of the authoritative index was put back."""
    store.objects[AUTHORITATIVE] = store.objects[f"{PREFIX}/.chaninfra/history/noarch/2"]


def _overwritten(store: MemoryStore) -> None:
    overwriting().run(store, SequentialRuntime())


def _mark(store: MemoryStore, keys: Iterable[str], when: int) -> None:
    """Mark shards as unreferenced, at a time in ms since 1970."""
    marks = {key.removeprefix(f"{FOLDER}/"): when for key in keys}
    data = msgspec.json.encode({"unreferenced": marks})
    store.objects[f"{PREFIX}/.chaninfra/gc/noarch.json"] = ObjectBody(data=data, content_type="")


def _all_marked(store: MemoryStore) -> None:
    """A gc marked all shards in the moment before the index named them; the last writer was killed after its commit."""
    del store.objects[f"{HISTORY}3"]
    _mark(store, [key for key in store.objects if "/shards/" in key], NOW)


def _marked(store: MemoryStore) -> None:
    """A gc marked all shards in the moment before the index named them."""
    _mark(store, [key for key in store.objects if "/shards/" in key], NOW)


def _b_marked(store: MemoryStore) -> None:
    """A shard with the records that the publish of b makes lies there, and is marked."""
    copy = MemoryStore()
    copy.objects = {**store.objects}
    publishing("b").run(copy, SequentialRuntime("earlier", NOW))
    new = [key for key in copy.objects if "/shards/" in key and key not in store.objects]
    store.objects |= {key: copy.objects[key] for key in new}
    _mark(store, new, NOW - WEEK)


def _without_index(store: MemoryStore) -> None:
    for key in (AUTHORITATIVE, JSON, ZST):
        del store.objects[key]


INDEXING = DescribedIndex(follow=Follow(overwrites="index"))
LATER = NOW + 2000

FOLLOWED: dict[str, Callable[[], Scenario]] = {
    "two follow": lambda: Scenario(
        [following(uploads="b", process="1"), following(uploads="c", process="2")], followed=True
    ),
    "two follow the same upload": lambda: Scenario(
        [following(uploads="b", process="1"), following("b", process="2")], followed=True
    ),
    "two follow uploads of one name": lambda: Scenario(
        [following(uploads="a-2", process="1"), following(uploads="a-3", process="2")], followed=True
    ),
    "follow and publish": lambda: Scenario([following(uploads="b"), publishing("b")], followed=True),
    "follow and publish of one name": lambda: Scenario([following(uploads="a-2"), publishing("a-3")], followed=True),
    "follow an upload and a deletion": lambda: Scenario(
        [following(uploads="b", process="1", last=False), following(deletes="b", process="2", last=False)],
        deleted=("b",),
        followed=True,
    ),
    "follow a deletion and an upload again": lambda: Scenario(
        [following(uploads="a", process="1", last=False), following(deletes="a", process="2", last=False)],
        deleted=("a",),
        followed=True,
    ),
    "follow an upload again and reindex": lambda: Scenario(
        [following(uploads="x", now=LATER), reindexing()], lost=("x",), followed=True
    ),
    "follow an upload again and a deletion before it": lambda: Scenario(
        [following(uploads="x", process="1", now=LATER), following("x", process="2")], lost=("x",), followed=True
    ),
    "follow a deletion and reindex": lambda: Scenario(
        [following(deletes="a"), reindexing()], bare=("d",), deleted=("a",), followed=True
    ),
    "follow two overwrites": lambda: Scenario(
        [
            following(uploads="a", payload=b"1", process="1", index=INDEXING),
            following(uploads="a", payload=b"2", process="2", index=INDEXING, now=LATER),
        ],
        forced=True,
        followed=True,
        index=INDEXING,
    ),
    "follow an overwrite and yank": lambda: Scenario(
        [following(uploads="a", payload=b"1", index=INDEXING, last=False), yanking("a", index=INDEXING)],
        forced=True,
        followed=True,
        index=INDEXING,
    ),
    "follow an upload, a deletion and publish": lambda: Scenario(
        [
            following(uploads="b", process="1", last=False),
            following(deletes="b", process="2", last=False),
            publishing("a-2"),
        ],
        deleted=("b",),
        followed=True,
    ),
    "follow and gc": lambda: Scenario([following(uploads="b"), collecting()], garbage=True, followed=True),
}
"""With followers. Packages that are put twice are put seconds apart, as the times of a store have whole seconds."""


def _a_snapshot(store: MemoryStore, *, killed: bool = False) -> None:
    """A snapshot of a, whose shard a publish has replaced since, and a gc has marked before the snapshot was there."""
    snapshotting().run(store, SequentialRuntime("s", BEFORE))
    if killed:
        # Before the last PUT.
        listed = store.objects[LIST]
        data = listed.data.replace(b'"ready"', b'"creating"')
        store.objects[LIST] = dataclasses.replace(listed, data=data)
    publishing("a-2").run(store, SequentialRuntime("later", BEFORE))
    _mark(store, [key for key in store.objects if "/shards/" in key], NOW)


def _begun(store: MemoryStore) -> None:
    """A snapshot of a, whose maker was killed after it had put the entry; a publish has replaced the shard since."""
    _a_snapshot(store, killed=True)
    for key in [key for key in store.objects if key.startswith(f"{PREFIX}/snapshots/v1/")]:
        del store.objects[key]
    del store.objects[f"{PREFIX}/.chaninfra/gc/noarch.json"]


OLDEST, NEWER, NEWEST = (f"auto-{day}T0000Z" for day in (20251230, 20251231, 20260101))
"""Automatic snapshots; the last one is of the day on which the processes run."""


def _automatic(store: MemoryStore, *, index: DescribedIndex = DEFAULT) -> None:
    """Two automatic snapshots and one that was made by hand, all of a, whose shard a publish has replaced since. A gc
    has marked it before.
    """
    for name in (OLDEST, NEWER, "v1"):
        snapshotting(name, index=index).run(store, SequentialRuntime(name, BEFORE))
    publishing("a-2", index=index).run(store, SequentialRuntime("later", BEFORE))
    _mark(store, [key for key in store.objects if "/shards/" in key], NOW)


def _removal_was_killed(store: MemoryStore) -> None:
    """An automatic snapshot, and that of today, whose removal by hand was killed."""
    for name in (NEWER, NEWEST):
        snapshotting(name, index=NEVER).run(store, SequentialRuntime(name, BEFORE))
    listed = store.objects[LIST]
    before, mark, after = listed.data.partition(NEWEST.encode())
    data = before + mark + after.replace(b'"ready"', b'"removing"', 1)
    store.objects[LIST] = dataclasses.replace(listed, data=data)


SNAPSHOTS: dict[str, Callable[[], Scenario]] = {
    "snapshot and publish": lambda: Scenario([snapshotting(), publishing("a-2")]),
    "snapshot and yank": lambda: Scenario([snapshotting(), yanking("a")]),
    "never: snapshot and yank": lambda: _with(NEVER, snapshotting, partial(yanking, "a")),
    "snapshot and reindex": lambda: Scenario([snapshotting(), reindexing()], bare=("d",)),
    "two snapshot and publish": lambda: _with(
        NEVER,
        partial(snapshotting, process="1", alone=False),
        partial(snapshotting, process="2", alone=False),
        partial(publishing, "a-2"),
    ),
    "never: snapshot and remove": lambda: _with(NEVER, partial(snapshotting, alone=False), removing),
    "gc of what a snapshot needs": lambda: Scenario([publishing("b"), collecting()], before=_a_snapshot),
    "gc of what a killed snapshot needs": lambda: Scenario(
        [publishing("b"), collecting()], before=partial(_a_snapshot, killed=True)
    ),
    "snapshot, publish and gc of shards that were marked": lambda: _with(
        BRIEF, snapshotting, partial(publishing, "a-2"), collecting, before=_marked, dated_shards=True
    ),
    "snapshot that was begun and two gc": lambda: _with(
        NEVER, snapshotting, partial(collecting, later=2 * DAY), partial(collecting, later=10 * DAY), before=_begun
    ),
    "snapshot, publish and two gc": lambda: _with(
        BRIEF,
        snapshotting,
        partial(publishing, "a-2"),
        partial(collecting, later=2 * DAY),
        partial(collecting, later=10 * DAY),
    ),
    "two by the clock": lambda: _with(
        NEVER,
        partial(tending, "1"),
        partial(tending, "2"),
        before=partial(_automatic, index=NEVER),
        lasting=("v1", NEWER),
        automatic=2,
    ),
    "by the clock, publish and gc": lambda: _with(
        NEVER,
        tending,
        partial(publishing, "a-3"),
        collecting,
        before=partial(_automatic, index=NEVER),
        lasting=("v1",),
        automatic=2,
    ),
    "two by the clock after a removal that was killed": lambda: _with(
        NEVER,
        partial(tending, "1"),
        partial(tending, "2", runs=2),
        partial(publishing, "a-2"),
        before=_removal_was_killed,
        lasting=(NEWER,),
    ),
}
"""With makers of snapshots."""


def _patched(store: MemoryStore) -> None:
    """a is patched."""
    patching("a").run(store, SequentialRuntime("patched", BEFORE))


def _patched_then_yanked(store: MemoryStore) -> None:
    """a is patched, and yanked then, so that its yank has the patched record."""
    _patched(store)
    yanking("a").run(store, SequentialRuntime("yanked", BEFORE))


PATCHED: dict[str, Callable[[], Scenario]] = {
    "patch and publish of one name": lambda: _with(NEVER, partial(patching, "a"), partial(publishing, "a-2")),
    "patch and publish of what is not there": lambda: _with(NEVER, partial(patching, "b"), partial(publishing, "b")),
    "patch and force": lambda: _with(NEVER, partial(patching, "a"), partial(forcing, "a", b"1"), forced=True),
    "patch and yank": lambda: _with(NEVER, partial(patching, "a"), partial(yanking, "a")),
    "patch and unyank": lambda: _with(NEVER, partial(patching, "x"), partial(unyanking, "x"), yanked=("x",)),
    "patch and reindex": lambda: _with(NEVER, partial(patching, "a"), reindexing, bare=("d",)),
    "patch and snapshot": lambda: Scenario([patching("a"), snapshotting()]),
    "two patch of one package": lambda: _with(
        NEVER, partial(patching, "a", process="1"), partial(patching, "a", process="2")
    ),
    "patch and unpatch": lambda: _with(NEVER, partial(patching, "a", last=False), partial(unpatching, "a", last=False)),
    "unpatch and publish of one name": lambda: _with(
        NEVER, partial(unpatching, "a"), partial(publishing, "a-2"), before=_patched
    ),
    "unpatch and force": lambda: _with(
        NEVER, partial(unpatching, "a"), partial(forcing, "a", b"1"), forced=True, before=_patched
    ),
    "unpatch and yank": lambda: _with(NEVER, partial(unpatching, "a"), partial(yanking, "a"), before=_patched),
    "unpatch and unyank": lambda: _with(
        NEVER, partial(unpatching, "a"), partial(unyanking, "a"), before=_patched_then_yanked
    ),
    "unpatch and reindex": lambda: _with(NEVER, partial(unpatching, "a"), reindexing, bare=("d",), before=_patched),
    "follow an upload of what is patched": lambda: Scenario([following(uploads="b"), patching("b")], followed=True),
    "other tool and patch": lambda: Scenario([overwriting(), patching("a")], foreign="beside"),
    "other tool and unpatch": lambda: Scenario([overwriting(), unpatching("a")], foreign="beside", before=_patched),
}
"""With those who patch."""

PRUNED: dict[str, Callable[[], Scenario]] = {
    "prune that yanks and publish": lambda: Scenario(
        [pruning(takes="a"), publishing("a-3")], indexed=("a", "a-2"), kept=("a",)
    ),
    "prune that yanks and yank": lambda: Scenario(
        [pruning(takes="a"), yanking("a")], indexed=("a", "a-2"), kept=("a",)
    ),
    "never: prune that deletes and publish": lambda: _with(
        NEVER,
        partial(pruning, now=GRACE_OVER),
        partial(publishing, "a-3"),
        before=partial(pruned_before, index=NEVER),
        deleted=("a",),
        gone=("a",),
        followed=True,
    ),
    "never: prune that deletes and publish of the same": lambda: _with(
        NEVER,
        partial(pruning, now=GRACE_OVER),
        partial(publishing_again, "a"),
        before=partial(pruned_before, index=NEVER),
        deleted=("a",),
    ),
    "never: prune that deletes and unyank": lambda: _with(
        NEVER,
        partial(pruning, now=GRACE_OVER),
        partial(unyanking, "a", last=False),
        before=partial(pruned_before, index=NEVER),
        deleted=("a",),
        followed=True,
    ),
    "prune that deletes and reindex": lambda: Scenario(
        [pruning(now=GRACE_OVER), reindexing()], before=pruned_before, deleted=("a",), gone=("a",)
    ),
    "two prune": lambda: Scenario(
        [pruning("1", now=GRACE_OVER), pruning("2", now=GRACE_OVER)],
        before=pruned_before,
        deleted=("a",),
        gone=("a",),
        followed=True,
    ),
    "prune of what a snapshot has": lambda: Scenario(
        [pruning(now=GRACE_OVER), publishing("b")], before=partial(pruned_before, snapshot=True), kept=("a",)
    ),
    "prune of what a snapshot will have": lambda: Scenario(
        [pruning(now=GRACE_OVER), publishing("b")], before=partial(pruned_before, being_made=True), kept=("a",)
    ),
    "never: prune and snapshot": lambda: _with(
        NEVER, partial(pruning, takes="a"), snapshotting, indexed=("a", "a-2"), kept=("a",)
    ),
    "prune of what people have yanked": lambda: Scenario(
        [pruning(now=GRACE_OVER), publishing("b")], before=yanked_by_hand, kept=("a",)
    ),
}
"""With prune. Its grace period is over, or all that it does is to yank."""

SCENARIOS: dict[str, Callable[[], Scenario]] = {
    "two publish": lambda: Scenario([publishing("b"), publishing("c")]),
    "two publish the same": lambda: Scenario([publishing("b", process="1"), publishing("b", process="2")]),
    "two publish of one name": lambda: Scenario([publishing("a-2"), publishing("a-3")]),
    "publish and unyank of one name": lambda: Scenario([publishing("x-2"), unyanking("x")], yanked=("x",)),
    "publish and yank": lambda: Scenario([publishing("b"), yanking("a")]),
    "publish and unyank": lambda: Scenario([publishing("b"), unyanking("x")], yanked=("x",)),
    "yank and unyank": lambda: Scenario([yanking("a"), unyanking("x")], yanked=("x",)),
    "publish and yank of one name": lambda: Scenario([publishing("a-2"), yanking("a")]),
    "publish of a yanked package and yank": lambda: Scenario(
        [dataclasses.replace(publishing("x"), makes=None), yanking("a")], yanked=("x",)
    ),
    "two yank": lambda: Scenario([yanking("a"), yanking("b")], indexed=("a", "b")),
    "two yank of one name": lambda: Scenario([yanking("a"), yanking("a-2")], indexed=("a", "a-2")),
    "yank and unyank of one package": lambda: Scenario([yanking("a", last=False), unyanking("a", last=False)]),
    "yank, unyank and publish of one name": lambda: Scenario(
        [yanking("a", last=False), unyanking("a", last=False), publishing("a-2")]
    ),
    "unyank and force": lambda: Scenario([unyanking("x"), forcing("x", b"1")], yanked=("x",), forced=True),
    "publish and reindex": lambda: Scenario([publishing("b"), reindexing()], bare=("d",)),
    "publish of a lost package and reindex": lambda: Scenario([publishing("x"), reindexing()], lost=("x",)),
    "yank and reindex": lambda: Scenario([yanking("a"), reindexing()], indexed=("a", "b"), bare=("d",)),
    "two reindex": lambda: Scenario([reindexing("1"), reindexing("2")], bare=("d",)),
    "publish and gc": lambda: Scenario([publishing("a"), publishing("b"), collecting()], garbage=True),
    "yank and gc": lambda: Scenario([yanking("a"), collecting()], garbage=True),
    "publish and gc of shards that were marked": lambda: _with(
        NEVER, partial(publishing, "a"), collecting, indexed=("b", "a"), before=_all_marked
    ),
    "publish of a shard that was marked and gc": lambda: Scenario(
        [publishing("b"), collecting(later=0)], before=_b_marked
    ),
    "publish and two gc": lambda: Scenario([publishing("b"), collecting(later=0), collecting()]),
    "reindex and gc": lambda: Scenario([reindexing(), collecting()], bare=("d",), garbage=True),
    "never: two publish": lambda: _with(NEVER, partial(publishing, "b"), partial(publishing, "c")),
    "never: publish and yank": lambda: _with(NEVER, partial(publishing, "b"), partial(yanking, "a")),
    "never: publish and reindex": lambda: _with(NEVER, partial(publishing, "b"), reindexing, bare=("d",)),
    "never: publish and two gc": lambda: _with(
        NEVER, partial(publishing, "b"), partial(collecting, later=0), collecting
    ),
    "never: publish and gc": lambda: _with(NEVER, partial(publishing, "a"), collecting, garbage=True),
    "seldom: two publish": lambda: _with(SELDOM, partial(publishing, "b"), partial(publishing, "c")),
    "seldom: publish and yank": lambda: _with(SELDOM, partial(publishing, "b"), partial(yanking, "a")),
    "seldom: publish and reindex": lambda: _with(SELDOM, partial(publishing, "b"), reindexing, bare=("d",)),
    "single: publish, yank and reindex": lambda: _with(
        SINGLE, partial(publishing, "b"), partial(yanking, "a"), reindexing, bare=("d",)
    ),
    "single: publish, unyank and gc": lambda: _with(
        SINGLE, partial(publishing, "b"), partial(unyanking, "x"), collecting, yanked=("x",), garbage=True
    ),
    "other tool and publish": lambda: Scenario([overwriting(), publishing("b")], foreign="beside"),
    "other tool and yank": lambda: Scenario([overwriting(), yanking("a")], indexed=("a", "c"), foreign="beside"),
    "other tool, yank and publish": lambda: Scenario(
        [overwriting(), yanking("a"), publishing("b")], indexed=("a", "c"), foreign="beside"
    ),
    "other tool, yank and reindex": lambda: Scenario(
        [overwriting(), yanking("a"), reindexing()], indexed=("a", "c"), foreign="beside"
    ),
    "other tool, unyank and publish": lambda: Scenario(
        [overwriting(), unyanking("x"), publishing("b")], indexed=("a", "c"), yanked=("x",), foreign="beside"
    ),
    "other tool and reindex": lambda: Scenario([overwriting(), reindexing()], bare=("d",), foreign="beside"),
    "other tool that keeps keys and publish": lambda: Scenario(
        [overwriting(keeps=True), publishing("b")], foreign="beside"
    ),
    "other tool without shards and publish": lambda: Scenario(
        [overwriting(writes=("json", "zst")), publishing("b")], foreign="beside"
    ),
    "other tool without shards that keeps keys and reindex": lambda: Scenario(
        [overwriting(keeps=True, writes=("json", "zst")), reindexing()], bare=("d",), foreign="beside"
    ),
    "never: other tool and publish": lambda: Scenario(
        [overwriting(), publishing("b", index=NEVER)], index=NEVER, foreign="beside"
    ),
    "seldom: other tool and publish": lambda: Scenario(
        [overwriting(), publishing("b", index=SELDOM)], index=SELDOM, foreign="beside"
    ),
    "no authoritative index": lambda: Scenario(
        [publishing("b"), publishing("c")], indexed=("a", "x"), foreign="before", before=_without_authority
    ),
    "damaged authoritative index": lambda: Scenario(
        [publishing("b"), reindexing()], indexed=("a", "x"), foreign="before", before=_damaged
    ),
    "restored authoritative index": lambda: Scenario(
        [publishing("b"), publishing("c")], indexed=("a", "x"), foreign="before", before=_restored
    ),
    "index of another tool": lambda: Scenario(
        [publishing("b"), publishing("c")], indexed=("a", "x"), foreign="before", before=_overwritten
    ),
    "no index": lambda: Scenario(
        [publishing("b"), reindexing()], indexed=("a", "x"), foreign="before", before=_without_index
    ),
    "two force": lambda: Scenario([forcing("a", b"1"), forcing("a", b"2")], forced=True),
    **FOLLOWED,
    **SNAPSHOTS,
    **PATCHED,
    **PRUNED,
}


def four() -> Scenario:
    """Publish, yank, reindex and gc at the same time."""
    return Scenario([publishing("b"), yanking("a"), reindexing(), collecting()], bare=("d",), garbage=True)
