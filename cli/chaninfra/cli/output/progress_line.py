"""The line at the bottom of a terminal, as wide as the terminal allows."""

from __future__ import annotations

import itertools
import os
import sys
import time

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.text import Text

from chaninfra.channel.text import one_line
from chaninfra.cli.output.progress import Stage, bytes_text, clock

_BAR = 24
_SMALLEST_BAR = 6
_SMALLEST_NAME = 12


class Line:
    """Draws stages; each call of `text` is one frame."""

    def __init__(self) -> None:
        colour = None if os.environ.get("NO_COLOR") else "auto"
        self._console = Console(file=sys.stderr, color_system=colour, highlight=False, legacy_windows=False)  # type: ignore[arg-type]
        unicode = self._console.encoding.startswith("utf")
        self._frames = itertools.cycle("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏" if unicode else "|/-\\")
        self._full, self._empty = ("━", "─") if unicode else ("#", "-")

    def text(self, stage: Stage, *, stopping: bool = False) -> str:
        """The stage as the characters for a terminal, one column narrower than it at most."""
        # A character in the last column makes some terminals begin a line.
        width = max(1, self._console.width - 1)
        line = self._composed(stage, width, stopping=stopping)
        line.truncate(width)
        with self._console.capture() as captured:
            self._console.print(line, end="", soft_wrap=True)
        return captured.get()

    def _composed(self, stage: Stage, width: int, *, stopping: bool) -> Text:
        line = Text(f"{next(self._frames)} ", no_wrap=True)
        if stopping:
            return line.append("stopping: ", "yellow").append(one_line(stage.title))
        line.append(one_line(stage.title), "bold")
        if stage.count is not None:
            line.append(f" {stage.done:,}/{stage.count:,}")
        elif stage.done:
            line.append(f" {stage.done:,}")
        if stage.failed:
            line.append(f" {stage.failed:,} failed", "bold red")
        left = stage.seconds_left
        spent = time.monotonic() - stage.started
        line.append(f" {clock(spent)}" if left is None else f" {clock(left)} left", "cyan")
        room = width - line.cell_len
        for part in self._sizes(stage, spent):
            if len(part) >= room:
                break
            line.append(part)
            room -= len(part)
        if (fraction := _fraction(stage)) is not None and room > _SMALLEST_BAR:
            cells = min(_BAR, room - 1)
            full = round(cells * fraction)
            line.append(" ").append(self._full * full, "green").append(self._empty * (cells - full), "dim")
            room -= cells + 1
        if stage.at and room > min(_SMALLEST_NAME, cell_len(name := one_line(stage.at))):
            fits = cell_len(name) < room
            line.append(f" {name}" if fits else f" {set_cell_size(name, room - 4)}...", "dim")
        return line

    def _sizes(self, stage: Stage, spent: float) -> list[str]:
        done = stage.bytes_done
        if not done and not stage.size:
            return []
        sizes = f" {bytes_text(max(0, min(done, stage.size)))}/{bytes_text(stage.size)}" if stage.size else ""
        return [sizes or f" {bytes_text(done)}", f" {bytes_text(round(done / spent))}/s" if spent > 1 else ""]


def _fraction(stage: Stage) -> float | None:
    done, total = (stage.bytes_done, stage.size) if stage.size else (stage.done, stage.count)
    return max(0.0, min(1.0, done / total)) if total else None
