"""Damaged and hostile objects of a channel: wrong types, nesting, bombs, and names that are paths."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
import zstandard

REPODATA = "noarch/repodata.json"
ZST = "noarch/repodata.json.zst"
SHARDS = "noarch/repodata_shards.msgpack.zst"
YANKED = "yanked.json"
MARKS = ".chaninfra/gc/noarch.json"
SNAPSHOTS = "snapshots/index.json"
SEEN = ".chaninfra/seen/noarch.json.zst"

DEEP = 100_000
_OPEN, _CLOSE = b"[" * DEEP, b"]" * DEEP
_RLE = 128 << 10
"""The most bytes that a zstd block holds."""


@dataclass(frozen=True)
class Hostile:
    """An object at `key`, relative to the channel; `make` makes its bytes from those of the sound object there."""

    name: str
    key: str
    make: Callable[[bytes], bytes]

    def __str__(self) -> str:
        return f"{self.key.rsplit('/', 1)[-1]}: {self.name}"


def bomb(unpacked: int) -> bytes:
    """A zstd frame of this many zeros, in RLE blocks of four bytes; it does not say its size."""
    # https://www.rfc-editor.org/rfc/rfc8878: magic, a frame header without a size (window of 128 KiB), blocks.
    blocks = max(1, unpacked // _RLE)
    block = ((_RLE << 3) | 2).to_bytes(3, "little") + b"\0"
    last = ((_RLE << 3) | 3).to_bytes(3, "little") + b"\0"
    return b"\x28\xb5\x2f\xfd" + b"\x00" + b"\x38" + block * (blocks - 1) + last


def lying_frame(data: bytes) -> bytes:
    """A frame whose header promises a tebibyte."""
    # Single segment flag 0, size field of 8 bytes.
    return b"\x28\xb5\x2f\xfd" + b"\xc0" + b"\x38" + (1 << 40).to_bytes(8, "little") + data[:64]


def _zst(data: bytes) -> bytes:
    return zstandard.compress(data, 3)


def _unzst(data: bytes) -> bytes:
    return zstandard.ZstdDecompressor().decompressobj().decompress(data)


def _document(change: Callable[[dict[str, Any]], None]) -> Callable[[bytes], bytes]:
    def make(sound: bytes) -> bytes:
        document = json.loads(sound)
        change(document)
        return json.dumps(document).encode()

    return make


def _put(*path: str, value: Any) -> Callable[[bytes], bytes]:
    def change(document: dict[str, Any]) -> None:
        *above, last = path
        for name in above:
            document = document.setdefault(name, {})
        document[last] = value

    return _document(change)


def _of_each(*path: str, value: Any) -> Callable[[bytes], bytes]:
    """Set a field of every record."""

    def change(document: dict[str, Any]) -> None:
        for record in document["packages.conda"].values():
            record[path[0]] = value

    return _document(change)


def _text(before: bytes, after: bytes) -> Callable[[bytes], bytes]:
    return lambda sound: sound.replace(before, after, 1)


def _record(name: str = "x") -> dict[str, Any]:
    return {"name": name, "version": "1", "build": "0", "build_number": 0, "sha256": "0" * 64, "size": 1}


_WRONG: tuple[Any, ...] = (None, 5, -1, 10**30, "text", True, [], [[]], {}, {"a": 1}, {"v3": 5}, [None], 1.5)
_PLACES: tuple[tuple[str, ...], ...] = (
    ("info",),
    ("info", "subdir"),
    ("info", "base_url"),
    ("info", "repodata_revisions"),
    ("info", "repodata_revisions", "v3"),
    ("info", "chaninfra"),
    ("info", "chaninfra", "log"),
    ("info", "more"),
    ("packages",),
    ("packages.conda",),
    ("packages.conda", "x-1-0.conda"),
    ("packages.conda", "x-1-0.conda", "name"),
    ("v3",),
    ("v3", "conda"),
    ("v3", "conda", "x-1-0"),
    ("v3", "whl", "x-1-0"),
    ("removed",),
    ("repodata_version",),
    ("more",),
)
NAMES = ("../../x", "..", ".", "", "/x", "a/../b-1-0.conda", "a\n-1-0.conda", "a\x00-1-0.conda", "\x7f", "n" * 2000)

_repodata: list[Hostile] = [
    *(
        Hostile(f"{'.'.join(place)} is {str(value)[:20]!r}", REPODATA, _put(*place, value=value))
        for place in _PLACES
        for value in _WRONG
    ),
    *(
        Hostile(f"a record of {name[:20]!r} in {table}", REPODATA, _put(table, name, value=_record()))
        for name in NAMES
        for table in ("packages", "packages.conda")
    ),
    *(
        Hostile(f"a record of {name[:20]!r} in v3", REPODATA, _put("v3", "conda", name, value=_record()))
        for name in NAMES
    ),
    *(Hostile(f"a table {name[:20]!r}", REPODATA, _put("v3", name, "x-1-0", value=_record())) for name in NAMES),
    *(Hostile(f"{name[:20]!r} was removed", REPODATA, _put("removed", value=[name])) for name in NAMES),
    *(
        Hostile(f"each {field} is {str(value)[:20]!r}", REPODATA, _of_each(field, value=value))
        for field in ("name", "version", "build", "build_number", "size", "sha256", "md5", "timestamp", "depends")
        for value in (*_WRONG, "../../x", 2**63, 2**64, "(" * 5000)
    ),
    *(
        Hostile(f"each indexed_timestamp is {str(value)[:20]!r}", REPODATA, _of_each("indexed_timestamp", value=value))
        for value in (*_WRONG, 2**63, 2**64)
    ),
    Hostile("empty", REPODATA, lambda _: b""),
    Hostile("not an object", REPODATA, lambda _: b"[]"),
    Hostile("null", REPODATA, lambda _: b"null"),
    Hostile("truncated", REPODATA, lambda sound: sound[:-20]),
    Hostile("deep", REPODATA, lambda _: b'{"a":' + _OPEN + _CLOSE + b"}"),
    Hostile(
        "a deep record",
        REPODATA,
        _text(b'"packages.conda":{', b'"packages.conda":{"y-1-0.conda":' + _OPEN + _CLOSE + b","),
    ),
    *(
        Hostile(
            f"a record nested {depth} deep",
            REPODATA,
            _text(
                b'"packages.conda":{',
                b'"packages.conda":{"y-1-0.conda":{"name":"y","version":"1","build":"0","build_number":0,"x":'
                + b"[" * depth
                + b"]" * depth
                + b"},",
            ),
        )
        for depth in (60, 200, 900, 960, 975, 985, 990)
    ),
    *(
        Hostile(
            f"info nested {depth} deep",
            REPODATA,
            _text(b'{"info":{', b'{"info":{"x":' + b"[" * depth + b"]" * depth + b","),
        )
        for depth in (60, 200, 900, 960, 975, 985, 990, DEEP)
    ),
    Hostile("NaN", REPODATA, _text(b'"packages.conda":{', b'"packages.conda":{"y-1-0.conda":{"name":NaN},')),
    Hostile(
        "1e999", REPODATA, _text(b'"packages.conda":{', b'"packages.conda":{"y-1-0.conda":{"name":"y","x":1e999},')
    ),
    Hostile("a number of 5,000 digits", REPODATA, _text(b'{"info":{', b'{"info":{"x":' + b"1" * 5000 + b",")),
    Hostile("not UTF-8", REPODATA, _text(b'{"info":{', b'{"info":{"\xff":"\xff",')),
    Hostile("not UTF-8 in a record", REPODATA, _text(b'"name":"', b'"x":"\xff","name":"\xff')),
    Hostile("half a surrogate", REPODATA, _text(b'"name":"', b'"name":"\\ud800')),
    Hostile("keys twice", REPODATA, _text(b'"packages.conda":{', b'"packages.conda":5,"packages.conda":{')),
    Hostile("packages twice", REPODATA, lambda sound: sound[:-1] + b',"packages.conda":[]}'),
]

_derived: list[Hostile] = [
    case
    for key in (ZST, SHARDS, SEEN)
    for case in (
        Hostile("empty", key, lambda _: b""),
        Hostile("not zstd", key, lambda _: b"none"),
        Hostile("truncated", key, lambda sound: sound[:-3]),
        Hostile("two frames", key, lambda sound: sound + _zst(b"more")),
        Hostile("garbage at its end", key, lambda sound: sound + b"garbage"),
        Hostile("a frame that lies", key, lying_frame),
        Hostile("a bomb", key, lambda _: bomb(400 << 20)),
        Hostile("deep JSON", key, lambda _: _zst(b'{"packages":' + _OPEN + _CLOSE + b"}")),
        Hostile("deep msgpack", key, lambda _: _zst(b"\x81\xa6shards" + b"\x91" * DEEP + b"\xc0")),
        Hostile("deep msgpack beside", key, lambda _: _zst(b"\x82\xa6shards\x80\xa1x" + b"\x91" * DEEP + b"\xc0")),
    )
]


def _shard_index(*path: str, value: Any) -> Callable[[bytes], bytes]:
    def make(sound: bytes) -> bytes:
        document: dict[str, Any] = msgspec.msgpack.decode(_unzst(sound))
        at = document
        *above, last = path
        for name in above:
            at = at[name]
        at[last] = value
        return _zst(msgspec.msgpack.encode(document))

    return make


_shards: list[Hostile] = [
    Hostile(f"{'.'.join(path)} is {value!r:.20}", SHARDS, _shard_index(*path, value=value))
    for path in (
        ("info",),
        ("info", "subdir"),
        ("info", "chaninfra"),
        ("shards",),
        ("shards", "a"),
        ("version",),
        ("more",),
    )
    for value in (None, 5, "text", b"", b"short", [], {}, {"a": b"\0" * 33}, {"a": 1})
]

_others: list[Hostile] = [
    *(
        Hostile(f"{text[:30]!r}", key, lambda _, text=text: text)  # type: ignore[misc]
        for key in (YANKED, MARKS, SNAPSHOTS)
        for text in (
            b"",
            b"[]",
            b"null",
            b"\xff",
            b'{"a":' + _OPEN + _CLOSE + b"}",
            b'{"version":2}',
            b'{"packages":5,"unreferenced":5}',
            b'{"unreferenced":{"a":"b"}}',
            b'{"unreferenced":{"a":' + b"9" * 4000 + b"}}",
        )
    ),
    *(
        Hostile(
            f"yank of {name[:20]!r}",
            YANKED,
            lambda _, name=name: json.dumps({"packages": {name: {"when": "2026-01-01T00:00:00+00:00"}}}).encode(),  # type: ignore[misc]
        )
        for name in (*NAMES, *(f"noarch/{name}" for name in NAMES), "../noarch/x-1-0.conda", "no such/x-1-0.conda")
    ),
    *(
        Hostile(
            f"a yanked record nested {depth} deep",
            YANKED,
            lambda _, depth=depth: (
                b'{"packages":{"noarch/a-1-0.conda":{"when":"x","table":"packages.conda","record":{"x":'  # type: ignore[misc]
                + b"[" * depth
                + b"]" * depth
                + b"}}}}"
            ),
        )
        for depth in (60, 200, 900, 970, 980, 985, 990)
    ),
    *(
        Hostile(
            f"a yanked record with {field} {value!r:.20}",
            YANKED,
            lambda _, field=field, value=value: json.dumps(  # type: ignore[misc]
                {
                    "packages": {
                        "noarch/a-1-0.conda": {
                            "when": "2026-01-01T00:00:00+00:00",
                            "table": "../x" if field == "table" else "packages.conda",
                            "record": {**_record("a"), field: value},
                        }
                    }
                }
            ).encode(),
        )
        for field in ("name", "version", "build", "sha256", "size", "md5", "table")
        for value in _WRONG
    ),
]

HOSTILE: tuple[Hostile, ...] = (*_repodata, *_derived, *_shards, *_others)
