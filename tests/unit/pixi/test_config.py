"""pixi's configuration files, in its order."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from chaninfra.pixi import config as pixi_config


def test_a_home_that_is_no_folder_has_nothing_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for home in ("/dev/null", ""):
        monkeypatch.setenv("HOME", home)
        assert pixi_config.home_folder() is None
        assert {str(path.parent) for path in pixi_config.files()} >= {"/etc/pixi", "/etc/rattler"}


def test_the_configuration_of_pixi_comes_before_that_of_all_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("PIXI_HOME", "RATTLER_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    config = f"{tmp_path}/.config"
    expected = [f"{tmp_path}/.pixi", f"{config}/pixi", f"{config}/rattler", "/etc/pixi", "/etc/rattler"]
    assert [str(path.parent) for path in pixi_config.files()] == expected
    monkeypatch.setenv("PIXI_HOME", "/p")
    monkeypatch.setenv("RATTLER_HOME", "/r")
    monkeypatch.setenv("XDG_CONFIG_HOME", "/x")
    found = [str(path.parent) for path in pixi_config.files()]
    assert found[:3] == ["/p", "/x/pixi", f"{config}/pixi"]
    assert "/r" in found


def test_on_macos_its_own_folder_wins_and_on_windows_there_is_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PIXI_HOME", "RATTLER_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", "/x")
    monkeypatch.setenv("APPDATA", "/roaming")
    monkeypatch.setattr(sys, "platform", "darwin")
    library = f"{tmp_path}/Library/Application Support"
    expected = [f"{library}/pixi", "/x/pixi", f"{library}/rattler", "/x/rattler", "/etc/pixi", "/etc/rattler"]
    assert [str(path.parent) for path in pixi_config.files()] == [f"{tmp_path}/.pixi", *expected]
    monkeypatch.setattr(sys, "platform", "win32")
    expected = ["/roaming/pixi", "/roaming/rattler", "C:/ProgramData/pixi", "C:/ProgramData/rattler"]
    assert [str(path.parent) for path in pixi_config.files()] == [f"{tmp_path}/.pixi", *expected]
