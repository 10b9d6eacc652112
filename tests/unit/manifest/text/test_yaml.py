"""YAML text: a parser gets the values back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from chaninfra.manifest.text import yaml
from support.example_counts import EXAMPLES

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
DOCUMENTS = st.dictionaries(
    TEXT,
    st.recursive(
        TEXT | st.booleans() | st.none(),
        lambda each: (
            st.lists(st.dictionaries(TEXT, each, min_size=1, max_size=3) | TEXT, min_size=1, max_size=3)
            | st.dictionaries(TEXT, each, min_size=1, max_size=3)
        ),
        max_leaves=8,
    ),
    min_size=1,
    max_size=3,
)


@EXAMPLES
@given(TEXT, DOCUMENTS)
def test_any_document_survives(note: str, document: dict[str, Any]) -> None:
    text = yaml.document([note], document)
    assert YAML(typ="safe", pure=True).load(text) == document
    assert all(line.isprintable() for line in text.split("\n"))


@pytest.mark.parametrize("text", ["a\n", "a\n\n", "a\nb", "a\n\n  b\n", " a\n", "\n"])
def test_text_of_several_lines_survives(text: str) -> None:
    assert YAML(typ="safe", pure=True).load(yaml.document((), {"a": text, "b": [text]})) == {"a": text, "b": [text]}
