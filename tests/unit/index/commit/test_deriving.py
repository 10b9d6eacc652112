"""Who of several writers brings the derived files forward, and what they notice meanwhile."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chaninfra.channel.conda.commit_stamp import METADATA
from chaninfra.channel.errors import ConflictError
from chaninfra.index.commit import derived_files as module
from chaninfra.index.commit.change import Change
from chaninfra.index.commit.commit import commit
from support.index_model.memory_subdir import INDEX, JSON, ZST, MemoryChannel, package


def derive_now(channel: MemoryChannel) -> tuple[str, ...]:
    """As a yank or a re-index does."""
    return commit(channel.subdir_index, Change, when="changed", derive="now").derived


class Pauses:
    """A pause of the runtime: what others do meanwhile, one after the other."""

    def __init__(self, channel: MemoryChannel, *meanwhile: Callable[[], object]) -> None:
        self._left = [*meanwhile]
        self.count = 0
        channel.runtime.waits = 8
        channel.runtime.pause = self  # type: ignore[method-assign]

    def __call__(self, attempt: int) -> None:
        self.count += 1
        if self._left:
            self._left.pop(0)()


def committed(channel: MemoryChannel, name: str) -> MemoryChannel:
    """Another writer that has committed this package, and not derived yet."""
    other = channel.other(name)
    file, record = package(name)
    other.put(file, b"1")
    commit(other.subdir_index, lambda: Change(records={file: record}), derive="later")
    return other


def test_a_newer_file_of_another_writer_ends_the_wait() -> None:
    channel = MemoryChannel().skeleton()
    other = committed(channel, "b")
    pauses = Pauses(channel, lambda: None, lambda: committed(channel, "c"), lambda: derive_now(other))
    channel.store.log.clear()
    channel.publish("a")
    assert pauses.count == 3
    assert not [key for kind, key in channel.store.log if kind == "put" and key in (JSON, ZST)]
    channel.check_formats_agree()
    assert channel.number() == 4


def test_a_writer_does_not_wait_for_ever() -> None:
    channel = MemoryChannel().skeleton()
    committed(channel, "b")
    pauses = Pauses(channel)
    channel.publish("a")
    assert 0 < pauses.count < 20
    channel.check_formats_agree()


def test_a_writer_whose_own_commits_are_all_that_is_missing_does_not_wait() -> None:
    channel = MemoryChannel().skeleton()
    pauses = Pauses(channel)
    channel.publish("a")
    assert pauses.count == 0


def test_a_file_that_is_newer_than_ones_own_commit_is_no_restored_index() -> None:
    """Another writer has put one of the two files of a later commit, and not yet the other."""
    channel = MemoryChannel().skeleton()
    committed(channel, "b")

    def half() -> None:
        third = committed(channel, "c")

        def crash(kind: str, key: str) -> None:
            if (kind, key) == ("put", ZST):
                raise KeyboardInterrupt

        third.store.before = crash
        with pytest.raises(KeyboardInterrupt):
            derive_now(third)
        assert channel.numbers() == {JSON: 4, ZST: 1}

    Pauses(channel, half)
    channel.publish("a")
    assert {*channel.index().hashes} == {"a", "b", "c"}
    channel.check_formats_agree()


def test_another_tool_that_writes_during_the_wait_is_noticed() -> None:
    channel = MemoryChannel().skeleton()
    committed(channel, "b")
    Pauses(channel, lambda: channel.put("repodata.json", {"info": {}, "packages": {}}))
    with pytest.raises(module.ForeignIndexError, match=r"repodata\.json was written by another tool"):
        channel.publish("a")
    # It is not overwritten, and the commit holds.
    assert METADATA not in channel.store.objects[JSON].metadata
    assert {*channel.index().hashes} == {"a", "b"}


def test_another_tool_that_writes_while_the_content_is_read_is_noticed() -> None:
    channel = MemoryChannel().skeleton()
    committed(channel, "b")
    reads: list[str] = []

    def write(kind: str, key: str) -> None:
        if (kind, key) == ("get", INDEX):
            reads.append(key)
            if len(reads) == 2:
                # After the wait.
                channel.put("repodata.json", {"info": {}, "packages": {}})

    Pauses(channel)
    channel.store.before = write
    with pytest.raises(module.ForeignIndexError, match=r"repodata\.json was written by another tool"):
        channel.publish("a")
    assert len(reads) >= 2
    assert METADATA not in channel.store.objects[JSON].metadata


def test_a_writer_that_always_loses_gives_up_with_an_error() -> None:
    channel = MemoryChannel().skeleton()

    def overwrite(kind: str, key: str) -> None:
        if (kind, key) == ("put", ZST):
            raise ConflictError("412")

    channel.store.before = overwrite
    with pytest.raises(ConflictError, match="other writers committed first") as caught:
        channel.publish("a")
    assert caught.value.remedy
    assert {*channel.index().hashes} == {"a"}
