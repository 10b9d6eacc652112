"""What `ls` lists: the newest state, whatever repodata.json has of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from chaninfra.channel.conda.index_settings import AtMostEvery, IndexSettings
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.objects import ObjectBody
from chaninfra.cli.commands.ls import _behind
from chaninfra.index.channel import Channel
from chaninfra.index.commit.change import Change
from chaninfra.index.commit.commit import Derive, commit
from chaninfra.index.contents import ChannelContents, contents_of, known_subdirs, subdir_folders
from chaninfra.index.reindex import reindex_subdir
from support.channels.channels import descriptor
from support.index_model.memory_subdir import INDEX, JSON, ZST, MemoryChannel, package

LATE = IndexSettings(monolith=AtMostEvery(at_most_every="10m"))


def listed(of: MemoryChannel) -> ChannelContents:
    given = descriptor(prefix="c", subdirs=("noarch",))
    on = SimpleNamespace(
        store=lambda: of.store, descriptor=given, origin="descriptor", subdir_index=lambda *_: of.subdir_index
    )
    return contents_of(cast(Channel, on))


def channel(settings: IndexSettings | None = None) -> MemoryChannel:
    made = MemoryChannel(settings).skeleton()
    made.store.now = datetime.fromtimestamp(made.runtime.time / 1000, UTC)
    return made


def publish(of: MemoryChannel, *names: str, sha: str = "1", derive: Derive = "due", **more: Any) -> None:
    """Commit records with all fields that `ls` needs, and `more`."""
    records = {}
    for name in names:
        file, made = package(name)
        record = {"name": name, "version": "1.0", "build": "0", "build_number": 0, "sha256": sha.zfill(64), **more}
        raw = msgspec.Raw(msgspec.json.encode(record))
        records[file] = replace(made, sha256=sha.zfill(64), encode=lambda _, raw=raw: raw, etag=None)
        of.put(file, b"1")
    commit(of.subdir_index, lambda: Change(records=records), derive=derive)


def names(contents: ChannelContents) -> list[str]:
    return [each.name for each in contents.packages]


def test_packages_that_repodata_json_does_not_have_yet() -> None:
    it = channel(LATE)
    publish(it, "a", "b")
    publish(it, "a", sha="2")
    assert it.repodata()["packages.conda"] == {}
    found = listed(it)
    assert names(found) == ["a", "b"]
    assert found.packages[0].sha256 == "2".zfill(64)
    [late] = found.behind
    assert (late.subdir, late.commits, late.written) == ("noarch", 2, it.store.now)
    assert _behind(late) == (
        "repodata.json in noarch is 2 commits behind this list (written 2026-01-01 00:00 UTC): clients that do not "
        "read shards do not see yet what they changed"
    )
    documents: list[dict[str, Any]] = msgspec.to_builtins(found.packages)
    assert {each["commits-behind"] for each in documents} == {2}


def test_shards_are_read_only_where_repodata_json_lacks_something() -> None:
    it = channel(LATE)
    publish(it, *"abcdefghi", derive="now")
    publish(it, "j", derive="later")
    it.store.log.clear()
    found = listed(it)
    assert names(found) == [*"abcdefghij"]
    assert [late.commits for late in found.behind] == [1]
    assert len([key for _, key in it.store.log if "/shards/" in key]) == 1


def test_nothing_is_said_of_a_repodata_json_that_has_all() -> None:
    it = channel()
    publish(it, "a")
    found = listed(it)
    assert (names(found), found.behind) == (["a"], ())
    assert [each.commits_behind for each in found.packages] == [0]


@pytest.mark.parametrize("left_there", [False, True])
def test_a_channel_of_shards_alone(left_there: bool) -> None:
    it = channel(IndexSettings(monolith="never"))
    if left_there:
        it.store.objects |= {key: channel().store.objects[key] for key in (JSON, ZST)}
    publish(it, "a")
    found = listed(it)
    assert (names(found), found.behind, found.without_index) == (["a"], (), ())
    assert [each.commits_behind for each in found.packages] == [None]


def test_an_index_of_another_tool_has_no_commits() -> None:
    it = channel()
    publish(it, "a")
    del it.store.objects[INDEX]
    it.put("repodata.json", it.store.objects[JSON].data)
    found = listed(it)
    assert (names(found), found.behind) == (["a"], ())
    assert [each.commits_behind for each in found.packages] == [None]
    reindex_subdir(it.subdir_index)


@pytest.mark.parametrize("data", [b"{", b'{"version": 2, "packages": []}'])
def test_what_a_follower_says_is_only_a_report(data: bytes) -> None:
    it = channel()
    publish(it, "a")
    it.store.objects["c/.chaninfra/left-out.json"] = ObjectBody(data=data, content_type="")
    found = listed(it)
    assert names(found) == ["a"]
    assert found.left_out == {}
    assert str(found.left_out_unread).startswith("c/.chaninfra/left-out.json: ")


def test_which_attestations_a_package_has() -> None:
    it = channel()
    publish(it, "a", attestations_sha256="ab" * 32)
    publish(it, "b")
    documents: list[dict[str, Any]] = msgspec.to_builtins(listed(it).packages)
    assert [(each["name"], each["attestations-sha256"]) for each in documents] == [("a", "ab" * 32), ("b", None)]


@pytest.mark.parametrize(
    ("timestamp", "ms"),
    [
        (1_459_282_000, 1_459_282_000_000),
        (1_767_225_600_000, 1_767_225_600_000),
        (253_402_300_799, 253_402_300_799_000),
        (253_402_300_800, 253_402_300_800),
        (0, 0),
        (None, None),
    ],
)
def test_a_time_in_seconds_is_listed_in_milliseconds(timestamp: int | None, ms: int | None) -> None:
    """conda's rule: what is later than the year 9999 in seconds is in milliseconds."""
    it = channel()
    publish(it, "a", timestamp=timestamp)
    assert [each.timestamp for each in listed(it).packages] == [ms]


