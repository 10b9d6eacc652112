"""Object keys of a channel."""

from __future__ import annotations

import pytest

from chaninfra.channel.conda import object_names
from chaninfra.channel.conda.index_settings import IndexSettings
from chaninfra.channel.conda.layout import (
    ChannelLayout,
    index_keys,
    own_and_sidecar_keys,
    own_keys,
    package_keys,
    unwritten_keys,
)
from chaninfra.channel.conda.object_names import CHANINFRA_FOLDER, ETAG_CACHE_FOLDER, FOLLOW_JSON, LEFT_OUT_JSON
from chaninfra.channel.location import join


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
    exports = ("run_exports.json", "run_exports.json.zst")
    assert unwritten_keys(layout) == tuple(f"{subdir}/{name}" for subdir in ("noarch", "osx-64") for name in exports)
    asking = ChannelLayout("", ("osx-64", "noarch"), IndexSettings(run_exports=True))
    assert {*index_keys(asking)} == {*index_keys(layout), *unwritten_keys(layout)}
    assert unwritten_keys(asking) == ()


def test_keys_of_the_index_files_without_the_monolithic_ones() -> None:
    layout = ChannelLayout("main", ("osx-64", "noarch"), IndexSettings(monolith="never"))
    assert index_keys(layout) == (
        "main/noarch/repodata_shards.msgpack.zst",
        "main/osx-64/repodata_shards.msgpack.zst",
    )
    assert unwritten_keys(layout) == (
        "main/noarch/repodata.json",
        "main/noarch/repodata.json.zst",
        "main/noarch/run_exports.json",
        "main/noarch/run_exports.json.zst",
        "main/osx-64/repodata.json",
        "main/osx-64/repodata.json.zst",
        "main/osx-64/run_exports.json",
        "main/osx-64/run_exports.json.zst",
    )


def test_every_name_of_an_object_that_is_kept_is_an_own_key() -> None:
    # What of these folders belongs to a channel, tests of their own say; of documents that other tools write at the
    # same place, the name does not say whose they are.
    elsewhere = {"SNAPSHOTS_FOLDER", "ASSETS_FOLDER", "SUMMARIES_FOLDER", "INDEX_HTML", "CHANNELDATA_JSON"}
    names = [value for name, value in vars(object_names).items() if name.isupper() and name not in elsewhere]
    assert {FOLLOW_JSON, LEFT_OUT_JSON, ETAG_CACHE_FOLDER} <= {*names}
    for prefix in ("", "a/b"):
        keys = [join(prefix, name) for name in names] + [join(prefix, name, "noarch/1") for name in names]
        inside = [key for key in keys if not key.endswith(".json/noarch/1") or CHANINFRA_FOLDER in key]
        assert own_keys(keys, prefix) == inside
        assert own_keys(keys, "other") == []


@pytest.mark.parametrize("prefix", ["", "a"])
def test_attestations_belong_to_packages_of_the_channel(prefix: str) -> None:
    mine = [join(prefix, f"noarch/x-1-0.conda.sigs{end}") for end in ("", f".{'0' * 64}")]
    others = ["b/noarch/x-1-0.conda.sigs", join(prefix, "notes/x-1-0.conda.sigs"), join(prefix, "noarch/x.sigs")]
    others += [join(prefix, "noarch/below/x-1-0.conda.sigs"), join(prefix, "noarch/x-1-0.conda.sigs.00")]
    assert own_and_sidecar_keys([*others, *mine], prefix) == mine
    assert own_keys([*others, *mine], prefix) == []
    assert package_keys([*others, *mine], prefix) == []


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
def test_of_the_folder_of_summaries_they_alone_are_own_keys(prefix: str) -> None:
    folder = f"{prefix}noarch/summaries"
    others = [f"{folder}/{name}" for name in ("notes.xlsx", "deep/er.txt", "deep/er.json", "Tool.json", ".json", "")]
    own = [f"{folder}/tool.json", f"{folder}/_a.b-c.json"]
    assert own_keys([*others, *own], prefix.strip("/")) == own


@pytest.mark.parametrize("prefix", ["a/", ""])
def test_own_keys_of_the_page(prefix: str) -> None:
    own = [
        f"{prefix}assets/page-0123456789abcdef.js",
        f"{prefix}assets/licences-0123456789abcdef.txt",
        f"{prefix}noarch/summaries/numpy.json",
    ]
    others = [
        f"{prefix}index.html",
        f"{prefix}noarch/index.html",
        f"{prefix}assets/logo.svg",
        f"{prefix}summaries/numpy.json",
        f"{prefix}other/summaries/numpy.json",
        f"x/{prefix}assets/page-0123456789abcdef.js",
    ]
    assert own_keys([*own, *others], prefix.rstrip("/")) == own


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
