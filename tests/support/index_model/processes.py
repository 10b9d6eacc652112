"""The processes that the model checker runs: publish, yank, unyank, reindex, gc and followers of one subdir."""

from __future__ import annotations

import atexit
import dataclasses
import tempfile
from functools import cache
from pathlib import Path

import msgspec

from chaninfra.channel.conda.index_files import FILE_NAMES, REPODATA
from chaninfra.channel.conda.layout import ChannelLayout
from chaninfra.channel.conda.skeleton import empty_index
from chaninfra.channel.conda.snapshot_schedule import SnapshotSchedule
from chaninfra.channel.errors import ChaninfraError, ConflictError, StorageError
from chaninfra.channel.objects import ObjectBody, ObjectStore
from chaninfra.channel.outputs.descriptor import DescribedIndex
from chaninfra.index.channel import Channel
from chaninfra.index.commit.conditional_store import Unconditional
from chaninfra.index.follow.follow import follow
from chaninfra.index.gc import KEPT, collect_subdir
from chaninfra.index.package.local_file import PackageFile, read
from chaninfra.index.progress import Silent
from chaninfra.index.publish import publish
from chaninfra.index.reindex import reindex
from chaninfra.index.snapshots.automatic import tend
from chaninfra.index.snapshots.create import create
from chaninfra.index.snapshots.remove import remove
from chaninfra.index.withdrawal.delete import delete
from chaninfra.index.withdrawal.plan import plan
from chaninfra.index.yank import unyank, yank
from support.channels.archives import conda, index_json
from support.channels.channels import descriptor
from support.index_model.memory_store import MemoryStore, SequentialRuntime
from support.index_model.model_checker import Process

PREFIX = "c"
FOLDER = f"{PREFIX}/noarch"
JSON = f"{FOLDER}/{REPODATA}"
ZST = f"{FOLDER}/{FILE_NAMES['zst']}"
INDEX = f"{FOLDER}/{FILE_NAMES['shards']}"
AUTHORITATIVE = INDEX
NOW = 1_767_225_600_000
"""The clock of the processes, in ms since 1970."""
WEEK = int(KEPT.total_seconds() * 1000)
DAY = WEEK // 7
KEY_OF_ANOTHER_TOOL = "of-another-tool"
"""The top-level key that the other tool writes into repodata.json."""
DEFAULT = DescribedIndex()
"""The settings of the index that a channel has if it says nothing."""


def channel(store: ObjectStore, runtime: SequentialRuntime, index: DescribedIndex = DEFAULT) -> Channel:
    """A channel in this store, with the subdir noarch."""
    channel = Channel(
        descriptor=descriptor(PREFIX, subdirs=("noarch",), index=index),
        credentials=None,
    )
    # Sets the cached properties.
    vars(channel).update(writer=Unconditional(store) if index.writers == "single" else store, runtime=runtime)
    return channel


def scheduled_channel(
    store: ObjectStore, runtime: SequentialRuntime, schedule: SnapshotSchedule, index: DescribedIndex = DEFAULT
) -> Channel:
    """The same channel, with snapshots by the clock."""
    made = channel(store, runtime, index)
    again = dataclasses.replace(made, descriptor=msgspec.structs.replace(made.descriptor, snapshots=schedule))
    vars(again).update(writer=made.writer, runtime=runtime)
    return again


@cache
def _folder() -> Path:
    """A folder that is deleted when the program ends."""
    folder = tempfile.TemporaryDirectory(prefix="chaninfra-model-")
    atexit.register(folder.cleanup)
    return Path(folder.name)


@cache
def package(name: str, payload: bytes = b"") -> PackageFile:
    """A package file of that name, version 1, build 0; `name` may be `<name>-<version>`."""
    path = Path(tempfile.mkdtemp(dir=_folder())) / file(name)
    word, _, version = name.partition("-")
    path.write_bytes(conda(index_json(word, version or "1", noarch="generic"), payload=payload))
    return read(path)


def file(name: str) -> str:
    """The file name of the package of that name, or `<name>-<version>`."""
    return f"{name}-0.conda" if "-" in name else f"{name}-1-0.conda"


def channel_with(*names: str, index: DescribedIndex = DEFAULT) -> MemoryStore:
    """A store with a channel of these packages."""
    store = MemoryStore()
    for name, body in empty_index("noarch", ChannelLayout(PREFIX, ("noarch",), index).index):
        store.objects[f"{FOLDER}/{name}"] = body
    for count, name in enumerate(names):
        publishing(name, index=index).run(store, SequentialRuntime(f"before{count}"))
    return store


def publishing(name: str, payload: bytes = b"", *, process: str = "", index: DescribedIndex = DEFAULT) -> Process:
    """`chaninfra publish`."""
    to_publish = package(name, payload)

    def run(store: ObjectStore, runtime: SequentialRuntime) -> None:
        published = publish(channel(store, runtime, index), [to_publish], "refuse", Silent())
        if published.error:
            raise published.error

    return Process(process or f"publish-{name}", run, makes=file(name))


def forcing(name: str, payload: bytes, *, index: DescribedIndex = DEFAULT) -> Process:
    """`chaninfra publish --force`; it may end with the error that another writer replaced the package."""
    to_publish = package(name, payload)

    def run(store: ObjectStore, runtime: SequentialRuntime) -> None:
        published = publish(channel(store, runtime, index), [to_publish], "overwrite", Silent())
        if published.error and "other bytes" not in published.error.message:
            raise published.error

    return Process(f"force-{name}-{payload.decode()}", run, lists=True)


