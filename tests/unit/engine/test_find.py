"""Finding an installed engine, with fake programs on PATH."""

from __future__ import annotations

import os
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from packaging.version import Version

from chaninfra.engine import VERSION, Engine, find, get, gobuild
from support.paths import ROOT
from support.pulumi.fake_engine import cached, fake, fake_pulumi


def test_the_engine_on_path_comes_first(path: Path, lines: list[str]) -> None:
    fake_pulumi(path)
    fake_pulumi(cached() / "bin")
    assert find(lines.append) == get(lines.append) == Engine(path, "3.250.0")
    assert lines == [f"pulumi 3.250.0 on PATH: {path / 'pulumi'}"] * 2


@pytest.mark.parametrize(
    ("break_it", "why"),
    [
        (lambda bin_: fake_pulumi(bin_, "v3.100.0"), "it is version 3.100.0; chaninfra needs 3.x, at least 3.140"),
        (lambda bin_: fake_pulumi(bin_, "v4.0.0"), "it is version 4.0.0"),
        (lambda bin_: fake_pulumi(bin_, "what?"), "it is version what?"),
        (lambda bin_: fake(bin_, "pulumi", "sys.exit('it is broken')"), "pulumi failed (1): it is broken"),
        (
            lambda bin_: fake(bin_, "pulumi", "print('v3.250.0')"),
            "there is no pulumi-language-python beside it or on PATH",
        ),
    ],
)
def test_an_unusable_engine_on_path_is_reported_and_the_cached_one_used(
    path: Path, lines: list[str], break_it: Callable[[Path], Path], why: str
) -> None:
    break_it(path)
    assert find(lines.append) is None
    fake_pulumi(cached() / "bin")
    assert find(lines.append) == Engine(cached() / "bin", VERSION)
    assert lines[0].startswith(f"{path / 'pulumi'} is not usable: ")
    assert why in lines[0]
    assert lines[-1] == f"cached copy of pulumi {VERSION}: {cached()}"


def test_the_environment_of_a_child(path: Path) -> None:
    environment = Engine(Path("/engine/bin"), VERSION).environment({"EXTRA": "1"})
    assert environment["PATH"].split(os.pathsep) == [os.path.dirname(sys.executable), "/engine/bin", str(path)]  # noqa: PTH120
    assert (environment["EXTRA"], environment["PULUMI_SKIP_UPDATE_CHECK"]) == ("1", "true")
    assert Engine(path, VERSION).environment({"PATH": "/mine"})["PATH"] == "/mine"


def test_the_pinned_sdk_is_not_newer_than_the_engine() -> None:
    for name in ("pkg", "sdk"):
        assert gobuild.pinned(gobuild.MODULES / "pulumi", f"github.com/pulumi/pulumi/{name}/v3") == VERSION
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    (pinned,) = [each.partition("==")[2] for each in groups["dev"] if str(each).startswith("pulumi==")]
    assert Version(pinned) <= Version(VERSION)
