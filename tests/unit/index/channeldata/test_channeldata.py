"""channeldata.json: what conda-index would write, whatever way it came about, and that no failure loses anything."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chaninfra.channel.conda.index_settings import AtMostEvery, Monolith
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.errors import ConflictError, StorageError
from chaninfra.channel.objects import ObjectBody, StoredObject
from chaninfra.channel.outputs.descriptor import DescribedIndex
from chaninfra.index.channel import Channel
from chaninfra.index.channeldata import update
from chaninfra.index.channeldata.document import METADATA, read
from chaninfra.index.channeldata.update import When, write_channeldata
from chaninfra.index.commit.authority import ForeignIndexError
from chaninfra.index.commit.change import Change
from chaninfra.index.commit.commit import commit
from chaninfra.index.commit.shard_reader import LostShardError
from chaninfra.index.reindex import reindex
from support.channels.archives import conda, index_json
from support.channels.channels import descriptor
from support.channels.conda_index_reference import SUBDIRS, packages, reference
from support.index_model.memory_store import MemoryStore, SequentialRuntime

KEY = "c/channeldata.json"
FILES = ("activate.d", "binary_prefix", "deactivate.d", "post_link", "pre_link", "pre_unlink", "text_prefix")
"""What only the files of a package tell."""


class Memory(Channel):
    """A channel in memory."""

    def store(self) -> Any:
        return STORES[self.descriptor.bucket]

    @property
    def writer(self) -> Any:
        return self.store()

    @property
    def runtime(self) -> Any:
        return RUNTIMES.setdefault(self.descriptor.name, SequentialRuntime(self.descriptor.name))


STORES: dict[str, MemoryStore] = {}
RUNTIMES: dict[str, SequentialRuntime] = {}


def open_channel(store: MemoryStore, monolith: Monolith = "each-commit", name: str = "c", **index: Any) -> Memory:
    """A channel that asks for channeldata.json."""
    bucket = f"bucket-{id(store)}"
    STORES[bucket] = store
    settings = DescribedIndex(monolith=monolith, **{"channeldata": True, **index})
    described = descriptor(name, prefix="c", bucket=bucket, subdirs=SUBDIRS, index=settings)
    return Memory(descriptor=described, credentials=None)


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def put(store: MemoryStore, path: str, data: bytes) -> None:
    store.put(f"c/{path}", ObjectBody(data=data, content_type=""))


def add(channel: Memory, *paths: str, **more: bytes) -> None:
    """Put packages, and bring the index in line."""
    for path in paths:
        put(channel.store(), path, (more or packages())[path])
    reindex(channel, SUBDIRS)


def simple(channel: Memory, name: str, version: str = "1.0", subdir: Subdir = "noarch", **about: Any) -> None:
    """Put a package and commit its record, as `publish` does."""
    index = index_json(name, version, subdir=subdir)
    put(channel.store(), f"{subdir}/{name}-{version}-0.conda", conda(index, {"about.json": json.dumps(about).encode()}))
    reindex(channel, [subdir])


def said(store: MemoryStore) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(store.objects[KEY].data)
    return found


def test_it_is_that_of_conda_index_but_for_what_only_files_tell(store: MemoryStore) -> None:
    channel = open_channel(store)
    add(channel, *packages())
    assert write_channeldata(channel, "due")
    theirs = reference("channeldata.json")
    for entry in theirs["packages"].values():
        for key in FILES:
            del entry[key]
    assert said(store) == theirs
    made = store.objects[KEY]
    assert (made.content_type, made.cache_control) == ("application/json", "max-age=300")


def test_package_by_package_it_is_the_same_as_made_anew(store: MemoryStore) -> None:
    channel = open_channel(store)
    for path in packages():
        add(channel, path)
        assert write_channeldata(channel, "due")
    before = store.objects[KEY]
    assert not write_channeldata(channel, "whole")
    del store.objects[KEY]
    assert write_channeldata(channel, "due")
    assert store.objects[KEY] == before


def test_one_package_more_reads_its_name_alone(store: MemoryStore) -> None:
    channel = open_channel(store)
    add(channel, *packages())
    write_channeldata(channel, "due")
    simple(channel, "new", summary="New")
    store.log.clear()
    assert write_channeldata(channel, "due")
    kinds = sorted((kind, re.sub(r"shards/[0-9a-f]{64}", "shards/x", key)) for kind, key in store.log)
    assert kinds == [
        ("get", KEY),
        ("get", "c/linux-64/repodata_shards.msgpack.zst"),
        ("get", "c/noarch/repodata_shards.msgpack.zst"),
        ("get", "c/noarch/shards/x.msgpack.zst"),
        ("get", "c/noarch/summaries/new.json"),
        ("put", KEY),
    ]
    assert said(store)["packages"]["new"]["summary"] == "New"
    store.log.clear()
    assert not write_channeldata(channel, "due")
    assert len(store.log) == 3


def test_a_package_that_leaves_a_subdir_and_then_the_channel(store: MemoryStore) -> None:
    channel = open_channel(store)
    for subdir in SUBDIRS:
        simple(channel, "a", subdir=subdir)
    write_channeldata(channel, "due")
    assert said(store)["packages"]["a"]["subdirs"] == ["linux-64", "noarch"]
    del store.objects["c/linux-64/a-1.0-0.conda"]
    reindex(channel, SUBDIRS)
    write_channeldata(channel, "due")
    assert said(store)["packages"]["a"]["subdirs"] == ["noarch"]
    del store.objects["c/noarch/a-1.0-0.conda"]
    reindex(channel, SUBDIRS)
    write_channeldata(channel, "due")
    assert said(store)["packages"] == {}


def test_who_does_not_ask_makes_no_request(store: MemoryStore) -> None:
    channel = open_channel(store, channeldata=False)
    simple(channel, "a")
    store.log.clear()
    for when in ("due", "now", "whole"):
        assert not write_channeldata(channel, when)  # type: ignore[arg-type]
    assert store.log == []
    # Nor has it summaries, since it has no page.
    assert not [key for key in store.objects if "/summaries/" in key]


def test_a_dry_run_writes_nothing(store: MemoryStore) -> None:
    channel = open_channel(store)
    simple(channel, "a")
    assert not write_channeldata(replace(channel, dry_run=True), "now")
    assert KEY not in store.objects


def test_at_most_every_so_often(store: MemoryStore) -> None:
    channel = open_channel(store, AtMostEvery(at_most_every="10m"))
    simple(channel, "a")
    assert write_channeldata(channel, "due")
    simple(channel, "b")
    runtime = channel.runtime
    store.modified[KEY] = store.now.fromtimestamp(runtime.now_ms() / 1000, store.now.tzinfo)
    assert not write_channeldata(channel, "due")
    assert [*said(store)["packages"]] == ["a"]
    store.modified[KEY] -= timedelta(minutes=11)
    assert write_channeldata(channel, "due")
    assert [*said(store)["packages"]] == ["a", "b"]


def test_with_never_only_who_is_to_does(store: MemoryStore) -> None:
    channel = open_channel(store, "never")
    simple(channel, "a")
    assert not write_channeldata(channel, "due")
    assert write_channeldata(channel, "now")
    assert [*said(store)["packages"]] == ["a"]


def test_what_a_killed_writer_did_not_write_the_next_one_adds(store: MemoryStore) -> None:
    channel = open_channel(store)
    simple(channel, "a")
    write_channeldata(channel, "due")
    for name in ("b", "c"):
        simple(channel, name, subdir="linux-64")
    simple(channel, "d")
    assert write_channeldata(channel, "due")
    assert [*said(store)["packages"]] == ["a", "b", "c", "d"]


HOSTILE = {
    "nothing": b"",
    "another tool's": b'{"channeldata_version": 1, "packages": {"evil": {}}, "subdirs": []}',
    "nested": b"[" * 100_000,
    "a list": b"[]",
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=[*HOSTILE])
@pytest.mark.parametrize("metadata", ["kept", "none", "forged"])
def test_what_is_not_ours_is_left_until_somebody_asks_for_it(store: MemoryStore, data: bytes, metadata: str) -> None:
    channel = open_channel(store)
    simple(channel, "a")
    write_channeldata(channel, "due")
    good = store.objects[KEY]
    forged = {METADATA: f"00000000 {len(data)} noarch:99999999999999999999"}
    given = {"kept": good.metadata, "none": {}, "forged": forged}[metadata]
    theirs = store.objects[KEY] = ObjectBody(data=data, content_type="", metadata=given)
    automatic: tuple[When, ...] = ("due", "upkeep")
    for when in automatic:
        with pytest.raises(StorageError, match="another tool wrote it, or it is damaged") as caught:
            write_channeldata(channel, when)
        assert "run `chaninfra reindex`" in (caught.value.remedy or "")
        assert store.objects[KEY] is theirs
    assert write_channeldata(channel, "now")
    assert store.objects[KEY] == good


def test_one_that_is_too_large_is_not_read_and_made_anew(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    channel = open_channel(store)
    simple(channel, "a")
    write_channeldata(channel, "due")
    good = store.objects[KEY]
    monkeypatch.setattr(update, "MAX_CHANNELDATA", len(good.data))
    store.objects[KEY] = replace(good, data=good.data + b" ")
    with pytest.raises(StorageError, match="another tool wrote it, or it is damaged"):
        write_channeldata(channel, "due")
    assert write_channeldata(channel, "now")
    assert store.objects[KEY] == good
    simple(channel, "b")
    with pytest.raises(StorageError, match="would be larger than 0 MiB"):
        write_channeldata(channel, "due")
    assert store.objects[KEY] == good


def test_many_packages_at_once_are_left_to_a_re_index(store: MemoryStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(update, "_FEW", 1)
    channel = open_channel(store)
    for name in ("a", "b"):
        simple(channel, name)
    with pytest.raises(StorageError, match="lacks 2 packages, which only a re-index adds") as caught:
        write_channeldata(channel, "due")
    assert caught.value.remedy == "run `chaninfra reindex`"
    assert KEY not in store.objects
    assert write_channeldata(channel, "now")


def test_a_restored_index_and_a_subdir_that_is_gone_make_it_anew(store: MemoryStore) -> None:
    channel = open_channel(store)
    simple(channel, "a")
    old = dict(store.objects)
    simple(channel, "b")
    write_channeldata(channel, "due")
    for key in [key for key in store.objects if "/noarch/" in key]:
        del store.objects[key]
    store.objects.update({key: body for key, body in old.items() if key != KEY})
    assert write_channeldata(channel, "due")
    assert [*said(store)["packages"]] == ["a"]


def test_eight_publishers_at_once_leave_all_packages(store: MemoryStore) -> None:
    """Each is stopped where it is to write, and all others go first."""
    first = open_channel(store)
    simple(first, "p0")
    left = [f"p{number}" for number in range(1, 8)]

    def before(kind: str, key: str) -> None:
        if kind == "put" and key == KEY and left:
            name = left.pop()
            store.before = lambda kind, key: None
            other = open_channel(store, name=name)
            simple(other, name)
            store.before = before
            write_channeldata(other, "due")

    store.before = before
    # It loses seven times, and then finds nothing that the others have not written.
    assert not write_channeldata(first, "due")
    store.before = lambda kind, key: None
    assert not left
    assert [*said(store)["packages"]] == [f"p{number}" for number in range(8)]
    stored = store.get(KEY)
    assert stored is not None
    made = read(stored)
    assert made is not None
    assert not write_channeldata(first, "whole")


def test_who_loses_all_attempts_says_so_and_loses_nothing(store: MemoryStore) -> None:
    channel = open_channel(store)
    simple(channel, "a")

    def always_first(kind: str, key: str) -> None:
        if kind == "put" and key == KEY:
            store.objects[KEY] = ObjectBody(data=str(len(store.log)).encode(), content_type="")

    store.before = always_first
    with pytest.raises(ConflictError, match="others wrote it first, 20 times") as caught:
        write_channeldata(channel, "now")
    assert "nothing is lost" in (caught.value.remedy or "")
    store.before = lambda kind, key: None
    assert write_channeldata(channel, "now")


def _damaged(store: MemoryStore) -> None:
    store.objects["c/noarch/repodata_shards.msgpack.zst"] = ObjectBody(data=b"none", content_type="")


def _lost(store: MemoryStore) -> None:
    for key in [key for key in store.objects if "/noarch/shards/" in key]:
        del store.objects[key]


@pytest.mark.parametrize(("spoil", "error"), [(_damaged, ForeignIndexError), (_lost, LostShardError)])
def test_an_index_that_cannot_be_read_is_an_error_and_changes_nothing(
    store: MemoryStore, spoil: Callable[[MemoryStore], None], error: type[StorageError]
) -> None:
    channel = open_channel(store)
    simple(channel, "a")
    spoil(store)
    with pytest.raises(error):
        write_channeldata(channel, "now")
    assert KEY not in store.objects


@pytest.mark.parametrize("when", ["due", "whole"])
def test_what_lies_in_summaries_and_records_is_bounded(store: MemoryStore, when: When) -> None:
    channel = open_channel(store)
    simple(channel, "a", summary="x", home="javascript:alert(1)", tags=["\u202e", 1, "ok"], dev_url="https://u:p@h/")
    simple(channel, "b")
    # Another package's, and one that is none.
    store.objects["c/noarch/summaries/b.json"] = store.objects["c/noarch/summaries/a.json"]
    write_channeldata(channel, when)
    assert said(store)["packages"]["a"] == {
        "run_exports": {},
        "subdirs": ["noarch"],
        "summary": "x",
        "tags": ["ok"],
        "timestamp": 0,
        "version": "1.0",
    }
    assert "summary" not in said(store)["packages"]["b"]


def test_the_metadata_say_which_commits_it_has(store: MemoryStore) -> None:
    channel = open_channel(store)
    simple(channel, "a")
    write_channeldata(channel, "due")
    commit(channel.subdir_index("noarch"), Change)
    assert write_channeldata(channel, "due")
    stored = store.get(KEY)
    assert isinstance(stored, StoredObject)
    made = read(stored)
    assert made is not None
    assert made.numbers == {"noarch": 2}
