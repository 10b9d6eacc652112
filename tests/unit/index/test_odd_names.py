"""Packages with names that CEP 26 does not allow: skipped or named, and no other package is lost to clients."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import rattler
from hypothesis import given, settings
from hypothesis import strategies as st

from chaninfra.channel.conda.filenames import PackageFileName
from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.conda.shards import parse_shard, shard_key
from chaninfra.channel.errors import ChaninfraError, ConfigurationError
from chaninfra.channel.objects import ObjectBody
from chaninfra.index.contents import contents_of
from chaninfra.index.package.local_file import read
from chaninfra.index.reindex import Mode, reindex_subdir
from chaninfra.index.reindex_plan import Scope
from chaninfra.index.report import Report
from chaninfra.index.yank import unyank, yank
from support.cases.odd_names import BRACES, BSLASH, CAMEL, DQUOTE, FILES, HEALTHY, ONE_DASH, TILDE, content
from support.channels.archives import conda, index_json
from support.index_model.memory_store import MemoryStore, SequentialRuntime
from support.index_model.memory_subdir import INDEX, JSON
from support.index_model.processes import FOLDER, channel, publishing

SKIPPED = {DQUOTE, BSLASH, BRACES, ONE_DASH}


def channel_of(*files: str) -> MemoryStore:
    """A store with noarch packages of these names and no index."""
    store = MemoryStore()
    for file in files:
        name, version, build, _ = PackageFileName.parse(file)
        store.objects[f"{FOLDER}/{file}"] = ObjectBody(data=conda(index_json(name, version, build)), content_type="")
    return store


def reindexed(store: MemoryStore, scope: Scope = "changed", mode: Mode = "write") -> Report:
    subdir_index = channel(store, SequentialRuntime("reindex")).subdir_index("noarch")
    return Report.of([reindex_subdir(subdir_index, scope, mode=mode)])


def document(store: MemoryStore) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(store.objects[JSON].data)
    return found


def replace(store: MemoryStore, found: dict[str, Any]) -> None:
    """Another tool writes the index."""
    found.pop("chaninfra", None)
    store.objects[JSON] = ObjectBody(data=json.dumps(found, ensure_ascii=False).encode(), content_type="")


def found_by_rattler(store: MemoryStore, *names: str) -> set[str]:
    """The file names that py-rattler finds in repodata.json."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "noarch").mkdir()
        Path(folder, "noarch/repodata.json").write_bytes(store.objects[JSON].data)
        gateway = rattler.Gateway(cache_dir=Path(folder, "cache"))
        found = asyncio.run(gateway.query([folder], ["noarch"], names, recursive=False))
        return {record.file_name for records in found for record in records}


@pytest.mark.parametrize("file", sorted({*FILES} - {HEALTHY}))
def test_publish_refuses_the_name(file: str, tmp_path: Path) -> None:
    path = tmp_path / file
    path.write_bytes(content(file))
    with pytest.raises(ConfigurationError) as caught:
        read(path)
    assert caught.value.where == str(path)
    assert caught.value.remedy


def test_publish_refuses_a_file_name_that_differs_in_case(tmp_path: Path) -> None:
    path = tmp_path / "A-1-0.conda"
    path.write_bytes(conda(index_json("a")))
    with pytest.raises(ConfigurationError, match=r"name the file a-1-0\.conda"):
        read(path)


def test_reindex_skips_what_no_client_reads_and_warns_of_the_rest() -> None:
    store = channel_of(*FILES)
    report = reindexed(store)
    assert {each.package.removeprefix("noarch/") for each in report.left_out} == SKIPPED
    assert {each.package.removeprefix("noarch/") for each in report.odd_names} == {CAMEL, TILDE}
    assert {*document(store)["packages.conda"]} == {HEALTHY, CAMEL, TILDE}
    assert found_by_rattler(store, "healthy", "tilde") == {HEALTHY, TILDE}
    again = reindexed(store)
    assert (again.left_out, again.odd_names) == (report.left_out, report.odd_names)
    assert not any(each.differed for each in again.subdirs)


@pytest.mark.parametrize("scope", ["changed", "all"])
def test_records_of_another_tool_that_break_the_index_are_dropped(scope: Scope) -> None:
    store = channel_of(*FILES)
    reindexed(store)
    found = document(store)
    record = found["packages.conda"][HEALTHY]
    for file, build in ((DQUOTE, 'h"1'), (BSLASH, "h\\1"), (BRACES, "{{ organisation }}_h0_0"), ("gone-1.conda", "")):
        found["packages.conda"][file] = {**record, "name": file.split("-")[0], "build": build}
    found["removed"] = ['gone-1-h"1.conda', "gone-2-0.conda"]
    replace(store, found)
    assert any(each.differed for each in reindexed(store, scope, "check").subdirs)
    report = reindexed(store, scope)
    assert {*report.subdirs[0].dropped} == {DQUOTE, BSLASH, "gone-1.conda"}
    assert {DQUOTE, BSLASH} <= {each.package.removeprefix("noarch/") for each in report.left_out}
    # Clients read this one over http, and it harms no other.
    assert {*document(store)["packages.conda"]} == {HEALTHY, CAMEL, TILDE, BRACES}
    assert document(store)["removed"] == ["gone-2-0.conda"]
    assert found_by_rattler(store, "healthy") == {HEALTHY}
    assert not any(each.differed for each in reindexed(store, scope).subdirs)


