"""The history of an index: kept create-only, before the next commit replaces what it keeps."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chaninfra.channel.conda.index_files import FILE_NAMES
from chaninfra.channel.errors import StorageError
from chaninfra.channel.objects import IfAbsent, ObjectBody
from chaninfra.index.commit.authority import ForeignIndexError, read_our_authority
from chaninfra.index.commit.history import (
    changed_names,
    ensure_kept,
    history_key,
    keep,
    kept_index,
    kept_numbers,
    touched_since,
)
from support.index_model.memory_subdir import INDEX, MemoryChannel

FOLDER = "c/.chaninfra/history/noarch"


def test_each_state_is_kept_under_its_number() -> None:
    channel = MemoryChannel().skeleton()
    states = {1: channel.store.objects[INDEX].data}
    for name in "abc":
        channel.publish(name)
        states[channel.number()] = channel.store.objects[INDEX].data
    assert {number for number, _ in kept_numbers(channel.subdir_index)} == {1, 2, 3, 4}
    for number, data in states.items():
        assert channel.store.objects[history_key(channel.subdir_index, number)].data == data
        index = kept_index(channel.subdir_index, number)
        assert index is not None
        assert {*index.hashes} == {*"abc"[: number - 1]}


def test_what_is_replaced_is_kept_before() -> None:
    channel = MemoryChannel().skeleton()
    channel.store.log.clear()
    channel.publish("a")
    puts = [key for kind, key in channel.store.log if kind == "put"]
    # The skeleton was not kept yet.
    assert puts.index(f"{FOLDER}/1") < puts.index(INDEX) < puts.index(f"{FOLDER}/2")
    channel.store.log.clear()
    channel.publish("b")
    assert f"{FOLDER}/2" not in [key for kind, key in channel.store.log if kind == "put"]


def test_where_it_cannot_be_kept_nothing_is_replaced() -> None:
    channel = MemoryChannel().skeleton()
    before = channel.store.objects[INDEX]

    def refuse(kind: str, key: str) -> None:
        if (kind, key) == ("put", f"{FOLDER}/1"):
            raise StorageError("403")

    channel.store.before = refuse
    with pytest.raises(StorageError, match="403"):
        channel.publish("a")
    assert channel.store.objects[INDEX] == before


@pytest.mark.parametrize("kept", [keep, ensure_kept])
def test_the_same_bytes_by_another_writer_are_fine(kept: type) -> None:
    channel = MemoryChannel().skeleton()
    authority = read_our_authority(channel.subdir_index)
    channel.store.objects[f"{FOLDER}/1"] = ObjectBody(data=authority.data, content_type="")
    kept(channel.subdir_index, authority)
    assert channel.store.objects[f"{FOLDER}/1"].data == authority.data


@pytest.mark.parametrize("kept", [keep, ensure_kept])
@pytest.mark.parametrize("data", [b"", b"other", "another revision", "longer"])
def test_other_bytes_show_that_the_index_was_restored(kept: type, data: bytes | str) -> None:
    channel = MemoryChannel().skeleton()
    authority = read_our_authority(channel.subdir_index)
    if isinstance(data, str):
        index = channel.index()
        assert index.stamp is not None
        data = replace(index, other={}).encode(1, 1) if data == "another revision" else authority.data + b"more"
    channel.store.objects[f"{FOLDER}/1"] = ObjectBody(data=data, content_type="")
    with pytest.raises(ForeignIndexError, match="restored from a copy") as caught:
        kept(channel.subdir_index, authority)
    assert caught.value.where == f"{FOLDER}/1"
    assert "reindex" in str(caught.value.remedy)
    # It is never overwritten.
    assert channel.store.objects[f"{FOLDER}/1"].data == data


def test_a_restored_index_is_not_built_on() -> None:
    channel = MemoryChannel().skeleton()
    channel.publish("a")
    old = channel.store.objects[INDEX]
    channel.publish("b")
    channel.store.objects[INDEX] = old
    # No derived file tells.
    for key in ("c/noarch/repodata.json", "c/noarch/repodata.json.zst"):
        del channel.store.objects[key]
    with pytest.raises(ForeignIndexError, match="restored from a copy"):
        channel.publish("c")


def test_it_is_put_with_a_condition() -> None:
    channel = MemoryChannel().skeleton()
    conditions = {}
    put = channel.store.put

    def recorded(key: str, body: ObjectBody, condition: object = None) -> str:
        conditions[key] = condition
        return put(key, body, condition)  # type: ignore[arg-type]

    channel.store.put = recorded  # type: ignore[method-assign, assignment]
    channel.publish("a")
    assert conditions[f"{FOLDER}/1"] == conditions[f"{FOLDER}/2"] == IfAbsent()


@pytest.mark.parametrize("data", [b"", b"none", "of another number", "of another tool"])
def test_a_damaged_state_is_none(data: bytes | str) -> None:
    channel = MemoryChannel().skeleton()
    channel.publish("a")
    if data == "of another number":
        data = channel.store.objects[f"{FOLDER}/2"].data
    elif isinstance(data, str):
        data = replace(channel.index(), stamp=None).encode(1, 0)
    channel.store.objects[f"{FOLDER}/1"] = ObjectBody(data=data, content_type="")
    assert kept_index(channel.subdir_index, 1) is None
    assert kept_index(channel.subdir_index, 99) is None


def test_which_packages_have_changed_since() -> None:
    channel = MemoryChannel().skeleton()
    channel.publish("a", "b")
    channel.publish("b", "c", content=b"2")
    index = channel.index()
    assert index.stamp is not None
    without_log = replace(index, stamp=type(index.stamp)(number=3, revision="r"))
    for each in (index, without_log):
        assert touched_since(channel.subdir_index, each, 3) == set()
        assert touched_since(channel.subdir_index, each, 2) == {"b", "c"}
        assert touched_since(channel.subdir_index, each, 1) == {"a", "b", "c"}
        assert touched_since(channel.subdir_index, each, 4) is None
    assert touched_since(channel.subdir_index, replace(index, stamp=None), 2) is None
    del channel.store.objects[f"{FOLDER}/2"]
    assert touched_since(channel.subdir_index, without_log, 2) is None


def test_changed_names() -> None:
    channel = MemoryChannel().skeleton()
    one = replace(channel.index(), hashes={"a": b"a" * 32, "b": b"b" * 32, "c": b"c" * 32})
    other = replace(one, hashes={"a": b"a" * 32, "b": b"x" * 32, "d": b"d" * 32})
    assert changed_names(one, other) == changed_names(other, one) == {"b", "c", "d"}
    assert FILE_NAMES["shards"] in INDEX
