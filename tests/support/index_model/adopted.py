"""A channel whose index files several tools and people have left in some mixture."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec

from chaninfra.channel.conda.index_files import FILE_NAMES, compress
from chaninfra.channel.conda.index_settings import IndexSettings
from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.conda.skeleton import unstamped_shards
from chaninfra.channel.objects import ObjectBody
from support.index_model.memory_store import SequentialRuntime
from support.index_model.memory_subdir import INDEX, JSON, ZST, MemoryChannel
from support.index_model.processes import NOW, file, forcing, package, publishing, yanking


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
    """The channel with this mixture of index files; `last` is the number that an adoption must exceed."""
    channel = Adopted()
    authority = channel.store.objects[INDEX]
    MIXTURES[mixture](channel)
    # A re-index that finds nothing to change there does not commit.
    channel.last -= channel.store.objects.get(INDEX) == authority
    return channel
