"""TOML text for values of our own, by hand: a library would cost each start its import."""

from __future__ import annotations

import re
from collections.abc import Iterable

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


def string(value: str) -> str:
    """A basic string."""

    def escape(match: re.Match[str]) -> str:
        return _ESCAPES.get(match[0], f"\\u{ord(match[0]):04x}")

    return '"' + re.sub(r'[\\"\x00-\x1f\x7f]', escape, value) + '"'


def boolean(value: bool) -> str:
    """`true` or `false`."""
    return "true" if value else "false"


def array(values: Iterable[str]) -> str:
    """An array of strings on one line."""
    return "[" + ", ".join(map(string, values)) + "]"


def key(*names: str) -> str:
    """A dotted key; a name that is not bare, as a bucket's with a dot in it, is quoted."""
    return ".".join(name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else string(name) for name in names)


def comment(line: str) -> str:
    """A comment line; TOML allows no control characters there."""
    return ("# " + re.sub(r"[\x00-\x08\x0a-\x1f\x7f]", " ", line)).rstrip()
