"""The checks of package files before an upload."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rattler_build import ArchiveType

from chaninfra.channel.errors import ConfigurationError
from chaninfra.index.package.local_file import read
from support.channels.archives import conda, index_json, tar_bz2
from support.channels.packages import make_package
from support.paths import DATA


@pytest.mark.parametrize("archive", ArchiveType)
def test_the_metadata_of_a_package_file(tmp_path: Path, archive: ArchiveType) -> None:
    path = make_package(tmp_path, "tool", "1!2.01a", "h_1", "linux-64", archive=archive)
    package = read(path)
    assert (package.name, package.version, package.build, package.subdir) == ("tool", "1!2.01a", "h_1", "linux-64")
    assert package.path_in_channel == f"linux-64/{path.name}"
    assert package.size == path.stat().st_size
    assert package.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def refused(path: Path) -> str:
    with pytest.raises(ConfigurationError) as caught:
        read(path)
    assert caught.value.where == str(path)
    assert caught.value.remedy
    return str(caught.value)


def test_a_renamed_package_is_refused_with_its_right_name(tmp_path: Path) -> None:
    path = make_package(tmp_path, "tool", "1.0").rename(tmp_path / "tool-2.0-0.conda")
    assert "name the file tool-1.0-0.conda" in refused(path)


def test_a_missing_file(tmp_path: Path) -> None:
    assert "No such file" in refused(tmp_path / "tool-1.0-0.conda")


def test_a_folder_with_the_name_of_a_package(tmp_path: Path) -> None:
    (tmp_path / "tool-1.0-0.conda").mkdir()
    assert "directory" in refused(tmp_path / "tool-1.0-0.conda")


def test_a_folder_of_packages_is_told_how_to_name_its_files(tmp_path: Path) -> None:
    assert f"name the files in it: {tmp_path}/*.conda" in refused(tmp_path)


def test_a_pattern_that_the_shell_did_not_replace(tmp_path: Path) -> None:
    assert "no file has a name like this" in refused(tmp_path / "*.conda")


@pytest.mark.parametrize("name", ["tool-1.0-0.conda", "tool-1.0-0.tar.bz2"])
@pytest.mark.parametrize("content", [b"", b"no package", b"PK\x05\x06" + bytes(18)])
def test_a_file_that_is_not_a_package(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    assert "not a conda package" in refused(path)


def test_a_truncated_package(tmp_path: Path) -> None:
    path = make_package(tmp_path, "tool", "1.0")
    path.write_bytes(path.read_bytes()[:-100])
    assert "not a conda package" in refused(path)


def test_a_file_with_another_suffix(tmp_path: Path) -> None:
    path = tmp_path / "tool.whl"
    path.touch()
    assert ".conda or .tar.bz2" in refused(path)


OLD = [
    ({"platform": "linux", "arch": "x86_64"}, "linux-64"),
    ({"platform": "win", "arch": "x86"}, "win-32"),
    ({"platform": "linux", "arch": "armv7l"}, "linux-armv7l"),
    ({"platform": "linux", "arch": "ppc64le"}, "linux-ppc64le"),
    ({"platform": "osx", "arch": "arm64"}, "osx-arm64"),
    ({"platform": "linux", "arch": None}, "noarch"),
    ({"platform": None, "arch": None, "noarch": "python"}, "noarch"),
    ({"noarch": "generic"}, "noarch"),
    ({"platform": "linux", "arch": "x86_64", "noarch": True}, "noarch"),
]
"""Fields of an index.json without a subdir, as conda-build wrote it until 2016, and the subdir of the package."""


@pytest.mark.parametrize(("fields", "subdir"), OLD, ids=str)
@pytest.mark.parametrize("suffix", [".tar.bz2", ".conda"])
def test_an_old_package_is_for_the_subdir_of_its_platform_and_arch(
    tmp_path: Path, suffix: str, fields: dict[str, Any], subdir: str
) -> None:
    index = {**index_json("old"), **fields}
    del index["subdir"]
    path = tmp_path / f"old-1-0{suffix}"
    path.write_bytes((conda if suffix == ".conda" else tar_bz2)(index))
    package = read(path)
    assert package.path_in_channel == f"{subdir}/{path.name}"
    record = msgspec.json.decode(package.package.index_record(path.name, package.subdir).encode(0))
    assert record["subdir"] == subdir


def test_an_old_package_that_somebody_published() -> None:
    assert read(DATA / "cases/a13-no-subdir/oldarch-1-0.tar.bz2").subdir == "linux-64"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({}, "its info/index.json has neither `subdir` nor `platform`"),
        (
            {"platform": "linux", "arch": "vax"},
            "the package is for the subdir linux-vax, which chaninfra does not know",
        ),
        ({"platform": "beos", "arch": "x86"}, "the package is for the subdir beos-32, which chaninfra does not know"),
        ({"subdir": "freebsd-64"}, "the package is for the subdir freebsd-64, which chaninfra does not know"),
    ],
    ids=str,
)
def test_a_package_whose_subdir_is_not_known_is_refused(tmp_path: Path, fields: dict[str, Any], says: str) -> None:
    index = {**index_json("old"), **fields}
    if "subdir" not in fields:
        del index["subdir"]
    path = tmp_path / "old-1-0.conda"
    path.write_bytes(conda(index))
    said = refused(path)
    assert says in said
    assert "did you mean" not in said
