"""The writers of TOML and YAML: what reads their text gets the document back."""

from __future__ import annotations

import tomllib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from chaninfra.manifest.text import toml, yaml
from support.example_counts import EXAMPLES

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
NAME = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@EXAMPLES
@given(TEXT, NAME)
def test_any_text_survives_toml(value: str, name: str) -> None:
    text = f"{toml.comment(value)}\n" + toml.document({"a": {name: {"key": [value], "other": value}}})
    assert tomllib.loads(text) == {"a": {name: {"key": [value], "other": value}}}


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
@given(DOCUMENTS)
def test_any_document_survives_yaml(document: dict[str, Any]) -> None:
    assert YAML(typ="safe", pure=True).load(yaml.document(document)) == document