def test_times_in_both_units_are_sorted_newest_first() -> None:
    it = channel()
    for version, timestamp in (("1.0", 1_459_282_000), ("2.0", 1_400_000_000_000), ("3.0", 1_500_000_000_000)):
        file, made = package("a")
        file = file.replace("1.0", version)
        record = {"name": "a", "version": version, "build": "0", "sha256": "1" * 64, "timestamp": timestamp}
        raw = msgspec.Raw(msgspec.json.encode(record))
        put = replace(made, key=file, encode=lambda _, raw=raw: raw, etag=None)
        it.put(file, b"1")
        commit(it.subdir_index, lambda file=file, put=put: Change(records={file: put}))  # type: ignore[misc]
    assert [each.version for each in listed(it).packages] == ["3.0", "1.0", "2.0"]


def test_folders_that_have_only_delete_markers_are_no_subdirs(monkeypatch: pytest.MonkeyPatch) -> None:
    """MinIO with versioning lists the folder of what was deleted."""
    monkeypatch.setattr("chaninfra.index.place._channels_below", lambda *_: [])
    it = channel()
    it.store.objects["c/linux-64/a-1-0.conda"] = ObjectBody(data=b"", content_type="")
    vars(it.store)["folders"] = lambda _: frozenset({"noarch", "linux-64", "osx-arm64", "other"})
    opened = Channel(descriptor=descriptor(prefix="c"), credentials=None, origin="assumed")
    vars(opened).update(store=lambda: it.store, runtime=it.runtime)
    assert known_subdirs(opened) == ("noarch", "linux-64")
    assert subdir_folders(opened, besides=("noarch",)) == ("linux-64",)
    it.store.objects.clear()
    with pytest.raises(ConfigurationError, match="there is no channel"):
        known_subdirs(opened)
