"""What goes where: results to stdout, notes and errors to stderr, colour only where it is wanted."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from chaninfra.channel.errors import ChaninfraError


def result(text: str) -> None:
    """Print a result; a text that ends in a newline gets no second one.

    Raises ChaninfraError where it cannot be written.
    """
    try:
        typer.echo(text, nl=not text.endswith("\n"))
    except BrokenPipeError:
        raise
    except OSError as error:
        from chaninfra.channel.errors import ChaninfraError

        raise ChaninfraError(f"the output could not be written: {error.strerror}", where="stdout") from error


def result_json(document: Any) -> None:
    """Print a result for a program to read."""
    import json

    result(json.dumps(document, indent=2, ensure_ascii=False))


def note(text: str) -> None:
    """Say something beside the result."""
    typer.echo(f"{_label('note:', typer.colors.CYAN)} {text}", err=True)


def warning(problem: ChaninfraError) -> None:
    """Say what went wrong beside what was done."""
    typer.echo(f"{_label('warning:', typer.colors.YELLOW)} {problem}", err=True)


def error(problem: ChaninfraError) -> None:
    """Say what was wrong, where, and what to type or change next."""
    typer.echo(f"{_label('error:', typer.colors.RED)} {problem}", err=True)


def table(rows: Iterable[Sequence[str]]) -> str:
    """The rows, columns aligned."""
    rows = [*rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "\n".join(lines)


def _label(text: str, colour: str) -> str:
    # https://no-color.org
    plain = os.environ.get("NO_COLOR") or not sys.stderr.isatty()
    return text if plain else typer.style(text, fg=colour, bold=True)
