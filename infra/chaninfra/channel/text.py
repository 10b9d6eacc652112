"""Helpers for the text of messages."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable


def nearest(word: str, known: Iterable[str], *, quote: str = "'") -> str:
    """`did you mean 'readers'?` for a word like one of `known`, else `known are: publishers, readers`.

    `quote` surrounds the suggestion: "`" for a config key, see `ConfigurationError.spelled`. The list of all known
    words has quotes only around config keys.
    """
    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    if close:
        return f"did you mean {quote}{close[0]}{quote}?"
    return f"known are: {', '.join(f'`{name}`' if quote == '`' else name for name in names)}"


def count(number: int, noun: str) -> str:
    """`1 package`, `2 packages`, `2,000 packages`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


_SHOWN = 200
"""So many characters of a value are shown: a document may hold any."""


def without_secrets(value: str) -> str:
    """A value that may be a URL, without what may be secret in one: what is before the last @, and the query.

    Whether the URL is valid does not matter: a mistyped one holds the same password.
    """
    start = re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", value)
    before, at, after = value.rpartition("@")
    text = f"{start[0] if start and before else ''}\u2026@{after}" if at else value
    path, query, _ = text.partition("?")
    return f"{path}?\u2026" if query else text


def shown(value: object) -> str:
    """The repr of a value that somebody wrote, for a message: without secrets and control characters, and not long."""
    text = repr(without_secrets(value)) if isinstance(value, str) else without_secrets(repr(value))
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}\u2026"
