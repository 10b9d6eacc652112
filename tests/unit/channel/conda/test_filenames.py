"""File names of packages, and the places of their records."""

from __future__ import annotations

import pytest

from chaninfra.channel.conda.filenames import PackageFileName, file_name, key_in, table_and_key


@pytest.mark.parametrize(
    ("file", "parts"),
    [
        ("numpy-base-2.1.0-py312_0.conda", ("numpy-base", "2.1.0", "py312_0", ".conda")),
        ("a-1-0.tar.bz2", ("a", "1", "0", ".tar.bz2")),
        ("a-1-0.whl", ("a", "1", "0", ".whl")),
        ("a-1-0.zip", ("a", "1", "0.zip", "")),
        ("a-1.conda", ("a", "1", "", ".conda")),
        ("a.conda", ("a", "", "", ".conda")),
    ],
)
def test_the_parts_of_a_file_name(file: str, parts: tuple[str, str, str, str]) -> None:
    assert PackageFileName.parse(file) == parts


@pytest.mark.parametrize(
    ("file", "v3", "place"),
    [
        ("a-1-0.conda", False, ("packages.conda", "a-1-0.conda")),
        ("a-1-0.tar.bz2", False, ("packages", "a-1-0.tar.bz2")),
        ("a-1-0.conda", True, ("v3.conda", "a-1-0")),
        ("a-1-0.tar.bz2", True, ("v3.tar.bz2", "a-1-0")),
    ],
)
def test_the_place_of_a_record_and_back(file: str, place: tuple[str, str], *, v3: bool) -> None:
    assert table_and_key(file, v3=v3) == place
    assert file_name(*place) == file
    assert key_in(place[0], file) == place[1]


def test_a_v3_key_may_have_the_suffix() -> None:
    assert file_name("v3.conda", "a-1-0.conda") == "a-1-0.conda"