def test_a_publish_into_an_index_that_clients_cannot_read_makes_it_readable() -> None:
    store = channel_of(HEALTHY)
    reindexed(store)
    found = document(store)
    found["packages.conda"][DQUOTE] = {**found["packages.conda"][HEALTHY], "name": "dquote", "build": 'h"1'}
    stamped = json.dumps(found, ensure_ascii=False).encode()
    store.objects[JSON] = ObjectBody(data=stamped, content_type="")
    publishing("a").run(store, SequentialRuntime("publish"))
    assert found_by_rattler(store, "healthy", "a") == {HEALTHY, "a-1-0.conda"}


def test_the_shard_of_an_upper_case_name_is_where_clients_look() -> None:
    store = channel_of(CAMEL, HEALTHY)
    reindexed(store)
    index = ShardIndex.parse(store.objects[INDEX].data)
    assert index is not None
    assert {*index.hashes} == {"camel_case", "healthy"}


def test_reindex_moves_a_shard_to_where_clients_look() -> None:
    store = channel_of(CAMEL, HEALTHY)
    reindexed(store)
    index = ShardIndex.parse(store.objects[INDEX].data)
    assert index is not None
    hashes = {"Camel_Case" if name == "camel_case" else name: digest for name, digest in index.hashes.items()}
    store.objects[INDEX] = ObjectBody(data=dataclasses.replace(index, hashes=hashes).encode(3, 0), content_type="")
    assert reindexed(store, mode="check").subdirs[0].files == ("shards",)
    reindexed(store)
    index = ShardIndex.parse(store.objects[INDEX].data)
    assert index is not None
    assert {*index.hashes} == {"camel_case", "healthy"}
    assert not any(each.differed for each in reindexed(store).subdirs)


@pytest.mark.parametrize(
    ("word", "file"),
    [
        ("Camel_Case==1.0", CAMEL),
        ("Camel_Case", CAMEL),
        ("camel_case", CAMEL),
        ("camel_case >=1", CAMEL),
        (CAMEL, CAMEL),
        ("tilde >=1", TILDE),
        (f"noarch/{TILDE}", TILDE),
    ],
)
def test_yank_and_unyank_find_it(word: str, file: str) -> None:
    store = channel_of(CAMEL, TILDE, HEALTHY)
    reindexed(store)
    before = document(store)["packages.conda"]
    opened = channel(store, SequentialRuntime("yank"))
    assert yank(opened, [word], None).changed == (f"noarch/{file}",)
    assert {each.file for each in contents_of(_readable(store)).packages if each.yanked is not None} == {file}
    index = ShardIndex.parse(store.objects[INDEX].data)
    assert index is not None
    name = file.split("-")[0].lower()
    shard = parse_shard(store.objects[f"{FOLDER}/{shard_key(index.hashes[name])}"].data, name, index.hashes[name])
    assert shard is not None
    assert (shard.count, shard.removed) == (0, (file,))
    assert unyank(opened, [word]).changed == (f"noarch/{file}",)
    assert document(store)["packages.conda"] == before


def _readable(store: MemoryStore) -> Any:
    opened = channel(store, SequentialRuntime("ls"))
    object.__setattr__(opened, "store", lambda: store)
    return opened


NAMES = st.text(max_size=6) | st.sampled_from(
    ["a", "A", "a b", 'a"', "\\", "{{ x }}", "h~1", "1.0", "1 2", "\x1b", "((("]
)


@settings(deadline=None, derandomize=True, max_examples=80)
@given(NAMES, NAMES, NAMES, st.integers(-1, 1 << 70), st.sampled_from(["a", "a >=1", "a=1=0", "*-1-0.conda"]))
def test_no_name_stops_a_command(name: str, version: str, build: str, number: int, word: str) -> None:
    """Whatever names another tool wrote into the index or yanked.json."""
    store = channel_of(HEALTHY)
    reindexed(store)
    found = document(store)
    file = f"{name}-{version}-{build}.conda".encode("utf-8", "replace").decode()
    fields = {"name": name, "version": version, "build": build, "build_number": number}
    found["packages.conda"][file] = {**found["packages.conda"][HEALTHY], **fields}
    replace(store, found)
    opened = channel(store, SequentialRuntime("yank"))
    for command in (
        lambda: contents_of(_readable(store)),
        lambda: yank(opened, [word], None),
        lambda: yank(opened, [file], None),
        lambda: contents_of(_readable(store)),
        lambda: unyank(opened, [word]),
        lambda: unyank(opened, [file]),
        lambda: reindexed(store),
        lambda: contents_of(_readable(store)),
    ):
        with suppress(ChaninfraError):
            command()
    # What the error of a damaged index asks for.
    reindexed(store, "all")
    assert HEALTHY in document(store)["packages.conda"]
    assert found_by_rattler(store, "healthy") == {HEALTHY}
