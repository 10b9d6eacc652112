"""A PATH with fakes only, an empty cache, and no network."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the only one on PATH; the cache is empty, and there is no network."""
    for name in ("PULUMI_HOME", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "fakes"
    sdk = tmp_path / "sdk" / "python"
    for script in ("cmd/pulumi-language-python-exec", "dist/pulumi-resource-pulumi-python"):
        (sdk / script).parent.mkdir(parents=True)
        (sdk / script).write_text("#!/bin/sh\n")
    values: dict[str, object] = {"PATH": folder, "HOME": tmp_path, "XDG_CACHE_HOME": tmp_path / "cache"}
    values |= {"FAKE_SDK": sdk.parent, "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull}
    # Nothing listens on this port, so every request to the network fails at once.
    values |= dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:1")
    values |= {"NO_PROXY": "", "no_proxy": ""}
    for name, value in values.items():
        monkeypatch.setenv(name, str(value))
    return folder


@pytest.fixture
def lines() -> list[str]:
    return []
