"""What is told of a selection: what was asked for, and is not copied."""

from __future__ import annotations

import dataclasses

import pytest

from chaninfra.channel.errors import ConfigurationError
from chaninfra.cli.output.copy_errors import failure
from chaninfra.cli.output.copying import tell_selection
from chaninfra.index.copy.locked import Elsewhere
from chaninfra.index.copy.plan import Plan
from chaninfra.index.copy.selection import Selection, select
from chaninfra.index.copy.subdirs import common_subdirs, names_elsewhere
from chaninfra.index.copy.wanted import Wanted
from support.copies.memory_source import MemorySource
from support.index_model.memory_store import MemoryStore
from support.index_model.rolling_back import opened


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
    tell_selection(found, (), opened(MemoryStore()))
    told = capsys.readouterr().err
    assert "left out, since it cannot be installed: linux-64/app-1-cuda.conda (it needs '__cuda >=12'" in told
    assert failure(None, Plan(subdirs=(), already=(), left_out=()), found) is None


def test_each_package_has_its_reason(source: MemorySource, capsys: pytest.CaptureFixture[str]) -> None:
    why = {"a": "it needs x", "b": "it needs y", "c": "it needs x"}
    tell_selection(Selection(packages=(), not_installable=why), (), opened(MemoryStore()))
    assert "since they cannot be installed: a, c (it needs x); b (it needs y)\n" in capsys.readouterr().err


def test_what_was_excluded_without_effect_and_what_other_channels_have_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    elsewhere = Elsewhere(lock="pixi.lock", channel="https://c", there=0, missing=("noarch/x",))
    some = dataclasses.replace(elsewhere, there=2)
    selection = Selection(packages=(), excludes_nothing=("zzz >=1",), elsewhere=(elsewhere, some))
    tell_selection(selection, (), opened(MemoryStore()))
    told = capsys.readouterr().err
    assert "--exclude names no package that would be copied: zzz >=1" in told
    assert (
        "pixi.lock has 1 package of another channel, https://c: the source has none of them, and lacks noarch/x" in told
    )
    assert (
        "pixi.lock has 3 packages of another channel, https://c: the source has 2 of them, and lacks noarch/x" in told
    )


def test_a_spec_of_which_nothing_can_be_installed_is_one(
    source: MemorySource, capsys: pytest.CaptureFixture[str]
) -> None:
    found = select(source, Wanted(specs=("app", "gpu"), with_dependencies=True), ("linux-64",), 0)
    tell_selection(found, (), opened(MemoryStore()))
    assert "gpu" not in capsys.readouterr().err
    error = failure(None, Plan(subdirs=(), already=(), left_out=()), found)
    assert error is not None
    assert error.exit_code == 3
    assert "1 not copied:\n  gpu: cannot be installed: linux-64/gpu-1-0.conda: it needs '__cuda >=12'" in error.message


def test_subdirs_of_the_source_that_the_channel_lacks_are_told(
    source: MemorySource, capsys: pytest.CaptureFixture[str]
) -> None:
    source.add("b-1-0.conda", "osx-arm64/c-1-0.conda")
    channel, wanted = opened(MemoryStore()), Wanted()
    assert common_subdirs(channel, source, wanted) == ["noarch"]
    found = Selection(packages=(), not_here=names_elsewhere(channel, source, wanted))
    tell_selection(found, (), channel)
    told = capsys.readouterr().err
    assert "the subdir of these packages: linux-64 (2 names), osx-arm64 (1 name)" in told
    assert "add linux-64, osx-arm64 to `subdirs`" in told or "--subdir osx-arm64" in told
    for asked in (Wanted(specs=("b",)), Wanted(subdirs=("noarch",))):
        assert names_elsewhere(channel, source, asked) == {}
    for by_name in (Wanted(subdirs=("noarch", "osx-arm64")), Wanted(specs=("osx-arm64/c-1-0.conda",))):
        with pytest.raises(
            ConfigurationError, match="osx-arm64 is asked for, and the channel has only noarch"
        ) as raised:
            common_subdirs(channel, source, by_name)
        assert "osx-arm64" in (raised.value.remedy or "")
