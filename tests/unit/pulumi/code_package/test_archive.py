"""Zip files whose bytes depend on their content alone."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from chaninfra.pulumi.code_package.archive import entries, stored, write_archive


def test_what_is_written_is_a_zip_with_the_content(tmp_path: Path) -> None:
    content = {"b.py": b"b", "a/é.py": b"x" * 1000, "empty": b""}
    write_archive(tmp_path / "new.zip", [stored(name, data) for name, data in content.items()])
    with zipfile.ZipFile(tmp_path / "new.zip") as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == content
        assert archive.namelist() == sorted(content)
        for info in archive.infolist():
            assert info.date_time == (1980, 1, 1, 0, 0, 0)
            assert info.external_attr >> 16 == 0o100644
            assert not info.extra


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_compressed_bytes_are_taken_over_as_they_are(tmp_path: Path, method: int) -> None:
    """Of a zip with times, modes, folders, comments, and sizes that come after the data."""
    with (tmp_path / "old.zip").open("wb") as raw, zipfile.ZipFile(raw, "w", method) as archive:
        archive.mkdir("folder")
        for name in ("folder/b", "a"):
            info = zipfile.ZipInfo(name, (2024, 2, 3, 4, 5, 6))
            info.compress_type, info.external_attr, info.comment = method, 0o100700 << 16, b"a note"
            info.extra = b"\xfe\xca\4\0abcd"
            with archive.open(info, "w") as file:
                file.write(b"hello " * 500)
    taken = [*entries(tmp_path / "old.zip")]
    assert [entry.name for entry in taken] == ["folder/b", "a"]
    write_archive(tmp_path / "new.zip", taken)
    with zipfile.ZipFile(tmp_path / "new.zip") as archive:
        assert archive.testzip() is None
        assert archive.read("folder/b") == b"hello " * 500
    assert {entry.data for entry in entries(tmp_path / "new.zip")} == {taken[0].data}
    assert (len(taken[0].data) < 100) == (method == zipfile.ZIP_DEFLATED)


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="two files are named a"):
        write_archive(tmp_path / "new.zip", [stored("a", b"1"), stored("b", b""), stored("a", b"2")])
