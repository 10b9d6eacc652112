"""Asks before a command does what is not easily undone."""

from __future__ import annotations

import sys

from chaninfra.channel.errors import ChaninfraError, ConfigurationError, StoppedError
from chaninfra.cli.output import streams

_YES = ("y", "yes")


def require_answer(command: str, *, yes: bool) -> None:
    """Raise ConfigurationError where nobody can be asked, and `--yes` is not given either. `command` does the same."""
    if not yes and not all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stderr)):
        raise ConfigurationError(
            "this command asks before it writes, and there is no terminal to ask on",
            where="--yes",
            remedy=f"look at what it would do: `{command} --dry-run`; then run `{command} --yes`",
        )


def confirm(plan: str, question: str, command: str) -> None:
    """Show on the terminal what would be done, and ask. `command` does the same.

    Raises ChaninfraError unless the answer is yes, and StoppedError at the end of the input; Ctrl-C is for
    `interruptible`.
    """
    streams.plain(plan)
    streams.question(f"{question} [y/N]:")
    try:
        answer = sys.stdin.readline()
    except UnicodeDecodeError:
        answer = "?"
    remedy = f"to do it: `{command} --yes`"
    if not answer:
        # So that the error does not begin behind the question.
        streams.step("")
        raise StoppedError("stopped: nothing was changed", remedy=remedy)
    if answer.strip().lower() not in _YES:
        raise ChaninfraError("the answer was not yes: nothing was changed", remedy=remedy)
