"""Commits that yank packages and bring them back."""

from __future__ import annotations

import dataclasses

import msgspec

from chaninfra.channel.conda.yank import Yank, unpacked
from chaninfra.index.commit.change import Change
from chaninfra.index.commit.commit import commit
from chaninfra.index.commit.shard_reader import ShardReader
from support.index_model.memory_subdir import INDEX, MemoryChannel, package

YANK = Yank(reason="broken", when="2026-01-01T00:00:00+00:00")


def yanks(channel: MemoryChannel, name: str) -> dict[str, Yank]:
    """The yanks in the shard of this package name."""
    (shard,) = ShardReader(channel.subdir_index).read(channel.index().hashes, [name]).values()
    return {file: unpacked(yank) for file, yank in shard.yanks.items()}


def test_a_commit_yanks_and_keeps_the_record_until_it_is_brought_back() -> None:
    channel = MemoryChannel().skeleton()
    channel.publish("a", "b")
    file, record = package("a")
    before = channel.repodata()["packages.conda"]
    done = commit(channel.subdir_index, lambda: Change(yanks={file: YANK}))
    assert (done.applied.newly_yanked, done.applied.yanked) == ({file: "a"}, {file: "a"})
    assert yanks(channel, "a") == {
        file: msgspec.structs.replace(YANK, table="packages.conda", record=before[file]),
    }
    known = yanks(channel, "a")
    for change in (Change(records=dict([package("a")])), Change(yanks={file: Yank(reason="other", when="later")})):
        done = commit(channel.subdir_index, lambda change=change: change)  # type: ignore[misc]
        assert done.applied.newly_yanked == {}
        assert yanks(channel, "a") == known
        assert channel.repodata()["removed"] == [file]
        assert list(channel.repodata()["packages.conda"]) == ["b-1.0-0.conda"]
        # A name without records has a shard while it has removed files.
        assert list(channel.index().hashes) == ["a", "b"]
        channel.check_formats_agree()
    commit(channel.subdir_index, lambda: Change(records={file: record}, back=[file]))
    assert (channel.repodata()["removed"], yanks(channel, "a")) == ([], {})
    assert channel.repodata()["packages.conda"] == before
    channel.check_formats_agree()


def test_a_package_with_other_bytes_than_its_record_is_not_brought_back() -> None:
    channel = MemoryChannel().skeleton()
    channel.publish("a")
    file, record = package("a")
    commit(channel.subdir_index, lambda: Change(yanks={file: YANK}))
    for content in (b"2", None):
        if content is None:
            del channel.store.objects[f"c/noarch/{file}"]
        else:
            channel.put(file, content)
        done = commit(channel.subdir_index, lambda: Change(records={file: record}, back=[file]))
        assert done.applied.superseded == {file: "a"}
        assert [*yanks(channel, "a")] == [file]
        assert channel.repodata()["removed"] == [file]
    # Nothing is left of a package that was deleted.
    commit(channel.subdir_index, lambda: Change(back=[file]))
    assert channel.repodata()["removed"] == []
    assert not channel.index().hashes


def test_recovered_yanks_hold_only_where_the_shard_does_not_tell() -> None:
    channel = MemoryChannel().skeleton()
    channel.publish("a", "b")
    files = [package(name)[0] for name in "ab"]
    shards = ShardReader(channel.subdir_index)
    shards.give_up({"a": channel.index().hashes["a"]})
    change = Change(recovered=dict.fromkeys(files, YANK))
    commit(channel.subdir_index, lambda: change, shards=shards)
    assert channel.repodata()["removed"] == [files[0]]
    assert [*channel.sharded()] == [files[1]]
    assert (yanks(channel, "a"), yanks(channel, "b")) == ({files[0]: YANK}, {})


def test_the_yank_of_a_file_of_another_name_is_made_with_its_record() -> None:
    """The shard of one name has the record, that of the name in the file name the yank."""
    channel = MemoryChannel().skeleton()
    channel.publish("a", "b")
    _, record = package("a")
    file = "b-2.0-0.conda"
    channel.put(file, b"1")
    commit(channel.subdir_index, lambda: Change(records={file: dataclasses.replace(record, key=file)}))
    other, done = channel.other(), []

    def publish(kind: str, key: str) -> None:
        if (kind, key) == ("put", INDEX) and not done:
            done.append(key)
            other.publish("a")

    channel.store.before = publish
    change = Change(yanks={file: YANK}, names=["a"])
    assert commit(channel.subdir_index, lambda: change).applied.newly_yanked == {file: "b"}
    assert {*channel.sharded()} == {"a-1.0-0.conda", "b-1.0-0.conda"}
    yank = yanks(channel, "b")[file]
    assert yank.record is not None
    assert yank.record["name"] == "a"
    channel.check_formats_agree()


def test_the_yank_of_a_deleted_file_goes_only_while_the_file_is_missing() -> None:
    channel = MemoryChannel().skeleton()
    channel.publish("a", "b")
    file, record = package("a")
    commit(channel.subdir_index, lambda: Change(yanks={file: YANK}))
    data = channel.store.objects[f"c/noarch/{file}"]
    commit(channel.subdir_index, lambda: Change(deleted=[file]))
    assert [*yanks(channel, "a")] == [file]
    del channel.store.objects[f"c/noarch/{file}"]
    commit(channel.subdir_index, lambda: Change(deleted=[file]))
    assert list(channel.index().hashes) == ["b"]
    assert channel.repodata()["removed"] == []
    # Somebody has brought it back before it was deleted.
    channel.store.objects[f"c/noarch/{file}"] = data
    commit(channel.subdir_index, lambda: Change(records={file: record}))
    commit(channel.subdir_index, lambda: Change(deleted=[file]))
    assert list(channel.index().hashes) == ["a", "b"]
    del channel.store.objects[f"c/noarch/{file}"]
    done = commit(channel.subdir_index, lambda: Change(deleted=[file]))
    assert done.applied.dropped == {file: "a"}
    assert list(channel.index().hashes) == ["b"]
    channel.check_formats_agree()
