"""Results go to stdout; notes, warnings and errors to stderr, in colour on a terminal unless NO_COLOR is set.

All text that the commands print goes through here, and so through `channel.text.printable`.
"""

from __future__ import annotations

import errno
import os
import re
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NoReturn, TextIO

import typer

from chaninfra.channel.text import escaped_json, one_line, printable

if TYPE_CHECKING:
    from chaninfra.channel.errors import ChaninfraError

# Up to the last @ of a word: passwords hold any character. Without `https://` too, since a mistyped URL holds the same
# password; but an ARN may end in the name of a session, an e-mail address.
_CREDENTIALS = re.compile(r"(?<=https://)\S*@|(?<=http://)\S*@|(?<=://)[^/\s@]+@|(?<![\w:])(?!arn:)[\w.+-]+:(?!//)\S*@")

# Held while something is printed: threads print too, and a line at the bottom of the terminal is taken away before.
_printing = threading.RLock()


class _Terminal:
    drawn = False
    """Whether the line of the progress is on the terminal."""
    printed = 0.0
    """When something was last printed, by the monotonic clock."""


def draw(line: str) -> None:
    """Show `line`, with its escapes for colours, as the last line of the terminal until something else is printed; ""
    takes it away.
    """
    with _printing:
        if sys.stderr is not None and (line or _Terminal.drawn):
            # The cursor is hidden as long as the line is there.
            sys.stderr.write(f"\r\x1b[2K\x1b[?25l{line}" if line else "\r\x1b[2K\x1b[?25h")
            sys.stderr.flush()
            _Terminal.drawn = bool(line)


def last_printed() -> float:
    """When something was last printed on stderr, by the monotonic clock, in seconds."""
    return _Terminal.printed


def result(text: str, *, first_words: Mapping[str, str] = MappingProxyType({})) -> None:
    """Print a result to stdout; a newline is added unless `text` ends with one. `first_words`: the first word of a line
    → its colour on a terminal.

    Raises ChaninfraError if it cannot be written: the disk is full, or the encoding lacks a character.
    Raises BrokenPipeError if nobody reads it any more.
    """
    draw("")
    try:
        typer.echo(_in_colours(printable(text), first_words), nl=not text.endswith("\n"))
    except UnicodeEncodeError as error:
        from chaninfra.channel.errors import ChaninfraError

        raise ChaninfraError(
            f"the output encoding {error.encoding} has no {error.object[error.start : error.end]!a}",
            where="stdout",
            remedy="set PYTHONIOENCODING=utf-8:surrogateescape",
        ) from error
    except OSError as error:
        if reader_is_gone(error):
            raise BrokenPipeError from error
        from chaninfra.channel.errors import ChaninfraError

        raise ChaninfraError(f"the output could not be written: {error.strerror}", where="stdout") from error


def reader_is_gone(error: OSError) -> bool:
    """Whether a write failed since the reader of the pipe has ended; Windows then says that an argument is invalid."""
    return isinstance(error, BrokenPipeError) or (sys.platform == "win32" and error.errno == errno.EINVAL)


def _in_colours(text: str, first_words: Mapping[str, str]) -> str:
    if not first_words:
        return text
    words = re.compile(rf"^(?:{'|'.join(first_words)})\b", re.MULTILINE)
    return words.sub(lambda found: coloured(found[0], first_words[found[0]], sys.stdout), text)


def result_json(document: Any) -> None:
    """Print a result to stdout as JSON."""
    import json

    result(escaped_json(json.dumps(document, indent=2, ensure_ascii=False)))


def step(text: str) -> None:
    """Print to stderr what is done now, as one line."""
    _print(one_line(text))


def plain(text: str) -> None:
    """Print text of other programs or of Python to stderr, without a label."""
    _print(printable(text))


def question(text: str) -> None:
    """Print a question to stderr, and leave the cursor behind it."""
    _print(f"{one_line(text)} ", end="")


def note(text: str) -> None:
    """Print a note to stderr: something to know that is no failure."""
    _print_labelled("note:", typer.colors.CYAN, text)


def warning(problem: ChaninfraError) -> None:
    """Print a warning to stderr: the command did its work, but something beside it failed."""
    _print_labelled("warning:", typer.colors.YELLOW, str(problem))


def error(problem: ChaninfraError) -> None:
    """Print an error to stderr: where, what, and the remedy on a line of its own."""
    _print_labelled("error:", typer.colors.RED, str(problem))


def last_words(problem: ChaninfraError, code: int) -> NoReturn:
    """Print an error and end the process, whatever other threads do and print."""
    with _printing:
        error(problem)
        os._exit(code)


def failure(text: str) -> None:
    """Print to stderr that one of several things has failed, while the others go on."""
    _print(f"{_label('failed:', typer.colors.RED)} {one_line(_CREDENTIALS.sub('…@', text))}")


def table(rows: Iterable[Sequence[str]]) -> str:
    """The rows as text, with aligned columns that fit the terminal; in a pipe each row is one line."""
    from chaninfra.cli.output.tables import rows_text, terminal_width

    return "\n".join(rows_text(rows, terminal_width()))


def _print_labelled(label: str, colour: str, text: str) -> None:
    # The message may repeat a URL that the user gave with credentials in it.
    first, *more = printable(_CREDENTIALS.sub("…@", text)).split("\n")
    # Further lines are indented, so that no line of the message looks like a message of its own.
    lines = [line if line.startswith("  ") else f"  {line}" for line in more]
    _print("\n".join([f"{_label(label, colour)} {first}", *lines]))


def _print(text: str, end: str = "\n") -> None:
    """Print to stderr, as one piece whatever other threads print."""
    with _printing:
        draw("")
        typer.echo(f"{text}{end}", nl=False, err=True)
        _Terminal.printed = time.monotonic()


def _label(text: str, colour: str) -> str:
    return coloured(text, colour, sys.stderr)


def coloured(text: str, colour: str, stream: TextIO | None) -> str:
    """The text in bold and in a colour, for a terminal that has colours; https://no-color.org."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" or stream is None or not stream.isatty()
    return text if plain else typer.style(text, fg=colour, bold=True)
