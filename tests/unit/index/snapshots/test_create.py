"""Snapshots: what they say, of which time, and that whoever goes on after a kill makes the same."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from chaninfra.channel.conda.index_files import decompress
from chaninfra.channel.errors import ConfigurationError, ConflictError, StorageError
from chaninfra.channel.objects import ObjectBody
from chaninfra.index.commit.authority import ForeignIndexError
from chaninfra.index.commit.shard_writer import MAX_SHARD_AGE_MS
from chaninfra.index.progress import Silent
from chaninfra.index.publish import publish
from chaninfra.index.snapshots import create as module
from chaninfra.index.snapshots.create import Created, create
from chaninfra.index.snapshots.document import read_snapshots
from chaninfra.index.snapshots.remove import remove
from support.index_model import processes
from support.index_model.memory_store import MemoryStore, SequentialRuntime
from support.index_model.processes import FOLDER, INDEX, PREFIX, channel, channel_with, file, publishing, yanking
from support.index_model.scenarios import NEVER

LIST = f"{PREFIX}/snapshots/index.json"
THERE = f"{PREFIX}/snapshots/v1/noarch"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def snapshot(store: MemoryStore, name: str = "v1", at: datetime | None = None, process: str = "s") -> Created:
    return create(channel(store, SequentialRuntime(process, int(store.now.timestamp() * 1000))), name, at)


def records(store: MemoryStore, folder: str = THERE) -> dict[str, set[str]]:
    """The file names that each form of an index lists; the shards are those of the living channel."""
    index = msgspec.msgpack.decode(decompress(store.objects[f"{folder}/repodata_shards.msgpack.zst"].data, 1 << 20))
    found: dict[str, set[str]] = {"shards": set()}
    for digest in index["shards"].values():
        shard = msgspec.msgpack.decode(
            decompress(store.objects[f"{FOLDER}/shards/{digest.hex()}.msgpack.zst"].data, 1 << 20)
        )
        found["shards"] |= shard["packages.conda"].keys()
    for form, name in (("json", "repodata.json"), ("zst", "repodata.json.zst")):
        if f"{folder}/{name}" in store.objects:
            data = store.objects[f"{folder}/{name}"].data
            plain = data if form == "json" else decompress(data, 1 << 20)
            found[form] = {*json.loads(plain or b"")["packages.conda"]}
    return found


def info(store: MemoryStore, name: str) -> dict[str, Any]:
    data = store.objects[f"{THERE}/{name}"].data
    if name == "repodata.json":
        found: dict[str, Any] = json.loads(data)["info"]
        return found
    return dict(msgspec.msgpack.decode(decompress(data, 1 << 20))["info"])


def aged(store: MemoryStore, *names: str) -> dict[str, datetime]:
    """Publish these packages, one an hour; name → the time of its commit."""
    times = {}
    for name in names:
        store.now += HOUR
        times[name] = store.now
        publishing(name).run(store, SequentialRuntime(f"of-{name}"))
    store.now += HOUR
    return times


def test_it_lists_what_the_channel_lists_and_stays_so() -> None:
    store = channel_with("a", "b")
    made = snapshot(store)
    assert (made.outcome, made.objects, made.snapshot.packages) == ("created", 3, 2)
    files = {key: body for key, body in store.objects.items() if key.startswith(f"{PREFIX}/snapshots/v1/")}
    yanking("a").run(store, SequentialRuntime("yank"))
    publishing("c").run(store, SequentialRuntime("later"))
    both = {file("a"), file("b")}
    assert records(store) == {"shards": both, "json": both, "zst": both}
    assert files == {key: store.objects[key] for key in files}
    assert {body.cache_control for body in files.values()} == {"max-age=31536000, immutable"}
    assert not [key for key in files if "/shards/" in key or key.endswith(".conda")]


def test_its_urls_lead_to_the_living_channel() -> None:
    store = channel_with("a")
    snapshot(store)
    for name in ("repodata.json", "repodata_shards.msgpack.zst"):
        assert info(store, name)["base_url"] == "../../../noarch/"
    assert info(store, "repodata_shards.msgpack.zst")["shards_base_url"] == "../../../noarch/shards/"
    # CEP 15: an index with a base_url.
    assert json.loads(store.objects[f"{THERE}/repodata.json"].data)["repodata_version"] == 2


def test_a_channel_of_shards_alone_has_snapshots_of_shards_alone() -> None:
    store = channel_with("a", index=NEVER)
    assert create(channel(store, SequentialRuntime("s"), NEVER), "v1").objects == 1
    assert records(store) == {"shards": {file("a")}}


@pytest.mark.parametrize("name", ["a", "b", "c"])
def test_at_says_what_the_channel_said_then(name: str) -> None:
    store = channel_with("x")
    times = aged(store, "a", "b", "c")
    wanted = {file(each) for each in ("x", *"abc"[: "abc".index(name) + 1])}
    made = snapshot(store, at=times[name] + HOUR / 2)
    assert records(store) == {"shards": wanted, "json": wanted, "zst": wanted}
    assert made.snapshot.at == (times[name] + HOUR / 2).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_at_needs_no_shard_but_those_that_differ() -> None:
    store = channel_with(*(f"p{number}" for number in range(20)))
    times = aged(store, "a", "b")
    store.log.clear()
    snapshot(store, at=times["a"])
    read = [key for kind, key in store.log if kind == "get" and "/shards/" in key]
    # The shard of b is not read: its records are taken out.
    assert read == []
    assert file("b") not in records(store)["json"]


def test_a_time_before_the_history_names_the_oldest_that_is_there() -> None:
    store = channel_with("a")
    del store.objects[f"{PREFIX}/.chaninfra/history/noarch/1"]
    with pytest.raises(ConfigurationError, match="is before the oldest state of noarch that is kept, of 2026-01-01T00"):
        snapshot(store, at=NOW - HOUR)
    assert LIST not in store.objects


def test_a_time_before_the_channel_is_refused() -> None:
    store = channel_with("a")
    with pytest.raises(ConfigurationError, match="before the oldest state of the channel") as caught:
        snapshot(store, at=NOW - HOUR)
    assert caught.value.remedy == "give a later time: --at 2026-01-01T00:00:00Z"


def test_the_future_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="2026-01-01T01:00:00Z is in the future"):
        snapshot(channel_with("a"), at=NOW + HOUR)


@pytest.mark.parametrize(
    "name",
    ["", "noarch", "NoArch", "linux-64", "a/b", "..", ".", "index.json", "v1.0", "-x", "a b", "é", "x" * 65, "v\n"],
)
def test_names_that_are_refused(name: str) -> None:
    store = channel_with("a")
    with pytest.raises(ConfigurationError, match="is not the name of a snapshot"):
        snapshot(store, name)
    with pytest.raises(ConfigurationError, match="is not the name of a snapshot"):
        remove(channel(store, SequentialRuntime("s")), name)


def test_another_one_of_the_name_is_refused() -> None:
    store = channel_with("a")
    snapshot(store)
    assert snapshot(store).outcome == "present"
    times = aged(store, "b")
    before = dict(store.objects)
    with pytest.raises(ConflictError, match="there is a snapshot v1 already, of 2026-01-01T00:00:00Z"):
        snapshot(store)
    assert store.objects == before
    assert snapshot(store, at=times["b"] - HOUR / 2).outcome == "present"


def damage(store: MemoryStore) -> None:
    store.objects[INDEX] = ObjectBody(data=b"nonsense", content_type="")


def lose_shards(store: MemoryStore) -> None:
    for key in [key for key in store.objects if "/shards/" in key]:
        del store.objects[key]


def foreign(store: MemoryStore) -> None:
    body = store.objects[f"{FOLDER}/repodata.json"]
    store.objects[f"{FOLDER}/repodata.json"] = ObjectBody(data=body.data, content_type="")


def restore(store: MemoryStore) -> None:
    """An old state is put back, and another tool's commit of its number was kept."""
    for form in ("repodata.json", "repodata.json.zst"):
        del store.objects[f"{FOLDER}/{form}"]
    kept = store.objects[f"{PREFIX}/.chaninfra/history/noarch/2"]
    store.objects[f"{PREFIX}/.chaninfra/history/noarch/2"] = dataclasses.replace(
        kept, metadata={"chaninfra-revision": "another"}
    )


