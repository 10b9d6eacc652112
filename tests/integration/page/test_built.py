"""The page as it is committed is what its sources give, small, and says the licences of what is in it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

import page

pytestmark = pytest.mark.long

_LIBRARIES = ("preact", "fzstd", "@msgpack/msgpack")


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the sources, with the libraries that package-lock.json names, as npm gets them now."""
    copy = tmp_path_factory.mktemp("built") / "page"
    shutil.copytree(page.SOURCES, copy, ignore=shutil.ignore_patterns("node_modules"))
    page.install(copy, print)
    return copy


def test_the_committed_page_is_what_the_sources_give_each_time(sources: Path, tmp_path: Path) -> None:
    page.check_types(sources)
    for folder in ("first", "second"):
        page.build(sources, tmp_path / folder)
    built = contents(tmp_path / "first")
    assert contents(tmp_path / "second") == built
    assert contents(page.BUILT) == built, "run `make page`, and commit what it writes"


def test_the_unit_tests_of_the_page_pass(sources: Path, tmp_path: Path) -> None:
    tests = page.build_tests(sources, tmp_path)
    assert len(tests) == len([*(sources / "test").glob("*.test.ts*")])
    done = subprocess.run(
        [page.program("node"), "--test", "--test-reporter=tap", *tests],
        cwd=sources,
        capture_output=True,
        text=True,
        timeout=300,
    )
    # From the first test that failed.
    assert done.returncode == 0, done.stdout[max(done.stdout.find("not ok "), 0) :][:8000]
    passed = next(int(line.split()[2]) for line in done.stdout.splitlines() if line.startswith("# pass "))
    assert passed > 50
    assert "# skipped 0" in done.stdout


def test_a_browser_loads_little() -> None:
    assert page.compressed(page.BUILT) <= page.MOST


def test_each_library_is_named_with_its_licence(sources: Path) -> None:
    [path] = (page.BUILT / "assets").glob("licences-*.txt")
    said = path.read_text("utf-8")
    named = json.loads((sources / "package.json").read_text("utf-8"))["dependencies"]
    assert set(named) == set(_LIBRARIES)
    for library in _LIBRARIES:
        folder = sources / "node_modules" / library
        [licence] = [each for each in folder.iterdir() if each.name.lower().startswith("licen")]
        assert f"{library} {named[library]} (" in said
        assert licence.read_text("utf-8").strip() in said


def test_no_source_names_the_host_of_a_registry() -> None:
    texts = [path for path in page.SOURCES.rglob("*") if path.is_file() and "node_modules" not in path.parts]
    assert page.SOURCES / "package-lock.json" in texts
    for path in (*texts, *page.BUILT.rglob("*.*")):
        assert b"://registry." not in path.read_bytes(), path
