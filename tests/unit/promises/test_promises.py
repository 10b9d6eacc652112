"""docs/promises.md: what was promised is still so, what is new is saved, and each promise has a test."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chaninfra.channel.errors import MEANINGS, ExitCode
from chaninfra.channel.spec.stack_file import read_stack_file
from support.cases.promises import FOLDER, SUBJECTS, gone, saved, shape, unexplained
from support.paths import DATA, ROOT

PAGE = (ROOT / "docs" / "promises.md").read_text("utf-8")
WRITER = "PYTHONPATH=tests:tools .venv/bin/python -m support.cases.promises"
STACKS = sorted((FOLDER / "stack-config").glob("Pulumi.*.yaml"))


@pytest.mark.parametrize("subject", SUBJECTS)
def test_what_was_promised_is_so(subject: str) -> None:
    assert saved(subject), "nothing is saved"
    broken = saved(subject) - SUBJECTS[subject]()
    assert not broken, f"no longer so (see support/cases/promises.py): {sorted(broken)}"


@pytest.mark.parametrize("subject", SUBJECTS)
def test_what_is_new_is_promised(subject: str) -> None:
    new = SUBJECTS[subject]() - saved(subject)
    assert not new, f"run {WRITER} for {sorted(new)}"


def test_what_is_gone_stands_in_the_changelog() -> None:
    taken = gone()
    assert taken.keys() <= SUBJECTS.keys()
    for subject, lines in taken.items():
        assert not lines.keys() & SUBJECTS[subject](), "not gone"
        assert not lines.keys() & saved(subject), "gone, and promised"
        assert not unexplained(lines, (ROOT / "CHANGELOG.md").read_text("utf-8"))


def test_a_line_that_is_gone_without_a_word_is_found() -> None:
    changelog = (
        "# Changelog\n\n## 0.3.0\n\n- Removed: `ls --all`.\n\n## [0.2.0] - 2027-01-01\n\n- Removed: `ls --old`.\n"
    )
    assert unexplained({"ls --all": "0.3.0", "ls --old": "0.2.0"}, changelog) == []
    assert unexplained({"ls --all": "0.2.0", "gc --x": "0.3.0", "yank": "9"}, changelog) == [
        "gc --x",
        "ls --all",
        "yank",
    ]


@pytest.mark.parametrize("path", STACKS, ids=lambda path: path.name)
def test_a_saved_stack_config_is_still_read(path: Path) -> None:
    assert len(STACKS) > 5
    assert read_stack_file(path).channels


def test_the_keys_of_a_version_of_the_descriptor_never_change() -> None:
    """An earlier chaninfra stops at a higher version, and not at a key that it does not know."""
    version = next(line for line in saved("descriptor") if line.startswith("version "))
    now = SUBJECTS["descriptor"]()
    if version in now:
        assert {line for line in now if ": " in line} == {line for line in saved("descriptor") if ": " in line}, version


def test_each_exit_code_has_a_meaning_that_is_its_own() -> None:
    assert [*MEANINGS] == [*ExitCode]
    assert len({*MEANINGS.values()}) == len(MEANINGS)


def test_a_shape_is_keys_and_types() -> None:
    assert shape({"a": [{"b": 1}, {"b": None, "c": True}]}) == {
        ".: object",
        ".a: list",
        ".a[]: object",
        ".a[].b: number",
        ".a[].b: null",
        ".a[].c: boolean",
    }


def test_each_test_that_the_page_names_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)
    assert len(named) > 10
    missing = [f"{path}::{name}" for path, name in named if f"def {name}(" not in _text(path)]
    assert not missing


def _text(path: str) -> str:
    return (ROOT / path).read_text("utf-8") if (ROOT / path).is_file() else ""


def test_each_row_of_the_page_names_a_test() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| what ")]
    assert len(rows) > 10
    assert not [row for row in rows if "`tests/" not in row]


def test_the_page_names_everything_that_is_saved() -> None:
    assert {path.stem for path in FOLDER.glob("*.txt")} == SUBJECTS.keys()
    folders = ["tests/data/promises", "tests/data/states", "tests/data/channels/chaninfra-0.1"]
    assert all(f"`{name}`" in PAGE and (ROOT / name).is_dir() for name in folders)
    assert [*DATA.glob("channels/chaninfra-*")]