@pytest.mark.parametrize(
    ("broken", "error"),
    [
        (damage, ForeignIndexError),
        (lose_shards, StorageError),
        (foreign, ForeignIndexError),
        (lambda store: store.objects.pop(INDEX), ForeignIndexError),
        (restore, ForeignIndexError),
    ],
)
def test_a_damaged_index_is_refused(broken: Callable[[MemoryStore], Any], error: type[Exception]) -> None:
    store = channel_with("a")
    broken(store)
    before = dict(store.objects)
    with pytest.raises(error):
        snapshot(store)
    assert store.objects == before


@pytest.mark.parametrize("kept", range(1, 5))
def test_a_killed_one_is_finished_with_the_packages_of_its_time(kept: int) -> None:
    """Killed after so many PUTs: the entry, the shard index, repodata.json, its zst."""
    store = channel_with("a")
    puts: list[str] = []

    def before(kind: str, key: str) -> None:
        if kind == "put" and "/snapshots/" in key:
            puts.append(key)
            if len(puts) > kept:
                raise KeyboardInterrupt

    store.before = before
    with pytest.raises(KeyboardInterrupt):
        snapshot(store)
    store.before = lambda kind, key: None
    aged(store, "b")
    assert snapshot(store).outcome == "finished"
    assert records(store) == {form: {file("a")} for form in ("shards", "json", "zst")}
    assert read_snapshots(store, LIST)[0].snapshots["v1"].stage == "ready"
    assert snapshot(store, at=NOW + HOUR / 2).outcome == "present"


