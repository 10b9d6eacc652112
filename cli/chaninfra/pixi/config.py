"""pixi's configuration files on this machine (rattler_config 0.12, locations.rs; pixi's page "The Configuration of Pixi
Itself", which has a table of them for each system)."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path


def home_folder() -> Path | None:
    """The user's home folder; None if there is none, so that there is nothing in it either."""
    home = os.environ.get("USERPROFILE" if sys.platform == "win32" else "HOME")
    return Path(home) if home and Path(home).is_dir() else None


def files() -> Iterator[Path]:
    """pixi's configuration files and rattler's, which it shares, those that win first."""
    home, configs = home_folder(), [*_user_folders()]
    own, shared = os.environ.get("PIXI_HOME"), os.environ.get("RATTLER_HOME")
    folders = [Path(own) if own else home and home / ".pixi", *(path / "pixi" for path in configs)]
    folders += [Path(shared) if shared else None, *(path / "rattler" for path in configs)]
    system = Path("C:/ProgramData" if sys.platform == "win32" else "/etc")
    for folder in (*folders, system / "pixi", system / "rattler"):
        if folder:
            yield folder / "config.toml"


def _user_folders() -> Iterator[Path]:
    """Where a user's programs keep their settings, what wins first."""
    home, xdg = home_folder(), os.environ.get("XDG_CONFIG_HOME")
    if sys.platform == "win32":
        if roaming := os.environ.get("APPDATA"):
            yield Path(roaming)
        return
    if home and sys.platform == "darwin":
        yield home / "Library" / "Application Support"
    if xdg:
        yield Path(xdg)
    if home and sys.platform != "darwin":
        yield home / ".config"
