"""The check after an edit, and the error if no edit passes it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chaninfra.channel.errors import ConfigurationError
from chaninfra.manifest.merge.syntax import Edit, Syntax
from chaninfra.manifest.rendered import Rendered

RENDERED = Rendered(("a note",), {"a": 1})


def syntax(*edits: Edit) -> Syntax:
    """JSON, with these edits."""
    return Syntax(
        name="JSON",
        parse=json.loads,
        errors=(ValueError, RecursionError),
        problem=str,
        edits=edits,
        write=lambda notes, values: f"{notes[0]}: {values}",
    )


def edit_to(text: str | None) -> Edit:
    """An edit whose result is always `text`."""
    return lambda *_: text


def test_the_first_edit_with_the_right_values_is_used() -> None:
    edits = map(edit_to, [None, "not JSON", '{"a": 2}', '{"a": true}', '{"b": NaN, "a": 1}', '{"a": 1, "b": NaN}'])
    assert syntax(*edits).edit("{}", {}, {"a": 1, "b": float("nan")}, RENDERED, "the file") == '{"b": NaN, "a": 1}'


@pytest.mark.parametrize("result", [None, "{}", '{"a": 1.0}', '{"a": [1]}', "["])
def test_the_settings_are_shown_if_no_edit_is_possible(result: str | None) -> None:
    with pytest.raises(ConfigurationError, match="without changing other content") as caught:
        syntax(edit_to(result)).edit("{}", {}, {"a": 1}, RENDERED, "the file")
    assert "a note: {'a': 1}" in str(caught.value)


@pytest.mark.parametrize("text", ["{", "[" * 100_000])
def test_text_that_cannot_be_parsed_is_refused(text: Any) -> None:
    with pytest.raises(ConfigurationError, match="is not JSON"):
        syntax().load(text, "the file")
