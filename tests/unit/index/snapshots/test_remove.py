"""Removing a snapshot: what is killed in between is not taken for a snapshot, and what is not ours stays."""

from __future__ import annotations

import pytest

from chaninfra.channel.errors import ChaninfraError, ConflictError, ExitCode
from chaninfra.channel.objects import ObjectBody
from chaninfra.index.snapshots.create import create
from chaninfra.index.snapshots.document import read_snapshots
from chaninfra.index.snapshots.remove import list_snapshots, remove
from support.index_model.memory_store import MemoryStore, SequentialRuntime
from support.index_model.processes import PREFIX, channel, channel_with, publishing

LIST = f"{PREFIX}/snapshots/index.json"
THERE = f"{PREFIX}/snapshots/v1/"


@pytest.fixture
def store() -> MemoryStore:
    """A channel with the snapshots v1 and v2."""
    found = channel_with("a")
    for name in ("v1", "v2"):
        create(channel(found, SequentialRuntime(name)), name)
    return found


def test_its_files_and_its_entry_go(store: MemoryStore) -> None:
    before = dict(store.objects)
    removed = remove(channel(store, SequentialRuntime("rm")), "v1")
    assert {*removed.deleted} == {key for key in before if key.startswith(THERE)}
    assert store.objects.keys() == before.keys() - {*removed.deleted}
    assert [*read_snapshots(store, LIST)[0].snapshots] == ["v2"]


@pytest.mark.parametrize("kills", ["delete", "put"])
def test_a_killed_removal_goes_on(store: MemoryStore, kills: str) -> None:
    """Before the files are deleted, and before the entry is."""
    seen: list[str] = []

    def before(kind: str, key: str) -> None:
        if kind in ("put", "delete"):
            seen.append(kind)
            if kind == kills and len(seen) > 1:
                raise KeyboardInterrupt

    store.before = before
    with pytest.raises(KeyboardInterrupt):
        remove(channel(store, SequentialRuntime("rm")), "v1")
    store.before = lambda kind, key: None
    assert read_snapshots(store, LIST)[0].snapshots["v1"].stage == "removing"
    publishing("b").run(store, SequentialRuntime("b"))
    # Nobody takes it for one that is being made.
    with pytest.raises(ConflictError, match="is being removed, or its removal was stopped"):
        create(channel(store, SequentialRuntime("s")), "v1")
    remove(channel(store, SequentialRuntime("rm")), "v1")
    assert [*read_snapshots(store, LIST)[0].snapshots] == ["v2"]
    assert not [key for key in store.objects if key.startswith(THERE)]
    assert create(channel(store, SequentialRuntime("s")), "v1").snapshot.packages == 2


def test_what_is_not_listed_goes_too(store: MemoryStore) -> None:
    del store.objects[LIST]
    assert len(remove(channel(store, SequentialRuntime("rm")), "v1").deleted) == 3
    assert not [key for key in store.objects if key.startswith(THERE)]


def test_what_is_not_ours_stays(store: MemoryStore) -> None:
    theirs = [f"{THERE}noarch/a-1-0.conda", f"{THERE}noarch/shards/x", f"{THERE}README", f"{THERE}other/repodata.json"]
    for key in theirs:
        store.objects[key] = ObjectBody(data=b"x", content_type="")
    removed = remove(channel(store, SequentialRuntime("rm")), "v1")
    assert {*removed.others} == {*theirs}
    assert {key for key in store.objects if key.startswith(THERE)} == {*theirs}


def test_one_that_is_not_there(store: MemoryStore) -> None:
    with pytest.raises(ChaninfraError, match="there is no snapshot v3") as caught:
        remove(channel(store, SequentialRuntime("rm")), "v3")
    assert "known are: v1, v2" in str(caught.value.remedy)
    # As of `manifest --snapshot` and `rollback --to`.
    assert caught.value.exit_code == ExitCode.USAGE
    with pytest.raises(ChaninfraError, match="there is no snapshot v1") as caught:
        remove(channel(channel_with("a"), SequentialRuntime("rm")), "v1")
    assert "it has none" in str(caught.value.remedy)


def test_folders_that_have_only_delete_markers_are_no_snapshots(store: MemoryStore) -> None:
    """MinIO with versioning lists the folder of what was deleted, and `snapshot rm` finds nothing there."""
    store.objects[f"{PREFIX}/snapshots/v3/noarch/repodata.json"] = ObjectBody(data=b"{}", content_type="")
    opened = channel(store, SequentialRuntime("ls"))
    vars(store)["folders"] = lambda _: frozenset({"v1", "v2", "v3", "gone"})
    vars(opened)["store"] = lambda: store
    listed = list_snapshots(opened)
    assert ([*listed.snapshots], listed.unlisted) == (["v1", "v2"], ["v3"])
