"""A stream as a file that can be read anywhere."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaninfra.index.package import reread
from chaninfra.index.package.reread import Reread
from support.example_counts import MANY

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("seek"), st.integers(-80, 80), st.sampled_from([io.SEEK_SET, io.SEEK_CUR, io.SEEK_END])),
        st.tuples(st.just("read"), st.integers(-1, 70), st.just(0)),
    ),
    max_size=12,
)


def small(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, size in {"FIRST": 4, "LAST": 6, "_BLOCK": 8}.items():
        monkeypatch.setattr(reread, name, size)


@given(st.binary(max_size=70), st.integers(1, 20), STEPS)
@settings(MANY, deadline=None)
def test_it_reads_as_any_file(data: bytes, chunk: int, steps: list[tuple[str, int, int]]) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        small(monkeypatch)
        asked: list[tuple[int, int]] = []

        def again(start: int, length: int) -> bytes:
            asked.append((start, length))
            return data[start : start + length]

        ours, theirs = Reread(again), io.BytesIO(data)
        for at in range(0, len(data), chunk):
            ours.take(data[at : at + chunk])
        for kind, number, whence in steps:
            if kind == "read":
                assert ours.read(number) == theirs.read(number)
            elif (len(data) if whence == io.SEEK_END else theirs.tell() if whence else 0) + number < 0:
                with pytest.raises(ValueError, match="negative seek value"):
                    ours.seek(number, whence)
            else:
                assert ours.seek(number, whence) == theirs.seek(number, whence)
            assert ours.tell() == theirs.tell()
        for start, length in asked:
            assert start % 8 == 0
            assert 0 < length <= 8
            assert start + length <= len(data)


def test_what_came_first_and_last_is_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    small(monkeypatch)

    def never(*_: int) -> bytes:
        raise AssertionError

    file = Reread(never)
    for chunk in (b"01", b"23456789", b"abcdefghij", b"k", b"l"):
        file.take(chunk)
    assert file.read(4) == b"0123"
    file.seek(-6, io.SEEK_END)
    assert file.read() == b"ghijkl"


def test_of_any_chunks_it_holds_little(monkeypatch: pytest.MonkeyPatch) -> None:
    small(monkeypatch)
    for size in (1, 5, 6, 100):
        file = Reread(lambda *_: b"")
        for _ in range(50):
            file.take(bytes(size))
            assert sum(map(len, file._chunks)) < 2 * reread.LAST
