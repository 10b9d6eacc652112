"""YAML text for documents of our own, by hand: a library would cost each start its import."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

# What every YAML reader takes for this text in block style: no other type, no comment, no key.
_PLAIN = re.compile(r"[A-Za-z/$(](?:[\x21-\x7e]| (?!#))*")
_WORDS = re.compile(r"(?i)y|n|yes|no|true|false|on|off|null")


def document(value: Mapping[str, Any]) -> str:
    """The text of nested mappings, lists, strings and booleans, in block style; a string of lines is a `|` block."""
    return "\n".join(mapping(value)) + "\n"


def mapping(value: Mapping[str, Any]) -> list[str]:
    """Its lines."""
    lines: list[str] = []
    for name, each in value.items():
        # To readers of YAML 1.1 `on` is a boolean; GitHub's key is written bare by everybody.
        head = f"{name if name == 'on' else scalar(name)}:"
        if isinstance(each, Mapping) and each:
            lines += [head, *_indented(mapping(each))]
        elif isinstance(each, Sequence) and not isinstance(each, str):
            lines += [head, *_indented(sequence(each))]
        elif isinstance(each, str) and _is_block(each):
            lines += [f"{head} |", *_indented(each.rstrip("\n").split("\n"))]
        else:
            lines.append(head if each is None else f"{head} {scalar(each)}")
    return lines


def sequence(value: Sequence[Any]) -> list[str]:
    """Its lines, the dashes at the first column."""
    lines: list[str] = []
    for each in value:
        if isinstance(each, Mapping):
            item = mapping(each)
        elif _is_block(each):
            item = ["|", *each.rstrip("\n").split("\n")]
        else:
            item = [scalar(each)]
        lines += [f"- {item[0]}", *_indented(item[1:])]
    return lines


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"  {line}" if line else line for line in lines]


def _is_block(text: str) -> bool:
    return (
        text.endswith("\n") and re.fullmatch(r"[\x20-\x7e\n]+", text) is not None and not text.startswith((" ", "\n"))
    )


def scalar(value: str | bool) -> str:
    """A value on one line."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if _PLAIN.fullmatch(value) and not _WORDS.fullmatch(value) and not re.search(r":( |$)| $", value):
        return value
    if "'" not in value and re.fullmatch(r"[\x20-\x7e]+", value):
        return f"'{value}'"
    return _quoted(value)


def flow(value: Any) -> str:
    """A value in flow style, on one line: JSON."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_quoted(name)}: {flow(each)}" for name, each in value.items()) + "}"
    if value is None:
        return "null"
    if isinstance(value, str | bool):
        return scalar(value) if isinstance(value, bool) else _quoted(value)
    return "[" + ", ".join(map(flow, value)) + "]"


def _quoted(value: str) -> str:
    # A JSON string is a double-quoted one of YAML but for the lines that only YAML ends, and DEL.
    text = json.dumps(value, ensure_ascii=False)
    return re.sub(r"[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]", lambda match: f"\\u{ord(match[0]):04x}", text)
