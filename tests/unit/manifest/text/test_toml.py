"""TOML text: a parser gets the values back."""

from __future__ import annotations

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from chaninfra.manifest.text import toml
from support.example_counts import EXAMPLES

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
NAME = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@EXAMPLES
@given(TEXT, NAME)
def test_any_text_survives(value: str, name: str) -> None:
    values = {"a": {name: {"key": [value], "other": value, "flag": True}}}
    text = toml.document([value], values)
    assert tomllib.loads(text) == values
    assert all(line.isprintable() for line in text.split("\n"))
