"""TOML text (toml.io, version 1.0)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from chaninfra.channel.text import unicode_escapes
from chaninfra.manifest.text.comments import comments

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


def document(notes: Iterable[str], values: Mapping[str, Any]) -> str:
    """The notes as comments, then the tables."""
    return comments(notes) + tables(values)


def tables(values: Mapping[str, Any], *path: str) -> str:
    """The text of nested tables of strings, booleans and lists of strings; `path` names the outermost one."""
    pairs = [f"{key(name)} = {value(item)}" for name, item in values.items() if not isinstance(item, Mapping)]
    inner = [tables(item, *path, name) for name, item in values.items() if isinstance(item, Mapping)]
    header = [f"[{key(*path)}]"] if path and pairs else []
    own = ["\n".join([*header, *pairs]) + "\n"] if pairs else []
    return "\n".join([*own, *inner])


def value(item: str | bool | Iterable[str]) -> str:
    """A string, a boolean, or an array of strings on one line."""
    if isinstance(item, bool):
        return "true" if item else "false"
    return string(item) if isinstance(item, str) else "[" + ", ".join(map(string, item)) + "]"


def string(text: str) -> str:
    """A basic string."""

    def escape(match: re.Match[str]) -> str:
        return _ESCAPES[match[0]]

    return '"' + unicode_escapes(re.sub(r'[\\"\b\t\n\f\r]', escape, text)) + '"'


def key(*names: str) -> str:
    """A dotted key; a name that is no bare key, such as a bucket name with a dot, is quoted."""
    return ".".join(name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else string(name) for name in names)
