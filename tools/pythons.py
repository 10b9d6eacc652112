"""Where a Python of a given version is on this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from chaninfra.channel.errors import EngineError

_LOOK = "import ensurepip, os, sys, venv; print('%d.%d' % sys.version_info[:2], os.path.realpath(sys.executable))"


def on_path(version: str) -> str | None:
    """The program of this version (`3.13`) on PATH, if it runs and can make an environment; else None.

    What is on PATH may be a script of a version manager that looks for it, and fails.
    """
    program = shutil.which(f"python{version}")
    if program is None:
        return None
    done = subprocess.run([program, "-c", _LOOK], capture_output=True, text=True, timeout=60, check=False)
    found, _, real = done.stdout.strip().partition(" ")
    return real if done.returncode == 0 and found == version else None


def python_of(version: str) -> str:
    """The program of this version: on PATH, else among those that pyenv has installed. Raises EngineError."""
    found = on_path(version)
    if found is None:
        name = f"versions/{version}.*/bin/python{version}"
        found = next((str(path) for root in _pyenv_roots() for path in sorted(root.glob(name))), None)
    if found is None:
        raise EngineError(
            f"Python {version} is needed, and no python{version} on PATH runs and can make an environment",
            where="PATH",
            remedy=f"install it, from your system's packages or with `pyenv install {version}`, and run this again",
        )
    return found


def _pyenv_roots() -> list[Path]:
    """Where pyenv may be: as it is told, above its folder on PATH, or in the user's home, whatever HOME says."""
    told = os.environ.get("PYENV_ROOT")
    above = [Path(folder).parent for folder in os.get_exec_path() if Path(folder).name == "shims"]
    import pwd  # Windows has none.

    home = Path(pwd.getpwuid(os.getuid()).pw_dir)
    return [*([Path(told)] if told else []), *above, home / ".pyenv"]
