"""Builds the programs of `page/test`, with node and what package-lock.json pins."""

from __future__ import annotations

import subprocess
from pathlib import Path

from support.paths import ROOT

PAGE = ROOT / "page"


def programs(folder: Path) -> Path:
    """The tests and programs of the page as `.mjs`, in a folder; gets the libraries where they are missing."""
    if not (PAGE / "node_modules").is_dir():
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=PAGE, check=True, timeout=600)
    subprocess.run(["node", "build.mjs", "--tests", str(folder)], cwd=PAGE, check=True, timeout=120)
    return folder
