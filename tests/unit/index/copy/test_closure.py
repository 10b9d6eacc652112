"""What packages need to be installed, by the solver."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.errors import ConfigurationError
from chaninfra.index.copy import closure as module
from chaninfra.index.copy.selection import Selection, select
from chaninfra.index.copy.wanted import Wanted
from chaninfra.index.part import Part
from support.copies.memory_source import URL, MemorySource, sha256_of

NOW = 1_800_000_000_000
DAY = 86_400_000
BOTH: tuple[Subdir, ...] = ("noarch", "linux-64")


def closed(source: MemorySource, *specs: str, subdirs: Sequence[Subdir] = BOTH, **wanted: Any) -> Selection:
    return select(source, Wanted(specs=specs, with_dependencies=True, **wanted), subdirs, NOW)


def files(found: Selection) -> list[str]:
    return [each.file if each.subdir == "noarch" else each.path_in_channel for each in found.packages]


def test_a_package_is_copied_with_the_newest_of_what_it_needs() -> None:
    source = MemorySource()
    source.add("linux-64/app-1-0.conda", depends=["lib >=1,<3", "helper", "__glibc >=2.17"])
    source.add("linux-64/lib-1-0.conda", "linux-64/lib-2-0.conda", "linux-64/lib-3-0.conda")
    source.add("linux-64/lib-2-1.conda", depends=["deep 1.*"], build_number=1)
    source.add("deep-1.5-0.conda", "helper-1-0.conda", "unrelated-1-0.conda", "deep-2-0.conda")
    found = closed(source, "app")
    assert files(found) == ["deep-1.5-0.conda", "helper-1-0.conda", "linux-64/app-1-0.conda", "linux-64/lib-2-1.conda"]
    assert not found.not_installable
    assert not found.unmet
    # Only what may be needed is read, name by name.
    assert source.reads[2:] == [
        ("noarch", {"app", "lib", "helper"}),
        ("linux-64", {"app", "lib", "helper"}),
        ("noarch", {"deep"}),
        ("linux-64", {"deep"}),
    ]
    # Noarch belongs to every subdir.
    assert files(closed(source, "app", subdirs=("linux-64",))) == files(found)


def test_why_a_package_cannot_be_installed() -> None:
    source = MemorySource()
    source.add("linux-64/app-0-0.conda", "linux-64/lib-1-0.conda", "linux-64/kept-1-0.conda", "osx-64/mac-1-0.conda")
    source.add("linux-64/gone-1-0.conda", yanked=True)
    source.add("linux-64/mid-1-0.conda", depends=["deep"])
    for number, spec in enumerate(["absent >1", "mac", "gone", "kept", "__cuda >=12", "lib >=2", "mid"], 1):
        source.add(f"linux-64/app-{number}-0.conda", depends=[spec])
    source.add("linux-64/app-6-1.conda", depends=["lib >=2"])
    found = closed(source, "app", exclude=("kept",))
    kept_out = ", of which all that the source has is yanked, excluded, too young or not valid"
    lacking = "app 6 would require lib >=2, for which no candidates were found."
    assert found.not_installable == {
        "linux-64/app-1-0.conda": "it needs 'absent >1', of which the source has nothing in noarch, linux-64",
        "linux-64/app-2-0.conda": "it needs 'mac', of which the source has nothing in noarch, linux-64",
        "linux-64/app-3-0.conda": f"it needs 'gone'{kept_out}",
        "linux-64/app-4-0.conda": f"it needs 'kept'{kept_out}",
        "linux-64/app-5-0.conda": "it needs '__cuda >=12': for machines that have it, give --virtual-package "
        "__cuda=VERSION",
        # Of both builds, and of no other one.
        "linux-64/app-6-0.conda": lacking,
        "linux-64/app-6-1.conda": lacking,
        "linux-64/app-7-0.conda": "app 7 would require mid *, which cannot be installed because there are no viable "
        "options: mid 1 would require deep *, for which no candidates were found.",
    }


def test_each_version_is_copied_with_what_it_needs() -> None:
    source = MemorySource()
    for version in (1, 2, 3):
        source.add(f"app-{version}-0.conda", depends=[f"lib {version}.*", "shared >=1"])
        source.add(f"lib-{version}.0-0.conda", f"shared-{version}-0.conda")
    source.add("lib-4.0-0.conda")
    assert files(closed(source, "app")) == [
        *(f"app-{version}-0.conda" for version in (1, 2, 3)),
        *(f"lib-{version}.0-0.conda" for version in (1, 2, 3)),
        # What one solution has is taken again.
        "shared-3-0.conda",
    ]


def test_what_is_asked_for_together_can_be_installed_together() -> None:
    source = MemorySource()
    source.add("a-1-0.conda", depends=["lib"])
    source.add("b-1-0.conda", depends=["lib <2"])
    source.add("lib-1-0.conda", "lib-2-0.conda")
    assert files(closed(source, "a", "b")) == ["a-1-0.conda", "b-1-0.conda", "lib-1-0.conda"]
    assert files(closed(source, "a")) == ["a-1-0.conda", "lib-2-0.conda"]
    # What cannot be: each for itself.
    source.add("c-1-0.conda", depends=["lib >=2"])
    assert files(closed(source, "b", "c-1-0.conda")) == [
        "b-1-0.conda",
        "c-1-0.conda",
        "lib-1-0.conda",
        "lib-2-0.conda",
    ]


def test_builds_that_fit_into_a_solution_are_not_solved_for(monkeypatch: pytest.MonkeyPatch) -> None:
    source = MemorySource()
    for number in range(50):
        source.add(
            f"linux-64/app-1.{number}-0.conda", depends=["lib >=1,<3", "__glibc >=2.17"], constrains=["other >5"]
        )
    source.add("linux-64/app-0.1-0.conda", depends=["lib <2"])
    source.add("linux-64/lib-1-0.conda", depends=["app"])
    source.add("linux-64/lib-2-0.conda", "linux-64/other-1-0.conda")
    solves: list[Sequence[str]] = []
    solve = module._Solver._solve

    async def noted(self: Any, specs: Sequence[str], *rest: Any) -> str | None:
        solves.append(specs)
        return await solve(self, specs, *rest)

    monkeypatch.setattr(module._Solver, "_solve", noted)
    found = closed(source, "app")
    assert len(found.packages) == 53
    assert files(found)[-2:] == ["linux-64/lib-1-0.conda", "linux-64/lib-2-0.conda"]
    assert len(solves) == 2


@pytest.mark.parametrize(
    ("record", "fits"),
    [
        ({"depends": ["lib"]}, True),
        ({"depends": ["lib 1.*"], "constrains": ["absent >5", "lib <2"]}, True),
        ({"depends": ["lib >=2"]}, False),
        ({"depends": ["absent"]}, False),
        ({"depends": ["lib"], "constrains": ["lib >=2"]}, False),
        ({"depends": ["__glibc >=2.17"]}, True),
        ({"depends": ["__glibc >=2.99"]}, False),
        ({"depends": ["lib[version='>=1']"]}, False),
        ({"depends": ["forge::lib"]}, False),
        ({"depends": ["lib >>1"]}, False),
        ({"depends": [], "version": "7"}, False),
        ({"depends": [], "extra_depends": {"x": ["lib"]}}, False),
    ],
)
def test_what_fits_into_a_solution(record: dict[str, Any], fits: bool) -> None:
    from chaninfra.index.copy.environment import Environment
    from chaninfra.index.copy.pool import Candidate
    from chaninfra.index.copy.virtual_packages import virtual_packages

    source = MemorySource()
    source.add("lib-1.5-0.conda", depends=["app <5"])
    source.add("app-1-0.conda", depends=["lib"])
    environment = Environment(map(Candidate, source.packages("noarch")), virtual_packages("linux-64", None))
    source.add("app-2-0.conda", **record)
    package = next(each for each in source.packages("noarch") if each.file == "app-2-0.conda")
    assert environment.takes(Candidate(package)) is fits


def test_what_cannot_be_installed_is_left_out_and_told() -> None:
    source = MemorySource()
    source.add("linux-64/app-1-cpu.conda", depends=["lib"])
    source.add("linux-64/app-1-cuda.conda", depends=["lib", "__cuda >=12"])
    source.add("linux-64/app-1-old.conda", depends=["lib >=9"])
    source.add("linux-64/gpu-1-0.conda", depends=["__cuda"])
    source.add("lib-1-0.conda", "other-1-0.conda")
    source.add("osx-64/app-1-osx.conda", depends=["lib", "absent >=1"])
    found = closed(source, "app", "gpu", "lib", subdirs=("noarch", "linux-64", "osx-64"))
    assert files(found) == ["lib-1-0.conda", "linux-64/app-1-cpu.conda"]
    told = found.not_installable
    assert told["linux-64/app-1-cuda.conda"] == (
        "on linux-64, it needs '__cuda >=12': for machines that have it, give --virtual-package __cuda=VERSION"
    )
    assert told["osx-64/app-1-osx.conda"] == (
        "on osx-64, it needs 'absent >=1', of which the source has nothing in noarch, linux-64, osx-64"
    )
    assert "lib >=9" in told["linux-64/app-1-old.conda"]
    assert "\n" not in told["linux-64/app-1-old.conda"]
    assert list(found.unmet) == ["gpu"]
    assert found.unmet["gpu"].startswith("linux-64/gpu-1-0.conda: on linux-64, it needs '__cuda'")
    # Without specs each package was asked for.
    assert closed(source, subdirs=("noarch", "linux-64")).unmet.keys() >= {"linux-64/app-1-cuda.conda"}
    # With the virtual package they can.
    found = closed(source, "app", "gpu", "lib", virtual_packages={"__cuda": "12.4"})
    assert "linux-64/app-1-cuda.conda" in files(found)
    assert not found.unmet


def test_a_package_of_noarch_need_only_be_installable_somewhere() -> None:
    source = MemorySource()
    source.add("app-1-0.conda", depends=["native"])
    source.add("win-1-0.conda", depends=["__win"])
    source.add("linux-64/native-1-0.conda", "osx-64/other-1-0.conda")
    found = closed(source, "app", "win", subdirs=("noarch", "linux-64", "osx-64"))
    assert files(found) == ["app-1-0.conda", "linux-64/native-1-0.conda"]
    assert list(found.unmet) == ["win"]
    assert not found.not_installable
    assert files(closed(source, "win", subdirs=("noarch", "linux-64", "win-64"))) == ["win-1-0.conda"]
    # Of noarch alone, only noarch is there.
    found = closed(source, "app", subdirs=("noarch",))
    assert found.unmet == {"app": "noarch/app-1-0.conda: it needs 'native', of which the source has nothing in noarch"}


def test_the_solver_never_takes_what_is_yanked_excluded_or_too_young() -> None:
    source = MemorySource()
    source.add("app-1-0.conda", depends=["lib"], timestamp=0)
    source.add("app-0-0.conda", yanked=True, depends=["absent"], timestamp=0)
    source.add("lib-1-0.conda", timestamp=0)
    source.add("lib-2-0.conda", timestamp=NOW - DAY)
    source.add("lib-3-0.conda", timestamp=0)
    source.add("lib-4-0.conda", timestamp=0, yanked=True)
    # A yanked one that a spec names is copied as yanked, and without what it needs.
    found = closed(source, "app", older_than_ms=2 * DAY, exclude=("lib 3",))
    assert files(found) == ["app-0-0.conda", "app-1-0.conda", "lib-1-0.conda"]
    assert not found.not_installable


def test_a_lock_is_complete_as_it_is(tmp_path: Path) -> None:
    source = MemorySource()
    source.add("app-1-0.conda", depends=["lib"])
    source.add("lib-1-0.conda")
    lock = tmp_path / "explicit.txt"
    lock.write_text(f"@EXPLICIT\n{URL}/noarch/app-1-0.conda#sha256:{sha256_of('noarch/app-1-0.conda')}\n")
    assert files(closed(source, locks=(lock,))) == ["app-1-0.conda"]
    # What cannot be installed by a spec is there if a lock names it.
    source.add("app-1-0.conda", depends=["absent"])
    assert files(closed(source, "app", locks=(lock,))) == ["app-1-0.conda"]


def test_either_format_of_a_build_is_enough() -> None:
    source = MemorySource()
    source.add("app-1-0.tar.bz2", "app-1-0.conda", depends=["lib"])
    source.add("lib-1-0.tar.bz2")
    assert files(closed(source, "app-1-0.tar.bz2")) == ["app-1-0.tar.bz2", "lib-1-0.tar.bz2"]
    assert files(closed(source, "app-1-0.conda")) == ["app-1-0.conda", "lib-1-0.tar.bz2"]


def test_records_below_v3_are_solved_for() -> None:
    source = MemorySource()
    source.add("app-1-0.conda", v3=True, depends=['lib[when="__unix"]', 'absent[when="__win"]', "tool[extras=[fast]]"])
    source.add("tool-1-0.tar.bz2", v3=True, extra_depends={"fast": ["speed"]})
    source.add("lib-1-0.conda", "speed-1-0.conda")
    assert files(closed(source, "app")) == ["app-1-0.conda", "lib-1-0.conda", "speed-1-0.conda", "tool-1-0.tar.bz2"]


def test_hostile_records_are_passed_over() -> None:
    source = MemorySource()
    source.add("app-1-0.conda", depends=["lib"])
    source.add("lib-1-0.conda")
    source.add("lib-2-0.conda", depends=["(" * 100_000])
    source.add("lib-3-0.conda", depends=[f"x[{'[' * 900}"])
    source.add("lib-4-0.conda", depends=7)
    source.add("lib-5-0.conda", version="5 || 6")
    source.add("lib-6-0.conda", name="app")
    source.add("lib-7-0.conda", build='0", sha256="')
    source.add("lib-8-0.conda", sha256='"')
    source.add("lib-9-0.conda", build_number=-1)
    source.add_raw("lib-9-1.conda", b"[]")
    deep = b"[" * 9000 + b"]" * 9000
    source.add_raw("lib-9-2.conda", b'{"name":"lib","version":"9","build":"2","build_number":0,"x":' + deep + b"}")
    found = closed(source, "app")
    assert files(found) == ["app-1-0.conda", "lib-1-0.conda"]
    found = closed(source, "lib")
    assert "lib-1-0.conda" in files(found)
    assert "noarch/lib-2-0.conda" in found.not_installable
    assert all(len(why) < 600 for why in found.not_installable.values())


def test_names_that_no_index_has_are_not_asked_for() -> None:
    source = MemorySource()
    source.add("app-1-0.conda", depends=["../../x", "é", "", "\u202e", "lib", "__unix"])
    source.add("lib-1-0.conda")
    closed(source, "app")
    assert all(name in {"app", "lib", ".."} for _, names in source.reads for name in names or ())


@pytest.mark.parametrize(
    "given", [{"glibc": "2.28"}, {"__gl ibc": "2"}, {"__glibc": "x y"}, {"__glibc": ""}, {"__x\n": "1"}]
)
def test_a_virtual_package_has_a_name_and_a_version(given: dict[str, str]) -> None:
    source = MemorySource()
    source.add("linux-64/app-1-0.conda")
    with pytest.raises(ConfigurationError) as raised:
        closed(source, "app", virtual_packages=given)
    assert raised.value.where == "--virtual-package"
    assert raised.value.remedy


def test_the_solver_has_a_limit_of_time(monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import timedelta

    monkeypatch.setattr(module, "_SOLVE", timedelta(milliseconds=1))
    source = MemorySource()
    source.add("app-1-0.conda", depends=[f"lib{number}" for number in range(60)])
    for number in range(60):
        depends = [f"lib{other} <90" for other in range(number)]
        source.add(*(f"lib{number}-{version}-0.conda" for version in range(60)), depends=depends)
    assert "cancelled" in closed(source, "app").unmet["app"]


def test_the_parts_of_a_closure_are_all_of_it() -> None:
    source = MemorySource()
    source.add("app-1-0.conda", depends=[f"lib{number}" for number in range(9)])
    source.add(*(f"lib{number}-1-0.conda" for number in range(9)))
    parts = [closed(source, "app", part=Part(number=number, count=2)) for number in (1, 2)]
    assert sorted(file for part in parts for file in files(part)) == files(closed(source, "app"))
