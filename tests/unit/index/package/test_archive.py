"""The package reader: for any bytes it raises one error class, in bounded memory."""

from __future__ import annotations

import bz2
import hashlib
import io
import json
import random
import tarfile
import tempfile
import tracemalloc
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from chaninfra.channel.conda.filenames import PACKAGE_SUFFIXES, Suffix
from chaninfra.channel.errors import ConflictError
from chaninfra.index.package.archive import IndexedPackage, UnreadablePackageError, read_chunks, read_data, read_file
from support.channels.archives import METADATA, conda, index_json, tar, tar_bz2, write, zipped
from support.example_counts import MANY

INDEX = json.dumps(index_json()).encode()
MAKERS = {".conda": conda, ".tar.bz2": tar_bz2}
MEMORY = 32 << 20


def chunks(data: bytes, size: int = 1000) -> Iterator[bytes]:
    return (data[at : at + size] for at in range(0, len(data), size))


def read_stream(data: bytes, suffix: Suffix, size: int = 1000, again: list[int] | None = None) -> IndexedPackage:
    """Read a package that comes in chunks of this size; `again` gets the lengths of what was asked for once more."""

    def at(start: int, length: int) -> bytes:
        if again is not None:
            again.append(length)
        return data[start : start + length]

    return read_chunks(chunks(data, size), suffix, at)


def refused(data: bytes, suffix: Suffix = ".conda") -> str:
    """The text of the error; asserts that little memory is used."""
    tracemalloc.start()
    try:
        with pytest.raises(UnreadablePackageError) as caught:
            read_stream(data, suffix, 1 << 16)
        assert tracemalloc.get_traced_memory()[1] < MEMORY
    finally:
        tracemalloc.stop()
    assert caught.value.sha256 == hashlib.sha256(data).hexdigest()
    return str(caught.value)


def info_zip(info: bytes, **more: bytes) -> bytes:
    return zipped({"metadata.json": METADATA, "info-x-1-0.tar.zst": info, **more})


@pytest.mark.parametrize("suffix", PACKAGE_SUFFIXES)
def test_a_stream_and_a_file_are_read_alike(tmp_path: Path, suffix: Suffix) -> None:
    data = MAKERS[suffix](index_json(), payload=bytes(100_000))
    package = read_stream(data, suffix)
    assert package == read_file(write(tmp_path, data, f"x-1-0{suffix}"), suffix) == read_data(data, suffix)
    assert (package.size, package.md5) == (len(data), hashlib.md5(data, usedforsecurity=False).hexdigest())
    assert package.sha256 == hashlib.sha256(data).hexdigest()


def test_a_large_stream_takes_little_memory() -> None:
    data = zipped({"pkg-x-1-0.tar.zst": bytes(100 << 20), "metadata.json": METADATA,
                   "info-x-1-0.tar.zst": zstandard.compress(tar({"info/index.json": INDEX}))})  # fmt: skip
    tracemalloc.start()
    try:
        package = read_stream(data, ".conda", 1 << 16)
        assert tracemalloc.get_traced_memory()[1] < MEMORY
    finally:
        tracemalloc.stop()
    assert package.size == len(data)


