"""yanked.json is brought in line with the index, which decides."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from chaninfra.channel.errors import DeniedError, StorageError
from chaninfra.channel.objects import ObjectBody
from chaninfra.index.channel import Channel
from chaninfra.index.commit import yanked_json
from chaninfra.index.contents import contents_of
from chaninfra.index.reindex import reindex
from chaninfra.index.yank import unyank, yank
from support.index_model.memory_store import MemoryStore, SequentialRuntime
from support.index_model.memory_subdir import INDEX, JSON
from support.index_model.processes import PREFIX, channel, channel_with, file, publishing, yanking

DOCUMENT = f"{PREFIX}/yanked.json"
HELLO = file("hello")


def document(store: MemoryStore, key: str) -> dict[str, Any]:
    """The content of a JSON object."""
    found: dict[str, Any] = json.loads(store.objects[key].data)
    return found


def put(store: MemoryStore, key: str, content: dict[str, Any]) -> None:
    """Put a JSON object."""
    store.objects[key] = ObjectBody(data=json.dumps(content).encode(), content_type="application/json")


def killed_before_the_document(store: MemoryStore, command: Callable[[], object]) -> None:
    """Run a command that is killed after its commit, before it brings yanked.json in line."""

    def kill(kind: str, key: str) -> None:
        if (kind, key) == ("get", DOCUMENT) and ("put", INDEX) in store.log:
            raise KeyboardInterrupt

    store.log.clear()
    store.before = kill
    with pytest.raises(KeyboardInterrupt):
        command()
    store.before = lambda kind, key: None


def listed(store: MemoryStore) -> dict[str, str | None]:
    """File name → the reason why it is yanked, from `ls`."""
    reader = channel(store, SequentialRuntime("ls"))
    vars(reader)["store"] = lambda: store
    return {each.file: each.yanked for each in contents_of(reader).packages}


MENDING: dict[str, Callable[[MemoryStore], object]] = {
    "the same command": lambda store: yank(channel(store, SequentialRuntime("again")), [HELLO], "other"),
    "reindex": lambda store: reindex(channel(store, SequentialRuntime("reindex")), ["noarch"]),
}


@pytest.mark.parametrize("mending", MENDING)
def test_a_yanker_that_is_killed_after_its_commit_leaves_a_document_that_the_next_mends(mending: str) -> None:
    store = channel_with("hello", "more")
    killed_before_the_document(store, lambda: yank(channel(store, SequentialRuntime("yank")), ["hello"], "broken"))
    assert document(store, DOCUMENT)["packages"] == {}
    assert document(store, JSON)["removed"] == [HELLO]
    publishing("hello-2").run(store, SequentialRuntime("publish"))
    assert document(store, JSON)["removed"] == [HELLO]
    MENDING[mending](store)
    ((path, entry),) = document(store, DOCUMENT)["packages"].items()
    assert (path, entry["reason"], entry["record"]["name"]) == (f"noarch/{HELLO}", "broken", "hello")
    assert listed(store) == {HELLO: "broken", file("hello-2"): None, file("more"): None}


def test_who_is_killed_after_bringing_back_leaves_a_document_that_holds_nothing_back() -> None:
    store = channel_with("hello")
    before = document(store, JSON)["packages.conda"]
    yanking("hello").run(store, SequentialRuntime("yank"))
    killed_before_the_document(store, lambda: unyank(channel(store, SequentialRuntime("unyank")), ["hello"]))
    assert [*document(store, DOCUMENT)["packages"]] == [f"noarch/{HELLO}"]
    assert listed(store) == {HELLO: None}
    publishing("hello-2").run(store, SequentialRuntime("publish"))
    assert {*document(store, JSON)["packages.conda"]} == {HELLO, file("hello-2")}
    done = unyank(channel(store, SequentialRuntime("again")), [HELLO])
    assert done.changed == (f"noarch/{HELLO}",)
    assert document(store, DOCUMENT)["packages"] == {}
    assert document(store, JSON)["packages.conda"][HELLO] == before[HELLO]


@pytest.mark.parametrize("content", [None, {"packages": {}}, {"packages": {"noarch/more-1-0.conda": {"when": "x"}}}])
def test_a_reindex_does_not_trust_the_document_and_writes_it_again(content: dict[str, Any] | None) -> None:
    store = channel_with("hello", "more")
    yanking("hello").run(store, SequentialRuntime("yank"))
    before, index = document(store, DOCUMENT), document(store, JSON)
    if content is None:
        del store.objects[DOCUMENT]
    else:
        put(store, DOCUMENT, content)
    reindex(channel(store, SequentialRuntime("reindex")), ["noarch"])
    assert document(store, JSON) == index
    assert document(store, DOCUMENT) == before
    done = unyank(channel(store, SequentialRuntime("unyank")), ["hello"])
    assert done.changed == (f"noarch/{HELLO}",)
    assert {*document(store, JSON)["packages.conda"]} == {HELLO, file("more")}


COMMANDS: dict[str, Callable[[Channel], object]] = {
    "yank": lambda on: yank(on, ["more"], None),
    "unyank": lambda on: unyank(on, ["hello"]),
    "reindex": lambda on: reindex(on, ["noarch"]),
}


@pytest.mark.parametrize(
    ("stored", "said"),
    [({"version": 2, "packages": {}}, "newer than this version"), ({"version": 1, "packages": []}, "is not valid")],
)
@pytest.mark.parametrize("command", COMMANDS)
def test_a_document_of_unknown_form_stops_before_a_write(command: str, stored: dict[str, Any], said: str) -> None:
    store = channel_with("hello", "more")
    yanking("hello").run(store, SequentialRuntime("yank"))
    put(store, DOCUMENT, stored)
    before = dict(store.objects)
    with pytest.raises(StorageError, match=said) as caught:
        COMMANDS[command](channel(store, SequentialRuntime("refused")))
    assert caught.value.where == DOCUMENT
    assert store.objects == before


@pytest.mark.parametrize("command", COMMANDS)
def test_who_may_not_write_the_document(command: str) -> None:
    """Publishers: they may not yank, and a re-index leaves the document as it is."""
    store = channel_with("hello", "more")
    yanking("hello").run(store, SequentialRuntime("yank"))
    put(store, DOCUMENT, {"version": 1, "packages": {}})
    before = dict(store.objects)

    def deny(kind: str, key: str) -> None:
        if (kind, key) == ("put", DOCUMENT):
            raise DeniedError("403")

    store.before = deny
    opened = channel(store, SequentialRuntime("denied"))
    if command == "reindex":
        reindex(opened, ["noarch"])
    else:
        with pytest.raises(DeniedError):
            COMMANDS[command](opened)
    assert store.objects == before


def test_an_error_after_the_commit_says_that_the_index_was_changed() -> None:
    store = channel_with("hello")

    def fail(kind: str, key: str) -> None:
        if (kind, key) == ("put", DOCUMENT) and ("put", INDEX) in store.log:
            raise StorageError("500")

    store.log.clear()
    store.before = fail
    with pytest.raises(StorageError, match=r"500; the index was changed, but yanked\.json does not show it") as caught:
        yank(channel(store, SequentialRuntime("yank")), ["hello"], None)
    assert caught.value.remedy == "run `chaninfra reindex` as a maintainer"
    assert document(store, JSON)["removed"] == [HELLO]


def test_a_document_that_would_be_too_large_stops_before_the_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    store = channel_with("hello")
    before = dict(store.objects)
    monkeypatch.setattr(yanked_json, "_MAX_BYTES", 200)
    with pytest.raises(StorageError, match="would be larger than"):
        yank(channel(store, SequentialRuntime("yank")), ["hello"], None)
    assert store.objects == before
