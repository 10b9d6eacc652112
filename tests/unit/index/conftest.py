"""What the tests of sidecars share."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.channels.signed_folder import Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A channel in memory, and a folder on disk for what is published."""
    return Folder(tmp_path)
