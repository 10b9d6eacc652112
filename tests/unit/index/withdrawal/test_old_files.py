"""What `delete` does with the index files of other tools, where the channel has shards alone."""

from __future__ import annotations

import bz2
import json
from typing import Any

import pytest

from chaninfra.channel.conda.index_files import compress, decompress
from chaninfra.channel.objects import ObjectBody
from chaninfra.index.withdrawal.delete import Deleted, delete
from chaninfra.index.withdrawal.document import read_withdrawn
from chaninfra.index.withdrawal.plan import plan
from support.index_model.memory_store import MemoryStore, SequentialRuntime
from support.index_model.processes import FOLDER, PREFIX, channel, channel_with, file
from support.index_model.scenarios import NEVER

RECORD = {"name": "a", "version": "1", "build": "0", "build_number": 0, "depends": [], "size": 1, "sha256": "ab" * 32}
JSON, ZST = f"{FOLDER}/repodata.json", f"{FOLDER}/repodata.json.zst"


def repodata(**more: Any) -> bytes:
    """As conda-index writes it."""
    records = {file(name): {**RECORD, "name": name} for name in ("a", "b")}
    document = {"info": {"subdir": "noarch"}, "packages": {}, "packages.conda": records, "removed": ["old-1-0.conda"]}
    return json.dumps({**document, "repodata_version": 1, **more}).encode()


def with_files(**named: bytes) -> MemoryStore:
    store = channel_with("a", "b", index=NEVER)
    for name, data in named.items():
        store.objects[f"{FOLDER}/{name}"] = ObjectBody(
            data=data, content_type="application/x", cache_control="no-store"
        )
    return store


def deleting(store: MemoryStore) -> Deleted:
    opened = channel(store, SequentialRuntime("d"), NEVER)
    return delete(opened, plan(opened, [f"noarch/{file('a')}"]), "a key leaked")


def stage(store: MemoryStore) -> str | None:
    [told] = read_withdrawn(store, f"{PREFIX}/withdrawn.json")[0].packages
    return told.stage


def test_repodata_json_that_has_what_the_index_has_not_is_rewritten() -> None:
    store = with_files(**{"repodata.json": repodata(ours=[1]), "repodata.json.zst": compress(repodata(), 1)})
    done = deleting(store)
    assert (done.changed, done.unreadable, stage(store)) == ([JSON, ZST], set(), None)
    left = json.loads(store.objects[JSON].data)
    assert left == json.loads(repodata(ours=[1], **{"packages.conda": {file("b"): {**RECORD, "name": "b"}}}))
    assert (store.objects[JSON].content_type, store.objects[JSON].cache_control) == ("application/x", "no-store")
    assert file("a").encode() not in (decompress(store.objects[ZST].data, 1 << 20) or b"")


def test_where_it_says_nothing_else_it_and_what_was_made_from_it_is_deleted() -> None:
    store = with_files(**{"repodata.json": repodata(removed=[]), "current_repodata.json": repodata()})
    done = deleting(store)
    assert [*done.index_files] == [JSON, f"{FOLDER}/current_repodata.json"]
    assert not {*done.index_files} & store.objects.keys()
    assert stage(store) is None


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("current_repodata.json", repodata()),
        ("current_repodata.json.zst", compress(repodata(), 1)),
        ("repodata.json.bz2", bz2.compress(b"{") + bz2.compress(repodata())),
        ("repodata.jlap", file("a").encode()),
    ],
)
def test_what_another_tool_makes_from_it_is_deleted_where_it_names_the_package(name: str, data: bytes) -> None:
    store = with_files(**{"repodata.json": repodata(), name: data})
    done = deleting(store)
    assert (done.index_files, done.changed) == ([f"{FOLDER}/{name}"], [JSON])
    assert f"{FOLDER}/{name}" not in store.objects
    assert stage(store) is None


@pytest.mark.parametrize("name", ["current_repodata.json", "repodata.json.bz2"])
def test_what_does_not_name_it_stays(name: str) -> None:
    data = b"{}" if name.endswith("json") else bz2.compress(b"{}")
    store = with_files(**{"repodata.json": repodata(), name: data})
    assert deleting(store).index_files == []
    assert store.objects[f"{FOLDER}/{name}"].data == data


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("current_repodata.json.zst", b"damaged"),
        ("repodata.json.bz2", b"damaged"),
        ("repodata.json.bz2", bz2.compress(repodata())[:-10]),
        ("repodata.json.zst", b"damaged"),
    ],
)
def test_what_cannot_be_read_is_named_and_it_has_not_ended(name: str, data: bytes) -> None:
    store = with_files(**{"repodata.json": repodata(), name: data})
    done = deleting(store)
    assert (done.unreadable, stage(store)) == ({f"{FOLDER}/{name}"}, "deleting")
    assert store.objects[f"{FOLDER}/{name}"].data == data
    del store.objects[f"{FOLDER}/{name}"]
    assert (deleting(store).unreadable, stage(store)) == (set(), None)


def test_another_tool_writes_it_meanwhile() -> None:
    store = with_files(**{"repodata.json": repodata()})
    begun = [1]

    def before(kind: str, key: str) -> None:
        if kind == "put" and key == JSON and begun:
            begun.clear()
            store.objects[JSON] = ObjectBody(data=repodata(later=1), content_type="")

    store.before = before
    assert deleting(store).changed == [JSON]
    left = json.loads(store.objects[JSON].data)
    assert (left["later"], [*left["packages.conda"]]) == (1, [file("b")])