@pytest.mark.parametrize("info_at", [0, 1, 2])
def test_a_large_package_is_read_without_a_file_on_disk(info_at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever its metadata are in it: at the beginning, in the middle, at the end."""
    monkeypatch.setattr(tempfile, "tempdir", "/nowhere")
    # Does not become small by compression.
    noise = random.Random(1).randbytes(3 << 20)
    info = zstandard.compress(tar({"info/test": noise, "info/index.json": INDEX}))
    members = [("metadata.json", METADATA), ("pkg-x-1-0.tar.zst", bytes(20 << 20)), ("icon", bytes(20 << 20))]
    members.insert(info_at + 1, ("info-x-1-0.tar.zst", info))
    data = zipped(dict(members))
    again: list[int] = []
    package = read_stream(data, ".conda", 8 << 20, again)
    assert package == read_data(data, ".conda")
    # At the end it was kept; else no more than it is read again, in blocks.
    assert bool(again) == (info_at < 2)
    assert sum(again) <= len(info) + (2 << 20)
    assert len(again) <= 6


def test_an_error_while_it_is_read_again_is_passed_on() -> None:
    info = zstandard.compress(tar({"info/index.json": INDEX}))
    data = zipped(
        {"metadata.json": METADATA, "icon": bytes(1 << 20), "info-x-1-0.tar.zst": info, "pkg": bytes(9 << 20)}
    )

    def gone(*_: int) -> bytes:
        raise ConflictError("it was deleted meanwhile")

    with pytest.raises(ConflictError):
        read_chunks(chunks(data, 1 << 20), ".conda", gone)


def test_what_is_shorter_when_it_is_read_again_is_no_package() -> None:
    info = zstandard.compress(tar({"info/index.json": INDEX}))
    data = zipped(
        {"metadata.json": METADATA, "icon": bytes(1 << 20), "info-x-1-0.tar.zst": info, "pkg": bytes(9 << 20)}
    )
    with pytest.raises(UnreadablePackageError):
        read_chunks(chunks(data, 1 << 20), ".conda", lambda *_: b"")


@pytest.mark.parametrize("suffix", PACKAGE_SUFFIXES)
@pytest.mark.parametrize("data", [b"", b"no package", b"PK\x05\x06" + bytes(18), bytes(1 << 20), b"BZh9" + bytes(100)])
def test_files_that_are_not_packages(data: bytes, suffix: Suffix) -> None:
    assert refused(data, suffix).startswith("is not a conda package: ")


@pytest.mark.parametrize("suffix", PACKAGE_SUFFIXES)
def test_truncated_packages(suffix: Suffix) -> None:
    data = MAKERS[suffix](index_json(), payload=bytes(range(256)) * 10)
    for part in (1, 2, 3):
        assert refused(data[: len(data) * part // 4], suffix).startswith("is not a conda package: ")


CONDA, BZ2 = (MAKERS[suffix](index_json(), payload=bytes(range(256)) * 10) for suffix in (".conda", ".tar.bz2"))


@pytest.mark.parametrize(
    ("data", "suffix", "says"),
    [
        (CONDA[: len(CONDA) // 2], ".conda", "it is truncated, its end is missing"),
        (BZ2[: len(BZ2) // 2], ".tar.bz2", "it is truncated, its end is missing"),
        (b"", ".conda", "it is empty"),
        (b"", ".tar.bz2", "it is empty"),
        (BZ2, ".conda", "it is a .tar.bz2 with the name of a .conda"),
        (CONDA, ".tar.bz2", "it is a .conda with the name of a .tar.bz2"),
        (b"\n<!DOCTYPE html>", ".conda", "it is no .conda, but begins like a web page"),
        (b"<html>", ".tar.bz2", "it is no .tar.bz2, but begins like a web page"),
        (b"hello", ".conda", "it is no .conda"),
        (b"hello", ".tar.bz2", "it is no .tar.bz2"),
        (BZ2[:20] + b"zzzz" + BZ2[24:], ".tar.bz2", "it is damaged (Invalid data stream)"),
    ],
)
def test_what_a_file_is_that_is_no_package(data: bytes, suffix: Suffix, says: str) -> None:
    wanted = f"is not a conda package: {says} ({len(data):,} bytes)"
    assert refused(data, suffix) == wanted
    assert "zip" not in wanted


@pytest.mark.parametrize("suffix", PACKAGE_SUFFIXES)
def test_a_package_without_index_json(suffix: Suffix) -> None:
    other = tar({"info/about.json": b"{}"})
    data = info_zip(zstandard.compress(other)) if suffix == ".conda" else bz2.compress(other)
    assert refused(data, suffix) == "is not a conda package: it has no info/index.json"


def test_a_decompression_bomb() -> None:
    # A member of 2 GiB of zeros, compressed to less than 200 kB.
    header = tarfile.TarInfo("info/zeros")
    header.size = 2 << 30
    head, zeros = header.tobuf(), zstandard.compress(bytes(32 << 20), 19)
    data = info_zip(zstandard.compress(head) + zeros * 64)
    assert len(data) < 200_000
    assert "too large" in refused(data)
    assert "too large" in refused(bz2.compress(head) + bz2.compress(bytes(32 << 20)) * 64, ".tar.bz2")


def test_too_many_members() -> None:
    member = tar({"info/a": b""})[:512]
    data = info_zip(zstandard.compress(member * 100_001))
    assert "too many members" in refused(data)


@pytest.mark.parametrize("suffix", PACKAGE_SUFFIXES)
def test_a_huge_index_json(suffix: Suffix) -> None:
    index = json.dumps(index_json(license="x" * (5 << 20))).encode()
    assert "larger than 4,194,304 bytes" in refused(MAKERS[suffix](index), suffix)


def test_a_tar_header_with_a_name_of_half_a_gigabyte() -> None:
    header = tarfile.TarInfo("././@LongLink")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, 1 << 29
    assert "larger than" in refused(info_zip(zstandard.compress(header.tobuf(tarfile.GNU_FORMAT) + bytes(1 << 20))))


@pytest.mark.parametrize("name", ["../evil", "info/../../evil", "/etc/passwd", "info\\..\\..\\evil"])
def test_paths_that_lead_out_of_the_package(name: str) -> None:
    info = tar({name: b"", "info/index.json": INDEX})
    assert "leads out of it" in refused(info_zip(zstandard.compress(info)))
    assert "leads out of it" in refused(bz2.compress(info), ".tar.bz2")
    assert "leads out of it" in refused(zipped({name: b"", "info-x.tar.zst": zstandard.compress(info)}))


def test_an_index_json_that_is_a_link() -> None:
    link = tarfile.TarInfo("info/index.json")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    assert "is not a regular file" in refused(info_zip(zstandard.compress(link.tobuf() + bytes(1024))))


def test_invalid_zips() -> None:
    info = zstandard.compress(tar({"info/index.json": INDEX}))
    good = info_zip(info)
    assert "compressed by the zip" in refused(zipped({"info-x-1-0.tar.zst": info}, zipfile.ZIP_DEFLATED))
    assert "it has 2 info-" in refused(zipped({"info-x.tar.zst": info, "info-y.tar.zst": info}))
    assert "it has no info-" in refused(zipped({"metadata.json": METADATA}))
    # Set the flag of an encrypted member in the table of contents.
    at = good.rindex(b"PK\x01\x02") + 8
    assert "encrypted" in refused(good[:at] + b"\x01" + good[at + 1 :])
    at = good.rindex(b"PK\x01\x02") + 42
    assert "is missing" in refused(good[:at] + b"\xf0\x00" + good[at + 2 :])
    assert "is not a conda package" in refused(info_zip(b"no zstd"))
    assert "is not a conda package" in refused(info_zip(zstandard.compress(b"no tar" * 1000)))


def test_a_stream_and_bytes_give_the_same_error() -> None:
    data = zipped({"metadata.json": METADATA})
    with pytest.raises(UnreadablePackageError, match="it has no info-") as caught:
        read_data(data, ".conda")
    assert (str(caught.value), caught.value.sha256) == (refused(data), hashlib.sha256(data).hexdigest())


@pytest.mark.parametrize(
    ("metadata", "said"),
    [(b'{"conda_pkg_format_version": 3}', "format version 3"), (b"{}", "not valid"), (b"[" * 9999, "not valid")],
)
def test_another_format_version(metadata: bytes, said: str) -> None:
    info = zstandard.compress(tar({"info/index.json": INDEX}))
    assert said in refused(zipped({"metadata.json": metadata, "info-x.tar.zst": info}))


def test_a_table_of_contents_that_is_too_large() -> None:
    assert "too large" in refused(zipped({f"{number:0100}": b"" for number in range(9000)}))


@pytest.mark.parametrize("layout", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT])
def test_all_tar_formats_are_read(layout: int) -> None:
    """Long and non-ASCII names, folders and large numbers before the index.json."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=layout) as archive:
        for name in ("d/" * 60 + "f" * 90, *(("é" * 120, "x" * 300) if layout != tarfile.USTAR_FORMAT else ())):
            info = tarfile.TarInfo(name)
            info.size = 700
            info.uid = 5 if layout == tarfile.USTAR_FORMAT else 1 << 40
            archive.addfile(info, io.BytesIO(bytes(700)))
        folder = tarfile.TarInfo("info")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        index = tarfile.TarInfo("info/index.json")
        index.size = len(INDEX)
        archive.addfile(index, io.BytesIO(INDEX))
    assert read_stream(bz2.compress(data.getvalue()), ".tar.bz2").index.name == "x"


def read_any(data: bytes, suffix: Suffix) -> IndexedPackage | None:
    try:
        return read_stream(data, suffix)
    except UnreadablePackageError:
        return None


@given(st.binary(max_size=5000), st.sampled_from(PACKAGE_SUFFIXES))
@settings(deadline=None)
def test_random_bytes_raise_only_the_error(data: bytes, suffix: Suffix) -> None:
    assert read_any(data, suffix) is None


EDITS = st.lists(st.tuples(st.integers(0, 1 << 20), st.binary(max_size=8), st.integers(0, 8)), min_size=1, max_size=4)


def edited(data: bytes, edits: list[tuple[int, bytes, int]]) -> bytes:
    for at, new, removed in edits:
        at %= len(data) + 1
        data = data[:at] + new + data[at + removed :]
    return data


@given(EDITS, st.sampled_from(["zip", "bz2", "tar", "tar in zip", "json"]))
@MANY
def test_damaged_packages_raise_only_the_error(edits: list[tuple[int, bytes, int]], where: str) -> None:
    info = tar({"info/" + "a" * 120: b"a", "info/index.json": INDEX})
    match where:
        case "zip":
            read_any(edited(conda(index_json()), edits), ".conda")
        case "bz2":
            read_any(edited(bz2.compress(info), edits), ".tar.bz2")
        case "tar":
            read_any(bz2.compress(edited(info, edits)), ".tar.bz2")
        case "tar in zip":
            read_any(info_zip(zstandard.compress(edited(info, edits))), ".conda")
        case "json":
            read_any(conda(edited(INDEX, edits)), ".conda")


def test_an_error_of_the_source_is_passed_on() -> None:
    def broken() -> Iterator[bytes]:
        yield b"BZh9"
        raise OSError("the line is cut")

    for suffix in PACKAGE_SUFFIXES:
        with pytest.raises(OSError, match="the line is cut"):
            read_chunks(broken(), suffix, lambda *_: b"")


@pytest.mark.parametrize("size", [*range(1, 12), 1000])
def test_the_streams_of_a_bz2_are_counted(size: int) -> None:
    """As pbzip2 writes them; those after the metadata are counted too."""
    whole = tar_bz2(index_json(), payload=bytes(range(256)) * 40)
    plain = bz2.decompress(whole)
    for pieces in (1, 2, 7):
        step = -(-len(plain) // pieces)
        data = b"".join(bz2.compress(plain[at : at + step]) for at in range(0, len(plain), step)) + bz2.compress(b"")
        package = read_stream(data, ".tar.bz2", size)
        assert (package.streams, package.sha256) == (pieces + 1, hashlib.sha256(data).hexdigest())
    assert read_data(whole, ".tar.bz2").streams == read_data(conda(index_json()), ".conda").streams == 1
