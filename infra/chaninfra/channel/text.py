"""Helpers for the text of messages."""

from __future__ import annotations

import difflib
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
