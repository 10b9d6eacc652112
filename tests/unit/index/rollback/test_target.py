"""What a channel can be rolled back to, and what is refused before anything is written."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from chaninfra.channel.conda.index_settings import IndexSettings
from chaninfra.channel.conda.skeleton import empty_index
from chaninfra.channel.errors import ChaninfraError, ConfigurationError, DeniedError, StorageError
from chaninfra.channel.objects import ObjectBody
from chaninfra.index.channel import Channel
from chaninfra.index.commit.authority import ForeignIndexError
from chaninfra.index.package.local_file import read
from chaninfra.index.progress import Silent
from chaninfra.index.publish import publish
from chaninfra.index.rollback.plan import plan_rollback
from chaninfra.index.rollback.rollback import roll_back
from chaninfra.index.snapshots.create import create
from chaninfra.index.times import time_text
from support.channels.archives import conda, index_json
from support.channels.channels import descriptor
from support.index_model.memory_store import MemoryStore, SequentialRuntime
from support.index_model.processes import (
    INDEX,
    PREFIX,
    channel_with,
    file,
    publishing,
    yanking,
)
from support.index_model.rolling_back import (
    DOCUMENT,
    HOUR,
    opened,
    ran,
    records,
    rolled_back,
    snapshot,
)


@pytest.mark.parametrize(
    ("to", "message"),
    [
        ("v2", "'v2' is neither a time nor a snapshot"),
        ("2020-01-01", "is before the oldest state of the channel"),
        ("2030-01-01", "is in the future"),
        ("../v1", "neither a time"),
        ("", "neither a time"),
        ("v1\n", "neither a time"),
        ("2026-13-01", "neither a time"),
    ],
)
def test_what_is_no_target_is_refused(to: str, message: str) -> None:
    store = channel_with("a")
    snapshot(store)
    store.now += HOUR
    before = dict(store.objects)
    with pytest.raises(ConfigurationError, match=message) as caught:
        plan_rollback(opened(store), to)
    assert caught.value.where == "--to"
    assert store.objects == before


@pytest.mark.parametrize(("stage", "command"), [("creating", "create"), ("removing", "rm")])
def test_a_snapshot_that_is_not_ready_is_refused(stage: str, command: str) -> None:
    store = channel_with("a")
    snapshot(store)
    key = f"{PREFIX}/snapshots/index.json"
    body = store.objects[key]
    store.objects[key] = dataclasses.replace(body, data=body.data.replace(b'"ready"', f'"{stage}"'.encode()))
    with pytest.raises(ChaninfraError, match="or that was stopped") as caught:
        plan_rollback(opened(store), "v1")
    assert f"chaninfra snapshot {command} v1" in str(caught.value.remedy)


@pytest.mark.parametrize(("data", "word"), [(None, "missing"), (b"nonsense", "damaged")])
def test_the_index_of_a_snapshot_that_is_damaged_or_missing(data: bytes | None, word: str) -> None:
    store = channel_with("a")
    snapshot(store)
    key = f"{PREFIX}/snapshots/v1/noarch/repodata_shards.msgpack.zst"
    if data is None:
        del store.objects[key]
    else:
        store.objects[key] = ObjectBody(data=data, content_type="")
    with pytest.raises(StorageError, match=f"the index of the snapshot is {word}"):
        plan_rollback(opened(store), "v1")


def test_a_shard_of_then_that_is_gone() -> None:
    store = channel_with("a")
    then = {key for key in store.objects if "/shards/" in key}
    snapshot(store)
    ran(store, publishing("a-2"))
    for key in then:
        store.objects.pop(key)
    with pytest.raises(StorageError, match="which the state of then needs") as caught:
        plan_rollback(opened(store), "v1")
    assert caught.value.remedy == "give another --to"


def test_an_index_that_is_not_ours_is_refused_before_anything_is_asked() -> None:
    store = channel_with("a")
    snapshot(store)
    store.objects[INDEX] = ObjectBody(data=b"nonsense", content_type="")
    before = dict(store.objects)
    with pytest.raises(ForeignIndexError, match="the index is damaged"):
        plan_rollback(opened(store), "v1")
    assert store.objects == before


def test_who_may_not_write_the_list_of_yanks_changes_nothing() -> None:
    store = channel_with("a")
    snapshot(store)
    ran(store, publishing("b"))
    before = dict(store.objects)

    def refuse(kind: str, key: str) -> None:
        if (kind, key) == ("put", DOCUMENT):
            raise DeniedError("no", code="AccessDenied", status=403)

    store.before = refuse
    with pytest.raises(DeniedError) as caught:
        rolled_back(store)
    assert "only maintainers may yank" in str(caught.value.remedy)
    assert store.objects == before


def _two_subdirs(store: MemoryStore, process: str) -> Channel:
    """The channel, to which the subdir linux-64 was added since."""
    there = Channel(descriptor=descriptor(PREFIX, subdirs=("noarch", "linux-64")), credentials=None)
    runtime = SequentialRuntime(process, int(store.now.timestamp() * 1000))
    vars(there).update(writer=store, runtime=runtime)
    return there


def _widened(folder: Path, *, published: bool) -> tuple[MemoryStore, str]:
    """A store, and a time before its channel had the subdir linux-64."""
    store = channel_with("a")
    snapshot(store)
    store.now += HOUR
    then = time_text(store.now)
    store.now += HOUR
    for name, body in empty_index("linux-64", IndexSettings()):
        store.put(f"{PREFIX}/linux-64/{name}", body)
    if published:
        path = folder / "tool-1-0.conda"
        path.write_bytes(conda(index_json("tool", "1", subdir="linux-64")))
        store.now += HOUR
        publish(_two_subdirs(store, "publish"), [read(path)], "refuse", Silent())
    ran(store, publishing("b"))
    return store, then


@pytest.mark.parametrize("to", ["v1", "a time"])
@pytest.mark.parametrize("published", [True, False])
def test_a_subdir_that_was_not_there_then_had_no_packages(tmp_path: Path, to: str, published: bool) -> None:
    store, then = _widened(tmp_path, published=published)
    there = _two_subdirs(store, "rollback")
    roll_back(there, plan_rollback(there, to if to == "v1" else then))
    assert records(store).keys() == {file("a")}
    packages = json.loads(store.objects[DOCUMENT].data)["packages"]
    assert {*packages} == {f"noarch/{file('b')}", *(["linux-64/tool-1-0.conda"] if published else [])}


def test_a_subdir_that_the_channel_has_not_any_more_stays_as_it_is(tmp_path: Path) -> None:
    store, _ = _widened(tmp_path, published=True)
    create(_two_subdirs(store, "both"), "both")
    ran(store, yanking("a"))
    before = {key: body for key, body in store.objects.items() if "/linux-64/" in key}
    plan, _ = rolled_back(store, "both")
    assert plan.target.gone == ("linux-64",)
    assert records(store).keys() == {file("a"), file("b")}
    assert before == {key: body for key, body in store.objects.items() if "/linux-64/" in key}
