"""Small helpers for messages."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str:
    """A sentence that names the known word nearest to `word`, or all of them when none is near."""
    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=1, cutoff=0.6)
    return f"did you mean {close[0]!r}?" if close else f"known are: {', '.join(names)}"


def count(number: int, noun: str) -> str:
    """`1 package`, `2 packages`, `2,000 packages`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
