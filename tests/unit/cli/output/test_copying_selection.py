"""What is told of a selection: what was asked for, and is not copied."""

from __future__ import annotations

import pytest

from chaninfra.cli.output.copying import failure, tell_selection
from chaninfra.index.copy.plan import Plan
from chaninfra.index.copy.selection import select
from chaninfra.index.copy.wanted import Wanted
from support.copies.memory_source import MemorySource


@pytest.fixture
def source() -> MemorySource:
    source = MemorySource()
    source.add("linux-64/app-1-cpu.conda")
    source.add("linux-64/app-1-cuda.conda", depends=["__cuda >=12"])
    source.add("linux-64/gpu-1-0.conda", depends=["__cuda >=12"])
    return source


def test_builds_that_these_machines_cannot_install_are_noted_and_are_no_failure(
    source: MemorySource, capsys: pytest.CaptureFixture[str]
) -> None:
    found = select(source, Wanted(specs=("app",), with_dependencies=True), ("linux-64",), 0)
    tell_selection(found, ())
    told = capsys.readouterr().err
    assert "left out, since these machines cannot install it: linux-64/app-1-cuda.conda (it needs '__cuda >=12'" in told
    assert failure(None, Plan(subdirs=(), already=(), left_out=()), found) is None


def test_a_spec_of_which_nothing_can_be_installed_is_one(
    source: MemorySource, capsys: pytest.CaptureFixture[str]
) -> None:
    found = select(source, Wanted(specs=("app", "gpu"), with_dependencies=True), ("linux-64",), 0)
    tell_selection(found, ())
    assert "gpu" not in capsys.readouterr().err
    error = failure(None, Plan(subdirs=(), already=(), left_out=()), found)
    assert error is not None
    assert error.exit_code == 3
    assert "1 not copied:\n  gpu: cannot be installed: linux-64/gpu-1-0.conda: it needs '__cuda >=12'" in error.message
