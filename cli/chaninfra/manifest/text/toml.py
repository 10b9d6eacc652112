"""TOML text for values of our own, by hand: a library would cost each start its import."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


def document(tables: Mapping[str, Any], *names: str) -> str:
    """The text of nested tables of strings, booleans and lists of strings; `names` lead to the outermost."""
    values = [f"{key(name)} = {value(each)}" for name, each in tables.items() if not isinstance(each, Mapping)]
    below = [document(each, *names, name) for name, each in tables.items() if isinstance(each, Mapping)]
    head = [f"[{key(*names)}]"] if names and values else []
    own = ["\n".join([*head, *values]) + "\n"] if values else []
    return "\n".join([*own, *below])


def value(given: str | bool | Iterable[str]) -> str:
    """A value of one of these types."""
    if isinstance(given, bool):
        return "true" if given else "false"
    return string(given) if isinstance(given, str) else "[" + ", ".join(map(string, given)) + "]"


def string(given: str) -> str:
    """A basic string."""

    def escape(match: re.Match[str]) -> str:
        return _ESCAPES.get(match[0], f"\\u{ord(match[0]):04x}")

    return '"' + re.sub(r'[\\"\x00-\x1f\x7f]', escape, given) + '"'


def key(*names: str) -> str:
    """A dotted key; a name that is not bare, as a bucket's with a dot in it, is quoted."""
    return ".".join(name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else string(name) for name in names)


def comment(line: str) -> str:
    """A comment line, as TOML, YAML and shells have it; TOML allows no control characters there."""
    return ("# " + re.sub(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]", " ", line)).rstrip()
