"""Run the program in a new process, with its output in files and without the environment of this machine."""

from __future__ import annotations

import atexit
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from support.channels import cli_forks
from support.servers.s3_servers import Server

PROGRAM = str(Path(sys.executable).with_name("chaninfra"))
_BARE = {"PATH": os.environ["PATH"], "HOME": os.devnull, "AWS_EC2_METADATA_DISABLED": "true"}
_SECONDS = 120
_AT_THE_START = ("PYTHON", "LC_", "LANG", "LD_", "OPENSSL_")
"""How the variables begin that a process reads while it starts, before it runs the program."""


def chaninfra(
    *args: str | Path, server: Server | None = None, env: dict[str, str] | None = None, cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command line; with `server`, its access key is in the environment."""
    words = [PROGRAM, *map(str, args)]
    variables = {**_BARE, **(server.environment() if server else {}), **(env or {})}
    call = json.dumps({"words": words, "env": variables, "cwd": str(cwd or Path.cwd())}).encode()
    if not hasattr(os, "pidfd_open") or len(call) > cli_forks.MOST or any(map(_of_the_start, variables)):
        return subprocess.run(
            words, env=variables, cwd=cwd, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    with tempfile.TemporaryFile("w+", encoding="utf-8") as out, tempfile.TemporaryFile("w+", encoding="utf-8") as err:
        code = _run(call, words, out.fileno(), err.fileno())
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(words, code, out.read(), err.read())


def _of_the_start(variable: str) -> bool:
    return variable.startswith(_AT_THE_START)


def _run(call: bytes, words: Sequence[str], out: int, err: int) -> int:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours:
        with theirs:
            socket.send_fds(_forks(), [call], [out, err, theirs.fileno()])
        pid = int(ours.recv(64))
        ours.settimeout(_SECONDS)
        try:
            return int(ours.recv(64))
        except TimeoutError as error:
            os.kill(pid, signal.SIGKILL)
            raise subprocess.TimeoutExpired(words, _SECONDS) from error


@cache
def _forks() -> socket.socket:
    """The process that forks, one for these tests."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    # -P: the modules of the tests are not found there, as they are not by the console script.
    command = [sys.executable, "-P", cli_forks.__file__, str(theirs.fileno())]
    with theirs:
        child = subprocess.Popen(
            command,
            env=_BARE,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
        )

    def end() -> None:
        ours.close()
        child.wait(10)

    atexit.register(end)
    return ours
