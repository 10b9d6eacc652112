"""The program in one process that runs many command lines, one after the other.

To start it anew for each would cost the tests more than all that it then does. The process is not this one, since
py-rattler's async calls can abort an interpreter at its end.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from subprocess import CompletedProcess
from typing import Self

from support.paths import ROOT, TESTS
from support.servers.s3_servers import Server


class Resident:
    """The process; a context."""

    def __enter__(self) -> Self:
        self._child = subprocess.Popen(
            [sys.executable, "-m", "support.channels.cli_daemon"],
            env={**os.environ, "PYTHONPATH": f"{TESTS}{os.pathsep}{ROOT / 'tools'}"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._child.communicate(timeout=60)

    def run(
        self, *args: str | Path, server: Server | None = None, env: dict[str, str] | None = None
    ) -> CompletedProcess[str]:
        """A command line, as `cli_runner.chaninfra` runs it."""
        variables = {
            "PATH": os.environ["PATH"],
            "HOME": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            **(server.environment() if server else {}),
            **(env or {}),
        }
        words = [*map(str, args)]
        assert self._child.stdin
        assert self._child.stdout
        self._child.stdin.write(json.dumps([words, variables]) + "\n")
        self._child.stdin.flush()
        code, out, err = json.loads(self._child.stdout.readline())
        return CompletedProcess(words, code, out, err)


def _serve() -> None:
    import chaninfra.cli.app as program

    answers = sys.stdout
    for line in sys.stdin:
        words, variables = json.loads(line)
        os.environ.clear()
        os.environ.update(variables)
        sys.argv = ["chaninfra", *words]
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = int(program._main())
        print(json.dumps([code, out.getvalue(), err.getvalue()]), file=answers, flush=True)


if __name__ == "__main__":
    _serve()
    os._exit(0)
