"""Channels, versions and zstd frames that the tests of the page read, `page/test/data`: made by the index engine and by
the libraries that it uses.

`PYTHONPATH=tests:tools .venv/bin/python -m support.cases.page_data` writes them again.
"""

from __future__ import annotations

import dataclasses
import json
import random
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import zstandard
from rattler import Version

from chaninfra.channel.conda.index_files import FILE_NAMES
from chaninfra.channel.conda.layout import ChannelLayout
from chaninfra.channel.conda.shard_index import read_shard_index
from chaninfra.channel.conda.skeleton import empty_index
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.outputs.descriptor import Descriptor, dump
from chaninfra.index.channel import Channel
from chaninfra.index.notices import add, new_notice
from chaninfra.index.package.local_file import read
from chaninfra.index.progress import Silent
from chaninfra.index.publish import publish
from chaninfra.index.snapshots.create import create
from chaninfra.index.yank import yank
from support.channels.archives import conda, index_json
from support.channels.channels import descriptor
from support.index_model.memory_store import MemoryStore, SequentialRuntime
from support.paths import ROOT

FOLDER = ROOT / "page" / "test" / "data"
_SUBDIRS: tuple[Subdir, ...] = ("noarch", "linux-64", "osx-64")
_OF_TOOL: dict[str, Any] = {"subdir": "linux-64", "depends": ["python >=3.10", "libz >=1.2,<2"], "license": "MIT"}
_NOW = datetime(2026, 1, 1, tzinfo=UTC)

_VERSIONS = """
0.4 0.4.0 0.4.1.rc 0.4.1.RC 0.4.1 0.5a1 0.5b3 0.5C1 0.5 0.9.6 0.960923 1.0 1.1dev1 1.1_ 1.1a1 1.1.0dev1 1.1.dev1
1.1.a1 1.1.0rc1 1.1.0 1.1 1.1.0post1 1.1.post1 1.1post1 1996.07.12 1!0.4.1 1!3.1.1.6 2!0.4.1 1.0.1 1.0.1_ 1.0.1a
1.0.1b 1.0.2 1.0dev 1.0.dev 1.0a 1.0alpha 1.0rc1 1.0post 1.0.post1 1.0+1 1.0+1.1 1.0+a 1.0+1.a 1.0.0 1_0 1-0 01.0 1.10
1.9 10 9 9.99.99 2024.1 2024.10.1 20240101 3.0.0b2 3.0.0b10 3.0.0.0.1 a b.1 dev 1.post 4.0.x 4.0.1x 4.0.x1 1.2.3.4.5.6
18446744073709551615 1.1.1w 1.1.1 1.1.1a 1.1.1za 0 0.0.0 0!1.0 5.4.r 5.4.r2
"""


def files() -> Mapping[str, bytes]:
    """Path below `page/test/data` → content; the same at each call."""
    return {
        **{f"channel/{path}": data for path, data in _channel().items()},
        **{f"zstd/{name}": data for name, data in _frames().items()},
        "versions.json": (json.dumps(_ordered(), indent=0) + "\n").encode(),
    }


def _channel() -> Mapping[str, bytes]:
    """A public channel of three subdirs, osx-64 empty: packages old and new, a yank, a snapshot of before it, notices
    and a summary.
    """
    said = descriptor(
        "team",
        visibility="public",
        auth="public",
        subdirs=_SUBDIRS,
        public_url="https://packages.example.com/team",
    )
    store, runtime = MemoryStore(), SequentialRuntime()
    store.now = _NOW
    for subdir in said.subdirs:
        layout = ChannelLayout(said.prefix, said.subdirs, said.index)
        store.objects |= {f"team/{subdir}/{name}": body for name, body in empty_index(subdir, layout.index)}
        # It says the time of now, and the tests compare bytes.
        key = f"team/{subdir}/{FILE_NAMES['shards']}"
        index = read_shard_index(store, key)
        assert index is not None
        data = index.encode(said.index.compression_level, runtime.time)
        store.objects[key] = dataclasses.replace(store.objects[key], data=data)
    channel = _open(said, store, runtime)
    _publish(channel, index_json("tool", "1.9", timestamp=1_600_000_000_000, **_OF_TOOL))
    _publish(
        channel,
        index_json("tool", "1.10", build="py_1", build_number=1, timestamp=1_750_000_000_000, **_OF_TOOL),
        index_json("tool", "1.10", build="py_0", constrains=["other >=2"], **_OF_TOOL),
        index_json("tool", "1.10", build="0", noarch="python", timestamp=1_700_000_000),
        index_json("constructor", "1!0.1", noarch="generic"),
        index_json("_libgcc_mutex", "0.1", build="main", subdir="linux-64"),
        index_json("modern", "2", depends=["tool[extras=[all]]"], noarch="generic"),
    )
    create(channel, "v1", None)
    yank(channel, ["linux-64/tool-1.9-0.conda"], "broken <b>on</b> import")
    add(channel, new_notice("tool 1.9 is yanked", "warning", now=_NOW, until=_NOW.replace(year=2999), id_="yanked"))
    add(channel, new_notice("over", "critical", now=_NOW, until=_NOW.replace(month=2), id_="over"))
    left_out = (".chaninfra/", ".conda", "repodata.json", "repodata.json.zst")
    return {
        **{
            key.removeprefix("team/"): body.data
            for key, body in sorted(store.objects.items())
            if not key.removeprefix("team/").startswith(left_out[0]) and not key.endswith(left_out[1:])
        },
        "channel.json": dump(said),
    }


