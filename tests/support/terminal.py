"""A terminal with a shell in it, into which somebody pastes a script: a pty, and what a terminal does by itself."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Mapping
from pathlib import Path

_ROWS, _COLUMNS = 40, 120
# Programs ask where the cursor is, and for the background colour; a terminal answers by its input.
_ANSWERS = {b"\x1b[6n": b"\x1b[1;1R", b"\x1b]11;?": b"\x1b]11;rgb:0000/0000/0000\x1b\\"}
_STATUS = re.compile(r"\[status (\d+)\]")
_END = "pasted-to-the-end"


def paste(script: str, folder: Path, environment: Mapping[str, str], seconds: float) -> tuple[list[int], str]:
    """The exit code of each command after another, and all that was seen, when an interactive bash got the script.

    The script is written at once, as a terminal does with what is pasted: a program that reads its standard input gets
    the lines that follow its own. Raises TimeoutError if the last line is not reached.
    """
    # A login to nothing: no start-up file of the machine is read.
    shell = ["bash", "--norc", "--noprofile", "-i"]
    variables = {**environment, "TERM": "xterm-256color", "PS1": "$ ", "PROMPT_COMMAND": 'echo "[status $?]"'}
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.execvpe(shell[0], shell, variables)  # noqa: S606
    try:
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, _COLUMNS, 0, 0))
        # The word is put together only when the line is run, so that its echo is not taken for it.
        seen = _exchange(terminal, f"{script}\necho pasted-to-the''-end\n".encode(), seconds)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)
    return [int(code) for code in _STATUS.findall(seen)], seen


def _exchange(terminal: int, script: bytes, seconds: float) -> str:
    os.set_blocking(terminal, False)
    end, seen, answered = time.monotonic() + seconds, b"", 0
    while _END.encode() not in seen:
        if time.monotonic() > end:
            raise TimeoutError(seen.decode("utf-8", "replace"))
        readable, writable, _ = select.select([terminal], [terminal] if script else [], [], 1)
        if readable:
            seen += os.read(terminal, 65536)
            for question, answer in _ANSWERS.items():
                for _ in range(seen.count(question, answered)):
                    script += answer
            answered = len(seen)
        if writable and script:
            script = script[os.write(terminal, script[:512]) :]
    return seen.decode("utf-8", "replace")
