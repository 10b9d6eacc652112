"""POSIX shell text."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence

from chaninfra.manifest.text.comments import comments


def document(notes: Iterable[str], script: str) -> str:
    """The notes as comments, then the script."""
    return comments(notes) + script


def script(lines: Iterable[str]) -> str:
    """The text of a script."""
    return "\n".join(lines) + "\n"


def word(text: str) -> str:
    """One word, quoted if needed. The shell expands nothing in it: write "$NAME" without this function."""
    return shlex.quote(text)


def exports(variables: Mapping[str, str]) -> list[str]:
    """An `export NAME='VALUE'` line per variable; always quoted, so that people can edit a value."""
    return [f"export {name}='{value.replace(chr(39), _QUOTE)}'" for name, value in variables.items()]


# Ends the quoted string, adds a quoted quote, starts the string again.
_QUOTE = "'\"'\"'"


def command(words: Sequence[str]) -> str:
    """A command line of these words."""
    return " ".join(map(word, words))
