"""The processes that the model checker runs: publish, yank, unyank, reindex and gc of one subdir."""

from __future__ import annotations

import atexit
import tempfile
from functools import cache
from pathlib import Path

from chaninfra.channel.conda.index_files import FILE_NAMES, REPODATA
from chaninfra.channel.conda.skeleton import empty_index
from chaninfra.channel.objects import ObjectStore
from chaninfra.index.channel import Channel
from chaninfra.index.gc import KEPT, collect_subdir
from chaninfra.index.package.local_file import PackageFile, read
from chaninfra.index.publish import publish
from chaninfra.index.reindex import reindex
from chaninfra.index.yank import unyank, yank
from support.channels.archives import conda, index_json
from support.channels.channels import descriptor
from support.index_model.memory_store import MemoryStore, SequentialRuntime
from support.index_model.model_checker import Process

PREFIX = "c"
FOLDER = f"{PREFIX}/noarch"
AUTHORITATIVE = f"{FOLDER}/{REPODATA}"
ZST = f"{FOLDER}/{FILE_NAMES['zst']}"
INDEX = f"{FOLDER}/{FILE_NAMES['shards']}"
WEEK = int(KEPT.total_seconds() * 1000)


class _Silent:
    def package(self, path_in_channel: str) -> None: ...
    def advance(self, size: int) -> None: ...
    def indexing(self) -> None: ...


def channel(store: ObjectStore, runtime: SequentialRuntime) -> Channel:
    """A channel in this store, with the subdir noarch."""
    channel = Channel(
        descriptor=descriptor(PREFIX, subdirs=("noarch",)),
        credentials=None,
    )
    # Sets the cached properties.
    vars(channel).update(writer=store, runtime=runtime)
    return channel


@cache
def _folder() -> Path:
    """A folder that is deleted when the program ends."""
    folder = tempfile.TemporaryDirectory(prefix="chaninfra-model-")
    atexit.register(folder.cleanup)
    return Path(folder.name)


@cache
def package(name: str, payload: bytes = b"") -> PackageFile:
    """A package file of that name, version 1, build 0."""
    path = Path(tempfile.mkdtemp(dir=_folder())) / f"{name}-1-0.conda"
    path.write_bytes(conda(index_json(name, noarch="generic"), payload=payload))
    return read(path)


def file(name: str) -> str:
    """The file name of the package of that name."""
    return f"{name}-1-0.conda"


def channel_with(*names: str) -> MemoryStore:
    """A store with a channel of these packages."""
    store = MemoryStore()
    for name, body in empty_index("noarch", channel(store, SequentialRuntime()).descriptor.index):
        store.objects[f"{FOLDER}/{name}"] = body
    for count, name in enumerate(names):
        publishing(name).run(store, SequentialRuntime(f"before{count}"))
    return store


def publishing(name: str, payload: bytes = b"", *, process: str = "") -> Process:
    """`chaninfra publish`."""
    to_publish = package(name, payload)

    def run(store: ObjectStore, runtime: SequentialRuntime) -> None:
        published = publish(channel(store, runtime), [to_publish], "refuse", _Silent())
        if published.error:
            raise published.error

    return Process(process or f"publish-{name}", run, commits=True, makes=file(name))


def forcing(name: str, payload: bytes) -> Process:
    """`chaninfra publish --force`; it may end with the error that another writer replaced the package."""
    to_publish = package(name, payload)

    def run(store: ObjectStore, runtime: SequentialRuntime) -> None:
        published = publish(channel(store, runtime), [to_publish], "overwrite", _Silent())
        if published.error and "other bytes" not in published.error.message:
            raise published.error

    return Process(f"force-{name}-{payload.decode()}", run, commits=False)


def yanking(name: str) -> Process:
    """`chaninfra yank`."""

    def run(store: ObjectStore, runtime: SequentialRuntime) -> None:
        yank(channel(store, runtime), [file(name)], "broken")

    return Process(f"yank-{name}", run, commits=True, takes=file(name))


def unyanking(name: str) -> Process:
    """`chaninfra unyank`."""

    def run(store: ObjectStore, runtime: SequentialRuntime) -> None:
        unyank(channel(store, runtime), [file(name)])

    return Process(f"unyank-{name}", run, commits=True, makes=file(name))


def reindexing(process: str = "reindex") -> Process:
    """`chaninfra reindex`."""

    def run(store: ObjectStore, runtime: SequentialRuntime) -> None:
        reindex(channel(store, runtime), ["noarch"])

    return Process(process, run)


def collecting() -> Process:
    """`chaninfra gc`, a week and a day later than the other processes."""

    def run(store: ObjectStore, runtime: SequentialRuntime) -> None:
        collect_subdir(channel(store, runtime).subdir_index("noarch"), "write")

    return Process("gc", run, now=Process("", run).now + WEEK + 24 * 60 * 60 * 1000)
