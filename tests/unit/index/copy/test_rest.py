"""Pieces of a file that is read once more."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import IO, Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from chaninfra.index.copy import streaming
from chaninfra.index.copy.rest import Rest
from chaninfra.index.copy.transfer import Transfer
from support.channels.archives import METADATA, index_json, tar, zipped
from support.channels.stored_source import StoredSource
from support.index_model.memory_store import MemoryStore, SequentialRuntime
from support.index_model.processes import channel


class File:
    """A file, and how often it was begun, and ended."""

    def __init__(self, data: bytes, chunk: int) -> None:
        self.data, self.chunk = data, chunk
        self.begun = self.ended = 0

    def chunks(self) -> Iterator[bytes]:
        self.begun += 1
        try:
            for at in range(0, len(self.data), self.chunk):
                yield self.data[at : at + self.chunk]
        finally:
            self.ended += 1


@given(st.binary(max_size=60), st.integers(1, 9), st.lists(st.tuples(st.integers(0, 70), st.integers(1, 20))))
def test_it_cuts_as_a_slice_does(data: bytes, chunk: int, pieces: list[tuple[int, int]]) -> None:
    file = File(data, chunk)
    rest = Rest(file.chunks)
    for start, length in pieces:
        assert rest.cut(start, length) == data[start : start + length]
    rest.close()
    assert file.ended == file.begun


def test_pieces_that_follow_each_other_take_one_passage() -> None:
    file = File(bytes(range(100)), 8)
    rest = Rest(file.chunks)
    for start in range(10, 90, 5):
        rest.cut(start, 5)
    assert file.begun == 1
    rest.cut(4, 2)
    assert file.begun == 2


def test_a_package_whose_metadata_come_first_is_read_twice_and_not_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are large, and what follows them is more than what is kept of the end."""
    info = {"info/icon.png": os.urandom(12 << 20), "info/index.json": json.dumps(index_json()).encode()}
    data = zipped(
        {
            "metadata.json": METADATA,
            "info-x-1-0.tar.zst": zstandard.compress(tar(info), 1),
            "pkg-x-1-0.tar.zst": zstandard.compress(tar({"share/x": os.urandom(6 << 20)}), 1),
        }
    )
    sent: list[int] = []

    def put_large(target: object, key: str, file: IO[bytes], *_: object, **__: Any) -> str:
        """A stand-in for the upload in parts, which needs an S3 server."""
        while piece := file.read(1 << 20):
            sent.append(len(piece))
        return '"etag"'

    monkeypatch.setattr(streaming, "put_large", put_large)
    monkeypatch.setattr(streaming, "goes_in_parts", lambda _: True)
    source = StoredSource(MemoryStore())
    brought = Transfer(source, channel(MemoryStore(), SequentialRuntime())).bring(
        source.add("x-1-0.conda", data), lambda _: None
    )
    assert brought.way == "streamed"
    assert sum(sent) == len(data)
    assert len(source.read) == 2
