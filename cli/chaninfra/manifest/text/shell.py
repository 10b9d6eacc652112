"""Lines of POSIX shell."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence


def word(text: str) -> str:
    """One word, quoted where it has to be; a "$NAME" that is wanted is not given here."""
    return shlex.quote(text)


def exports(variables: Mapping[str, str]) -> list[str]:
    """A line for each variable; always quoted, so that one who changes a value need not think of it."""
    return [f"export {name}='{value.replace(chr(39), _QUOTE)}'" for name, value in variables.items()]


_QUOTE = "'\"'\"'"


def command(words: Sequence[str]) -> str:
    """A command line."""
    return " ".join(map(word, words))


def script(notes: Sequence[str], lines: Sequence[str]) -> str:
    """The notes as comments, then the lines."""
    comments = ["# " + re.sub(r"[\x00-\x1f\x7f]", " ", note) for note in notes]
    return "\n".join([*comments, *lines]) + "\n"
