"""yanked.json is input: what chaninfra does not write there is refused."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from chaninfra.channel.conda.object_names import YANKED_JSON
from chaninfra.channel.conda.yank import Yank
from chaninfra.channel.errors import StorageError
from chaninfra.channel.objects import IfAbsent, ObjectBody
from chaninfra.index.commit.yanked_json import Yanked, read_yanked, write_yanked
from support.index_model.memory_subdir import MemoryChannel

YANK: dict[str, Any] = {"when": "2026-11-01T12:00:00+00:00", "table": "packages.conda", "record": {"name": "a"}}


@pytest.mark.parametrize(
    "packages",
    [
        {"a-1-0.conda": YANK},
        {"noarch/": YANK},
        {"noarch/../a-1-0.conda": YANK},
        {"noarch/a-1-0.conda": {**YANK, "table": "info"}},
        {"noarch/a-1-0.conda": {**YANK, "table": "v3.../x"}},
        {"noarch/a-1-0.conda": {}},
    ],
    ids=lambda packages: json.dumps(packages)[:60],
)
def test_a_document_that_chaninfra_does_not_write_is_refused(packages: dict[str, Any]) -> None:
    channel = MemoryChannel().skeleton()
    key = channel.subdir_index.layout.key(YANKED_JSON)
    data = json.dumps({"version": 1, "packages": packages}).encode()
    channel.store.put(key, ObjectBody(data=data, content_type="application/json"))
    with pytest.raises(StorageError, match="is not valid") as raised:
        read_yanked(channel.store, key)
    assert raised.value.where == key


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        ("a-1-0.conda", {}),
        ("noarch/a-1-0.conda", {"table": "info"}),
        ("noarch/a-1-0.conda", {"reason": "\udcff"}),
        ("noarch/a-1-0.conda", {"record": {"x": msgspec.json.decode(b"[" * 70 + b"]" * 70)}}),
    ],
)
def test_a_document_that_nobody_could_read_is_not_written(path: str, wrong: dict[str, Any]) -> None:
    channel = MemoryChannel().skeleton()
    key = channel.subdir_index.layout.key(YANKED_JSON)
    document = Yanked(packages={path: Yank(**{"when": "2026-11-01T12:00:00+00:00", **wrong})})
    with pytest.raises(StorageError, match="would not be valid, and then nobody could read it") as raised:
        write_yanked(channel.store, key, document, IfAbsent())
    assert raised.value.where == key
    assert channel.store.get(key) is None


@pytest.mark.parametrize("more", [{}, {"packages": []}, {"what": 1}])
def test_a_document_of_a_later_version_says_to_upgrade(more: dict[str, Any]) -> None:
    channel = MemoryChannel().skeleton()
    key = channel.subdir_index.layout.key(YANKED_JSON)
    data = json.dumps({"version": 2, **more}).encode()
    channel.store.put(key, ObjectBody(data=data, content_type="application/json"))
    with pytest.raises(StorageError, match="version 2 of this file is newer than this version of chaninfra") as raised:
        read_yanked(channel.store, key)
    assert raised.value.remedy == "upgrade chaninfra"
    assert channel.store.get(key).data == data  # type: ignore[union-attr]
