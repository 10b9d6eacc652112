"""JSON text: a parser gets the values back, and UTF-8 can encode it."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from chaninfra.manifest.text.json import document
from support.example_counts import EXAMPLES


@EXAMPLES
@given(st.dictionaries(st.text(), st.text() | st.none()))
def test_any_text_survives(values: dict[str, str | None]) -> None:
    assert json.loads(document(("a note",), values).encode("utf-8")) == values


def test_a_lone_surrogate_survives() -> None:
    assert json.loads(document((), {"\ud800": "é\udfff"}).encode("utf-8")) == {"\ud800": "é\udfff"}
