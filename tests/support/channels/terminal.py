"""Run a program on a terminal of its own: a pty, with what it shows and when."""

from __future__ import annotations

import fcntl
import itertools
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from support.channels.cli_runner import PROGRAM
from support.servers.s3_servers import Server

_STYLES = re.compile(r"\x1b\[[0-9;]*m")
_FRAME = re.compile(r"\r\x1b\[2K\x1b\[\?25l([^\r\n]*)")


class OnTerminal:
    """A program that runs on a terminal with so many columns."""

    def __init__(
        self, command: Sequence[str], variables: Mapping[str, str], *, columns: int = 60, cwd: Path | None = None
    ) -> None:
        self._terminal, inside = pty.openpty()
        fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self._child = subprocess.Popen(
            command,
            env=variables,
            cwd=cwd,
            stdin=inside,
            stdout=inside,
            stderr=inside,
            start_new_session=True,
            # Ctrl-C goes to the process whose terminal it is.
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(inside)
        self.came: list[tuple[float, str]] = []
        """When each piece of output came, and what it was."""

    @property
    def pid(self) -> int:
        """The process id of the program."""
        return self._child.pid

    @property
    def text(self) -> str:
        """All output, escapes included."""
        return "".join(piece for _, piece in self.came)

    @property
    def plain(self) -> str:
        """All output without colours."""
        return _STYLES.sub("", self.text)

    @property
    def frames(self) -> list[str]:
        """The lines that were drawn at the bottom, one after the other."""
        return [frame for frame in _FRAME.findall(self.plain) if frame]

    @property
    def said(self) -> str:
        """What was printed, in one line, without what was drawn."""
        return " ".join(_FRAME.sub("", self.plain).replace("\r\x1b[2K\x1b[?25h", "").split())

    @property
    def longest_silence(self) -> float:
        """The longest time in seconds without output, from the first output to the last."""
        times = [when for when, _ in self.came]
        return max((after - before for before, after in itertools.pairwise(times)), default=0.0)

    def read_until(self, reached: Callable[[], bool], seconds: float = 60.0) -> None:
        """Read until this holds."""
        end = time.monotonic() + seconds
        while not reached():
            assert time.monotonic() < end, self.text
            self._read(0.05)

    def type(self, text: str) -> None:
        """As on the keyboard; `\\r` is Enter."""
        os.write(self._terminal, text.encode())

    def press_ctrl_c(self) -> None:
        """As on the keyboard."""
        os.write(self._terminal, b"\x03")

    def terminate(self) -> None:
        """SIGTERM, as a CI system sends it."""
        self._child.send_signal(signal.SIGTERM)

    def wait(self, seconds: float = 60.0) -> int:
        """Read to the end; the exit code."""
        end = time.monotonic() + seconds
        while self._child.poll() is None:
            if time.monotonic() > end:
                self._child.kill()
                raise AssertionError(f"it still runs: {self.text}")
            self._read(0.05)
        while self._read(0.05):
            pass
        os.close(self._terminal)
        return self._child.returncode

    def _read(self, seconds: float) -> bool:
        """Whether something came within this time."""
        if not select.select([self._terminal], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self._terminal, 1 << 16)
        except OSError:
            # The program has closed it.
            return False
        self.came.append((time.monotonic(), data.decode("utf-8", "replace")))
        return bool(data)


class Terminal(OnTerminal):
    """A command line of chaninfra on a terminal."""

    def __init__(
        self,
        *args: str | Path,
        server: Server,
        columns: int = 60,
        env: dict[str, str] | None = None,
        cwd: Path | None = None,
    ) -> None:
        variables = {
            "PATH": os.environ["PATH"],
            "HOME": os.devnull,
            "TERM": "xterm-256color",
            "PYTHONUTF8": "1",
            "AWS_EC2_METADATA_DISABLED": "true",
            **server.environment(),
            **(env or {}),
        }
        super().__init__([PROGRAM, *map(str, args)], variables, columns=columns, cwd=cwd)
