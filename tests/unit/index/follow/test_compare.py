"""What a listing finds: what happened while no follower was there."""

from __future__ import annotations

import pytest

from chaninfra.channel.conda.object_names import LEFT_OUT_JSON
from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.conda.shards import shard_key
from chaninfra.channel.errors import DeniedError, StorageError
from chaninfra.channel.objects import ObjectBody
from chaninfra.index.follow.compare import changed
from chaninfra.index.left_out_json import left_out_package, update_left_out
from support.channels.followed import FollowedChannel
from support.index_model.memory_store import SequentialRuntime
from support.index_model.processes import AUTHORITATIVE, FOLDER, JSON, PREFIX, file


def test_a_comparison_names_what_is_new_deleted_or_overwritten_and_nothing_else() -> None:
    channel = FollowedChannel("a", "b", "c")
    keys = {channel.upload("d"), channel.delete("b"), channel.upload("c", b"new"), channel.put("e-1-0.conda", b"none")}
    compared = channel.compare()
    assert compared.keys == keys
    assert compared.reindexed == []
    channel.follow(*compared.keys)
    assert channel.files() == {file("a"), file("c"), file("d")}
    # What is held or cannot be read is looked at by each comparison, and not read again.
    again = channel.compare().keys
    assert again == {f"{FOLDER}/{file('c')}", f"{FOLDER}/e-1-0.conda"}
    assert channel.follow(*again).read == 0
    assert {left.kind for left in channel.left_out().values()} == {"held", "unreadable"}


def test_a_comparison_of_a_channel_in_line_finds_nothing_and_writes_nothing() -> None:
    channel = FollowedChannel("a", "b")
    before = dict(channel.store.objects)
    assert channel.compare().keys == set()
    assert channel.store.objects == before


def test_what_is_gone_leaves_the_list() -> None:
    channel = FollowedChannel("a")
    key = channel.put("e-1-0.conda", b"none")
    channel.follow(key)
    assert channel.left_out()
    del channel.store.objects[key]
    channel.follow(*channel.compare().keys)
    assert channel.left_out() == {}


def test_what_lies_in_a_subdir_that_is_not_declared_any_more_leaves_the_list() -> None:
    channel = FollowedChannel("a")
    channel.follow(channel.put("e-1-0.conda", b"none"))
    key = f"{PREFIX}/{LEFT_OUT_JSON}"
    other = left_out_package("is broken", "mend it", "unreadable", 5)
    update_left_out(channel.store, SequentialRuntime(), key, {"osx-64/e-1-0.conda": other}, ())
    compared = channel.compare()
    assert compared.keys == {f"{FOLDER}/e-1-0.conda"}
    assert channel.left_out().keys() == {"noarch/e-1-0.conda"}


def test_who_may_not_write_the_list_compares_all_the_same() -> None:
    channel = FollowedChannel("a")
    key = f"{PREFIX}/{LEFT_OUT_JSON}"
    other = left_out_package("is broken", "mend it", "unreadable", 5)
    update_left_out(channel.store, SequentialRuntime(), key, {"osx-64/e-1-0.conda": other}, ())

    def before(kind: str, asked: str) -> None:
        if (kind, asked) == ("put", key):
            raise DeniedError("403")

    channel.store.before = before
    assert channel.compare().keys == set()


def test_a_derived_file_that_is_behind_is_brought_forward() -> None:
    channel = FollowedChannel("a")
    old = dict(channel.store.objects)
    channel.follow(channel.upload("b"))
    # As where a writer was killed after its commit.
    channel.store.objects[JSON] = old[JSON]
    assert channel.compare().reindexed == []
    assert channel.files() == {file("a"), file("b")}


def test_an_index_that_is_not_ours_is_taken_over() -> None:
    channel = FollowedChannel("a")
    channel.upload("b")
    channel.store.objects[AUTHORITATIVE] = ObjectBody(data=b"damaged", content_type="")
    compared = channel.compare()
    assert [report.subdir for report in compared.reindexed] == ["noarch"]
    assert compared.keys == set()
    assert channel.files() == {file("a"), file("b")}


def test_a_package_is_held_too_where_the_subdir_is_reindexed_by_the_way() -> None:
    channel = FollowedChannel("a", "c")
    channel.upload("c", b"new")
    index = ShardIndex.parse(channel.store.objects[AUTHORITATIVE].data)
    assert index is not None
    for name in (shard_key(index.hashes["a"]), "repodata.json", "repodata.json.zst"):
        del channel.store.objects[f"{FOLDER}/{name}"]
    compared = channel.compare()
    assert [(report.added, report.replaced) for report in compared.reindexed] == [((file("a"),), ())]
    channel.follow(*compared.keys)
    assert {path: left.kind for path, left in channel.left_out().items()} == {f"noarch/{file('c')}": "held"}


def test_two_listings_tell_what_changed_between_them() -> None:
    channel = FollowedChannel("a", "b")
    before = channel.compare().etags
    assert changed(channel.channel(), before) == (set(), before)
    keys = {channel.upload("c"), channel.delete("a"), channel.upload("b", b"new")}
    channel.put("repodata_more.json", b"{}")
    found, now = changed(channel.channel(), before)
    assert found == keys
    assert changed(channel.channel(), now)[0] == set()


def test_a_damaged_list_is_written_anew_since_the_comparison_finds_what_it_had() -> None:
    channel = FollowedChannel("a", "c")
    keys = {channel.put("e-1-0.conda", b"none"), channel.upload("c", b"new")}
    channel.follow(*keys)
    before = channel.left_out().keys()
    assert len(before) == 2
    key = f"{PREFIX}/{LEFT_OUT_JSON}"
    for damaged in (b"{", b"{}" * (5 << 20)):
        channel.store.objects[key] = ObjectBody(data=damaged, content_type="")
        compared = channel.compare()
        assert compared.left_out_damaged
        assert channel.left_out() == {}
        assert compared.keys == keys
        channel.follow(*compared.keys)
        assert channel.left_out().keys() == before
        assert not channel.compare().left_out_damaged


def test_a_damaged_list_stops_no_follow() -> None:
    channel = FollowedChannel("a")
    key = f"{PREFIX}/{LEFT_OUT_JSON}"
    channel.store.objects[key] = ObjectBody(data=b"{", content_type="")
    channel.follow(channel.upload("b"))
    assert channel.files() == {file("a"), file("b")}
    # It had nothing to tell.
    assert channel.store.objects[key].data == b"{"
    channel.follow(channel.put("e-1-0.conda", b"none"))
    assert channel.left_out().keys() == {"noarch/e-1-0.conda"}


def test_a_list_of_a_later_version_stays_as_it_is() -> None:
    channel = FollowedChannel("a")
    key, later = f"{PREFIX}/{LEFT_OUT_JSON}", b'{"version": 2, "packages": []}'
    channel.store.objects[key] = ObjectBody(data=later, content_type="")
    for run in (channel.compare, lambda: channel.follow(channel.upload("b"))):
        with pytest.raises(StorageError, match="version 2 of this file is newer"):
            run()
    assert channel.store.objects[key].data == later
