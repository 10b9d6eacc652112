"""Asks before a command does what is not easily undone."""

from __future__ import annotations

import sys

from chaninfra.channel.errors import ChaninfraError, ConfigurationError
from chaninfra.cli.output import streams

_YES = ("y", "yes")


def require_answer(*, yes: bool) -> None:
    """Raise ConfigurationError where nobody can be asked, and `--yes` is not given either."""
    if not yes and not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise ConfigurationError(
            "this command asks before it writes, and there is no terminal to ask on",
            where="--yes",
            remedy="look at what it would do with `--dry-run`, then run it with `--yes`",
        )


def confirm(question: str, refused: str) -> None:
    """Ask, on the terminal; raise ChaninfraError with this message unless the answer is yes."""
    streams.step(f"{question} [y/N]")
    if sys.stdin.readline().strip().lower() not in _YES:
        raise ChaninfraError(refused)
