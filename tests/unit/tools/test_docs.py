"""What the program prints into `docs/`, `schemas/` and `templates/` is what stands there."""

from __future__ import annotations

import re

import pytest

import docs
import schemas
from support.cases.cli_mistakes import COMMANDS
from support.paths import ROOT


def test_schemas_are_as_the_models_say() -> None:
    for name, schema in schemas.build().items():
        assert (ROOT / "schemas" / f"{name}.schema.json").read_text("utf-8") == schemas.dump(schema), "make schemas"


def test_docs_are_as_the_program_prints_them() -> None:
    for path, text in docs.files().items():
        assert path.read_text("utf-8") == text, "make docs"


def test_each_output_of_a_component_is_described_by_its_own_words() -> None:
    page = docs.pages()["components.md"]
    tables = re.findall(
        r"^### (\w+)\n.*?\| output \| description \|\n\|---\|---\|\n((?:\|[^\n]*\n)+)", page, re.M | re.S
    )
    assert [name for name, _ in tables] == ["CondaChannel", "ChannelBucket", "Publisher", "Reader"]
    for name, table in tables:
        rows = [line.split("|")[1:3] for line in table.splitlines()]
        assert len({words.strip() for _, words in rows}) == len(rows) > 2, name
    assert "| `descriptors` | Channel name → its descriptor. |" in page
    assert "| `url` | The channel's URL for pixi, s3://BUCKET/PREFIX. |" in page


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        ("--dry-run", r"\*\*Dry runs\*\*: ([^.]*) take `--dry-run`\."),
        ("--yes", r"\. ([^.]*) show on a terminal what they would do, and ask"),
    ],
    ids=["dry-run", "yes"],
)
def test_the_page_of_the_commands_names_those_that_take(option: str, sentence: str) -> None:
    page = " ".join((ROOT / "docs" / "commands.md").read_text("utf-8").split())
    found = re.search(sentence, page)
    assert found is not None, sentence
    named = re.findall(r"`([^`]+)`", found[1])
    takers = {name: {opt for each in command.params for opt in each.opts} for name, command in COMMANDS.items()}
    assert sorted(named) == sorted(name for name, options in takers.items() if option in options)
    assert all("--json" in takers[name] for name in named)
