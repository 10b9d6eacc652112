"""The bounds for what others may have written."""

from __future__ import annotations

import tracemalloc
from datetime import UTC, datetime

import msgspec
import pytest
import zstandard

from chaninfra.channel.conda.index_files import compress, decompress
from chaninfra.channel.conda.untrusted import check_plain, check_utf8, is_file_name
from support.cases.hostile_objects import NAMES, bomb, lying_frame


@pytest.mark.parametrize("name", [*NAMES, "a/b", "a\r", "é" * 200, "a-1-0.conda\n"])
def test_what_is_no_name_of_a_file(name: str) -> None:
    assert not is_file_name(name)


@pytest.mark.parametrize("name", ["a-1-0.conda", "...", "a b", "é" * 127, "x" * 255])
def test_what_is_a_name_of_a_file(name: str) -> None:
    assert is_file_name(name)


@pytest.mark.parametrize("value", [10**30, -(2**64), {"a": [{"b": 2**64}]}])
def test_integers_that_msgpack_has_not(value: object) -> None:
    with pytest.raises(ValueError, match="64 bits"):
        check_plain(value)


@pytest.mark.parametrize("value", [msgspec.msgpack.Ext(5, b""), datetime(2026, 1, 1, tzinfo=UTC), {1: 2}, {b"x": 1}])
def test_what_msgpack_has_and_json_has_not(value: object) -> None:
    check_plain([None, True, 1, 1.5, "x", b"x", {"x": []}])
    with pytest.raises(ValueError, match="it has a"):
        check_plain({"a": [value]})


def test_nesting_that_clients_do_not_read() -> None:
    value: object = 2**64 - 1
    for _ in range(63):
        value = [value]
    check_plain(value)
    with pytest.raises(ValueError, match="nested"):
        check_plain([value])


@pytest.mark.parametrize("at", [0, 1, (1 << 20) - 1, 1 << 20, 3 << 20])
def test_utf8_is_checked_across_pieces(at: int) -> None:
    check_utf8(b"x" * at + "é€".encode())
    with pytest.raises(ValueError, match="it is not UTF-8"):
        check_utf8(b"x" * at + "é€".encode()[:-1])


def test_whole_frames_are_decompressed() -> None:
    data = b"some bytes" * 1000
    assert decompress(compress(data, 3), len(data)) == data
    assert decompress(compress(data, 3) + compress(b"more", 3), 1 << 20) == data + b"more"
    assert decompress(compress(b"", 3), 0) == b""
    assert decompress(compress(data, 3), len(data)) == data
    assert decompress(compress(data, 3) + compress(b"more", 3), len(data)) is None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"none",
        compress(b"x" * 5000, 3)[:-1],
        compress(b"x", 3) + b"more",
        lying_frame(b""),
        compress(b"x" * 101, 3),
    ],
)
def test_what_is_not_zstd_or_too_much(data: bytes) -> None:
    assert decompress(data, 100) is None


def test_a_bomb_takes_little_memory() -> None:
    data = bomb(3 << 30)
    assert len(data) < 100_000
    tracemalloc.start()
    try:
        assert decompress(data, 1 << 20) is None
        assert tracemalloc.get_traced_memory()[1] < 100 << 20
    finally:
        tracemalloc.stop()


def test_the_bomb_is_what_it_is_said_to_be() -> None:
    assert zstandard.ZstdDecompressor().decompressobj().decompress(bomb(1 << 20)) == bytes(1 << 20)
