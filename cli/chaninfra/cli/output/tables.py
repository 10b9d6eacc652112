"""Tables as text: in a pipe or a file each row is one line; on a terminal they fit its width, and no word is broken, so
that it can be copied.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Sequence

from chaninfra.channel.text import one_line

_GAP = "  "
_SHORT = 12
"""Cells up to this long stay in one piece. The last column is not made narrower, and a longer word sticks out of it."""
_INDENT = "    "
_JOINED = "\u00a0"
"""Stands for the spaces in a short cell; `one_line` has escaped those that were there."""


def terminal_width() -> int | None:
    """The columns of the terminal that stdout is; None: it is none."""
    if sys.stdout is None or not sys.stdout.isatty():
        return None
    return shutil.get_terminal_size().columns


def rows_text(rows: Iterable[Sequence[str]], width: int | None = None) -> list[str]:
    """The text of each row, with aligned columns. Where they do not fit into `width` columns, cells with several words
    go over several lines; where that is not enough, the cells of a row follow each other without columns.
    """
    rows = [[*map(one_line, row)] for row in rows]
    columns = [*zip(*rows, strict=True)]
    widths = [max(map(len, column)) for column in columns]
    room = width and width - len(_GAP) * (len(widths) - 1)
    if width is None or room is None or sum(widths) <= room:
        return [_line(row, widths) for row in rows]
    words = [max(len(word) for cell in column for word in _joined(cell).split(" ")) for column in columns]
    least = [*words[:-1], min(widths[-1], _SHORT)]
    if sum(least) > room:
        return [_flowing(row, width) for row in rows]
    fitted = _fitted([min(width, room) for width in widths], least, room)
    return ["\n".join(_line(line, fitted) for line in _lines(row, fitted)) for row in rows]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return _GAP.join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def _fitted(widths: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """The widths, of which the widest are made narrower until all fit, none narrower than its `least`."""
    fitted = [*widths]
    for _ in range(sum(widths) - room):
        place = max((place for place in range(len(fitted)) if fitted[place] > least[place]), key=fitted.__getitem__)
        fitted[place] -= 1
    return fitted


def _lines(row: Sequence[str], widths: Sequence[int]) -> list[list[str]]:
    """The row as lines of cells."""
    cells = [_wrapped(cell, width) for cell, width in zip(row, widths, strict=True)]
    return [[cell[number] if number < len(cell) else "" for cell in cells] for number in range(max(map(len, cells)))]


def _flowing(row: Sequence[str], width: int) -> str:
    lines = _wrapped(_GAP.join(_joined(cell) for cell in row if cell), width, _INDENT)
    return "\n".join(lines).replace(_JOINED, " ")


def _joined(cell: str) -> str:
    return cell.replace(" ", _JOINED) if len(cell) <= _SHORT else cell


def _wrapped(text: str, width: int, indent: str = "") -> list[str]:
    if len(text) <= width:
        return [text]
    from textwrap import wrap

    return wrap(
        text, max(width, len(indent) + 1), subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
