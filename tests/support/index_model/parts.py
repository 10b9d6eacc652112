"""Channels whose packages several re-indexes share, and what each of them finds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from chaninfra.channel.conda.index_settings import IndexSettings
from chaninfra.index.part import Part
from chaninfra.index.reindex import reindex_subdir
from chaninfra.index.report import SubdirReport
from support.channels.archives import conda, index_json
from support.index_model.memory_subdir import MemoryChannel
from support.index_model.processes import file, package

NAMES = [f"p{number:02}" for number in range(40)]
ORDERS = [(1, 2, 3), (3, 1, 2), (2, 3, 1)]
PAIRS = [(1, 2), (2, 1)]
"""Orders of two parts: both have some of the packages of `Adopted`."""


def part(number: int, count: int = 3) -> Part:
    return Part(number=number, count=count)


def of(channel: MemoryChannel, number: int, count: int = 3, **how: Any) -> SubdirReport:
    return reindex_subdir(channel.subdir_index, part=part(number, count), **how)


def put(channel: MemoryChannel, name: str, payload: bytes = b"") -> None:
    channel.put(f"{name}-1-0.conda", conda(index_json(name), payload=payload))


def full(settings: IndexSettings | None = None) -> MemoryChannel:
    """A channel of packages without an index."""
    channel = MemoryChannel(settings)
    for name in NAMES:
        put(channel, name)
    return channel


def own(number: int, names: Sequence[str] = NAMES, count: int = 3) -> list[str]:
    """The file names of the packages of this part."""
    return [f"{name}-1-0.conda" for name in names if part(number, count).has(f"noarch/{name}-1-0.conda")]


def read(channel: MemoryChannel) -> list[str]:
    return sorted(key.rpartition("/")[2] for kind, key in channel.store.log if kind == "get" and key.endswith(".conda"))


def said(channel: MemoryChannel) -> dict[str, Any]:
    """repodata.json without what the commit says of itself."""
    document = channel.repodata()
    del document["chaninfra"]
    return document


def theirs(names: Sequence[str], **more: Any) -> dict[str, Any]:
    """repodata.json of another tool, with records that say what the packages of these names say."""
    records = {}
    for name in names:
        packed = package(name)
        record = json.loads(bytes(packed.package.index_record(file(name), "noarch", "").encode(0)))
        del record["indexed_timestamp"]
        records[file(name)] = {**record, **more}
    return {"info": {"subdir": "noarch"}, "packages": {}, "packages.conda": records, "repodata_version": 1}


def of_another_tool(*names: str, bare: Sequence[str] = (), **more: Any) -> MemoryChannel:
    """A channel with an index of another tool; the packages `bare` are missing in it."""
    channel = MemoryChannel()
    for name in (*names, *bare):
        channel.put(file(name), package(name).path.read_bytes())
    channel.put("repodata.json", theirs(names, **more))
    return channel
