"""Environments in which there is a Python, pip and the wheel of this checkout, and nothing else on PATH."""

from __future__ import annotations

import os
import socket
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pins
from pythons import on_path


@cache
def pythons() -> dict[str, str]:
    """Version → program, of those on PATH that chaninfra supports and that can make an environment.

    The version that runs the tests is among them; what a machine has besides differs.
    """
    found = {version: on_path(version) for version in ("3.11", "3.12", "3.13", "3.14")}
    return {version: program for version, program in found.items() if program}


@dataclass(frozen=True)
class Bare:
    """An environment in `folder`."""

    folder: Path

    @property
    def path(self) -> str:
        """PATH there: its own folder. No compiler, no shell, no git."""
        return str(self.folder / "bin")

    def run(self, *command: str | Path, cwd: Path | None = None, **variables: str) -> subprocess.CompletedProcess[str]:
        """A command of the environment; pip finds its index as it does on this machine."""
        program, *rest = command
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "S3_", "PYTHON"))}
        return subprocess.run(
            [self.folder / "bin" / program, *rest],
            cwd=cwd or self.folder,
            env={**kept, "PATH": self.path, "HOME": str(self.folder), **variables},
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )


def make(python: str, folder: Path, *requirements: str) -> Bare:
    """A new environment with these requirements, all from wheels, in the versions of requirements.lock."""
    subprocess.run([python, "-m", "venv", str(folder)], check=True, timeout=120)
    (folder / "pins.txt").write_text(pins.pins(), "utf-8")
    bare = Bare(folder)
    install = ["-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-compile", "--only-binary", ":all:"]
    done = bare.run("python", *install, "-c", folder / "pins.txt", *requirements)
    assert done.returncode == 0, done.stderr
    return bare


def no_network() -> dict[str, str]:
    """Variables that send every request to a port of this machine at which nobody listens."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
    names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    set_all = {spelled: address for name in names for spelled in (name, name.lower())}
    return {**set_all, "NO_PROXY": "", "no_proxy": "", "PIP_NO_INDEX": "1"}
