"""The user's cache folder: entries appear in it complete or not at all, and one process at a time creates each."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from chaninfra.engine.process import Report


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


def kept(final: Path, fill: Callable[[Path], None], report: Report) -> Path:
    """Return the folder `final`, and create it with `fill` if it does not exist yet.

    `fill` gets an empty folder beside `final`, which is renamed to `final` when `fill` returns and removed when it
    raises. A folder that a killed process left behind is removed by the next call.
    """
    if not final.is_dir():
        final.parent.mkdir(parents=True, exist_ok=True)
        with _locked(final.with_name(f"{final.name}.lock"), report):
            if not final.is_dir():
                partial = final.with_name(f"{final.name}.partial")
                shutil.rmtree(partial, ignore_errors=True)
                partial.mkdir()
                try:
                    fill(partial)
                    partial.rename(final)
                finally:
                    shutil.rmtree(partial, ignore_errors=True)
    return final


@contextmanager
def _locked(path: Path, report: Report) -> Iterator[None]:
    with path.open("w") as file:
        # Windows has no flock: two processes may do the work twice there, but each renames a complete folder.
        if sys.platform != "win32":
            import fcntl

            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                report(f"another process is creating {path.with_suffix('')}: waiting for it")
                fcntl.flock(file, fcntl.LOCK_EX)
        yield
