"""What somebody publishes between the question whether to delete a package and its deletion stays."""

from __future__ import annotations

import json

import pytest

from chaninfra.channel.conda.index_settings import Follow
from chaninfra.channel.conda.object_names import FOLLOW_JSON
from chaninfra.channel.conda.upkeep import Task
from chaninfra.channel.errors import ConflictError, RefusedError, StorageError
from chaninfra.channel.objects import ObjectBody
from chaninfra.channel.outputs.descriptor import DescribedIndex
from chaninfra.index.follow.mark import write_mark
from chaninfra.index.withdrawal.delete import delete
from chaninfra.index.withdrawal.document import read_withdrawn
from chaninfra.index.withdrawal.plan import plan
from support.index_model.memory_store import MemoryStore, SequentialRuntime
from support.index_model.processes import FOLDER, NOW, PREFIX, channel, channel_with, file, forcing

WITHDRAWN = f"{PREFIX}/withdrawn.json"
KEY = f"{FOLDER}/{file('a')}"


def mend(store: MemoryStore) -> None:
    forcing("a", b"mended").run(store, SequentialRuntime("p"))


def test_a_file_that_was_published_after_the_question_stops_it_before_a_write() -> None:
    store = channel_with("a", "b")
    opened = channel(store, SequentialRuntime("d"))
    planned = plan(opened, [file("a")])
    mend(store)
    before = dict(store.objects)
    with pytest.raises(ConflictError, match=f"1 file was published meanwhile.*: noarch/{file('a')}") as caught:
        delete(opened, planned, "a key leaked")
    assert "run the command again" in str(caught.value.remedy)
    assert store.objects == before
    delete(opened, plan(opened, [file("a")]), "a key leaked")
    [told] = read_withdrawn(store, WITHDRAWN)[0].packages
    assert (KEY in store.objects, len(told.sha256)) == (False, 2)


def test_a_file_that_was_not_there_when_it_asked() -> None:
    store = channel_with("a", "b")
    stored = store.objects.pop(KEY)
    opened = channel(store, SequentialRuntime("d"))
    planned = plan(opened, [file("a")])
    store.objects[KEY] = stored
    with pytest.raises(ConflictError, match="published meanwhile"):
        delete(opened, planned, "a key leaked")
    assert store.objects[KEY] == stored


def test_a_file_that_was_published_after_the_entry_stays() -> None:
    store = channel_with("a", "b")
    opened = channel(store, SequentialRuntime("d"))
    planned = plan(opened, [file("a")])
    begun = [1]

    def before(kind: str, key: str) -> None:
        if kind == "head" and key == KEY and WITHDRAWN in store.objects and begun:
            begun.clear()
            mend(store)

    store.before = before
    with pytest.raises(ConflictError, match="published meanwhile"):
        delete(opened, planned, "a key leaked")
    assert KEY in store.objects
    assert [each.stage for each in read_withdrawn(store, WITHDRAWN)[0].packages] == ["deleting"]


def test_attestations_and_files_that_are_gone_stop_nothing() -> None:
    """Attestations are appended to, and are of the same package."""
    store = channel_with("a", "b", "c")
    store.objects[f"{KEY}.sigs"] = ObjectBody(data=b"[]", content_type="")
    opened = channel(store, SequentialRuntime("d"))
    planned = plan(opened, [file("a"), file("c")])
    store.objects[f"{KEY}.sigs"] = ObjectBody(data=b"[1]", content_type="")
    del store.objects[f"{FOLDER}/{file('c')}"]
    delete(opened, planned, "a key leaked")
    assert not [key for key in store.objects if key.startswith((KEY, f"{FOLDER}/{file('c')}"))]


@pytest.mark.parametrize(
    "document",
    [
        ".chaninfra/patches/noarch.json",
        ".chaninfra/replaced/noarch.json",
        "snapshots/index.json",
    ],
)
def test_nothing_is_deleted_where_a_later_step_must_fail(document: str) -> None:
    store = channel_with("a", "b")
    store.objects[f"{PREFIX}/{document}"] = ObjectBody(data=b"{", content_type="")
    opened = channel(store, SequentialRuntime("d"))
    before = dict(store.objects)
    with pytest.raises(StorageError, match="is not valid") as caught:
        delete(opened, plan(opened, [file("a")]), "a key leaked")
    assert caught.value.where == f"{PREFIX}/{document}"
    assert store.objects == before


def test_nothing_is_deleted_where_a_patch_cannot_be_laid() -> None:
    """Of another package of the name, since its shard is made anew."""
    store = channel_with("a-1", "a-2")
    patch = {"changes": {"depends": 1}, "when": "2026-01-01T00:00:00Z"}
    document = json.dumps({"version": 1, "files": {file("a-1"): patch}}).encode()
    store.objects[f"{PREFIX}/.chaninfra/patches/noarch.json"] = ObjectBody(data=document, content_type="")
    opened = channel(store, SequentialRuntime("d"))
    before = dict(store.objects)
    with pytest.raises(StorageError) as caught:
        delete(opened, plan(opened, [file("a-2")]), "a key leaked")
    assert file("a-1") in str(caught.value)
    assert store.objects == before


FOLLOWED = DescribedIndex(writers="single", follow=Follow())


@pytest.mark.parametrize(
    ("index", "task", "age_s", "stops"),
    [
        (FOLLOWED, "compare", 60, True),
        (FOLLOWED, "compare", 3 * 3600, False),
        (FOLLOWED, "gc", 60, False),
        (DescribedIndex(follow=Follow()), "compare", 60, False),
        (DescribedIndex(writers="single"), "compare", 60, False),
    ],
)
def test_a_follower_that_is_the_one_writer_is_stopped_first(
    index: DescribedIndex, task: Task, age_s: int, *, stops: bool
) -> None:
    store = channel_with("a", "b")
    write_mark(channel(store, SequentialRuntime("f"), index), task, "process", 3600)
    opened = channel(store, SequentialRuntime("d", NOW + age_s * 1000), index)
    planned = plan(opened, [file("a")])
    if not stops:
        delete(opened, planned, "a key leaked")
        return
    before = dict(store.objects)
    with pytest.raises(RefusedError, match="a follower is the one writer") as caught:
        delete(opened, planned, "a key leaked")
    assert "stop the follower, delete this file" in str(caught.value.remedy)
    assert store.objects == before
    # As the remedy says.
    del store.objects[f"{PREFIX}/{FOLLOW_JSON}"]
    delete(opened, planned, "a key leaked")
    assert KEY not in store.objects
