"""Object keys of a channel."""

from __future__ import annotations

import pytest

from chaninfra.channel.conda.index_settings import IndexSettings
from chaninfra.channel.conda.layout import ChannelLayout, index_keys, own_keys, package_keys, unwritten_keys


def test_keys_of_the_index_files() -> None:
    layout = ChannelLayout("", ("osx-64", "noarch"), IndexSettings())
    assert index_keys(layout) == (
        "noarch/repodata.json",
        "noarch/repodata.json.zst",
        "noarch/repodata_shards.msgpack.zst",
        "osx-64/repodata.json",
        "osx-64/repodata.json.zst",
        "osx-64/repodata_shards.msgpack.zst",
    )
    assert unwritten_keys(layout) == ()


def test_keys_of_the_index_files_without_the_monolithic_ones() -> None:
    layout = ChannelLayout("main", ("osx-64", "noarch"), IndexSettings(monolith="never"))
    assert index_keys(layout) == (
        "main/noarch/repodata_shards.msgpack.zst",
        "main/osx-64/repodata_shards.msgpack.zst",
    )
    assert unwritten_keys(layout) == (
        "main/noarch/repodata.json",
        "main/noarch/repodata.json.zst",
        "main/osx-64/repodata.json",
        "main/osx-64/repodata.json.zst",
    )


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


@pytest.mark.parametrize("prefix", ["a/", ""])
def test_own_keys_of_snapshots(prefix: str) -> None:
    own = [
        f"{prefix}snapshots/index.json",
        f"{prefix}snapshots/2026-11/noarch/repodata_shards.msgpack.zst",
        f"{prefix}snapshots/2026-11/linux-64/repodata.json",
    ]
    others = [
        f"{prefix}snapshots",
        f"{prefix}snapshots/",
        f"{prefix}snapshots/other.json",
        f"{prefix}snapshots/v1/index.json",
        f"{prefix}snapshots/v1/noarch/",
        f"{prefix}snapshots/v1/noarch/x-1-0.conda",
        f"{prefix}snapshots/v1/noarch/shards/00.msgpack.zst",
        f"{prefix}snapshots/v1.0/noarch/repodata.json",
        f"{prefix}snapshots/noarch/noarch/repodata.json",
        f"{prefix}snapshots/v1/other/repodata.json",
        f"{prefix}snapshots/v1/v2/noarch/repodata.json",
        f"x/{prefix}snapshots/index.json",
    ]
    assert own_keys([*own, *others], prefix.rstrip("/")) == own
    assert package_keys([*own, *others], prefix.rstrip("/")) == []
