"""Commits of a single writer: what is written and kept, and the number of requests."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from dataclasses import replace

import msgspec
import pytest

from chaninfra.channel.conda.commit_stamp import first_stamp
from chaninfra.channel.conda.index_files import FILE_NAMES
from chaninfra.channel.conda.index_settings import AtMostEvery, IndexSettings, Monolith
from chaninfra.channel.errors import StorageError
from chaninfra.index.commit import commit as module
from chaninfra.index.commit.change import Change
from chaninfra.index.commit.commit import commit
from support.index_model.memory_store import etag
from support.index_model.memory_subdir import INDEX, JSON, ZST, MemoryChannel, package


def test_a_commit_writes_all_files_and_keeps_what_it_replaces() -> None:
    channel = MemoryChannel().skeleton()
    before = channel.store.objects[INDEX].data
    channel.put("a-1.0-0.conda", b"1")
    done = commit(channel.subdir_index, lambda: Change(records=dict([package("a")])))
    assert (done.before, done.after, done.written) == (0, 1, True)
    assert done.derived == (FILE_NAMES["json"], FILE_NAMES["zst"])
    assert list(channel.repodata()["packages.conda"]) == ["a-1.0-0.conda"]
    assert channel.number() == 2
    assert channel.store.objects["c/.chaninfra/history/noarch/1"].data == before
    channel.check_formats_agree()


@pytest.mark.parametrize(
    ("monolith", "requests"),
    [
        ("each-commit", {"head": 2, "get": 3, "put": 5}),
        (AtMostEvery(at_most_every="10m"), {"head": 3, "get": 2, "put": 3}),
        ("never", {"head": 1, "get": 2, "put": 3}),
    ],
)
@pytest.mark.parametrize("records", [0, 300])
def test_requests_of_a_commit(monolith: Monolith, requests: dict[str, int], records: int) -> None:
    """A publish makes three more: GET channel.json, PUT of the package, GET of its sidecar."""
    channel = MemoryChannel(IndexSettings(monolith=monolith)).skeleton()
    channel.publish(*(f"p{number}" for number in range(records)))
    channel.put("a-1.0-0.conda", b"1")
    channel.store.requests.clear()
    commit(channel.subdir_index, lambda: Change(records=dict([package("a")])))
    # Derived files of the index that is replaced tell that it was kept; not those of commit 1, the skeleton's.
    known = {"head": 1} if monolith == "each-commit" else {}
    assert channel.store.requests == Counter(requests) - Counter(known)
    # One more for a package that has a shard already, and one for the package whose record is replaced.
    channel.put("a-1.0-0.conda", b"2")
    channel.store.requests.clear()
    commit(channel.subdir_index, lambda: Change(records=dict([package("a", b"2")])))
    assert channel.store.requests.total() == sum(requests.values()) + (1 if monolith == "each-commit" else 2)


def test_only_touched_packages_get_a_new_shard() -> None:
    channel = MemoryChannel().skeleton()
    channel.publish(*"abcdefgh")
    before = set(channel.store.objects)
    channel.publish("a", content=b"2")
    assert len({key for key in channel.store.objects if "/shards/" in key} - before) == 1
    channel.check_formats_agree()


def test_a_package_that_is_in_the_index_already_is_committed_again() -> None:
    # The new revision tells a re-index that found the package missing before that it is back.
    channel = MemoryChannel().skeleton()
    channel.publish("a")
    before, index = channel.repodata(), channel.index()
    channel.publish("a")
    after = channel.repodata()
    assert before.pop("chaninfra") != after.pop("chaninfra")
    assert before == after
    # A fresh shard, so that a commit that read the old one makes it again.
    assert channel.index().hashes["a"] != index.hashes["a"]


def test_an_index_without_changes_is_not_written() -> None:
    channel = MemoryChannel().skeleton()
    channel.publish("a")
    before = dict(channel.store.objects)
    done = commit(channel.subdir_index, lambda: Change(missing=["b-1.0-0.conda"]), when="changed")
    assert (done.written, done.derived, done.before, done.after) == (False, (), 1, 1)
    assert channel.store.objects == before


def test_a_record_is_dropped_only_if_its_package_is_missing() -> None:
    channel = MemoryChannel().skeleton()
    channel.publish("a", "b")
    del channel.store.objects["c/noarch/a-1.0-0.conda"]
    done = commit(channel.subdir_index, lambda: Change(missing=["a-1.0-0.conda", "b-1.0-0.conda"]), when="changed")
    assert done.applied.dropped == {"a-1.0-0.conda": "a"}
    assert list(channel.repodata()["packages.conda"]) == ["b-1.0-0.conda"]
    assert list(channel.index().hashes) == ["b"]
    channel.check_formats_agree()


def test_the_record_of_bytes_that_are_no_package_is_dropped_only_while_they_are_there() -> None:
    channel = MemoryChannel().skeleton()
    channel.publish("a", "b")
    channel.put("a-1.0-0.conda", b"none")
    unreadable = {"a-1.0-0.conda": etag(b"none"), "b-1.0-0.conda": etag(b"none")}
    done = commit(channel.subdir_index, lambda: Change(unreadable=unreadable), when="changed")
    assert done.applied.dropped == {"a-1.0-0.conda": "a"}
    channel.check_formats_agree()


def test_a_record_of_superseded_bytes_does_not_replace_another() -> None:
    channel = MemoryChannel().skeleton()
    channel.publish("a", content=b"2")
    before = channel.repodata()["packages.conda"]
    done = commit(channel.subdir_index, lambda: Change(records=dict([package("a", b"1")])))
    assert done.applied.superseded == {"a-1.0-0.conda": "a"}
    assert channel.repodata()["packages.conda"] == before


def test_a_record_keeps_indexed_timestamp_and_patches() -> None:
    channel = MemoryChannel().skeleton()
    file, new = package("a")
    patched = {**json.loads(bytes(new.encode(7))), "patched": True}
    channel.put(file, b"1")
    record = dataclasses.replace(new, encode=lambda _: msgspec.Raw(msgspec.json.encode(patched)))
    commit(channel.subdir_index, lambda: Change(records={file: record}))
    channel.publish("a")
    assert channel.repodata()["packages.conda"][file] == patched
    commit(channel.subdir_index, lambda: Change(records=dict([package("a")]), replace="all"))
    del patched["patched"]
    assert channel.repodata()["packages.conda"][file] == patched
    channel.publish("a", content=b"2")
    assert channel.repodata()["packages.conda"][file]["indexed_timestamp"] == channel.runtime.time
    channel.check_formats_agree()


def test_v3_records_are_added_and_dropped() -> None:
    channel = MemoryChannel().skeleton()
    file, record = package("x", table="v3.conda")
    channel.put(file, b"1")
    commit(channel.subdir_index, lambda: Change(records={file: record}))
    assert list(channel.repodata()["v3"]["conda"]) == ["x-1.0-0"]
    time = channel.runtime.time
    revisions = {"v3": {"n_packages": 1, "oldest": time, "newest": time}}
    assert channel.repodata()["info"]["repodata_revisions"] == revisions
    assert channel.index().info["repodata_revisions"] == revisions
    channel.check_formats_agree()
    del channel.store.objects[f"c/noarch/{file}"]
    commit(channel.subdir_index, lambda: Change(missing=[file]))
    assert not channel.repodata().get("v3", {}).get("conda")
    assert "repodata_revisions" not in channel.repodata()["info"]
    assert "repodata_revisions" not in channel.index().info
    channel.check_formats_agree()


@pytest.mark.parametrize("monolith", ["each-commit", "never", AtMostEvery(at_most_every="10m")])
def test_only_the_configured_files_are_written(monolith: Monolith) -> None:
    settings = IndexSettings(monolith=monolith)
    channel = MemoryChannel(settings).skeleton()
    channel.publish("a")
    names = {key.removeprefix("c/noarch/").partition("/")[0] for key in channel.store.objects if "noarch/" in key[:9]}
    assert names - {"a-1.0-0.conda", "shards"} == {FILE_NAMES[each] for each in settings.formats}


def test_the_headers_are_those_of_the_settings() -> None:
    channel = MemoryChannel(IndexSettings(cache_control="no-cache")).skeleton()
    channel.publish("a")
    for key in (JSON, ZST, INDEX):
        assert channel.store.objects[key].cache_control == "no-cache"


def test_an_index_that_nobody_could_read_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    channel = MemoryChannel().skeleton()
    before = channel.store.objects[INDEX]
    monkeypatch.setattr(module, "MAX_SHARD_INDEX", 200)
    with pytest.raises(StorageError, match="would be larger than") as caught:
        channel.publish("a")
    assert caught.value.where == INDEX
    assert caught.value.remedy
    assert channel.store.objects[INDEX] == before


def test_a_number_that_could_not_be_read_is_not_written() -> None:
    channel = MemoryChannel().skeleton()
    index = replace(channel.index(), stamp=first_stamp(10**16 - 1, "r", [], 0))
    channel.put(FILE_NAMES["shards"], index.encode(1, 0))
    before = dict(channel.store.objects)
    with pytest.raises(StorageError, match="number") as caught:
        commit(channel.subdir_index, lambda: Change(records=dict([package("a")])), derive="later")
    assert caught.value.remedy
    assert channel.store.objects[INDEX] == before[INDEX]
