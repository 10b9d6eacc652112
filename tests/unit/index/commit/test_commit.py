"""Commits of a single writer: what is written and kept, and the number of requests."""

from __future__ import annotations

import json

import pytest

from chaninfra.channel.conda.index_files import FILE_NAMES, REPODATA
from chaninfra.channel.conda.index_settings import IndexSettings
from chaninfra.channel.errors import StorageError
from chaninfra.channel.objects import ObjectBody
from chaninfra.index.commit.change import Change
from chaninfra.index.commit.commit import commit, read_index
from support.index_model.memory_subdir import MemoryChannel, package


def test_a_commit_writes_all_formats_and_takes_ten_requests() -> None:
    channel = MemoryChannel().skeleton()
    channel.put("a-1.0-0.conda", b"1")
    done = commit(channel.subdir_index, lambda: Change(records=dict([package("a")])))
    assert (done.before, done.after, done.written) == (0, 1, True)
    # A publish makes two more: GET channel.json and PUT of the package.
    assert channel.store.requests == {"head": 2, "get": 4, "put": 4}
    assert list(channel.repodata()["packages.conda"]) == ["a-1.0-0.conda"]
    channel.check_formats_agree()


def test_only_touched_packages_get_a_new_shard() -> None:
    channel = MemoryChannel().skeleton()
    channel.publish(*"abcdefgh")
    before = set(channel.store.objects)
    channel.publish("a", content=b"2")
    assert len(set(channel.store.objects) - before) == 1
    channel.check_formats_agree()


def test_a_package_that_is_in_the_index_already_is_committed_again() -> None:
    # The new revision tells a re-index that found the package missing before that it is back.
    channel = MemoryChannel().skeleton()
    channel.publish("a")
    before = channel.repodata()
    channel.publish("a")
    after = channel.repodata()
    assert before.pop("info") != after.pop("info")
    assert before == after


def test_an_index_without_changes_is_not_written() -> None:
    channel = MemoryChannel().skeleton()
    channel.publish("a")
    before = dict(channel.store.objects)
    done = commit(channel.subdir_index, lambda: Change(missing=["b-1.0-0.conda"]), when="changed")
    assert (done.written, done.repaired) == (False, ())
    assert channel.store.objects == before


@pytest.mark.parametrize("name", [FILE_NAMES["zst"], FILE_NAMES["shards"]])
@pytest.mark.parametrize("data", [None, b"", b"nonsense", "old"])
def test_a_derived_file_that_does_not_agree_is_repaired(name: str, data: bytes | str | None) -> None:
    channel = MemoryChannel().skeleton()
    channel.publish("a")
    old = channel.store.objects[f"c/noarch/{name}"].data
    channel.publish("b")
    if data is None:
        del channel.store.objects[f"c/noarch/{name}"]
    else:
        channel.put(name, old if isinstance(data, str) else data)
    assert read_index(channel.subdir_index).disagreements == (name,)
    assert commit(channel.subdir_index, Change, when="changed").repaired == (name,)
    channel.check_formats_agree()


def test_a_record_is_dropped_only_if_its_package_is_missing() -> None:
    channel = MemoryChannel().skeleton()
    channel.publish("a", "b")
    del channel.store.objects["c/noarch/a-1.0-0.conda"]
    done = commit(channel.subdir_index, lambda: Change(missing=["a-1.0-0.conda", "b-1.0-0.conda"]), when="changed")
    assert done.applied.dropped == ["a-1.0-0.conda"]
    assert list(channel.repodata()["packages.conda"]) == ["b-1.0-0.conda"]
    channel.check_formats_agree()


def test_a_record_of_superseded_bytes_does_not_replace_another() -> None:
    channel = MemoryChannel().skeleton()
    channel.publish("a", content=b"2")
    before = channel.repodata()["packages.conda"]
    done = commit(channel.subdir_index, lambda: Change(records=dict([package("a", b"1")])))
    assert done.applied.superseded == ["a-1.0-0.conda"]
    assert channel.repodata()["packages.conda"] == before


def test_a_record_keeps_indexed_timestamp_and_patches() -> None:
    channel = MemoryChannel().skeleton()
    channel.publish("a")
    document = channel.repodata()
    record = document["packages.conda"]["a-1.0-0.conda"]
    record["patched"] = True
    channel.put(REPODATA, document)
    channel.runtime.time += 1
    channel.publish("a")
    assert channel.repodata()["packages.conda"]["a-1.0-0.conda"] == record
    commit(channel.subdir_index, lambda: Change(records=dict([package("a")]), replace="all"))
    del record["patched"]
    assert channel.repodata()["packages.conda"]["a-1.0-0.conda"] == record
    channel.publish("a", content=b"2")
    assert channel.repodata()["packages.conda"]["a-1.0-0.conda"]["indexed_timestamp"] == channel.runtime.time


def test_a_commit_applies_yanks() -> None:
    channel = MemoryChannel().skeleton()
    channel.publish("a", "b")
    yanked = {"version": 1, "packages": {"noarch/a-1.0-0.conda": {"when": "2026-01-01T00:00:00Z"}}}
    channel.store.objects["c/yanked.json"] = ObjectBody(data=json.dumps(yanked).encode(), content_type="")
    channel.publish("a", "c")
    assert channel.repodata()["removed"] == ["a-1.0-0.conda"]
    assert list(channel.repodata()["packages.conda"]) == ["b-1.0-0.conda", "c-1.0-0.conda"]
    channel.check_formats_agree()
    del channel.store.objects["c/yanked.json"]
    channel.publish("a")
    assert channel.repodata()["removed"] == []
    assert "a-1.0-0.conda" in channel.repodata()["packages.conda"]
    channel.check_formats_agree()


def test_an_invalid_yanked_json_stops_the_commit() -> None:
    channel = MemoryChannel().skeleton()
    channel.store.objects["c/yanked.json"] = ObjectBody(data=b"{}}", content_type="")
    with pytest.raises(StorageError, match=r"c/yanked\.json"):
        channel.publish("a")
    assert channel.repodata()["packages.conda"] == {}


def test_v3_records_are_added_and_dropped() -> None:
    channel = MemoryChannel().skeleton()
    file, record = package("x", table="v3.conda")
    channel.put(file, b"1")
    commit(channel.subdir_index, lambda: Change(records={file: record}))
    assert list(channel.repodata()["v3"]["conda"]) == ["x-1.0-0"]
    channel.check_formats_agree()
    del channel.store.objects[f"c/noarch/{file}"]
    commit(channel.subdir_index, lambda: Change(missing=[file]))
    assert channel.repodata()["v3"] == {"conda": {}}
    assert "repodata_revisions" not in channel.repodata()["info"]
    channel.check_formats_agree()


def test_only_the_configured_formats_are_written() -> None:
    channel = MemoryChannel(IndexSettings(monolith="never"))
    channel.publish("a")
    names = {key.removeprefix("c/noarch/").partition("/")[0] for key in channel.store.objects}
    assert names - {"a-1.0-0.conda", "shards"} == {FILE_NAMES["json"], FILE_NAMES["shards"]}
