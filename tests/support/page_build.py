"""Builds the programs of `page/test`, with node and what package-lock.json pins."""

from __future__ import annotations

from pathlib import Path

import page


def programs(folder: Path) -> Path:
    """The tests and programs of the page as `.mjs`, in a folder; gets the libraries where they are missing."""
    page.install(page.SOURCES, print)
    page.build_tests(page.SOURCES, folder)
    return folder
