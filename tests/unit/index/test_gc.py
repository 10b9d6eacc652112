"""Garbage of a channel: unreferenced shards and abandoned uploads; files of other tools stay."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.errors import DeniedError
from chaninfra.channel.objects import ObjectBody
from chaninfra.index.gc import KEPT, Collected, Garbage, collect, collect_subdir
from support.index_model import processes
from support.index_model.memory_subdir import MemoryChannel

STRAY = f"c/noarch/shards/{'0' * 64}.msgpack.zst"
LARGE = "c/noarch/large-1-0.conda"
OLD = Garbage(key="c/.chaninfra/history/noarch/1", why="old state of the index", size=None)
UNREFERENCED = Garbage(key=STRAY, why="unreferenced", size=0)
ABANDONED = Garbage(key=LARGE, why="abandoned upload", size=None)


class UploadsDouble:
    """A double of a boto3 client with one open upload, begun two days ago; it can do nothing else.

    `listing` and `abort` are the (code, status) with which it answers ListMultipartUploads and AbortMultipartUpload, or
    None for success.
    """

    def __init__(
        self, listing: tuple[str, int] | None = None, abort: tuple[str, int] | None = None, key: str = LARGE
    ) -> None:
        self._key = key
        self._listing = listing
        self._abort = abort
        self.aborted: list[str] = []

    def get_paginator(self, operation: str) -> UploadsDouble:
        assert operation == "list_multipart_uploads"
        return self

    def paginate(self, **_: str) -> Iterator[dict[str, Any]]:
        _answer(self._listing)
        yield {"Uploads": [{"Key": self._key, "UploadId": "1", "Initiated": datetime.now(UTC) - timedelta(days=2)}]}

    def abort_multipart_upload(self, **named: str) -> None:
        _answer(self._abort)
        self.aborted.append(named["UploadId"])


def _answer(error: tuple[str, int] | None) -> None:
    if error:
        code, status = error
        raise ClientError({"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}, "")  # type: ignore[typeddict-item]


@pytest.fixture
def subdir() -> MemoryChannel:
    """A subdir with STRAY, which an earlier run marked more than a week ago."""
    channel = MemoryChannel().skeleton()
    channel.publish("a")
    channel.store.objects[STRAY] = ObjectBody(data=b"", content_type="")
    channel.store.modified[STRAY] = channel.store.now - timedelta(days=2)
    collect_subdir(channel.subdir_index, "write")
    channel.runtime.time += 2 * (KEPT // timedelta(milliseconds=1))
    return channel


def deleted(collected: Collected) -> tuple[Garbage, ...]:
    """The garbage, without the sizes of old states of the index."""
    states = [OLD if each.key == OLD.key and each.why == OLD.why and each.size else each for each in collected.garbage]
    return tuple(states)


def _with_client(subdir: MemoryChannel, client: UploadsDouble) -> Any:
    channel = processes.channel(subdir.store, subdir.runtime)
    # In place of a client with a network.
    vars(channel)["client"] = lambda: client
    return channel


@pytest.mark.parametrize("name", ["README.md", "more/" + "0" * 64 + ".msgpack.zst", "0" * 63 + ".msgpack.zst"])
def test_files_in_the_folder_of_shards_that_are_no_shards_stay(subdir: MemoryChannel, name: str) -> None:
    subdir.store.objects[f"c/noarch/shards/{name}"] = ObjectBody(data=b"", content_type="")
    assert deleted(collect_subdir(subdir.subdir_index, "write")) == (OLD, UNREFERENCED)
    assert f"c/noarch/shards/{name}" in subdir.store.objects


def test_shards_and_uploads_are_deleted(subdir: MemoryChannel) -> None:
    client = UploadsDouble()
    assert deleted(collect(_with_client(subdir, client), ["noarch"], "write")) == (OLD, UNREFERENCED, ABANDONED)
    assert client.aborted == ["1"]
    assert STRAY not in subdir.store.objects


def test_check_deletes_nothing(subdir: MemoryChannel) -> None:
    client = UploadsDouble()
    assert deleted(collect(_with_client(subdir, client), ["noarch"], "check")) == (OLD, UNREFERENCED, ABANDONED)
    assert client.aborted == []
    assert STRAY in subdir.store.objects


@pytest.mark.parametrize(("given", "swept"), [(["noarch"], False), (["noarch", "osx-64"], True)])
def test_an_upload_to_a_subdir_that_is_not_declared_stays_unless_gc_is_given_it(
    subdir: MemoryChannel, given: list[Subdir], swept: bool
) -> None:
    """Those who may only write to the declared subdirs may not abort it."""
    key = "c/osx-64/large-1-0.conda"
    client = UploadsDouble(abort=None if swept else ("AccessDenied", 403), key=key)
    collected = collect(_with_client(subdir, client), given, "write")
    assert [each.key for each in collected.garbage if each.why == "abandoned upload"] == [key] * swept
    assert STRAY not in subdir.store.objects


@pytest.mark.parametrize("answer", [("NotImplemented", 501), ("MethodNotAllowed", 405)])
def test_a_store_that_cannot_list_uploads_has_no_abandoned_ones(subdir: MemoryChannel, answer: tuple[str, int]) -> None:
    client = UploadsDouble(listing=answer)
    assert deleted(collect(_with_client(subdir, client), ["noarch"], "write")) == (OLD, UNREFERENCED)


def test_an_upload_may_end_while_gc_runs(subdir: MemoryChannel) -> None:
    client = UploadsDouble(abort=("NoSuchUpload", 404))
    assert deleted(collect(_with_client(subdir, client), ["noarch"], "write")) == (OLD, UNREFERENCED)


@pytest.mark.parametrize("refused", ["listing", "abort"])
def test_an_error_about_uploads_comes_before_the_deletion_of_shards(subdir: MemoryChannel, refused: str) -> None:
    client = UploadsDouble(**{refused: ("AccessDenied", 403)})
    with pytest.raises(DeniedError):
        collect(_with_client(subdir, client), ["noarch"], "write")
    assert STRAY in subdir.store.objects


def test_marks_of_a_later_version_delete_nothing(subdir: MemoryChannel) -> None:
    """What its times mean is not known."""
    key = "c/.chaninfra/gc/noarch.json"
    marks = json.loads(subdir.store.objects[key].data)
    later = json.dumps({**marks, "version": 2}).encode()
    subdir.store.objects[key] = ObjectBody(data=later, content_type="application/json")
    assert deleted(collect_subdir(subdir.subdir_index, "write")) == (OLD,)
    assert STRAY in subdir.store.objects


def test_a_state_of_a_later_version_stays(subdir: MemoryChannel) -> None:
    """Nobody knows which shards it names, so no shard is deleted either."""
    key = "c/.chaninfra/history/noarch/99"
    subdir.store.objects[key] = ObjectBody(data=b"in a form that is not known yet", content_type="")
    collected = collect_subdir(subdir.subdir_index, "write")
    assert [each.key for each in collected.unknown] == [key]
    assert {key, STRAY} <= subdir.store.objects.keys()


def test_a_mark_of_the_day_on_which_a_shard_was_put_does_not_count() -> None:
    """A commit may have named it since, and a snapshot of that state may be in the making."""
    channel, week = MemoryChannel().skeleton(), KEPT // timedelta(milliseconds=1)
    channel.publish("a")
    channel.store.objects[STRAY] = ObjectBody(data=b"", content_type="")
    channel.store.modified[STRAY] = channel.store.now - timedelta(hours=23)
    assert collect_subdir(channel.subdir_index, "write").waiting == 1
    channel.runtime.time += 2 * week
    # Marked anew, and deleted a week after that.
    assert collect_subdir(channel.subdir_index, "write").waiting == 1
    assert STRAY in channel.store.objects
    channel.runtime.time += week
    assert UNREFERENCED in collect_subdir(channel.subdir_index, "write").garbage
