"""Copies from a folder of this machine: what the public may read afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from chaninfra.index.copy.records import told_source
from chaninfra.index.patches.add import add
from chaninfra.index.patches.document import read_patches
from support.index_model.copying import MemorySource, copied
from support.index_model.memory_store import MemoryStore
from support.index_model.processes import channel_with, file
from support.index_model.rolling_back import opened

A = file("a")


def hotfix(record: dict[str, Any]) -> None:
    record["depends"] = ["q >=1"]


def source_of(store: MemoryStore) -> str | None:
    """Where the patch says that it is from."""
    return read_patches(opened(store).subdir_index("noarch"))[0][A].source


@pytest.mark.parametrize("tells_patches", [True, False])
def test_a_patch_does_not_tell_where_the_folder_is(*, tells_patches: bool) -> None:
    source = MemorySource(
        store=channel_with("a"), tells_patches=tells_patches, hotfixes={} if tells_patches else {A: hotfix}
    )
    if tells_patches:
        add(opened(source.store), ["a"], {"license": "patched"}, reason="why")
    source.url = "/home/me/customers/one/channel"
    store = channel_with("x")
    copied(store, source)
    assert source_of(store) == "channel"


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("/home/me/channel", "channel"),
        ("../me/channel/", "channel"),
        ("/", "/"),
        ("s3://bucket/a/b", "s3://bucket/a/b"),
        ("https://conda.example/a/b", "https://conda.example/a/b"),
    ],
)
def test_of_a_folder_only_the_last_part_is_told(url: str, told: str) -> None:
    assert told_source(url) == told


def test_the_folder_here_has_its_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    (tmp_path / "channel").mkdir()
    monkeypatch.chdir(tmp_path / "channel")
    assert told_source(".") == "channel"
