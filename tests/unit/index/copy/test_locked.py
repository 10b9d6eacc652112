"""Which packages of a source lock files name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.errors import ConfigurationError
from chaninfra.index.copy.locked import Elsewhere
from chaninfra.index.copy.selection import Selection, select
from chaninfra.index.copy.wanted import Wanted
from support.copies.memory_source import URL, MemorySource, md5_of, sha256_of
from support.paths import DATA

NOW = 1_800_000_000_000
DAY = 86_400_000
BOTH: tuple[Subdir, ...] = ("noarch", "linux-64")
TOOL, HELLO = "linux-64/tool-1.0-h0_0.conda", "noarch/hello-1.0-py_0.tar.bz2"
FORGE = "https://conda.anaconda.org/conda-forge"


def explicit(folder: Path, *lines: str) -> Path:
    path = folder / "explicit.txt"
    path.write_text("\n".join(["# platform: linux-64", "@EXPLICIT", *lines, ""]))
    return path


def hashed(at: str, path_in_channel: str) -> str:
    """A line of an explicit file."""
    return f"{at}/{path_in_channel}#sha256:{sha256_of(path_in_channel)}"


def selected(source: MemorySource, lock: Path, *, subdirs: Sequence[Subdir] = BOTH, **wanted: Any) -> Selection:
    return select(source, Wanted(locks=(lock,), **wanted), subdirs, NOW)


def paths(found: Selection) -> list[str]:
    return [each.path_in_channel for each in found.packages]


def why(found: Selection) -> dict[str, str]:
    return {each.path_in_channel: each.why for each in found.lacking}


@pytest.fixture
def source() -> MemorySource:
    source = MemorySource()
    source.add(TOOL, HELLO, "linux-64/tool-1.1-h0_0.conda", "linux-64/other-1-0.conda")
    return source


LOCKS = DATA / "locks"


@pytest.mark.parametrize(
    ("name", "others"),
    [
        ("pixi-v6.lock", {"./built": "linux-64/other-1.0-0.conda"}),
        ("conda-lock.yml", {}),
        ("explicit.txt", {}),
    ],
)
def test_each_kind_of_lock_file_names_its_artifacts(source: MemorySource, name: str, others: dict[str, str]) -> None:
    found = selected(source, LOCKS / name)
    assert paths(found) == [HELLO, TOOL]
    # Those of another channel are told; those of PyPI, and what is built from a folder, are of no channel.
    xz = {FORGE: "linux-64/xz-5.8.1-h0_0.conda"}
    assert {each.channel: each.missing for each in found.elsewhere} == {
        channel: (path,) for channel, path in (xz | others).items()
    }
    osx = "osx-arm64/tool-1.0-h0_0.conda"
    assert why(found) == ({} if name == "explicit.txt" else {osx: "osx-arm64 is not in both channels"})
    source.add(osx)
    both: tuple[Subdir, ...] = ("linux-64", "osx-arm64")
    everything = [HELLO, TOOL] if name == "explicit.txt" else [HELLO, TOOL, osx]
    assert paths(selected(source, LOCKS / name, subdirs=both)) == everything


def test_the_lock_that_pixi_writes_now_names_its_artifacts(source: MemorySource, tmp_path: Path) -> None:
    from rattler import LockChannel, LockFile, LockPlatform, PackageRecord, RepoDataRecord
    from rattler.package.build_string import BuildString

    platform, file = LockPlatform("linux-64"), LockFile([LockPlatform("linux-64")])
    file.set_channels("default", [LockChannel(URL)])
    for path in (TOOL, HELLO):
        subdir, _, name = path.partition("/")
        record = PackageRecord(
            name.split("-")[0],
            "1.0",
            BuildString(name.split("-")[2].partition(".")[0]),
            0,
            subdir,
            sha256=bytes.fromhex(sha256_of(path)),
        )
        file.add_conda_package("default", platform, RepoDataRecord(record, name, f"{URL}/{path}", URL))
    file.to_path(tmp_path / "pixi.lock")
    assert (tmp_path / "pixi.lock").read_text().startswith("version: 7")
    assert paths(selected(source, tmp_path / "pixi.lock")) == [HELLO, TOOL]
    source.add(TOOL, sha256="0" * 64)
    assert why(selected(source, tmp_path / "pixi.lock")) == {TOOL: "the source has other bytes under this name"}


def test_exactly_the_artifacts_of_a_lock_are_copied(source: MemorySource, tmp_path: Path) -> None:
    found = selected(source, explicit(tmp_path, hashed(URL, TOOL), hashed(URL, HELLO)))
    assert paths(found) == [HELLO, TOOL]
    assert not found.lacking
    assert not found.elsewhere
    # Only their names are read, in each subdir.
    assert source.reads == [("noarch", {"hello"}), ("linux-64", {"tool"})]


@pytest.mark.parametrize(
    "at",
    [
        "https://me:hunter2@conda.example.com/staging",
        "https://conda.example.com/t/hunter2/staging",
        "s3://the-same/channel",
        "https://mirror.example.com/x/y",
    ],
)
def test_they_are_found_by_their_bytes_whatever_url_the_lock_has(source: MemorySource, tmp_path: Path, at: str) -> None:
    found = selected(source, explicit(tmp_path, hashed(at, TOOL), f"{at}/{HELLO}#{md5_of(HELLO)}"))
    assert paths(found) == [HELLO, TOOL]
    assert "hunter2" not in str(found)


def test_what_the_source_lacks_is_named(source: MemorySource, tmp_path: Path) -> None:
    other = f"{URL}/linux-64/other-1-0.conda#sha256:{'0' * 64}"
    gone = f"{URL}/linux-64/gone-1-0.conda#sha256:{'1' * 64}"
    far = f"{URL}/win-64/far-1-0.conda#sha256:{'1' * 64}"
    found = selected(source, explicit(tmp_path, hashed(URL, TOOL), other, gone, far))
    assert paths(found) == [TOOL]
    assert why(found) == {
        "linux-64/other-1-0.conda": "the source has other bytes under this name",
        "linux-64/gone-1-0.conda": "the source does not have it",
        "win-64/far-1-0.conda": "win-64 is not in both channels",
    }
    # Those of other subdirs than were asked for are none of it; noarch always is.
    few = selected(source, explicit(tmp_path, hashed(URL, TOOL), hashed(URL, HELLO), far), subdirs=["linux-64"])
    assert paths(few) == [HELLO, TOOL]
    asked = explicit(tmp_path, hashed(URL, TOOL), hashed(URL, HELLO), far)
    few = selected(source, asked, subdirs=("linux-64",))
    assert why(few) == {"win-64/far-1-0.conda": "win-64 is not in both channels"}
    few = select(source, Wanted(locks=(asked,), subdirs=("linux-64",)), ("linux-64",), NOW)
    assert paths(few) == [HELLO, TOOL]
    assert not few.lacking


def test_packages_of_other_channels_are_no_part_of_the_source(source: MemorySource, tmp_path: Path) -> None:
    xz, gone = f"{FORGE}/linux-64/xz-5-0.conda#sha256:{'2' * 64}", f"{FORGE}/noarch/gone-1-0.conda#{'3' * 32}"
    # One of this name with other bytes is another package.
    other = f"{FORGE}/linux-64/other-1-0.conda#sha256:{'0' * 64}"
    path = explicit(tmp_path, hashed(URL, TOOL), hashed(FORGE, HELLO), xz, gone, other)
    found = selected(source, path)
    assert paths(found) == [HELLO, TOOL]
    assert not found.lacking
    missing = ("linux-64/other-1-0.conda", "linux-64/xz-5-0.conda", "noarch/gone-1-0.conda")
    assert found.elsewhere == (Elsewhere(lock=str(path), channel=FORGE, there=1, missing=missing),)


def test_without_a_hash_only_the_url_of_the_source_names_its_package(source: MemorySource, tmp_path: Path) -> None:
    found = selected(source, explicit(tmp_path, f"{URL}/{TOOL}", f"{FORGE}/{HELLO}"))
    assert paths(found) == [TOOL]
    assert [each.missing for each in found.elsewhere] == [(HELLO,)]
    # A hash that cannot be compared is not checked, so the package is not copied.
    source.add(HELLO, sha256=None, md5=None)
    source.add_raw(TOOL, b"[]")
    source.add("linux-64/plain-1-0.conda")
    lines = hashed(URL, "linux-64/plain-1-0.conda"), hashed(URL, HELLO), hashed(URL, TOOL)
    found = selected(source, explicit(tmp_path, *lines))
    assert paths(found) == ["linux-64/plain-1-0.conda"]
    assert set(why(found).values()) == {"there is no hash by which the bytes can be compared"}
    assert len(why(found)) == 2


def test_a_lock_of_which_the_source_has_nothing_is_an_error(source: MemorySource, tmp_path: Path) -> None:
    path = explicit(tmp_path, f"https://me:hunter2@other.example.com/forge/noarch/xz-5-0.conda#{'3' * 32}")
    with pytest.raises(ConfigurationError, match=f"none of its 1 package is in {URL}") as raised:
        selected(source, path)
    assert raised.value.where == str(path)
    assert "it names those of https://other.example.com/forge" in str(raised.value)
    assert "--from" in (raised.value.remedy or "")
    assert "hunter2" not in str(raised.value)


def test_what_is_too_young_is_named_and_what_is_excluded_is_not(source: MemorySource, tmp_path: Path) -> None:
    source.add("linux-64/young-1-0.conda", timestamp=NOW)
    source.add("linux-64/old-1-0.conda", timestamp=0)
    lines = [hashed(URL, f"linux-64/{name}") for name in ("young-1-0.conda", "old-1-0.conda", "tool-1.0-h0_0.conda")]
    found = selected(source, explicit(tmp_path, *lines), older_than_ms=DAY, exclude=("tool >2",))
    assert paths(found) == ["linux-64/old-1-0.conda"]
    assert why(found) == {
        "linux-64/young-1-0.conda": "it has not been public for long enough",
        TOOL: "the source does not say since when it has been public",
    }
    found = selected(source, explicit(tmp_path, *lines), exclude=("tool",))
    assert paths(found) == ["linux-64/old-1-0.conda", "linux-64/young-1-0.conda"]
    assert not found.lacking


def test_a_yanked_package_of_a_lock_is_copied_as_yanked(source: MemorySource, tmp_path: Path) -> None:
    source.add(TOOL, yanked=True)
    (found,) = selected(source, explicit(tmp_path, hashed(URL, TOOL))).packages
    assert found.yank


def test_specs_and_newest_are_beside_a_lock(source: MemorySource, tmp_path: Path) -> None:
    found = select(source, Wanted(specs=("tool",), newest=1, locks=(explicit(tmp_path, hashed(URL, TOOL)),)), BOTH, NOW)
    assert paths(found) == [TOOL, "linux-64/tool-1.1-h0_0.conda"]


def test_a_file_at_a_url_without_subdir_is_found_by_its_hash(source: MemorySource, tmp_path: Path) -> None:
    flat = f"https://files.example.com/all/tool-1.0-h0_0.conda#sha256:{sha256_of(TOOL)}"
    assert paths(selected(source, explicit(tmp_path, flat))) == [TOOL]