def yanking(name: str, *, index: DescribedIndex = DEFAULT, last: bool = True) -> Process:
    """`chaninfra yank`; without `last` another process may bring the package back."""

    def run(store: ObjectStore, runtime: SequentialRuntime) -> None:
        yank(channel(store, runtime, index), [file(name)], "broken")

    return Process(f"yank-{name}", run, takes=file(name) if last else None, derives=True)


def unyanking(name: str, *, index: DescribedIndex = DEFAULT, last: bool = True) -> Process:
    """`chaninfra unyank`; without `last` another process may yank the package, or has not yanked it yet."""

    def run(store: ObjectStore, runtime: SequentialRuntime) -> None:
        try:
            unyank(channel(store, runtime, index), [file(name)])
        except ChaninfraError as error:
            if last or not error.message.startswith(("there is no such package", "not yanked")):
                raise

    return Process(f"unyank-{name}", run, makes=file(name) if last else None, derives=True)


def reindexing(process: str = "reindex", *, index: DescribedIndex = DEFAULT) -> Process:
    """`chaninfra reindex`."""

    def run(store: ObjectStore, runtime: SequentialRuntime) -> None:
        reindex(channel(store, runtime, index), ["noarch"])

    return Process(process, run, lists=True, derives=True)


def collecting(*, index: DescribedIndex = DEFAULT, later: int = WEEK + DAY) -> Process:
    """`chaninfra gc`, by default a week and a day later than the other processes; `later` in ms."""

    def run(store: ObjectStore, runtime: SequentialRuntime) -> None:
        try:
            collect_subdir(channel(store, runtime, index).subdir_index("noarch"), "write")
        except StorageError:
            # Whoever has slept for a day gives up.
            if runtime.now_ms() <= NOW + later + DAY:
                raise

    return Process("gc" if later else "early-gc", run, lists=True, now=NOW + later)


def snapshotting(
    name: str = "v1", *, process: str = "snapshot", index: DescribedIndex = DEFAULT, now: int = NOW, alone: bool = True
) -> Process:
    """`chaninfra snapshot create`; unless it is `alone`, it may find one of other states under its name."""

    def run(store: ObjectStore, runtime: SequentialRuntime) -> None:
        try:
            create(channel(store, runtime, index), name)
        except (ConflictError, StorageError) as error:
            # Whoever has slept for a day gives up.
            if runtime.now_ms() <= now + DAY and (alone or isinstance(error, StorageError)):
                raise

    return Process(process, run, now=now)


def removing(name: str = "v1", *, index: DescribedIndex = DEFAULT) -> Process:
    """`chaninfra snapshot rm`."""

    def run(store: ObjectStore, runtime: SequentialRuntime) -> None:
        try:
            remove(channel(store, runtime, index), name)
        except ChaninfraError as error:
            if not error.message.startswith("there is no snapshot"):
                raise

    return Process("remove", run)


def deleting(
    name: str, *, process: str = "", index: DescribedIndex = DEFAULT, now: int = NOW, last: bool = True
) -> Process:
    """`chaninfra delete` of a file by its path; without `last` another process may publish it once more."""

    def run(store: ObjectStore, runtime: SequentialRuntime) -> None:
        opened = channel(store, runtime, index)
        try:
            delete(opened, plan(opened, [f"noarch/{file(name)}"]), "leaked")
        except ChaninfraError as error:
            # Whoever has slept for a day gives up.
            if not error.message.startswith("there is no such package") and runtime.now_ms() <= now + DAY:
                raise

    takes = file(name) if last else None
    return Process(process or f"delete-{name}", run, lists=True, derives=True, takes=takes, now=now)


def tending(
    process: str = "tend", *, keep: int = 2, runs: int = 1, index: DescribedIndex = DEFAULT, now: int = NOW
) -> Process:
    """`chaninfra snapshot create --scheduled`, once or several times, of a channel that has a snapshot each day."""

    def run(store: ObjectStore, runtime: SequentialRuntime) -> None:
        for _ in range(runs):
            try:
                tend(scheduled_channel(store, runtime, SnapshotSchedule(every="1d", keep=keep), index))
            except (ConflictError, StorageError):
                # Whoever has slept for a day gives up.
                if runtime.now_ms() <= now + DAY:
                    raise

    return Process(process, run, now=now)


def following(
    *names: str,
    process: str = "follow",
    uploads: str | None = None,
    payload: bytes = b"",
    deletes: str | None = None,
    index: DescribedIndex = DEFAULT,
    now: int = NOW,
    last: bool = True,
) -> Process:
    """A follower that is told these packages. Before, another tool `uploads` or `deletes` one of them; without `last`
    another process may do something else with it.
    """
    told = [
        f"{FOLDER}/{file(name)}" for name in (*names, *([uploads] if uploads else []), *([deletes] if deletes else []))
    ]
    data = package(uploads, payload).path.read_bytes() if uploads else b""

    def run(store: ObjectStore, runtime: SequentialRuntime) -> None:
        if uploads:
            store.put(f"{FOLDER}/{file(uploads)}", ObjectBody(data=data, content_type=""))
        if deletes:
            store.delete([f"{FOLDER}/{file(deletes)}"])
        again = told
        while again:
            again = follow(channel(store, runtime, index), again).again

    return Process(
        process,
        run,
        makes=file(uploads) if uploads and last else None,
        takes=file(deletes) if deletes and last else None,
        now=now,
    )
