"""What `make page` says where it cannot build the page."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import page
from chaninfra.channel.errors import EngineError


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is all of the PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def script(path: Path, name: str, text: str) -> None:
    (path / name).write_text(f"#!/bin/sh\n{text}\n", "utf-8")
    (path / name).chmod(0o755)


def sources(path: Path) -> Path:
    """A folder with a lock, and node_modules as a failed installation would leave it."""
    made = path / "sources"
    (made / "node_modules").mkdir(parents=True)
    (made / "package-lock.json").write_text("{}", "utf-8")
    return made


def test_without_node_it_says_what_to_install(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert page.main() == EngineError("").exit_code
    said = capsys.readouterr().err
    assert "there is no node on the PATH" in said
    assert "apt-get install nodejs npm" in said


def test_an_old_node_is_refused(path: Path) -> None:
    script(path, "node", "echo v18.19.0")
    with pytest.raises(EngineError, match=r"node is v18\.19\.0"):
        page.check_node()


def test_without_npm_it_says_what_to_install(path: Path) -> None:
    script(path, "node", "echo v20.1.0")
    with pytest.raises(EngineError, match="there is no npm"):
        page.install(sources(path), print)


def test_libraries_are_installed_once_for_a_lock(path: Path) -> None:
    script(path, "node", "echo v20.1.0")
    script(path, "npm", f"echo $@ >> {path}/ran")
    folder = sources(path)
    for _ in range(2):
        page.install(folder, print)
    assert (path / "ran").read_text() == "ci --ignore-scripts --no-audit --no-fund\n"
    (folder / "package-lock.json").write_text("{ }", "utf-8")
    page.install(folder, print)
    assert (path / "ran").read_text().count("ci") == 2


def test_several_processes_install_once(path: Path) -> None:
    script(path, "node", "echo v20.1.0")
    script(path, "npm", f"/bin/sleep 0.3; echo $@ >> {path}/ran")
    folder = sources(path)
    with ThreadPoolExecutor(3) as pool:
        assert [*pool.map(lambda _: page.install(folder, [].append), range(3))] == [None] * 3
    assert (path / "ran").read_text().count("ci") == 1


def test_what_npm_says_is_shown_and_nothing_counts_as_installed(path: Path) -> None:
    script(path, "node", "echo v20.1.0")
    script(path, "npm", "echo no such host >&2; exit 1")
    folder = sources(path)
    for _ in range(2):
        with pytest.raises(EngineError, match=r"npm ci .* failed:\nno such host"):
            page.install(folder, print)


def test_a_failed_build_leaves_what_is_there(path: Path) -> None:
    script(path, "node", "echo a fault; exit 1")
    out = path / "out"
    out.mkdir()
    (out / "index.html").write_text("old", "utf-8")
    with pytest.raises(EngineError, match="a fault"):
        page.build(path, out)
    assert (out / "index.html").read_text() == "old"
