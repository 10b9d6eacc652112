"""pixi's configuration files on this machine (rattler_config 0.12, locations.rs; pixi 0.77, pixi_config)."""

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
    home, config = home_folder(), os.environ.get("XDG_CONFIG_HOME")
    configs = [Path(config)] if config else []
    if home:
        configs.append(home / ("Library/Application Support" if sys.platform == "darwin" else ".config"))
    own, shared = os.environ.get("PIXI_HOME"), os.environ.get("RATTLER_HOME")
    folders = [Path(own) if own else home and home / ".pixi", *(path / "pixi" for path in configs)]
    folders += [Path(shared) if shared else None, *(path / "rattler" for path in configs)]
    for folder in (*folders, Path("/etc/pixi"), Path("/etc/rattler")):
        if folder:
            yield folder / "config.toml"
