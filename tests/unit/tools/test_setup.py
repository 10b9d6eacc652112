"""What sets up the environment tells what it does, and that it goes on."""

from __future__ import annotations

import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from types import ModuleType

import pytest

from support.paths import ROOT


@pytest.fixture
def setup(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    # The file has no suffix, and gets none from Python beside it.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    loader = SourceFileLoader("tools_setup", str(ROOT / "tools" / "setup"))
    spec = spec_from_loader("tools_setup", loader)
    assert spec
    module = module_from_spec(spec)
    loader.exec_module(module)
    return module


def test_a_step_that_lasts_says_so(
    setup: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert setup.HEARTBEAT_S < 30
    monkeypatch.setattr(setup, "HEARTBEAT_S", 0.1)
    setup.step("waiting", sys.executable, "-c", "import time; time.sleep(0.5)")
    first, *between, last = capsys.readouterr().err.splitlines()
    assert first == "setup: waiting ..."
    assert between
    assert set(between) == {"setup: waiting: 0:00 so far"}
    assert last.startswith("setup: waiting: done in ")


def test_a_step_that_fails_ends_it(setup: ModuleType) -> None:
    with pytest.raises(SystemExit, match="setup: failing: failed after"):
        setup.step("failing", sys.executable, "-c", "raise SystemExit(3)")
