"""Only regular files are merged into; their modes and owners stay."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chaninfra.channel.errors import ChaninfraError
from chaninfra.manifest.merge import file as files
from chaninfra.manifest.merge import into
from support.cases.manifest_command import MINIO, URL, manifest, refused
from support.systems import on

TEXT = '[workspace]\nchannels = ["conda-forge"]\n'
NOBODY = 65534
# Root can give a file to anybody, others only to their groups.
OWNER = (1234, 5678) if os.geteuid() == 0 else (os.getuid(), [os.getgid(), *os.getgroups()][-1])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = tmp_path / "pixi.toml"
    found.write_text(TEXT)
    return found


def merge(path: Path | str, *args: str) -> subprocess.CompletedProcess[str]:
    """The command in another process, which must end soon."""
    words = [sys.executable, "-m", "chaninfra.cli", "manifest", URL, *MINIO, "--format", "pixi", "--into", str(path)]
    return subprocess.run([*words, *args], capture_output=True, text=True, timeout=60, stdin=subprocess.PIPE)


@pytest.fixture(params=["device", "pipe", "socket", "folder"])
def special(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """Something that is not a regular file."""
    found = tmp_path / "special"
    match request.param:
        case "device":
            if os.geteuid() != 0:
                yield Path("/dev/null")
                return
            # The same device under another name, which nothing else needs.
            os.mknod(found, stat.S_IFCHR | 0o666, os.makedev(1, 3))
            yield found
        case "pipe":
            os.mkfifo(found)
            yield found
        case "socket":
            with socket.socket(socket.AF_UNIX) as server:
                server.bind(str(found))
                yield found
        case "folder":
            found.mkdir()
            yield found


@pytest.mark.parametrize("linked", [False, True])
@pytest.mark.parametrize("check", [(), ("--check",)])
def test_what_is_not_a_regular_file_is_refused(special: Path, tmp_path: Path, linked: bool, check: tuple[str]) -> None:
    before = special.lstat()
    name = special
    if linked:
        name = tmp_path / "link"
        name.symlink_to(special)
    error = refused(URL, *MINIO, "--format", "pixi", "--into", name, *check)
    assert error.where == str(name)
    assert any(f"is a {kind}" in str(error) for kind in ("device", "named pipe", "socket", "folder"))
    assert error.remedy is not None
    after = special.lstat()
    assert (after.st_mode, after.st_ino, after.st_rdev) == (before.st_mode, before.st_ino, before.st_rdev)


def test_a_pipe_as_standard_input_is_refused() -> None:
    done = merge("/dev/stdin")
    assert done.returncode == 2, done.stderr
    assert "named pipe" in done.stderr


def test_a_dash_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    error = refused(URL, *MINIO, "--format", "pixi", "--into", "-")
    assert error.exit_code == 2
    assert "leave out --into" in str(error)
    assert not (tmp_path / "-").exists()


@pytest.mark.parametrize("name", ["missing/pixi.toml", "loop"])
def test_a_link_that_leads_nowhere_is_refused(tmp_path: Path, name: str) -> None:
    link = tmp_path / ("loop" if name == "loop" else "pixi.toml")
    link.symlink_to(tmp_path / name)
    error = refused(URL, *MINIO, "--format", "pixi", "--into", link)
    assert str(link) in str(error.where)
    assert link.is_symlink()
    assert not (tmp_path / "missing").exists()


def test_a_file_below_a_link_that_leads_nowhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("missing")
    error = refused(URL, *MINIO, "--into", tmp_path / "link" / "pixi.toml")
    assert "whose folder does not exist" in str(error)
    assert not (tmp_path / "missing").exists()


def test_a_link_to_a_missing_file_in_a_folder_creates_it(tmp_path: Path) -> None:
    link = tmp_path / "pixi.toml"
    link.symlink_to("other.toml")
    manifest(URL, *MINIO, "--into", link)
    assert link.is_symlink()
    assert "s3-options" in (tmp_path / "other.toml").read_text()


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o755, 0o444, 0o664])
def test_the_mode_stays(path: Path, mode: int) -> None:
    path.chmod(mode)
    manifest(URL, *MINIO, "--into", path)
    assert path.stat().st_mode & 0o7777 == mode
    assert path.read_text() != TEXT


@pytest.mark.parametrize("mode", [0o600, 0o640])
@pytest.mark.parametrize("linked", [False, True])
def test_the_owner_stays(path: Path, mode: int, linked: bool) -> None:
    path.chmod(mode)
    os.chown(path, *OWNER)
    name = path
    if linked:
        name = path.parent / "link"
        name.symlink_to(path)
    manifest(URL, *MINIO, "--format", "pixi", "--into", name)
    found = path.stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (*OWNER, mode)
    assert path.read_text() != TEXT


def test_the_owner_of_a_file_with_secrets_stays(tmp_path: Path) -> None:
    keys = ("--access-key-id", "an-id", "--secret-access-key", "a-secret")
    path = tmp_path / "auth.json"
    path.write_text("{}")
    path.chmod(0o640)
    os.chown(path, *OWNER)
    manifest(URL, *MINIO, *keys, "--auth", "pixi", "--format", "auth-file", "--into", path)
    found = path.stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (*OWNER, 0o600)
    assert "a-secret" in path.read_text()


def test_what_is_said_of_a_file_with_secrets(tmp_path: Path) -> None:
    path = tmp_path / "auth.json"
    words = (URL, *MINIO, "--access-key-id", "an-id", "--auth", "pixi", "--format", "auth-file", "--into", path)
    made = manifest(*words, "--secret-access-key", "a-secret")
    assert made.stdout == f"{path}: is made, with the keys (they are not shown)\n"
    changed = manifest(*words, "--secret-access-key", "another")
    assert changed.stdout == f"{path}: the keys differ (they are not shown)\n"


def test_on_windows_files_have_no_owner_and_no_mode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows is not at hand: this process lacks what Python lacks there, and a file has the mode that all have."""
    on("win32", monkeypatch, files, into)
    monkeypatch.delattr(os, "fchown")
    keys = ("--access-key-id", "an-id", "--secret-access-key", "a-secret")
    words = (URL, *MINIO, *keys, "--auth", "pixi", "--format", "auth-file", "--into", tmp_path / "auth.json")
    (tmp_path / "auth.json").write_text("{}")
    manifest(*words)
    (tmp_path / "auth.json").chmod(0o666)
    manifest(*words, "--check")


