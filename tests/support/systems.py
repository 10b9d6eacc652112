"""Modules that take this machine for another: what they do there can then be run here, up to the system itself."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace

import pytest


def on(system: str, monkeypatch: pytest.MonkeyPatch, *modules: ModuleType) -> None:
    """Let `sys.platform` be `system` for these modules of chaninfra, and for no module that they use."""
    for module in modules:
        monkeypatch.setattr(module, "sys", SimpleNamespace(**{**vars(sys), "platform": system}))