def test_a_killed_one_whose_states_are_gone_cannot_be_finished(monkeypatch: pytest.MonkeyPatch) -> None:
    store = channel_with("a")

    def killed(*given: object, **how: object) -> list[int]:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module, "_put_files", killed)
        with pytest.raises(KeyboardInterrupt):
            snapshot(store)
    aged(store, "b")
    del store.objects[f"{PREFIX}/.chaninfra/history/noarch/2"]
    with pytest.raises(StorageError, match="commit 2 of noarch, of which the snapshot is, is not in the history"):
        snapshot(store)
    remove(channel(store, SequentialRuntime("rm")), "v1")
    assert snapshot(store).outcome == "created"


def test_the_files_of_another_one_are_not_taken_for_its_own() -> None:
    store = channel_with("a")
    snapshot(store)
    del store.objects[LIST]
    aged(store, "b")
    with pytest.raises(ConflictError, match="was made of another state") as caught:
        snapshot(store)
    assert "`chaninfra snapshot rm v1`" in str(caught.value.remedy)
    assert records(store)["shards"] == {file("a")}


def test_two_at_once_make_the_same() -> None:
    """The first entry decides what it is of; the other one finds that it is there."""
    store = channel_with("a")
    other = [1]

    def before(kind: str, key: str) -> None:
        if kind == "put" and key == LIST and other:
            other.pop()
            assert snapshot(store, process="other").outcome == "created"

    store.before = before
    assert snapshot(store).outcome == "present"
    assert records(store)["shards"] == {file("a")}


def test_of_two_at_once_with_a_commit_between_one_is_refused() -> None:
    store = channel_with("a")
    other = [1]

    def before(kind: str, key: str) -> None:
        if kind == "put" and key == LIST and other:
            other.pop()
            publishing("b").run(store, SequentialRuntime("between"))
            assert snapshot(store, process="other").outcome == "created"
            publishing("c").run(store, SequentialRuntime("later"))

    store.before = before
    with pytest.raises(ConflictError, match="there is a snapshot v1 already"):
        snapshot(store)
    assert records(store)["shards"] == {file("a"), file("b")}


def test_one_that_takes_days_is_given_up() -> None:
    store = channel_with("a")
    runtime = SequentialRuntime("s")

    def before(kind: str, key: str) -> None:
        if kind == "put" and key == LIST:
            runtime.time += MAX_SHARD_AGE_MS + 1

    store.before = before
    with pytest.raises(ConflictError, match="read more than a day ago"):
        create(channel(store, runtime), "v1")
    assert not [key for key in store.objects if key.startswith(THERE)]


def test_a_removed_one_is_not_finished() -> None:
    """Somebody removes it while it is made."""
    store = channel_with("a")

    def before(kind: str, key: str) -> None:
        if kind == "put" and key.endswith("v1/noarch/repodata.json"):
            store.before = lambda kind, key: None
            remove(channel(store, SequentialRuntime("rm")), "v1")

    store.before = before
    with pytest.raises(ConflictError, match="was removed while it was made"):
        snapshot(store)
    assert "v1" not in read_snapshots(store, LIST)[0].snapshots


def test_a_publish_asks_nothing_about_snapshots() -> None:
    store = channel_with("a")
    snapshot(store)
    store.log.clear()
    publish(channel(store, SequentialRuntime("p")), [processes.package("b")], "refuse", Silent())
    assert not [key for _, key in store.log if "snapshots" in key]
