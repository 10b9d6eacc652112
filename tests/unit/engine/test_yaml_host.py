"""The host of programs in YAML beside an engine that was built, with fake programs on PATH."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from chaninfra.engine import VERSION, Engine, yaml_host
from support.pulumi.fake_engine import FAKE_GO, cached, fake, fake_pulumi

HOST = "pulumi-language-yaml"


def run(*options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "chaninfra.engine", *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def engine(path: Path) -> Path:
    """The cached copy of an engine, which has no host of programs in YAML."""
    return fake_pulumi(cached() / "bin", VERSION)


def test_it_is_built_once_and_put_beside_the_engine(path: Path, engine: Path) -> None:
    fake(path, "go", FAKE_GO)
    done = run("--yaml")
    assert (done.returncode, done.stdout) == (0, f"{engine}\n"), done.stderr
    assert f"{HOST} from its Go sources" in done.stderr
    assert os.access(engine.parent / HOST, os.X_OK)
    again = run("--yaml")
    assert (again.returncode, again.stdout) == (0, f"{engine}\n")
    assert HOST not in again.stderr
    assert sorted(file.name for file in engine.parent.iterdir()) == ["pulumi", "pulumi-language-python", HOST]


def test_it_is_not_built_for_programs_in_python(path: Path, engine: Path) -> None:
    fake(path, "go", FAKE_GO)
    done = run()
    assert (done.returncode, done.stdout) == (0, f"{engine}\n")
    assert HOST not in done.stderr
    assert not (engine.parent / HOST).exists()


def test_a_mistyped_option_builds_nothing(path: Path, engine: Path) -> None:
    done = run("--yalm")
    assert (done.returncode, done.stdout) == (2, "")
    assert "--yaml" in done.stderr


def test_what_it_could_not_build_is_a_failure(path: Path, engine: Path) -> None:
    fake(path, "go", "print('go1.99.0') if sys.argv[1] == 'env' else sys.exit('verifying x@v1: checksum mismatch')")
    done = run("--yaml")
    assert (done.returncode, done.stdout) == (1, "")
    assert "checksum mismatch" in done.stderr
    assert not (engine.parent / HOST).exists()


def test_an_engine_of_somebody_else_is_left_alone(path: Path, lines: list[str]) -> None:
    engine = fake_pulumi(path)
    yaml_host.put_beside(Engine(engine.parent, "3.250.0"), lines.append)
    assert not (path / HOST).exists()
    assert lines == []
