"""The screen of a terminal, as an SVG picture: what a command leaves on it, in its colours."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import termios
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import SVG_EXPORT_THEME
from rich.text import Text

_ROWS, _COLUMNS = 40, 120
# A line that is drawn again and again begins with these; see `chaninfra.cli.output.streams.draw`.
_AGAIN, _CURSOR = "\r\x1b[2K", re.compile(r"\x1b\[\?25[hl]")
_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
# Where rich places a text depends on how long it is, so that a time of two digits moves what comes after it.
_PLACES = re.compile(r' (?:x|textLength|width)="[0-9.]+"')
_FONTS = 'ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace'
# Rich's own format loads a font from a server.
_FORMAT = f"""\
<svg viewBox="0 0 {{width}} {{height}}" xmlns="http://www.w3.org/2000/svg" role="img">
<style>
.{{unique_id}}-matrix {{{{ font-family: {_FONTS}; font-size: {{char_height}}px; line-height: {{line_height}}px; }}}}
.{{unique_id}}-title {{{{ font: bold 18px system-ui, sans-serif; }}}}
{{styles}}
</style>
<defs>
<clipPath id="{{unique_id}}-clip-terminal">
<rect x="0" y="0" width="{{terminal_width}}" height="{{terminal_height}}"/>
</clipPath>
{{lines}}
</defs>
{{chrome}}
<g transform="translate({{terminal_x}}, {{terminal_y}})" clip-path="url(#{{unique_id}}-clip-terminal)">
{{backgrounds}}
<g class="{{unique_id}}-matrix">
{{matrix}}
</g>
</g>
</svg>
"""


def run(command: str, folder: Path, environment: Mapping[str, str]) -> str:
    """What the shell command leaves on a terminal: both streams, with escapes for colours, whatever its exit code."""
    master, slave = pty.openpty()
    try:
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, _COLUMNS, 0, 0))
        variables = {name: value for name, value in environment.items() if name not in ("NO_COLOR", "COLUMNS")}
        started = subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=folder,
            env={**variables, "TERM": "xterm-256color"},
            stdin=subprocess.DEVNULL,
            stdout=slave,
            stderr=slave,
        )
    finally:
        os.close(slave)
    seen = b""
    try:
        while part := _read(master):
            seen += part
        started.wait(300)
    finally:
        os.close(master)
        started.kill()
    return left(seen.decode("utf-8"))


def _read(master: int) -> bytes:
    try:
        return os.read(master, 65536)
    except OSError:
        # Nobody has the terminal open any more.
        return b""


def left(seen: str) -> str:
    """What is left on the screen of all that was written to it: of a line that was drawn again, the last."""
    lines = _CURSOR.sub("", seen).replace("\r\n", "\n").split("\n")
    return "\n".join(line.rpartition(_AGAIN)[2] for line in lines)


def plain(text: str) -> str:
    """The text without escapes for colours."""
    return _ESCAPES.sub("", text)


def picture(dialogue: str) -> str:
    """A terminal with a dialogue, in which the lines after `$ ` were typed, as SVG."""
    console = Console(file=io.StringIO(), record=True, width=_COLUMNS, force_terminal=True, color_system="standard")
    for line in dialogue.rstrip("\n").split("\n"):
        console.print(Text(line, "bold") if line.startswith("$ ") else Text.from_ansi(line))
    drawn = console.export_svg(title="Terminal", theme=SVG_EXPORT_THEME, code_format=_FORMAT, unique_id="terminal")
    return "\n".join(line.rstrip() for line in drawn.splitlines()) + "\n"


def words(svg: str) -> str:
    """A picture to compare, without the places of its texts."""
    return _PLACES.sub("", svg).replace("&#160;", " ")
