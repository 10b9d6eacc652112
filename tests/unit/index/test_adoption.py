"""The index is adopted from whatever mixture of files several tools and people have left there."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from chaninfra.channel.conda.index_files import FILE_NAMES, compress
from chaninfra.channel.conda.index_settings import IndexSettings
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.skeleton import unstamped_shards
from chaninfra.channel.conda.yank import unpacked
from chaninfra.channel.objects import ObjectBody
from chaninfra.index.reindex import reindex_subdir
from chaninfra.index.whole import read_whole
from chaninfra.index.yanks import yanks_of
from support.index_model.adopted import MIXTURES, Adopted, mixed
from support.index_model.memory_subdir import INDEX, JSON, ZST
from support.index_model.processes import file, publishing


def check(channel: Adopted, *more: str) -> None:
    """Nothing that was there is lost."""
    after = channel.repodata()
    channel.check_formats_agree()
    assert {*after["packages.conda"]} == {*channel.before["packages.conda"], *map(file, more)}
    for name, record in channel.before["packages.conda"].items():
        assert after["packages.conda"][name] == record
    assert after["removed"] == [file("y")]
    assert after["info"]["more"] == {"x": 1}
    assert after["top"] == [1.5]
    # Numbers only grow: a derived file of a later commit would show that the index was restored.
    assert channel.number() > channel.last
    assert {key: number for key, number in channel.numbers().items() if number != channel.number()} == {}


@pytest.mark.parametrize("mixture", MIXTURES)
def test_a_publish_loses_nothing(mixture: str) -> None:
    channel = mixed(mixture)
    channel.run(publishing("new"))
    # What a commit does not read is mended by a re-index.
    reindex_subdir(channel.subdir_index)
    check(channel, "new")
    assert not reindex_subdir(channel.subdir_index).differed


@pytest.mark.parametrize("scope", ["changed", "all"])
@pytest.mark.parametrize("mixture", MIXTURES)
def test_a_reindex_loses_nothing(mixture: str, scope: Any) -> None:
    channel = mixed(mixture)
    checked = reindex_subdir(channel.subdir_index, scope, mode="check")
    report = reindex_subdir(channel.subdir_index, scope)
    assert checked.differed == report.differed == (mixture != "no history")
    check(channel)
    assert not reindex_subdir(channel.subdir_index).differed
    channel.run(publishing("new"))
    check(channel, "new")


@pytest.mark.parametrize("kind", ["json", "zst"])
def test_records_that_only_another_tool_knows_are_kept(kind: str) -> None:
    """Those of packages on another server: the folder does not tell."""
    channel = Adopted()
    document = channel.read_anew()
    wheel = {"name": "w", "url": "https://x.org/w-1-py3-none-any.whl"}
    document["v3"] = {"whl": {"w-1-py3-none-any": wheel}}
    channel.delete(JSON, ZST)
    data = json.dumps(document).encode()
    channel.put(FILE_NAMES[kind], data if kind == "json" else compress(data, 1))  # type: ignore[index]
    channel.run(publishing("new"))
    assert channel.repodata()["v3"] == {"whl": {"w-1-py3-none-any": wheel}}
    reindex_subdir(channel.subdir_index)
    assert channel.repodata()["v3"] == {"whl": {"w-1-py3-none-any": wheel}}


@pytest.mark.parametrize("authority", ["ours", "none", "another tool's"])
def test_files_that_another_tool_has_removed_are_kept_as_removed(authority: str) -> None:
    channel = Adopted()
    document = channel.read_anew()
    document["removed"] = ["gone-1-0.conda"]
    if authority == "none":
        channel.delete(INDEX)
    elif authority != "ours":
        channel.other_shards()
    channel.put("repodata.json", document)
    channel.run(publishing("new"))
    assert channel.repodata()["removed"] == ["gone-1-0.conda", file("y")]
    channel.run(publishing("newer"))
    assert channel.repodata()["removed"] == ["gone-1-0.conda", file("y")]
    channel.check_formats_agree()


@pytest.mark.parametrize("mixture", ["no authority", "no authority, and no history"])
def test_packages_alone_are_never_an_empty_channel(mixture: str) -> None:
    channel = Adopted()
    MIXTURES[mixture](channel)
    channel.delete(JSON, ZST)
    channel.run(publishing("new"))
    after = channel.repodata()
    assert {*after["packages.conda"]} == {*channel.before["packages.conda"], file("new")}
    for name, record in channel.before["packages.conda"].items():
        found = after["packages.conda"][name]
        assert {**found, "indexed_timestamp": 0} == {**record, "indexed_timestamp": 0}
    assert after["removed"] == [file("y")]
    channel.check_formats_agree()


STALE: dict[str, Callable[[Adopted], object]] = {
    "no yanked.json": lambda on: on.store.objects.pop("c/yanked.json"),
    "a yanked.json from before the yank": lambda on: on.store.objects.update({"c/yanked.json": document_of()}),
    "a yanked.json from before an unyank": lambda on: on.store.objects.update(
        {"c/yanked.json": document_of(file("a"), file("y"))}
    ),
}


def document_of(*files: str) -> ObjectBody:
    """A yanked.json of these files in noarch."""
    packages = {f"noarch/{name}": {"when": "x"} for name in files}
    return ObjectBody(data=json.dumps({"version": 1, "packages": packages}).encode(), content_type="")


@pytest.mark.parametrize("stale", STALE)
@pytest.mark.parametrize(
    "mixture",
    [
        "another tool's repodata.json",
        "another tool's shard index",
        "all of another tool",
        "another tool's zst, and no other",
        "no authority",
        "no authority, and no derived files",
        "a damaged authority",
        "an older authority",
        "all index files of an older state",
    ],
)
def test_the_yanks_are_those_of_the_last_index_that_was_ours(mixture: str, stale: str) -> None:
    channel = mixed(mixture)
    STALE[stale](channel)
    channel.run(publishing("new"))
    reindex_subdir(channel.subdir_index)
    check(channel, "new")
    (yank,) = yanks_of(channel.subdir_index, read_whole(channel.subdir_index)).joined().values()
    assert unpacked(yank).record == channel.yanked


@pytest.mark.parametrize("mixture", ["lost shards", "all of another tool, and the history deleted"])
def test_yanked_json_tells_where_no_shard_does(mixture: str) -> None:
    channel = mixed(mixture)
    reindex_subdir(channel.subdir_index)
    check(channel)
    (yank,) = yanks_of(channel.subdir_index, read_whole(channel.subdir_index)).joined().values()
    assert unpacked(yank).record == channel.yanked


def test_what_an_earlier_version_has_yanked_is_yanked() -> None:
    """It writes yanked.json, and an index without a stamp that lists the file as removed."""
    channel = Adopted()
    document = channel.read_anew()
    for name in ("a", "y"):
        del document["packages.conda"][file(name)]
    document["removed"] = [file("a"), file("y")]
    for name, body in unstamped_shards(Repodata.parse(json.dumps(document).encode(), where="x"), IndexSettings()):
        channel.store.objects[f"c/noarch/{name}"] = body
    channel.put("repodata.json", document)
    channel.store.objects["c/yanked.json"] = document_of(file("a"), file("y"))
    channel.run(publishing("new"))
    assert channel.repodata()["removed"] == [file("a"), file("y")]
    assert {*channel.repodata()["packages.conda"]} == {*map(file, ("b", "f", "new"))}
    channel.check_formats_agree()