def test_a_file_that_would_change_its_owner_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    os.chown(path, *OWNER)
    # Stands in for a user who is neither root nor the owner.
    monkeypatch.setattr(os, "fchown", refuse)
    error = refused(URL, *MINIO, "--into", path)
    assert f"belongs to another user or group ({OWNER[0]}:{OWNER[1]})" in str(error)
    assert path.read_text() == TEXT
    assert list(path.parent.iterdir()) == [path]


@contextmanager
def without_rights() -> Iterator[Path]:
    """This process without the rights of root, and a folder of its own."""
    folder = Path(tempfile.mkdtemp())
    root = os.geteuid() == 0
    if root:
        os.chown(folder, NOBODY, NOBODY)
        os.setegid(NOBODY)
        os.seteuid(NOBODY)
    try:
        yield folder
    finally:
        if root:
            os.seteuid(0)
            os.setegid(0)
        folder.chmod(0o700)
        shutil.rmtree(folder)


@pytest.mark.parametrize("exists", [True, False])
def test_a_file_in_a_read_only_folder_is_refused(exists: bool) -> None:
    with without_rights() as folder:
        path = folder / "pixi.toml"
        if exists:
            path.write_text(TEXT)
        folder.chmod(0o555)
        error = refused(URL, *MINIO, "--into", path)
        assert "cannot be written: Permission denied" in str(error)
        assert str(folder) in str(error.remedy)
        assert error.exit_code == 1
        assert [each.name for each in folder.iterdir()] == (["pixi.toml"] if exists else [])


def test_a_file_that_cannot_be_read_is_refused() -> None:
    with without_rights() as folder:
        path = folder / "pixi.toml"
        path.write_text(TEXT)
        path.chmod(0)
        assert "cannot be read: Permission denied" in str(refused(URL, *MINIO, "--into", path))
        path.chmod(0o600)
        assert path.read_text() == TEXT


def test_a_file_that_somebody_else_changed_meanwhile_is_not_replaced(path: Path) -> None:
    found = files.read(path)
    path.write_text("other\n")
    with pytest.raises(ChaninfraError, match="changed while") as caught:
        files.replace(found, "new\n")
    assert caught.value.where == str(path)
    assert path.read_text() == "other\n"
    absent = files.read(path.parent / "new.toml")
    (path.parent / "new.toml").write_text("other\n")
    with pytest.raises(ChaninfraError, match="changed while"):
        files.replace(absent, "new\n")
    assert (path.parent / "new.toml").read_text() == "other\n"


def test_a_huge_file_is_refused(path: Path) -> None:
    with path.open("ab") as file:
        file.truncate(files.MOST + 1)
    assert "is larger than" in str(refused(URL, *MINIO, "--into", path))


def test_missing_folders_are_made(tmp_path: Path) -> None:
    manifest(URL, *MINIO, "--into", tmp_path / "a" / "b" / "pixi.toml")
    assert (tmp_path / "a" / "b" / "pixi.toml").is_file()


def test_a_path_below_a_file_is_refused(path: Path) -> None:
    error = refused(URL, *MINIO, "--into", path / "pixi.toml")
    assert "cannot be read: Not a directory" in str(error)
    assert path.read_text() == TEXT
