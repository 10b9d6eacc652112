"""POSIX shell text.

POSIX has no escapes within quotes (`$'…'` is bash's), so a value that is not printable is refused: written as it is, it
would begin a line of its own or control the terminal.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence

from chaninfra.channel.errors import ConfigurationError
from chaninfra.manifest.text.comments import comments


def document(notes: Iterable[str], script: str) -> str:
    """The notes as comments, then the script; what names its interpreter (`#!`) stays its first line."""
    if not script.startswith("#!"):
        return comments(notes) + script
    first, rest = script.split("\n", 1)
    return f"{first}\n{comments(notes)}{rest}"


def script(lines: Iterable[str]) -> str:
    """The text of a script."""
    return "\n".join(lines) + "\n"


def word(text: str) -> str:
    """One word, quoted if needed. The shell expands nothing in it: write "$NAME" without this function.

    Raises ConfigurationError for a text that is not printable.
    """
    return shlex.quote(_checked(text))


def exports(variables: Mapping[str, str]) -> list[str]:
    """An `export NAME='VALUE'` line per variable; always quoted, so that people can edit a value.

    Raises ConfigurationError for a value that is not printable.
    """
    return [f"export {name}='{_checked(value, name).replace(chr(39), _QUOTE)}'" for name, value in variables.items()]


# Ends the quoted string, adds a quoted quote, starts the string again.
_QUOTE = "'\"'\"'"


def command(words: Sequence[str]) -> str:
    """A command line of these words. Raises ConfigurationError for a word that is not printable."""
    return " ".join(map(word, words))


def _checked(text: str, name: str = "a word of the command") -> str:
    if text.isprintable():
        return text
    raise ConfigurationError(
        f"{name} has characters that are not printable, which a line of shell cannot hold: {text!a}",
        remedy="correct the value where it comes from: the channel's channel.json, or the flag",
    )
