"""The index is adopted from whatever mixture of files several tools and people have left there."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
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
from support.index_model.memory_store import SequentialRuntime
from support.index_model.memory_subdir import INDEX, JSON, ZST, MemoryChannel
from support.index_model.processes import file, forcing, package, publishing, yanking

NOW = 1_767_225_600_000


class Adopted(MemoryChannel):
    """A channel with the packages a, b, f (which was overwritten) and y (which is yanked), and with unknown keys."""

    def __init__(self) -> None:
        super().__init__()
        self.skeleton()
        index = replace(
            self.index(),
            info={"subdir": "noarch", "more": {"x": 1}},
            other={"top": msgspec.Raw(msgspec.msgpack.encode([1.5]))},
        )
        self.put(FILE_NAMES["shards"], index.encode(1, 0))
        self.time = 0
        self.older = self.copy()
        for process in (publishing("a"), publishing("f"), publishing("y")):
            self.run(process)
        self.older = self.copy()
        for process in (publishing("b"), forcing("f", b"forced"), yanking("y")):
            self.run(process)
        self.before = self.repodata()
        yanked = json.loads(self.store.objects["c/yanked.json"].data)["packages"]
        self.yanked: dict[str, Any] = yanked[f"noarch/{file('y')}"]["record"]
        self.last = self.number()

    def run(self, process: Any) -> None:
        """Each a second later than the one before."""
        self.time += 1000
        process.run(self.store, SequentialRuntime(f"at{self.time}-", NOW + self.time))

    def copy(self) -> dict[str, ObjectBody]:
        return dict(self.store.objects)

    def history(self) -> list[str]:
        return [key for key in self.store.objects if "/history/" in key]

    def delete(self, *keys: str) -> None:
        for key in keys:
            del self.store.objects[key]

    def read_anew(self) -> dict[str, Any]:
        """repodata.json as another tool makes it from the packages: it knows no times, yanks and unknown keys."""
        document: dict[str, Any] = json.loads(json.dumps(self.before))
        records = document["packages.conda"]
        yanked = package("y")
        etag = self.store.entry(f"c/noarch/{file('y')}").etag
        record = yanked.package.index_record(file("y"), "noarch", etag)
        records[file("y")] = json.loads(bytes(record.encode(0)))
        for found in records.values():
            del found["indexed_timestamp"]
        kept = {key: document[key] for key in ("packages", "packages.conda", "repodata_version")}
        return {"info": {"subdir": "noarch"}, **kept}

    def other_json(self) -> None:
        self.put("repodata.json", self.read_anew())

    def other_zst(self) -> None:
        self.put("repodata.json.zst", compress(json.dumps(self.read_anew()).encode(), 1))

    def other_shards(self) -> None:
        repodata = Repodata.parse(json.dumps(self.read_anew()).encode(), where="x")
        for name, body in unstamped_shards(repodata, IndexSettings()):
            self.store.objects[f"c/noarch/{name}"] = body


def restored(channel: Adopted) -> None:
    channel.store.objects[INDEX] = channel.older[INDEX]


MIXTURES: dict[str, Callable[[Adopted], object]] = {
    "another tool's repodata.json": Adopted.other_json,
    "another tool's zst": Adopted.other_zst,
    "another tool's shard index": Adopted.other_shards,
    "all of another tool": lambda on: [on.other_json(), on.other_zst(), on.other_shards()],
    "all of another tool, and the history deleted": lambda on: [
        on.delete(*on.history()),
        on.other_shards(),
        on.other_zst(),
    ],
    "another tool's shard index, and no other": lambda on: [on.delete(JSON, ZST), on.other_shards()],
    "another tool's repodata.json, and no other": lambda on: [on.delete(INDEX, ZST), on.other_json()],
    "another tool's zst, and no other": lambda on: [on.delete(INDEX, JSON), on.other_zst()],
    "no authority": lambda on: on.delete(INDEX),
    "no authority, and no history": lambda on: on.delete(INDEX, *on.history()),
    "no authority, and no derived files": lambda on: on.delete(INDEX, JSON, ZST),
    "no authority, and another tool's repodata.json": lambda on: [on.delete(INDEX), on.other_json()],
    "a zst alone": lambda on: on.delete(INDEX, JSON, *on.history()),
    "a repodata.json alone": lambda on: on.delete(INDEX, ZST, *on.history()),
    "no history": lambda on: on.delete(*on.history()),
    "no derived files": lambda on: on.delete(JSON, ZST),
    "a damaged authority": lambda on: on.put(FILE_NAMES["shards"], b"none"),
    "an authority of another subdir": lambda on: on.put(
        FILE_NAMES["shards"], replace(on.index(), info={"subdir": "linux-64"}).encode(1, 0)
    ),
    "an older authority": restored,
    "an older authority, and no derived files": lambda on: [restored(on), on.delete(JSON, ZST)],
    "an older authority, and no history": lambda on: [restored(on), on.delete(*on.history())],
    "all index files of an older state": lambda on: [
        restored(on),
        on.store.objects.update({key: on.older[key] for key in (JSON, ZST)}),
    ],
    "lost shards": lambda on: on.delete(*(key for key in on.store.objects if "/shards/" in key)),
    "lost shards of another tool's index": lambda on: [
        on.other_shards(),
        on.delete(*(key for key in on.store.objects if "/shards/" in key)),
    ],
}


def mixed(mixture: str) -> Adopted:
    channel = Adopted()
    authority = channel.store.objects[INDEX]
    MIXTURES[mixture](channel)
    # A re-index that finds nothing to change there does not commit.
    channel.last -= channel.store.objects.get(INDEX) == authority
    return channel


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
