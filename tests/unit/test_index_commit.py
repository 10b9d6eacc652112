"""The commit of one writer: what it writes, how many requests it takes, and what it keeps."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from chaninfra.channel.errors import ConflictError, RefusedError, StorageError, UnreachableError
from chaninfra.channel.formats import FILE_NAMES, REPODATA, Repodata, decompress
from chaninfra.channel.index_settings import IndexSettings
from chaninfra.channel.mark import read_mark
from chaninfra.channel.shards import ShardIndex, index_files, shard_key
from chaninfra.channel.skeleton import Layout
from chaninfra.channel.store import Body
from chaninfra.index.change import Change, Packaged
from chaninfra.index.commit import ForeignIndexError, agree, commit, inspect
from chaninfra.index.target import Target
from memory_store import Alone, MemoryStore, etag

JSON = "c/noarch/repodata.json"
ZST = "c/noarch/repodata.json.zst"
INDEX = "c/noarch/repodata_shards.msgpack.zst"


def package(name: str, content: bytes = b"1", table: str = "packages.conda") -> tuple[str, Packaged]:
    """The file name and the record of a package whose object has that content."""
    file = f"{name}-1.0-0.conda"
    sha = content.hex().zfill(64)

    def record(indexed: int) -> msgspec.Raw:
        made = {"indexed_timestamp": indexed, "name": name, "sha256": sha, "version": "1.0"}
        return msgspec.Raw(msgspec.json.encode(made))

    key = file if table == "packages.conda" else file.removesuffix(".conda")
    return file, Packaged(name=name, table=table, key=key, sha256=sha, record=record, etag=etag(content))


class Channel:
    """A subdir in memory."""

    def __init__(self, settings: IndexSettings | None = None) -> None:
        self.store = MemoryStore()
        self.layout = Layout("c", ("noarch",), settings or IndexSettings())
        self.means = Alone()
        self.target = Target(store=self.store, layout=self.layout, subdir="noarch", means=self.means)

    def skeleton(self) -> Channel:
        for name, body in index_files(Repodata.empty("noarch"), self.layout.index).items():
            self.store.objects[f"c/noarch/{name}"] = body
        return self

    def put(self, key: str, data: bytes | dict[str, Any]) -> None:
        made = data if isinstance(data, bytes) else json.dumps(data).encode()
        self.store.objects[f"c/noarch/{key}"] = Body(data=made, content_type="")

    def publish(self, *names: str, content: bytes = b"1") -> None:
        records = dict(package(name, content) for name in names)
        for file in records:
            self.put(file, content)
        commit(self.target, lambda: Change(records=records), foreign="adopt")

    def truth(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.store.objects[JSON].data)
        return found

    def sharded(self) -> dict[str, Any]:
        """The records by the way of the shards."""
        index = ShardIndex.parse(self.store.objects[INDEX].data)
        assert index is not None
        found: dict[str, Any] = {}
        for digest in index.hashes.values():
            shard = msgspec.msgpack.decode(decompress(self.store.objects[f"c/noarch/{shard_key(digest)}"].data) or b"")
            for table in (shard["packages"], shard["packages.conda"], *shard.get("v3", {}).values()):
                found |= {file: {**record, "sha256": record["sha256"].hex()} for file, record in table.items()}
        return found

    def check(self) -> None:
        """All formats say the same."""
        truth = self.store.objects[JSON].data
        assert decompress(self.store.objects[ZST].data) == truth
        repodata = Repodata.parse(truth, where=JSON)
        listed = {key: json.loads(bytes(raw)) for _, _, key, raw in repodata.names()}
        assert self.sharded() == listed
        assert read_mark(truth) is not None
        assert inspect(self.target).disagreements == ()


def test_a_commit_writes_all_formats_and_takes_ten_requests() -> None:
    channel = Channel().skeleton()
    channel.put("a-1.0-0.conda", b"1")
    done = commit(channel.target, lambda: Change(records=dict([package("a")])))
    assert (done.before, done.after, done.written) == (0, 1, True)
    # With channel.json and the package itself: twelve.
    assert channel.store.requests == {"head": 2, "get": 4, "put": 4}
    assert list(channel.truth()["packages.conda"]) == ["a-1.0-0.conda"]
    channel.check()


def test_only_what_is_touched_gets_a_new_shard() -> None:
    channel = Channel().skeleton()
    channel.publish(*"abcdefgh")
    before = set(channel.store.objects)
    channel.publish("a", content=b"2")
    assert len(set(channel.store.objects) - before) == 1
    channel.check()


def test_a_package_with_the_same_bytes_is_committed_all_the_same() -> None:
    # Or a writer who has just found the package missing would not see that it came back.
    channel = Channel().skeleton()
    channel.publish("a")
    before = channel.truth()
    channel.publish("a")
    after = channel.truth()
    assert before.pop("info") != after.pop("info")
    assert before == after


def test_an_index_that_is_right_is_not_written() -> None:
    channel = Channel().skeleton()
    channel.publish("a")
    before = dict(channel.store.objects)
    done = commit(channel.target, lambda: Change(gone=["b-1.0-0.conda"]), when="changed")
    assert (done.written, done.mended) == (False, ())
    assert channel.store.objects == before


@pytest.mark.parametrize("name", [FILE_NAMES["zst"], FILE_NAMES["shards"]])
@pytest.mark.parametrize("data", [None, b"", b"nonsense", "old"])
def test_a_derived_file_that_does_not_agree_is_mended(name: str, data: bytes | str | None) -> None:
    channel = Channel().skeleton()
    channel.publish("a")
    old = channel.store.objects[f"c/noarch/{name}"].data
    channel.publish("b")
    if data is None:
        del channel.store.objects[f"c/noarch/{name}"]
    else:
        channel.put(name, old if isinstance(data, str) else data)
    assert inspect(channel.target).disagreements == (name,)
    assert commit(channel.target, Change, when="changed").mended == (name,)
    channel.check()


def test_after_a_crash_only_the_shards_that_are_missing_are_made() -> None:
    channel = Channel().skeleton()
    channel.publish(*"abcdefgh")

    def crash(kind: str, key: str) -> None:
        if kind == "put" and key in (ZST, INDEX):
            raise KeyboardInterrupt

    channel.store.before = crash
    with pytest.raises(KeyboardInterrupt):
        channel.publish("a", content=b"2")
    channel.store.before = lambda kind, key: None
    before = set(channel.store.objects)
    channel.publish("b", content=b"2")
    assert len(set(channel.store.objects) - before) == 2
    channel.check()


def test_a_record_is_dropped_only_where_its_package_is_not_there() -> None:
    channel = Channel().skeleton()
    channel.publish("a", "b")
    del channel.store.objects["c/noarch/a-1.0-0.conda"]
    done = commit(channel.target, lambda: Change(gone=["a-1.0-0.conda", "b-1.0-0.conda"]), when="changed")
    assert done.applied.dropped == ["a-1.0-0.conda"]
    assert list(channel.truth()["packages.conda"]) == ["b-1.0-0.conda"]
    channel.check()


def test_a_record_of_bytes_that_are_not_there_any_more_is_not_put_in_place_of_another() -> None:
    channel = Channel().skeleton()
    channel.publish("a", content=b"2")
    before = channel.truth()["packages.conda"]
    done = commit(channel.target, lambda: Change(records=dict([package("a", b"1")])))
    assert done.applied.overtaken == ["a-1.0-0.conda"]
    assert channel.truth()["packages.conda"] == before


def test_a_record_keeps_its_time_and_what_others_wrote_into_it() -> None:
    channel = Channel().skeleton()
    channel.publish("a")
    document = channel.truth()
    record = document["packages.conda"]["a-1.0-0.conda"]
    record["patched"] = True
    channel.put(REPODATA, document)
    channel.means.time += 1
    channel.publish("a")
    assert channel.truth()["packages.conda"]["a-1.0-0.conda"] == record
    commit(channel.target, lambda: Change(records=dict([package("a")]), replace="all"))
    del record["patched"]
    assert channel.truth()["packages.conda"]["a-1.0-0.conda"] == record
    channel.publish("a", content=b"2")
    assert channel.truth()["packages.conda"]["a-1.0-0.conda"]["indexed_timestamp"] == channel.means.time


def test_yanked_packages_stay_out_whatever_is_committed() -> None:
    channel = Channel().skeleton()
    channel.publish("a", "b")
    yanked = {"version": 1, "packages": {"noarch/a-1.0-0.conda": {"when": "2026-01-01T00:00:00Z"}}}
    channel.store.objects["c/yanked.json"] = Body(data=json.dumps(yanked).encode(), content_type="")
    channel.publish("a", "c")
    assert channel.truth()["removed"] == ["a-1.0-0.conda"]
    assert list(channel.truth()["packages.conda"]) == ["b-1.0-0.conda", "c-1.0-0.conda"]
    channel.check()
    del channel.store.objects["c/yanked.json"]
    channel.publish("a")
    assert channel.truth()["removed"] == []
    assert "a-1.0-0.conda" in channel.truth()["packages.conda"]
    channel.check()


def test_yanks_that_cannot_be_read_stop_all() -> None:
    channel = Channel().skeleton()
    channel.store.objects["c/yanked.json"] = Body(data=b"{}}", content_type="")
    with pytest.raises(StorageError, match=r"c/yanked\.json"):
        channel.publish("a")
    assert channel.truth()["packages.conda"] == {}


def test_what_another_tool_wrote_is_kept_and_not_built_on() -> None:
    channel = Channel().skeleton()
    channel.publish("a")
    document = channel.truth()
    document["info"]["more"] = {"deep": [1.5]}
    document["top"] = [None]
    document["v3"] = {"conda": {"x-1.0-0": {"name": "x", "sha256": "00", "indexed_timestamp": 7}}}
    channel.put(REPODATA, document)
    with pytest.raises(ForeignIndexError):
        commit(channel.target, lambda: Change(records=dict([package("b")])))
    channel.publish("b")
    written = channel.truth()
    assert written["info"]["more"] == {"deep": [1.5]}
    assert (written["top"], written["v3"]) == ([None], document["v3"])
    assert written["info"]["repodata_revisions"] == {"v3": {"n_packages": 1, "oldest": 7, "newest": 7}}
    assert list(written["packages.conda"]) == ["a-1.0-0.conda", "b-1.0-0.conda"]
    channel.check()


def test_v3_records_come_and_go() -> None:
    channel = Channel().skeleton()
    file, record = package("x", table="v3.conda")
    channel.put(file, b"1")
    commit(channel.target, lambda: Change(records={file: record}))
    assert list(channel.truth()["v3"]["conda"]) == ["x-1.0-0"]
    channel.check()
    del channel.store.objects[f"c/noarch/{file}"]
    commit(channel.target, lambda: Change(gone=[file]))
    assert channel.truth()["v3"] == {"conda": {}}
    assert "repodata_revisions" not in channel.truth()["info"]
    channel.check()


def test_no_index_at_all_is_not_taken_for_an_empty_one() -> None:
    channel = Channel()
    with pytest.raises(ForeignIndexError):
        commit(channel.target, lambda: Change(records=dict([package("a")])))
    channel.publish("a")
    channel.check()


def test_an_index_that_is_patched_or_whose_packages_lie_elsewhere_is_left_alone() -> None:
    for name, data in (("repodata_from_packages.json", {}), (REPODATA, {"info": {"base_url": "https://x.org/noarch"}})):
        channel = Channel().skeleton()
        channel.put(name, data)
        before = dict(channel.store.objects)
        with pytest.raises(RefusedError):
            channel.publish("a")
        assert {key: channel.store.objects[key] for key in before} == before


@pytest.mark.parametrize("base", ["", "./", "https://x.org/c/noarch/"])
def test_a_base_url_of_its_own_is_kept(base: str) -> None:
    channel = Channel()
    channel.target = Target(
        store=channel.store, layout=channel.layout, subdir="noarch", means=channel.means, urls=("https://x.org/c",)
    )
    channel.put(REPODATA, {"info": {"base_url": base}, "repodata_version": 2})
    channel.publish("a")
    assert channel.truth()["info"]["base_url"] == base
    assert channel.truth()["repodata_version"] == 2


@pytest.mark.parametrize("error", [ConflictError("412"), StorageError("500")])
def test_a_success_whose_answer_was_lost_is_known_as_such(error: Exception) -> None:
    channel = Channel().skeleton()
    put = channel.store.put
    failed = []

    def lost(key: str, body: Body, condition: Any = None) -> str:
        done = put(key, body, condition)
        if key == JSON and not failed:
            failed.append(key)
            raise error
        return done

    channel.store.put = lost  # type: ignore[method-assign]
    channel.publish("a")
    assert channel.store.log.count(("put", JSON)) == 1
    channel.check()


@pytest.mark.parametrize("key", [ZST, INDEX])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_derived_file_whose_answer_was_lost_is_looked_at(key: str, when: str) -> None:
    channel = Channel().skeleton()
    put = channel.store.put
    failed = []

    def lost(put_key: str, body: Body, condition: Any = None) -> str:
        hit = put_key == key and not failed
        if hit:
            failed.append(key)
        if not hit or when == "after":
            done = put(put_key, body, condition)
        if hit:
            raise UnreachableError("no answer")
        return done

    channel.store.put = lost  # type: ignore[method-assign]
    channel.publish("a")
    assert failed
    channel.check()


def test_an_error_of_the_store_is_no_reason_to_try_again() -> None:
    channel = Channel().skeleton()

    def fail(kind: str, key: str) -> None:
        if (kind, key) == ("put", JSON):
            raise StorageError("500")

    channel.store.before = fail
    with pytest.raises(StorageError, match="500"):
        channel.publish("a")
    assert channel.store.log.count(("put", JSON)) == 1


@pytest.mark.parametrize("formats", [("json",), ("json", "zst"), ("json", "shards")])
def test_only_the_declared_formats_are_written(formats: Any) -> None:
    channel = Channel(IndexSettings(formats=formats))
    channel.publish("a")
    names = {key.removeprefix("c/noarch/").partition("/")[0] for key in channel.store.objects}
    assert names - {"a-1.0-0.conda", "shards"} == {FILE_NAMES[each] for each in formats}


def test_a_truth_of_another_tool_is_not_derived_from() -> None:
    channel = Channel().skeleton()
    channel.put(REPODATA, {"info": {}})
    assert agree(channel.target) == ()


def test_shards_that_are_a_day_old_are_made_anew_before_an_index_names_them() -> None:
    # A gc may have marked them a week ago.
    channel = Channel().skeleton()
    made: list[str] = []

    def sleep(kind: str, key: str) -> None:
        if kind == "put" and "/shards/" in key:
            made.append(key)
            if len(made) == 1:
                channel.means.time += 2 * 24 * 60 * 60 * 1000

    channel.store.before = sleep
    channel.publish("a")
    index = ShardIndex.parse(channel.store.objects[INDEX].data)
    assert index is not None
    assert [f"c/noarch/{shard_key(digest)}" for digest in index.hashes.values()] == made[1:]
    channel.check()


def test_a_large_request_that_was_cut_off_because_it_lost_is_made_again() -> None:
    channel = Channel().skeleton()
    theirs = Channel().skeleton()
    cut: list[str] = []

    def overtake(kind: str, key: str) -> None:
        if (kind, key) == ("put", JSON) and not cut:
            cut.append(key)
            theirs.store.objects = channel.store.objects
            theirs.publish("b")
            raise StorageError("connection closed")

    channel.store.before = overtake
    theirs.means = Alone("other")
    theirs.target = Target(store=theirs.store, layout=theirs.layout, subdir="noarch", means=theirs.means)
    channel.publish("a")
    assert list(channel.truth()["packages.conda"]) == ["a-1.0-0.conda", "b-1.0-0.conda"]
    channel.check()
