"""Object keys of a channel."""

from __future__ import annotations

from chaninfra.channel.conda.index_settings import IndexSettings
from chaninfra.channel.conda.layout import ChannelLayout, dropped_keys, index_keys, own_keys, package_keys


def test_keys_of_the_index_files() -> None:
    settings = IndexSettings(formats=("json", "zst"))
    assert index_keys(ChannelLayout("", ("osx-64", "noarch"), settings)) == (
        "noarch/repodata.json",
        "noarch/repodata.json.zst",
        "osx-64/repodata.json",
        "osx-64/repodata.json.zst",
    )


def test_dropped_formats_are_deleted_in_the_remaining_subdirs() -> None:
    before = ChannelLayout("main", ("noarch", "osx-64"), IndexSettings())
    after = ChannelLayout("main", ("noarch",), IndexSettings(formats=("json",)))
    assert dropped_keys(before, after) == ["main/noarch/repodata.json.zst", "main/noarch/repodata_shards.msgpack.zst"]
    assert dropped_keys(after, before) == []


def test_own_keys_and_package_keys() -> None:
    keys = [
        "a/channel.json",
        "a/.chaninfra/probe",
        "a/noarch/repodata.json",
        "a/noarch/shards/00.msgpack.zst",
        "a/noarch/x-1-0.conda",
        "a/noarch/notes.txt",
        "a/b/noarch/repodata.json",
        "a/b/noarch/y-1-0.conda",
        "ab/noarch/z-1-0.conda",
    ]
    assert own_keys(keys, "a") == keys[:4]
    assert package_keys(keys, "a") == ["a/noarch/x-1-0.conda"]
    assert package_keys(keys, "a/b") == ["a/b/noarch/y-1-0.conda"]
    assert own_keys(keys, "") == []
