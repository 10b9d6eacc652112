"""YAML text, in block style (yaml.org, version 1.2; readers of 1.1 get the same values)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chaninfra.channel.text import unicode_escapes
from chaninfra.manifest.text.comments import comments

# Text that needs no quotes: every YAML reader takes it for this string, not for another type, a comment or a key.
_PLAIN = re.compile(r"[A-Za-z/$(](?:[\x21-\x7e]| (?!#))*")
_WORDS = re.compile(r"(?i)y|n|yes|no|true|false|on|off|null")


def document(notes: Iterable[str], values: Mapping[str, Any]) -> str:
    """The notes as comments, then the mapping.

    Values are nested mappings, lists, strings, whole numbers, booleans and None; a string of several lines becomes a
    `|` block.
    """
    return comments(notes) + "\n".join(mapping(values)) + "\n"


def mapping(values: Mapping[str, Any]) -> list[str]:
    """The lines of a mapping."""
    lines: list[str] = []
    for name, value in values.items():
        # YAML 1.1 reads a bare `on` as a boolean, but everybody writes GitHub's key bare.
        head = f"{name if name == 'on' else scalar(name)}:"
        if isinstance(value, Mapping) and value:
            lines += [head, *_indented(mapping(value))]
        elif isinstance(value, Sequence) and not isinstance(value, str):
            lines += [head, *_indented(sequence(value))]
        elif isinstance(value, str) and _is_block(value):
            lines += [f"{head} |", *_indented(value.rstrip("\n").split("\n"))]
        else:
            empty = isinstance(value, Mapping)
            lines.append(head if value is None else f"{head} {'{}' if empty else scalar(value)}")
    return lines


def sequence(values: Sequence[Any]) -> list[str]:
    """The lines of a list, with the dashes in the first column."""
    lines: list[str] = []
    for value in values:
        if isinstance(value, Mapping):
            item = mapping(value)
        elif _is_block(value):
            item = ["|", *value.rstrip("\n").split("\n")]
        else:
            item = [scalar(value)]
        lines += [f"- {item[0]}", *_indented(item[1:])]
    return lines


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"  {line}" if line else line for line in lines]


def _is_block(text: str) -> bool:
    one_end = text.endswith("\n") and not text.endswith("\n\n")
    return one_end and re.fullmatch(r"[\x20-\x7e\n]+", text) is not None and not text.startswith((" ", "\n"))


def scalar(value: str | bool | int) -> str:
    """A string, a boolean or a whole number on one line, quoted if needed."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if _PLAIN.fullmatch(value) and not _WORDS.fullmatch(value) and not re.search(r":( |$)| $", value):
        return value
    if "'" not in value and re.fullmatch(r"[\x20-\x7e]+", value):
        return f"'{value}'"
    return _quoted(value)


def flow(value: Any) -> str:
    """A value in flow style, on one line: JSON, which is YAML too."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_quoted(name)}: {flow(item)}" for name, item in value.items()) + "}"
    if value is None:
        return "null"
    if isinstance(value, str | int):
        return _quoted(value) if isinstance(value, str) else scalar(value)
    return "[" + ", ".join(map(flow, value)) + "]"


def _quoted(value: str) -> str:
    # A JSON string is a double-quoted string of YAML, except for DEL and for line ends that only YAML has.
    return unicode_escapes(json.dumps(value, ensure_ascii=False))
