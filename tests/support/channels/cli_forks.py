"""Runs the program in new processes that have imported already what it needs: forks of this one.

A third of a second goes into imports where a Python starts anew, more than into most commands. What a command line does
is the same: a process of its own, with its own environment, folder, output and end. A test of the start itself, of
signals or of a terminal runs the program directly.

This is the program of the process that forks, which `cli_runner` starts. It runs as the console script does, with the
modules of the virtual environment and nothing of the tests.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import socket
import sys
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

MOST = 64 << 10
"""Most bytes of a message."""
_IMPORTED = (
    "chaninfra.cli.app",
    "chaninfra.cli.channel_argument.find",
    "chaninfra.cli.interrupts",
    "chaninfra.cli.output.reports",
    "chaninfra.channel.probe",
    "chaninfra.channel.s3.boto",
    "chaninfra.doctor.checks.table",
    "chaninfra.index.gc",
    "chaninfra.index.publish",
    "chaninfra.index.reindex",
    "chaninfra.index.yank",
    "boto3.s3.transfer",
    "rattler",
)


def _serve(calls: socket.socket) -> None:
    """Fork for each message, which is a command line with its three descriptors: stdout, stderr, and the socket that
    gets the process id and then the exit code. Ends when the other side is closed.
    """
    running = selectors.DefaultSelector()
    running.register(calls, selectors.EVENT_READ)
    while True:
        for key, _ in running.select():
            if key.fileobj is calls:
                message, descriptors, _, _ = socket.recv_fds(calls, MOST, 3)
                if not message:
                    return
                out, err, answers = descriptors
                pid = os.fork()
                if pid == 0:
                    calls.close()
                    os.close(answers)
                    _run(json.loads(message), out, err)
                os.close(out)
                os.close(err)
                answer = socket.socket(fileno=answers)
                answer.send(str(pid).encode())
                running.register(os.pidfd_open(pid), selectors.EVENT_READ, (pid, answer))
                continue
            running.unregister(key.fileobj)
            os.close(key.fd)
            pid, answer = key.data
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            with answer:
                try:
                    answer.send(str(code).encode())
                except OSError:
                    # The test was stopped meanwhile.
                    continue


def _run(call: dict[str, Any], out: int, err: int) -> NoReturn:
    """Become the process of this command line."""
    code = 1
    try:
        os.dup2(out, 1)
        os.dup2(err, 2)
        os.close(out)
        os.close(err)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.chdir(call["cwd"])
        os.environ.clear()
        os.environ.update(call["env"])
        sys.argv = call["words"]
        from chaninfra.cli.app import run

        run()
    finally:
        # `run` does not return; an error before it is printed.
        import traceback

        traceback.print_exc()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    for _name in _IMPORTED:
        import_module(_name)
    # A fork has only the thread that forks: none of those of the modules may be needed.
    assert len([*Path("/proc/self/task").iterdir()]) == 1
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _serve(socket.socket(fileno=int(sys.argv[1])))
