"""What of a source is copied, by specs, limits and parts."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import pytest

from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.errors import ConfigurationError
from chaninfra.index.copy.selection import Selection, select
from chaninfra.index.copy.wanted import Wanted
from chaninfra.index.part import Part
from support.copies.memory_source import MemorySource

DAY = 86_400_000
NOW = 1_800_000_000_000
BOTH: tuple[Subdir, ...] = ("noarch", "linux-64")


def selected(source: MemorySource, *specs: str, subdirs: Sequence[Subdir] = BOTH, **wanted: Any) -> Selection:
    return select(source, Wanted(specs=specs, **wanted), subdirs, NOW)


def files(source: MemorySource, *specs: str, subdirs: Sequence[Subdir] = BOTH, **wanted: Any) -> list[str]:
    found = selected(source, *specs, subdirs=subdirs, **wanted).packages
    return [each.file if each.subdir == "noarch" else each.path_in_channel for each in found]


@pytest.fixture
def source() -> MemorySource:
    source = MemorySource()
    source.add("linux-64/b-1-0.conda", "linux-64/a-1-0.conda", "a-2-0.conda", "a-1-0.conda", "a-1-0.tar.bz2")
    source.add("osx-64/a-1-0.conda")
    return source


def test_without_specs_all_packages_of_the_subdirs_are_copied_by_subdir_and_file(source: MemorySource) -> None:
    everything = ["a-1-0.conda", "a-1-0.tar.bz2", "a-2-0.conda", "linux-64/a-1-0.conda", "linux-64/b-1-0.conda"]
    assert files(source) == everything
    assert files(source, subdirs=("linux-64",)) == everything[3:]
    assert source.reads == [("noarch", None), ("linux-64", None), ("linux-64", None)]


def test_specs_name_packages_and_only_those_names_are_read(source: MemorySource) -> None:
    assert files(source, "a >=2", "linux-64/b-1-0.conda") == ["a-2-0.conda", "linux-64/b-1-0.conda"]
    assert source.reads == [("noarch", {"a", "b"}), ("linux-64", {"a", "b"})]
    assert files(source, "A[subdir=linux-64]") == ["linux-64/a-1-0.conda"]
    assert files(source, "a-1-0.tar.bz2") == ["a-1-0.tar.bz2"]


def test_what_is_named_by_its_file_is_told(source: MemorySource) -> None:
    """A package that was deleted in the target comes back by its file name alone, and not as one of many."""
    assert selected(source).by_file == frozenset()
    assert selected(source, "a").by_file == frozenset()
    assert selected(source, "a", "linux-64/b-1-0.conda", "a-1-0.tar.bz2").by_file == {
        "linux-64/b-1-0.conda",
        "noarch/a-1-0.tar.bz2",
    }


def test_a_spec_that_names_nothing_is_an_error_with_the_nearest_name() -> None:
    source = MemorySource()
    source.add("numpy-1-0.conda")
    with pytest.raises(ConfigurationError, match=r"no package in noarch, linux-64 is: nunpy, scipy >=2") as raised:
        selected(source, "nunpy", "numpy", "scipy >=2")
    assert raised.value.remedy == "did you mean 'numpy'? Else leave out nunpy, scipy >=2"
    assert raised.value.where == source.url
    told = selected(source, "nunpy", "numpy", specs_must_name=False)
    assert ([each.file for each in told.packages], told.unnamed) == (["numpy-1-0.conda"], ("nunpy",))
    # A version that is not there is no misspelled name.
    source.add(*(f"numpy-0.{number}-0.conda" for number in range(8, 13)), "numpy-1-1.conda", "linux-64/b-1-0.conda")
    with pytest.raises(ConfigurationError, match="numpy >=2") as raised:
        selected(source, "numpy >=2", "b >1", "numpy", "scipy")
    assert raised.value.remedy == (
        "of numpy there are 1, 0.12, 0.11, 0.10, 0.9 and 1 more; of b there is 1; else leave out numpy >=2, b >1, scipy"
    )
    source.url = "s3://staging/main"
    with pytest.raises(ConfigurationError) as raised:
        selected(source, "zzz")
    assert raised.value.remedy == "leave out zzz; `chaninfra ls s3://staging/main` lists what there is"


def test_what_is_excluded_and_is_not_there_is_told(source: MemorySource) -> None:
    source.add("linux-64/c-1-0.conda", depends=["b"])
    wanted = Wanted(specs=("a", "c"), exclude=("a==1", "a==9", "b", "zzz"))
    assert select(source, wanted, BOTH, NOW).excludes_nothing == ("a==9", "b", "zzz")
    with_dependencies = dataclasses.replace(wanted, with_dependencies=True)
    assert select(source, with_dependencies, BOTH, NOW).excludes_nothing == ("a==9", "zzz")
    # What a mirror excludes may come, or go.
    assert select(source, dataclasses.replace(wanted, specs_must_name=False), BOTH, NOW).excludes_nothing == ()


@pytest.mark.parametrize("words", [{"specs": ("a >>",)}, {"exclude": ("a >>",)}, {"specs": ("other::a",)}])
def test_what_is_no_spec_is_an_error_before_anything_is_read(source: MemorySource, words: Any) -> None:
    with pytest.raises(ConfigurationError):
        select(source, Wanted(**words), BOTH, NOW)
    assert not source.reads


def test_what_is_excluded_is_not_copied(source: MemorySource) -> None:
    assert files(source, exclude=("a", "b-1-0.tar.bz2")) == ["linux-64/b-1-0.conda"]
    assert files(source, "a", exclude=("a <2",)) == ["a-2-0.conda"]
    assert files(source, "b", exclude=("b",)) == []


def test_the_newest_versions_of_each_name_and_subdir_are_copied_with_all_builds() -> None:
    source = MemorySource()
    source.add(
        "a-1.9-0.conda", "a-1.10-0.conda", "a-1.10-1.conda", "a-1.10.0-2.tar.bz2", "a-1.2-0.conda", "b-1-0.conda"
    )
    source.add("linux-64/a-0.1-0.conda")
    rest = ["b-1-0.conda", "linux-64/a-0.1-0.conda"]
    newest = ["a-1.10-0.conda", "a-1.10-1.conda", "a-1.10.0-2.tar.bz2"]
    assert files(source, newest=1) == [*newest, *rest]
    assert files(source, newest=2) == [*newest, "a-1.9-0.conda", *rest]
    assert files(source, newest=9) == [*newest, "a-1.2-0.conda", "a-1.9-0.conda", *rest]
    # Those that a spec names are counted.
    assert files(source, "a <1.10", newest=1) == ["a-1.9-0.conda", "linux-64/a-0.1-0.conda"]


def test_yanked_packages_are_copied_and_are_none_of_the_newest() -> None:
    source = MemorySource()
    source.add("a-1-0.conda", "a-2-0.conda", "a-3-0.conda", "c-1-0.conda")
    source.add("a-4-0.conda", "a-2-1.conda", "a-1-1.conda", "b-1-0.conda", "b-2-0.conda", yanked=True)
    # A yank that is newer goes along, so that what was copied before is yanked in the target too.
    assert files(source, "a", newest=2) == ["a-2-0.conda", "a-2-1.conda", "a-3-0.conda", "a-4-0.conda"]
    assert files(source, "b", newest=1) == ["b-2-0.conda"]
    assert [each.file for each in selected(source, "a ==1").packages if each.yank] == ["a-1-1.conda"]


def test_a_version_that_cannot_be_compared_is_older_than_any_other() -> None:
    source = MemorySource()
    source.add("a-1-0.conda")
    source.add("a-2-0.conda", version="((")
    source.add_raw("a-3-0.conda", b"[]")
    source.add_raw("a-0.5-0.conda", b'{"name": "a", "version": 7}')
    assert files(source, newest=1) == ["a-3-0.conda"]
    assert files(source, newest=2) == ["a-1-0.conda", "a-3-0.conda"]
    assert len(files(source, newest=4)) == 4


def test_the_cooldown_counts_from_when_a_package_came_into_the_index_else_from_its_build() -> None:
    source = MemorySource()
    source.add("old-1-0.conda", indexed_timestamp=NOW - 7 * DAY, timestamp=NOW)
    source.add("young-1-0.conda", indexed_timestamp=NOW - 7 * DAY + 1, timestamp=0)
    source.add("built-1-0.conda", timestamp=NOW - 8 * DAY)
    source.add("seconds-1-0.conda", timestamp=(NOW - 8 * DAY) // 1000)
    source.add("late-1-0.conda", timestamp=NOW // 1000)
    source.add("never-1-0.conda")
    source.add_raw("wrong-1-0.conda", b'{"timestamp": "x"}')
    found = selected(source, older_than_ms=7 * DAY)
    assert [each.file for each in found.packages] == ["built-1-0.conda", "old-1-0.conda", "seconds-1-0.conda"]
    assert found.too_young == 4
    assert selected(source).too_young == 0
    # The newest are counted among those that are old enough.
    source.add("old-2-0.conda", indexed_timestamp=NOW)
    assert files(source, "old", newest=1, older_than_ms=DAY) == ["old-1-0.conda"]


def test_the_parts_are_all_of_it_each_package_once() -> None:
    source = MemorySource()
    source.add(*(f"p{number}-1-0.conda" for number in range(40)), *(f"p{number}-2-0.conda" for number in range(40)))
    parts = [files(source, part=Part(number=number, count=3), newest=1) for number in (1, 2, 3)]
    assert all(parts)
    # Each reads only its own.
    names = [names for subdir, names in source.reads if subdir == "noarch" and names is not None]
    assert sorted(name for some in names for name in some) == sorted(f"p{number}" for number in range(40))
    assert sorted(file for part in parts for file in part) == files(source, newest=1)
    specs = [files(source, "p1", "p2", "p3", part=Part(number=number, count=3)) for number in (1, 2, 3)]
    assert sorted(file for part in specs for file in part) == files(source, "p1", "p2", "p3")
