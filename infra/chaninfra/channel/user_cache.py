"""The user's cache folder: entries appear in it complete or not at all, and one process at a time creates each."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

_ASKED_EVERY_S = 0.2


def folder() -> Path:
    """chaninfra's folder in the user's cache; it may not exist yet."""
    if sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    elif sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    else:
        xdg = Path(os.environ.get("XDG_CACHE_HOME", ""))
        base = xdg if xdg.is_absolute() else Path.home() / ".cache"
    return base / "chaninfra"


def kept(final: Path, fill: Callable[[Path], None], report: Callable[[str], None]) -> Path:
    """Return the folder `final`, and create it with `fill` if it does not exist yet.

    `fill` gets an empty folder beside `final`, which is renamed to `final` when `fill` returns and removed when it
    raises. A folder that a killed process left behind is removed by the next call. The time of its last change is that
    of its last use.
    """
    if not final.is_dir():
        final.parent.mkdir(parents=True, exist_ok=True)
        with locked(final.with_name(f"{final.name}.lock"), report):
            if not final.is_dir():
                partial = final.with_name(f"{final.name}.partial")
                shutil.rmtree(partial, ignore_errors=True)
                partial.mkdir()
                try:
                    fill(partial)
                    partial.rename(final)
                finally:
                    shutil.rmtree(partial, ignore_errors=True)
    # It may lie where this user may only read.
    with suppress(OSError):
        os.utime(final)
    return final


@contextmanager
def locked(path: Path, report: Callable[[str], None]) -> Iterator[None]:
    """Wait until no other process has this lock file, and keep it from them; it is created if need be."""
    with path.open("wb") as file:
        if not _take(file):
            report(f"another process is creating {path.with_suffix('')}: waiting for it")
            while not _take(file):
                time.sleep(_ASKED_EVERY_S)
        yield


def _take(file: IO[bytes]) -> bool:
    """Lock the file, until it is closed; False if another process has the lock."""
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        # PermissionError: how Windows says it.
        return False
    return True
