"""The processes of a schedule: publish, yank, unyank, reindex and gc of one subdir."""

from __future__ import annotations

import atexit
import tempfile
from functools import cache
from pathlib import Path

from chaninfra.channel.conda.index_files import FILE_NAMES, REPODATA
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.shards import index_files
from chaninfra.channel.objects import ObjectStore
from chaninfra.index.channel import Channel
from chaninfra.index.gc import KEPT, collect_subdir
from chaninfra.index.package.local_file import PackageFile, read
from chaninfra.index.publish import publish
from chaninfra.index.reindex import reindex
from chaninfra.index.yank import unyank, yank
from support.channels.archives import conda, index_json
from support.channels.channels import descriptor
from support.index_model.memory_store import Alone, MemoryStore
from support.index_model.model_checker import Process

PREFIX = "c"
FOLDER = f"{PREFIX}/noarch"
TRUTH = f"{FOLDER}/{REPODATA}"
ZST = f"{FOLDER}/{FILE_NAMES['zst']}"
INDEX = f"{FOLDER}/{FILE_NAMES['shards']}"
WEEK = int(KEPT.total_seconds() * 1000)


class _Silent:
    def package(self, label: str) -> None: ...
    def advance(self, size: int) -> None: ...
    def indexing(self) -> None: ...


def channel(store: ObjectStore, runtime: Alone) -> Channel:
    """A channel of noarch in the store."""
    made = Channel(
        descriptor=descriptor(PREFIX, subdirs=("noarch",)),
        credentials=None,
    )
    # In place of what it would make itself.
    vars(made).update(writer=store, runtime=runtime)
    return made


@cache
def _folder() -> Path:
    """Gone when the program ends."""
    folder = tempfile.TemporaryDirectory(prefix="chaninfra-scenes-")
    atexit.register(folder.cleanup)
    return Path(folder.name)


@cache
def package(name: str, payload: bytes = b"") -> PackageFile:
    """A package of that name, on disk."""
    path = Path(tempfile.mkdtemp(dir=_folder())) / f"{name}-1-0.conda"
    path.write_bytes(conda(index_json(name, noarch="generic"), payload=payload))
    return read(path)


def file(name: str) -> str:
    """The file name of the package of that name."""
    return f"{name}-1-0.conda"


def made(*names: str) -> MemoryStore:
    """A channel with these packages."""
    store = MemoryStore()
    for name, body in index_files(Repodata.empty("noarch"), channel(store, Alone()).descriptor.index).items():
        store.objects[f"{FOLDER}/{name}"] = body
    for count, name in enumerate(names):
        publishing(name).run(store, Alone(f"before{count}"))
    return store


def publishing(name: str, payload: bytes = b"", *, process: str = "") -> Process:
    """`chaninfra publish`."""
    made = package(name, payload)

    def run(store: ObjectStore, runtime: Alone) -> None:
        done = publish(channel(store, runtime), [made], "refuse", _Silent())
        if done.error:
            raise done.error

    return Process(process or f"publish-{name}", run, commits=True, makes=file(name))


def forcing(name: str, payload: bytes) -> Process:
    """`chaninfra publish --force`; it may be told that another one was faster."""
    made = package(name, payload)

    def run(store: ObjectStore, runtime: Alone) -> None:
        done = publish(channel(store, runtime), [made], "overwrite", _Silent())
        if done.error and "other bytes" not in done.error.message:
            raise done.error

    return Process(f"force-{name}-{payload.decode()}", run, commits=False)


def yanking(name: str) -> Process:
    """`chaninfra yank`."""

    def run(store: ObjectStore, runtime: Alone) -> None:
        yank(channel(store, runtime), [file(name)], "broken")

    return Process(f"yank-{name}", run, commits=True, takes=file(name))


def unyanking(name: str) -> Process:
    """`chaninfra unyank`."""

    def run(store: ObjectStore, runtime: Alone) -> None:
        unyank(channel(store, runtime), [file(name)])

    return Process(f"unyank-{name}", run, commits=True, makes=file(name))


def reindexing(process: str = "reindex") -> Process:
    """`chaninfra reindex`."""

    def run(store: ObjectStore, runtime: Alone) -> None:
        reindex(channel(store, runtime), ["noarch"])

    return Process(process, run)


def collecting() -> Process:
    """`chaninfra gc`, a week and a day after all that was marked before."""

    def run(store: ObjectStore, runtime: Alone) -> None:
        collect_subdir(channel(store, runtime).subdir_index("noarch"), "write")

    return Process("gc", run, now=Process("", run).now + WEEK + 24 * 60 * 60 * 1000)
