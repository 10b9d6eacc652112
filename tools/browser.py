"""The browser of the tests of the page: Chromium, found or, for root on Debian and its like, installed by apt-get.

As a program: prints where it is.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from chaninfra.channel.errors import EngineError
from chaninfra.engine.process import Report, end_as_by_ctrl_c, run

VARIABLE = "CHROMIUM"
"""The variable that names the program, where it is not on the PATH."""
NAMES = ("chromium", "chromium-browser", "google-chrome")
_INSTALL = (
    ("apt-get", "update", "--quiet"),
    ("apt-get", "install", "--yes", "--quiet", "--no-install-recommends", "chromium", "fonts-dejavu-core"),
)
_SECONDS = 900


def ensure(report: Report) -> Path:
    """The program of Chromium. Raises EngineError where there is none, and it cannot be installed."""
    named = os.environ.get(VARIABLE)
    if named:
        if (found := shutil.which(named)) is None:
            raise EngineError(f"{named} is no program", where=VARIABLE, remedy=f"unset {VARIABLE}, or name Chromium")
        return Path(found)
    if (program := _on_path()) is not None:
        return program
    by_hand = "install Chromium (on Debian and its like: sudo apt-get install chromium)"
    remedy = f"{by_hand}, or say where it is: {VARIABLE}=/path/to/chromium"
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise EngineError("there is no Chromium on the PATH, on which the tests of the page run", remedy=remedy)
    for command in _INSTALL:
        report(" ".join(command))
        done = run(command, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, timeout=_SECONDS)
        if done.returncode:
            raise EngineError(f"{' '.join(command)} failed: {done.stderr.strip()[-500:]}", remedy=remedy)
    if (program := _on_path()) is None:
        raise EngineError("apt-get has installed chromium, and it is not on the PATH", remedy=remedy)
    return program


def _on_path() -> Path | None:
    return next((Path(found) for name in NAMES if (found := shutil.which(name))), None)


def main() -> int:
    """Prints where it is; the exit code."""
    end_as_by_ctrl_c()
    try:
        print(ensure(lambda line: print(f"browser: {line}", file=sys.stderr, flush=True)))
    except EngineError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
