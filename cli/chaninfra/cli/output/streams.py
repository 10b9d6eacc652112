"""What goes where: results to stdout, notes and errors to stderr, colour only where it is wanted."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from chaninfra.channel.errors import ChaninfraError

_CREDENTIALS = re.compile(r"(?<=://)[^/\s@]+@")


def result(text: str) -> None:
    """Print a result; a text that ends in a newline gets no second one.

    Raises ChaninfraError where it cannot be written.
    """
    try:
        typer.echo(text, nl=not text.endswith("\n"))
    except BrokenPipeError:
        raise
    except UnicodeEncodeError as error:
        from chaninfra.channel.errors import ChaninfraError

        raise ChaninfraError(
            f"the output is in {error.encoding}, which cannot hold {error.object[error.start : error.end]!a}",
            where="stdout",
            remedy="set PYTHONIOENCODING=utf-8:surrogateescape",
        ) from error
    except OSError as error:
        from chaninfra.channel.errors import ChaninfraError

        raise ChaninfraError(f"the output could not be written: {error.strerror}", where="stdout") from error


def result_json(document: Any) -> None:
    """Print a result for a program to read."""
    import json

    result(json.dumps(document, indent=2, ensure_ascii=False))


def note(text: str) -> None:
    """Say something beside the result."""
    _say("note:", typer.colors.CYAN, text)


def warning(problem: ChaninfraError) -> None:
    """Say what went wrong beside what was done."""
    _say("warning:", typer.colors.YELLOW, str(problem))


def error(problem: ChaninfraError) -> None:
    """Say what was wrong, where, and what to type or change next."""
    _say("error:", typer.colors.RED, str(problem))


def table(rows: Iterable[Sequence[str]]) -> str:
    """The rows, columns aligned."""
    rows = [*rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "\n".join(lines)


def _say(label: str, colour: str, text: str) -> None:
    # A URL that somebody gave with credentials in it may be what is wrong.
    typer.echo(f"{_label(label, colour)} {_CREDENTIALS.sub('…@', text)}", err=True)


def _label(text: str, colour: str) -> str:
    # https://no-color.org
    plain = os.environ.get("NO_COLOR") or not sys.stderr.isatty()
    return text if plain else typer.style(text, fg=colour, bold=True)
