"""The user's cache folder."""

from __future__ import annotations

import fcntl
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from chaninfra.channel import user_cache as cache
from support.pulumi.fake_engine import wait_for
from support.systems import on


@pytest.fixture
def lines() -> list[str]:
    return []


def test_a_partial_folder_of_a_killed_process_is_removed(tmp_path: Path, lines: list[str]) -> None:
    (tmp_path / "thing.partial").mkdir()
    (tmp_path / "thing.partial" / "half").touch()
    cache.kept(tmp_path / "thing", lambda folder: (folder / "whole").touch(), lines.append)
    assert [file.name for file in (tmp_path / "thing").iterdir()] == ["whole"]
    assert not (tmp_path / "thing.partial").exists()


def locking(handle: int, mode: int, size: int) -> None:
    """As msvcrt's, which says PermissionError where another process has the lock."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise PermissionError(13, "Permission denied") from error


@pytest.mark.parametrize("system", [sys.platform, "win32"])
def test_of_two_threads_only_one_does_the_work(
    tmp_path: Path, lines: list[str], system: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows is not at hand: its locks are this system's, behind its function."""
    monkeypatch.setitem(sys.modules, "msvcrt", SimpleNamespace(locking=locking, LK_NBLCK=2))
    on(system, monkeypatch, cache)
    filled, begun = [], threading.Event()

    def fill(folder: Path) -> None:
        begun.set()
        wait_for(lambda: bool(lines))
        filled.append(folder)

    first = threading.Thread(target=cache.kept, args=(tmp_path / "thing", fill, lines.append))
    first.start()
    begun.wait(20)
    cache.kept(tmp_path / "thing", fill, lines.append)
    first.join()
    assert len(filled) == 1
    assert lines == [f"another process is creating {tmp_path / 'thing'}: waiting for it"]
