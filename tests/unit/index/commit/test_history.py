"""What is kept of an index: every state that chaninfra wrote, also the last one."""

from __future__ import annotations

import pytest

from chaninfra.channel.conda.index_settings import IndexSettings
from chaninfra.channel.errors import DeniedError, RecreationError
from chaninfra.channel.objects import ObjectBody
from chaninfra.index.commit.authority import ForeignIndexError, read_our_authority
from chaninfra.index.commit.history import kept_index
from chaninfra.index.reindex import reindex_subdir
from support.index_model.memory_subdir import INDEX, MemoryChannel

NEVER = IndexSettings(monolith="never")


def test_each_state_is_kept_once() -> None:
    channel = MemoryChannel().skeleton()
    channel.publish("a")
    channel.publish("b")
    for number in (1, 2, 3):
        kept = kept_index(channel.subdir_index, number)
        assert kept is not None
        assert len(kept.hashes) == number - 1
    assert [key for kind, key in channel.store.log if kind == "put" and "/history/" in key] == [
        f"c/.chaninfra/history/noarch/{number}" for number in (1, 2, 3)
    ]


def test_a_state_that_its_writer_did_not_keep_is_kept_before_it_is_replaced() -> None:
    channel = MemoryChannel(NEVER).skeleton()
    channel.publish("a")
    last = channel.store.objects.pop("c/.chaninfra/history/noarch/2")
    channel.publish("b")
    assert channel.store.objects["c/.chaninfra/history/noarch/2"].data == last.data


def test_a_commit_to_a_restored_index_is_refused_where_its_number_was_used_before() -> None:
    channel = MemoryChannel(NEVER).skeleton()
    channel.publish("a")
    channel.publish("b")
    channel.store.objects[INDEX] = channel.store.objects["c/.chaninfra/history/noarch/2"]
    with pytest.raises(ForeignIndexError, match="restored"):
        channel.publish("c")


@pytest.mark.parametrize("settings", [IndexSettings(), NEVER])
def test_a_reindex_goes_on_from_the_last_state_where_an_old_one_was_restored(settings: IndexSettings) -> None:
    channel = MemoryChannel(settings).skeleton()
    for name in "abc":
        channel.publish(name)
    channel.store.objects[INDEX] = channel.store.objects["c/.chaninfra/history/noarch/2"]
    for name in "abc":
        del channel.store.objects[f"c/noarch/{name}-1.0-0.conda"]
    reindex_subdir(channel.subdir_index)
    stamp = read_our_authority(channel.subdir_index).stamp
    assert stamp.number > 4
    assert stamp.count == 0


def test_a_reindex_finds_the_last_state_after_another_tool_replaced_it() -> None:
    channel = MemoryChannel(NEVER).skeleton()
    channel.publish("a")
    channel.store.objects[INDEX] = ObjectBody(data=b"of another tool", content_type="")
    channel.runtime.time += 1
    reindex_subdir(channel.subdir_index)
    assert read_our_authority(channel.subdir_index).stamp.number > 2


@pytest.mark.parametrize("kind", ["head", "put"])
def test_a_publisher_without_the_permission_is_told_of_it_before_anything_is_written(kind: str) -> None:
    channel = MemoryChannel(NEVER).skeleton()
    channel.publish("a")
    del channel.store.objects["c/.chaninfra/history/noarch/2"]
    before = {key: body for key, body in channel.store.objects.items() if "/shards/" not in key}

    def denied(request: str, key: str) -> None:
        if request == kind and "/history/" in key:
            raise DeniedError("access denied", where=key, status=403)

    channel.store.before = denied
    with pytest.raises(DeniedError) as raised:
        channel.publish("a")
    assert "run `pulumi up`" in str(raised.value.remedy)
    assert {key: body for key, body in channel.store.objects.items() if "/shards/" not in key} == before


def test_a_state_that_the_store_cannot_create_again_is_not_kept_and_stops_no_commit() -> None:
    """A channel that was deleted in a bucket with versions and made anew, on a store that refuses creates over delete
    markers: the numbers of its history were used before.
    """

    def refuses(kind: str, key: str) -> None:
        if kind == "put" and "/history/" in key:
            raise RecreationError("was deleted before", code="PreconditionFailed", status=412)

    channel = MemoryChannel(NEVER).skeleton()
    channel.store.before = refuses
    channel.publish("a")
    channel.publish("b")
    authority = read_our_authority(channel.subdir_index)
    assert authority is not None
    assert authority.index is not None
    assert len(authority.index.hashes) == 2
    assert kept_index(channel.subdir_index, 2) is None
