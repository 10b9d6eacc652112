"""The sdist and the wheel: the same bytes from the same files, and in them what is needed and nothing else."""

from __future__ import annotations

import io
import os
import re
import tarfile
import tomllib
import zipfile
from collections.abc import Mapping
from email.parser import HeaderParser
from hashlib import sha256
from pathlib import Path

import pytest

from support.paths import ROOT
from support.release.distributions import build, checkout, shipped

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
VERSION = PROJECT["version"]
WHEEL, SDIST = f"chaninfra-{VERSION}-py3-none-any.whl", f"chaninfra-{VERSION}.tar.gz"
# What an editor, a system or a run of the program leaves beside the sources.
LEFT = [
    "cli/chaninfra/engine/find.py.orig",
    "cli/chaninfra/engine/go/.DS_Store",
    "cli/chaninfra/index/.yank.py.swp",
    "infra/chaninfra/channel/notes.txt",
    "infra/chaninfra/channel/__pycache__/errors.cpython-311.pyc",
    "schemas/channel.schema.json~",
]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, bytes]:
    folder = tmp_path_factory.mktemp("built")
    source = checkout(folder / "source")
    for name in LEFT:
        (source / name).parent.mkdir(exist_ok=True)
        (source / name).write_text("left there")
    return build(source, folder / "dist")


def test_two_builds_have_equal_hashes(tmp_path: Path) -> None:
    first, second = checkout(tmp_path / "a"), checkout(tmp_path / "b" / "elsewhere")
    for path in second.rglob("*"):
        os.utime(path, (1, 1))
        path.chmod(0o700 if path.is_dir() else 0o600)
    one = build(first, tmp_path / "one", umask=0o022, TZ="UTC", LC_ALL="C", PYTHONHASHSEED="1")
    # The wheel first, and alone.
    build(second, tmp_path / "two", "wheel", umask=0o077, TZ="Asia/Tokyo", PYTHONHASHSEED="2")
    two = build(second, tmp_path / "two", "sdist", umask=0o077, TZ="Asia/Tokyo", PYTHONHASHSEED="2")
    hashes = [{name: sha256(data).hexdigest() for name, data in each.items()} for each in (one, two)]
    assert set(hashes[0]) == {WHEEL, SDIST}
    assert hashes[0] == hashes[1]


def test_the_wheel_of_the_sdist_is_the_wheel_of_the_checkout(built: Mapping[str, bytes], tmp_path: Path) -> None:
    with tarfile.open(fileobj=io.BytesIO(built[SDIST])) as archive:
        archive.extractall(tmp_path, filter="data")
    again = build(tmp_path / f"chaninfra-{VERSION}", tmp_path / "dist", "wheel")
    assert sha256(again[WHEEL]).hexdigest() == sha256(built[WHEEL]).hexdigest()


def test_the_wheel_has_the_files_of_the_package_and_no_others(built: Mapping[str, bytes]) -> None:
    about = f"chaninfra-{VERSION}.dist-info/"
    expected = shipped()
    # Of each kind that the program reads at run time, one that must be among them.
    assert {
        "chaninfra/cli/app.py",
        "chaninfra/pulumi/plugin.py",
        "chaninfra/channel/py.typed",
        "chaninfra/schemas/stack-config.schema.json",
        "chaninfra/engine/go/pulumi/go.sum",
        "chaninfra/engine/go/requirements.txt",
    } <= set(expected)
    with zipfile.ZipFile(io.BytesIO(built[WHEEL])) as wheel:
        names = wheel.namelist()
        for name, source in expected.items():
            assert wheel.read(name) == (ROOT / source).read_bytes(), name
    metadata = {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE"}
    assert sorted(names) == sorted([*expected, *(about + name for name in metadata)])


def test_the_sdist_has_what_builds_the_wheel_and_what_people_read(built: Mapping[str, bytes]) -> None:
    with tarfile.open(fileobj=io.BytesIO(built[SDIST])) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    read = {"CHANGELOG.md", "LICENSE", "README.md", "pyproject.toml", ".gitignore", "PKG-INFO"}
    assert names == {*shipped().values(), *read}


def test_the_metadata_name_the_version_and_the_addresses(built: Mapping[str, bytes]) -> None:
    with zipfile.ZipFile(io.BytesIO(built[WHEEL])) as wheel:
        found = HeaderParser().parsestr(wheel.read(f"chaninfra-{VERSION}.dist-info/METADATA").decode())
    assert found["Version"] == VERSION
    assert found["License-Expression"] == "BSD-3-Clause"
    assert found.get_all("Project-URL") == [f"{name}, {url}" for name, url in PROJECT["urls"].items()]
    # The page of a package on an index has no files beside it.
    links = re.findall(r"\]\((.*?)\)", found.get_payload())
    own = [link for link in links if link.startswith(f"{PROJECT['urls']['Repository']}/")]
    assert set(links) - set(own) == {"https://www.pulumi.com/docs/install/"}
    files = {re.sub(rf"^.*?/(blob|raw)/v{re.escape(VERSION)}/", "", link) for link in own}
    assert len(files) > 20
    assert all((ROOT / file).exists() for file in files)
    assert f"/raw/v{VERSION}/docs/upload.svg)" in found.get_payload()
    assert set(found.get_all("Provides-Extra") or ()) == set(PROJECT["optional-dependencies"])
