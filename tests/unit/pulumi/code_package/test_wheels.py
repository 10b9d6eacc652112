"""The wheels of the function: their locks, and what is said where they cannot be had."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from zipfile import ZipFile

import pytest

from chaninfra.channel.errors import ChaninfraError
from chaninfra.pulumi import code_package as package
from chaninfra.pulumi.code_package import code_package
from chaninfra.pulumi.code_package import wheels as module
from chaninfra.pulumi.code_package.wheels import MACHINES, Architecture, lock_of, locked_wheels, pinned
from code_package_lock import locked, needed


@pytest.mark.parametrize("architecture", MACHINES)
def test_the_lock_has_what_is_needed_in_the_versions_of_requirements_lock(architecture: Architecture) -> None:
    """`make lock` writes it."""
    pins = pinned(lock_of(architecture))
    assert len(pins) == len(lock_of(architecture).splitlines()) - 1
    ours = {pin.partition("==")[0]: (pin.partition("==")[2], digest) for digest, pin in pins.items()}
    assert ours.keys() == needed(architecture)
    theirs = locked()
    for name, (version, digest) in ours.items():
        assert theirs[name][0] == version, name
        assert digest in theirs[name][1], name


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that pip takes as its index, an empty cache, and a lock with the wheel `thing` alone."""
    folder = tmp_path / "index"
    folder.mkdir()
    for name, value in {
        "HOME": tmp_path / "home",
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": folder,
        "PIP_CONFIG_FILE": os.devnull,
        # What is set for other uses of pip.
        "PIP_CONSTRAINT": "/nowhere",
        "PIP_NO_BINARY": ":all:",
        "PIP_TARGET": "/nowhere",
    }.items():
        monkeypatch.setenv(name, str(value))
    for name in ("PIP_INDEX_URL", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    wheel = make_wheel(folder, "thing", "py3-none-any")
    monkeypatch.setattr(module, "lock_path", lambda _: tmp_path / "x86_64.lock")
    lock(tmp_path, {"thing": wheel})
    return folder


def make_wheel(folder: Path, name: str, tag: str, text: str = "") -> bytes:
    """A wheel, and its bytes."""
    path = folder / f"{name}-1.0-{tag}.whl"
    with ZipFile(path, "w") as archive:
        archive.writestr(f"{name}.py", text)
        archive.writestr(f"{name}-1.0.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(f"{name}-1.0.dist-info/WHEEL", f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: {tag}\n")
        archive.writestr(f"{name}-1.0.dist-info/RECORD", "")
    return path.read_bytes()


def lock(folder: Path, wheels: Mapping[str, bytes]) -> None:
    """Write the lock: name → wheel."""
    lines = [f"{name}==1.0 --hash=sha256:{hashlib.sha256(wheel).hexdigest()}\n" for name, wheel in wheels.items()]
    (folder / "x86_64.lock").write_text("# A note.\n" + "".join(lines))


def test_they_are_downloaded_once(index: Path) -> None:
    lines: list[str] = []
    (wheel,) = locked_wheels("x86_64", lines.append)
    assert (wheel.name, lines) == (
        "thing-1.0-py3-none-any.whl",
        ["downloading 1 wheels for the function in AWS Lambda"],
    )
    (index / wheel.name).unlink()
    assert locked_wheels("x86_64", lines.append) == [wheel]
    assert len(lines) == 1


def test_they_are_for_the_platform_of_lambda(index: Path, tmp_path: Path) -> None:
    tags = ["cp313-cp313-manylinux_2_34_x86_64", "cp310-abi3-manylinux_2_24_x86_64", "cp39-abi3-manylinux2014_x86_64"]
    wanted = {f"native-{number}": tag for number, tag in enumerate(tags)}
    lock(tmp_path, {name: make_wheel(index, name.replace("-", "_"), tag) for name, tag in wanted.items()})
    found = [path.name for path in locked_wheels("x86_64", lambda _: None)]
    assert found == [f"native_{number}-1.0-{tag}.whl" for number, tag in enumerate(tags)]


@pytest.mark.parametrize("tag", ["cp313-cp313-manylinux_2_35_x86_64", "cp313-cp313-manylinux_2_28_aarch64"])
def test_those_for_other_platforms_are_not_taken(index: Path, tmp_path: Path, tag: str) -> None:
    lock(tmp_path, {"native": make_wheel(index, "native", tag)})
    with pytest.raises(ChaninfraError, match=r"No matching distribution found for native==1\.0"):
        locked_wheels("x86_64", lambda _: None)


def test_a_wheel_with_other_bytes_is_an_error_that_names_it(index: Path) -> None:
    make_wheel(index, "thing", "py3-none-any", "other")
    with pytest.raises(
        ChaninfraError, match=r"the package index has other bytes than the lock for thing==1\.0"
    ) as caught:
        locked_wheels("x86_64", lambda _: None)
    assert "PIP_INDEX_URL" in str(caught.value.remedy)


def test_without_a_network_it_says_what_to_do(index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", "http://user:secret@127.0.0.1:1/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    with pytest.raises(ChaninfraError, match="pip cannot reach the package index") as caught:
        locked_wheels("x86_64", lambda _: None)
    assert "set PIP_INDEX_URL" in str(caught.value.remedy)
    assert "secret" not in str(caught.value)
    # Nothing half is left.
    assert not list((tmp_path / "home").rglob("*.whl"))


def test_a_cache_that_was_changed_is_not_used(index: Path) -> None:
    (wheel,) = locked_wheels("x86_64", lambda _: None)
    wheel.write_bytes(b"other")
    with pytest.raises(ChaninfraError, match=r"thing-1\.0-py3-none-any\.whl, thing==1\.0") as caught:
        locked_wheels("x86_64", lambda _: None)
    assert caught.value.where == str(wheel.parent)
    assert caught.value.remedy == f"remove the folder, then try again: rm -r {wheel.parent}"


def test_a_python_without_pip_uses_the_one_on_path(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "find_spec", lambda _: None)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(ChaninfraError, match="there is no pip") as caught:
        locked_wheels("x86_64", lambda _: None)
    assert "-m ensurepip, or with uv: uv pip install pip" in str(caught.value.remedy)
    (tmp_path / "bin").mkdir()
    program = tmp_path / "bin" / "pip3"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m pip "$@"\n')
    program.chmod(0o755)
    assert len(locked_wheels("x86_64", lambda _: None)) == 1


def test_a_pip_that_does_not_start_is_an_error(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(ChaninfraError, match="pip does not start: No such file or directory"):
        locked_wheels("x86_64", lambda _: None)


def test_two_builds_have_equal_bytes(index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In other folders, at other times, with another umask."""
    found = []
    for number, mask in enumerate((0o022, 0o077)):
        monkeypatch.setenv("HOME", str(tmp_path / f"home-{number}"))
        monkeypatch.setenv("TZ", ["UTC", "Asia/Tokyo"][number])
        before = os.umask(mask)
        try:
            found.append(code_package("x86_64"))
        finally:
            os.umask(before)
        os.utime(index / "thing-1.0-py3-none-any.whl", (1, 1))
    one, two = found
    assert one.path != two.path
    assert one.path.read_bytes() == two.path.read_bytes()
    assert (one.sha256, one.size) == (two.sha256, two.size)
    assert (one.sha256, one.size) == (hashlib.sha256(one.path.read_bytes()).hexdigest(), one.path.stat().st_size)
    with ZipFile(one.path) as archive:
        assert {"thing.py", "thing-1.0.dist-info/METADATA"} <= {*archive.namelist()}


def test_other_code_makes_another_package(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = code_package("x86_64")
    assert code_package("x86_64") == one
    own = package.own_entries()
    monkeypatch.setattr(package, "own_entries", lambda: [*own, package.archive.stored("chaninfra/more.py", b"")])
    other = code_package("x86_64")
    assert (other.path.parent.parent, other.sha256 != one.sha256) == (one.path.parent.parent, True)
    assert one.path.exists()


def test_a_cache_that_cannot_be_written_is_an_error(
    index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("HOME", str(tmp_path / "file"))
    with pytest.raises(ChaninfraError, match="cannot be kept there: Not a directory") as caught:
        code_package("x86_64")
    assert "XDG_CACHE_HOME names another folder" in str(caught.value.remedy)


def test_what_was_not_used_for_a_month_is_removed(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    used = code_package("x86_64").path.parent
    long_ago = time.time() - 31 * 86_400
    for name in ("arm64-old", "arm64-new"):
        (used.parent / name).mkdir()
        (used.parent / name / "follower.zip").touch()
    for path in (used, used.parent / "arm64-old"):
        os.utime(path, (long_ago, long_ago))
    assert code_package("x86_64").path.exists()
    assert not (used.parent / "arm64-old").exists()
    assert (used.parent / "arm64-new").exists()


def test_wheels_that_were_used_just_now_stay(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = code_package("x86_64").path.parent.parent
    (wheels,) = folder.glob("wheels-*/")
    long_ago = time.time() - 31 * 86_400
    os.utime(wheels, (long_ago, long_ago))
    own = package.own_entries()
    monkeypatch.setattr(package, "own_entries", lambda: [*own, package.archive.stored("chaninfra/more.py", b"")])
    code_package("x86_64")
    assert wheels.is_dir()


def test_a_removal_that_is_interrupted_leaves_nothing_that_looks_whole(
    index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = code_package("x86_64").path.parent.parent
    (folder / "arm64-old").mkdir()
    (folder / "arm64-old" / "follower.zip").touch()
    (folder / "arm64-old" / "more").touch()
    long_ago = time.time() - 31 * 86_400
    os.utime(folder / "arm64-old", (long_ago, long_ago))

    def interrupted(path: Path) -> None:
        (path / "follower.zip").unlink()
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(package.shutil, "rmtree", interrupted)
        with pytest.raises(KeyboardInterrupt):
            code_package("x86_64")
    assert not (folder / "arm64-old").exists()
    # The rest goes with the next use.
    assert [*folder.glob("arm64-old*")] != []
    code_package("x86_64")
    assert [*folder.glob("arm64-old*")] == []


def test_a_zip_in_a_folder_that_may_only_be_read_is_used(index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = code_package("x86_64")
    old = made.path.parent.parent / "arm64-old"
    old.mkdir()
    os.utime(old, (1, 1))

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "utime", refused)
    monkeypatch.setattr(os, "rename", refused)
    assert code_package("x86_64") == made
    assert old.is_dir()


def test_pip_is_not_imported() -> None:
    code = (
        "import sys, chaninfra.pulumi.code_package; sys.exit(any(name.split('.')[0] == 'pip' for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
