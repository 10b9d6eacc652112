"""Finding the browser of the tests of the page."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import browser
from chaninfra.channel.errors import EngineError

_ENDED = 100


def program(folder: Path, name: str = "chromium") -> Path:
    """A program that does nothing."""
    folder.mkdir(exist_ok=True)
    made = folder / name
    made.write_text("#!/bin/sh\n")
    made.chmod(0o755)
    return made


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is all of the PATH."""
    monkeypatch.delenv(browser.VARIABLE, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def ensure(said: list[str] | None = None) -> Path:
    return browser.ensure([].append if said is None else said.append)


def as_user(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    monkeypatch.setattr("os.geteuid", lambda: number)


@pytest.mark.parametrize("name", browser.NAMES)
def test_it_is_found_on_the_path(path: Path, name: str) -> None:
    made = program(path, name)
    assert ensure() == made


def test_the_variable_comes_first(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(path)
    monkeypatch.setenv(browser.VARIABLE, str(program(path / "other", "my-chromium")))
    assert ensure() == path / "other/my-chromium"


def test_a_variable_that_names_nothing_is_an_error(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(path)
    monkeypatch.setenv(browser.VARIABLE, "/no/such/program")
    with pytest.raises(EngineError, match=r"^CHROMIUM: /no/such/program is no program"):
        ensure()


@pytest.mark.parametrize("root", [True, False])
def test_where_it_cannot_be_installed_the_error_says_what_to_do(
    path: Path, monkeypatch: pytest.MonkeyPatch, root: bool
) -> None:
    as_user(monkeypatch, 0 if root else 1000)
    if not root:
        program(path, "apt-get")
    with pytest.raises(EngineError, match="there is no Chromium on the PATH") as caught:
        ensure()
    assert "sudo apt-get install chromium" in str(caught.value)
    assert "CHROMIUM=/path/to/chromium" in str(caught.value)


def test_root_gets_it_by_apt(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_user(monkeypatch, 0)
    program(path, "apt-get")
    said: list[str] = []

    def run(args: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        if "install" in args:
            program(path)
        return subprocess.CompletedProcess(args, 0, "", "")

    monkeypatch.setattr(browser, "run", run)
    assert ensure(said) == path / "chromium"
    assert [line.split()[:2] for line in said] == [["apt-get", "update"], ["apt-get", "install"]]


def test_what_apt_says_is_in_the_error(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    as_user(monkeypatch, 0)
    program(path, "apt-get")

    def run(args: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(args, _ENDED, "", "E: Could not get lock\n")

    monkeypatch.setattr(browser, "run", run)
    with pytest.raises(EngineError, match=r"apt-get update --quiet failed: E: Could not get lock"):
        ensure()
