"""The files that are derived from the authoritative index: from what they are brought forward, and by whom."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chaninfra.channel.conda import commit_stamp
from chaninfra.channel.conda.commit_stamp import Origin
from chaninfra.channel.conda.index_files import FILE_NAMES
from chaninfra.channel.conda.index_settings import AtMostEvery, IndexSettings
from chaninfra.channel.objects import ObjectBody
from chaninfra.index.commit import derived_state as module
from chaninfra.index.commit.authority import ForeignIndexError
from chaninfra.index.commit.change import Change
from chaninfra.index.commit.commit import commit
from support.cases.hostile_objects import bomb
from support.index_model.memory_subdir import INDEX, JSON, ZST, MemoryChannel, package

RARELY = IndexSettings(monolith=AtMostEvery(at_most_every="10m"))
NAMES = [f"p{number}" for number in range(20)]


def derive_now(channel: MemoryChannel) -> tuple[str, ...]:
    """As a yank or a re-index does."""
    return commit(channel.subdir_index, Change, when="changed", derive="now").derived


def behind(channel: MemoryChannel, *names: str) -> MemoryChannel:
    """Publish many packages; then each of these, whose commits do not derive."""
    channel.publish(*NAMES)
    derive_now(channel)
    for name in names:
        file, record = package(name, b"2")
        channel.put(file, b"2")
        commit(channel.subdir_index, lambda file=file, record=record: Change(records={file: record}), derive="later")  # type: ignore[misc]
    channel.store.log.clear()
    return channel


def shards_read(channel: MemoryChannel) -> int:
    return len([key for kind, key in channel.store.log if kind == "get" and "/shards/" in key])


@pytest.mark.parametrize("settings", [IndexSettings(), RARELY])
def test_where_the_log_reaches_back_only_the_shards_that_it_names_are_read(settings: IndexSettings) -> None:
    channel = behind(MemoryChannel(settings).skeleton(), "p3", "new", "p3", "p7")
    assert channel.numbers() == {JSON: 2, ZST: 2}
    assert derive_now(channel) == (FILE_NAMES["json"], FILE_NAMES["zst"])
    assert shards_read(channel) == 3
    # Whether the commit was kept is asked; no state is read.
    assert [each for each in channel.store.log if "/history/" in each[1]] == [("head", "c/.chaninfra/history/noarch/6")]
    channel.check_formats_agree()


def test_where_the_log_does_not_reach_back_the_history_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commit_stamp, "_LOGGED_COMMITS", 1)
    channel = behind(MemoryChannel().skeleton(), "p3", "new", "p3", "p7")
    derive_now(channel)
    assert shards_read(channel) == 3
    read = [key for kind, key in channel.store.log if kind == "get" and "/history/" in key]
    assert read == ["c/.chaninfra/history/noarch/2"]
    channel.check_formats_agree()


@pytest.mark.parametrize("kept", [None, b"", b"none", "another one"])
def test_where_neither_reaches_back_all_shards_are_read(
    kept: bytes | str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commit_stamp, "_LOGGED_COMMITS", 1)
    channel = behind(MemoryChannel().skeleton(), "p3", "new")
    key = "c/.chaninfra/history/noarch/2"
    if kept is None:
        del channel.store.objects[key]
    else:
        # Another commit's state under its number is none, too.
        data = channel.store.objects["c/.chaninfra/history/noarch/1"].data if isinstance(kept, str) else kept
        channel.store.objects[key] = ObjectBody(data=data, content_type="")
    derive_now(channel)
    assert shards_read(channel) == len(NAMES) + 1
    channel.check_formats_agree()


@pytest.mark.parametrize("lost", [[JSON], [ZST], [JSON, ZST]])
@pytest.mark.parametrize("settings", [IndexSettings(), RARELY])
def test_a_lost_file_is_made_again_by_the_next_commit(lost: list[str], settings: IndexSettings) -> None:
    channel = behind(MemoryChannel(settings).skeleton())
    for key in lost:
        del channel.store.objects[key]
    channel.publish("new")
    # Where one of them is there, its content is taken; the new shard is known.
    assert shards_read(channel) == (len(NAMES) if len(lost) == 2 else 0)
    channel.check_formats_agree()


@pytest.mark.parametrize("key", [JSON, ZST])
@pytest.mark.parametrize("data", [b"", b"nonsense"])
def test_a_damaged_file_that_has_its_metadata_is_not_believed(key: str, data: bytes) -> None:
    channel = behind(MemoryChannel().skeleton())
    channel.store.objects[key] = replace(channel.store.objects[key], data=data)
    if key == JSON:
        # Its size tells that it is another one.
        with pytest.raises(ForeignIndexError, match=r"repodata\.json was written by another tool"):
            channel.publish("new")
    else:
        channel.publish("new")
        channel.check_formats_agree()


def test_a_repodata_json_of_the_same_size_is_not_believed() -> None:
    channel = behind(MemoryChannel().skeleton(), "p3")
    stored = channel.store.objects[JSON]
    channel.store.objects[JSON] = replace(stored, data=stored.data.replace(b'"name":"p5"', b'"name":"q5"'))
    del channel.store.objects[ZST]
    derive_now(channel)
    channel.check_formats_agree()


def test_the_length_in_the_metadata_is_not_trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    channel = behind(MemoryChannel().skeleton())
    limits: list[int] = []

    def decompress(data: bytes, most: int) -> None:
        limits.append(most)

    monkeypatch.setattr(module, "decompress", decompress)
    lying = Origin(number=2, crc="00000000", length=10**12 - 1)
    channel.store.objects[ZST] = ObjectBody(data=bomb(1 << 20), content_type="", metadata=lying.metadata())
    channel.publish("new")
    assert limits == [module.MAX_REPODATA]


@pytest.mark.parametrize("key", [JSON, ZST])
def test_a_file_whose_metadata_were_lost_is_another_tools(key: str) -> None:
    channel = behind(MemoryChannel().skeleton())
    channel.store.objects[key] = replace(channel.store.objects[key], metadata={})
    before = dict(channel.store.objects)
    with pytest.raises(ForeignIndexError, match="was written by another tool") as caught:
        channel.publish("new")
    assert caught.value.where == key
    assert "reindex" in str(caught.value.remedy)
    assert channel.store.objects[INDEX] == before[INDEX]


@pytest.mark.parametrize("key", [JSON, ZST])
def test_a_file_that_is_ahead_shows_that_the_index_was_restored_from_a_copy(key: str) -> None:
    channel = behind(MemoryChannel().skeleton())
    old = channel.store.objects[INDEX]
    channel.publish("new")
    channel.store.objects[INDEX] = old
    with pytest.raises(ForeignIndexError, match="is newer than the index"):
        channel.publish("newer")
    assert channel.store.objects[INDEX] == old


def test_a_commit_that_was_read_before_another_one_derived_is_no_restored_index() -> None:
    """The requests of one commit run at the same time: the metadata may be read after the index."""
    channel = MemoryChannel().skeleton()
    other = channel.other()
    get = channel.store.get
    done: list[str] = []

    # As if the GET of the index had been answered before, and the others after another writer's commit.
    before = get(INDEX, 1 << 30)
    other.publish("b")

    def first_is_old(key: str, most: int = 1 << 40) -> Any:
        if key == INDEX and not done:
            done.append(key)
            return before
        return get(key, most)

    channel.store.get = first_is_old  # type: ignore[method-assign]
    channel.publish("a")
    assert {*channel.index().hashes} == {"a", "b"}
    channel.check_formats_agree()


def test_never_writes_none_and_leaves_those_that_are_there() -> None:
    channel = MemoryChannel().skeleton()
    channel.publish("a")
    before = {key: channel.store.objects[key] for key in (JSON, ZST)}
    shards_alone = MemoryChannel(IndexSettings(monolith="never"))
    shards_alone.store.objects = channel.store.objects
    shards_alone.publish("b")
    assert derive_now(shards_alone) == ()
    assert {key: channel.store.objects[key] for key in before} == before
    assert {*shards_alone.sharded()} == {"a-1.0-0.conda", "b-1.0-0.conda"}
    # A maintainer turns it back.
    channel.publish("c")
    channel.check_formats_agree()


def test_at_most_every_writes_when_it_is_due() -> None:
    channel = MemoryChannel(RARELY).skeleton()
    channel.store.modified = dict.fromkeys((JSON, ZST), channel.store.now)
    for minutes, number in ((1, 1), (9, 1), (10, 4), (11, 4), (19, 4), (20, 7)):
        _at(channel, minutes)
        channel.publish(f"at{minutes}")
        assert channel.numbers() == {JSON: number, ZST: number}
    channel.check_formats_agree()


def _at(channel: MemoryChannel, minutes: int) -> None:
    start = channel.store.entry(INDEX).modified.replace(hour=0, minute=0)
    channel.store.now = start + timedelta(minutes=minutes)
    channel.runtime.time = int(channel.store.now.timestamp() * 1000)


def test_at_most_every_a_yank_or_reindex_writes_at_once() -> None:
    channel = MemoryChannel(RARELY).skeleton()
    channel.publish("a")
    assert channel.numbers() == {JSON: 1, ZST: 1}
    assert derive_now(channel) == (FILE_NAMES["json"], FILE_NAMES["zst"])
    channel.check_formats_agree()
    assert derive_now(channel) == ()