def _open(said: Descriptor, store: MemoryStore, runtime: SequentialRuntime) -> Channel:
    channel = Channel(descriptor=said, credentials=None)
    # Sets the cached properties.
    vars(channel).update(writer=store, runtime=runtime)
    return channel


def _publish(channel: Channel, *indexes: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        packages = []
        for number, index in enumerate(indexes):
            path = Path(folder, str(number), f"{index['name']}-{index['version']}-{index['build']}.conda")
            path.parent.mkdir()
            path.write_bytes(conda(index, {"about.json": json.dumps(_about(index)).encode()}))
            packages.append(read(path))
        published = publish(channel, packages, "refuse", Silent())
    assert published.error is None, published.error


def _about(index: Mapping[str, Any]) -> dict[str, Any]:
    """What a package says of itself: only `tool` does."""
    if index["name"] != "tool":
        return {}
    newest = {
        "summary": "Does what tools do",
        "home": "https://tool.example.com/",
        "dev_url": "https://git.example.com/",
    }
    return {**newest, "license": "MIT"} if index["build"] == "py_1" else {"summary": "Older"}


def _frames() -> Mapping[str, bytes]:
    """zstd as encoders write it: `text` is 300,000 bytes of words, each frame of which decompresses to them."""
    chance = random.Random(1)
    words = chance.choices(["conda", "channel", "shard", "index", "name"], k=1000)
    text = "".join(f"{chance.random()} {' '.join(words)} " for _ in range(60)).encode()[:300_000]
    skippable = (0x184D2A53).to_bytes(4, "little") + (5).to_bytes(4, "little") + b"hello"
    half = len(text) // 2
    streamed = zstandard.ZstdCompressor(level=3).compressobj()
    return {
        "text-1.zst": zstandard.compress(text, 1),
        "text-22.zst": zstandard.compress(text, 22),
        "checksum.zst": zstandard.ZstdCompressor(level=3, write_checksum=True).compress(text),
        "streamed.zst": streamed.compress(text[:half])
        + streamed.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
        + streamed.compress(text[half:])
        + streamed.flush(),
        "long.zst": _long(text),
        "frames.zst": skippable + zstandard.compress(text[:half], 3) + skippable + zstandard.compress(text[half:], 3),
        "bomb.zst": zstandard.compress(bytes(100 << 20), 19),
    }


def _long(text: bytes) -> bytes:
    """A frame with a window of 128 MiB that does not say its size."""
    parameters = zstandard.ZstdCompressionParameters.from_level(3, window_log=27)
    compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    return compressor.compress(text) + compressor.flush()


def _ordered() -> Sequence[Sequence[str]]:
    """Versions in py-rattler's order, oldest first; those of a list are equal."""
    versions = sorted({*_VERSIONS.split()}, key=lambda text: (Version(text), text))
    groups: list[list[str]] = []
    for version in versions:
        if groups and Version(groups[-1][0]) == Version(version):
            groups[-1].append(version)
        else:
            groups.append([version])
    return groups


def main() -> None:
    """Write the files."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    for name, data in files().items():
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


if __name__ == "__main__":
    main()
