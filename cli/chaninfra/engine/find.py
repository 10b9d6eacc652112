"""The engine that is there already: on PATH, or a copy in the user's cache."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chaninfra.channel.errors import EngineError
from chaninfra.engine import cache
from chaninfra.engine.process import Report, output

VERSION = "3.259.0"
"""The engine that is got where there is none; the go.mod of the engine and the pinned SDK say the same."""

# The first that hands the stack's config to dynamic providers, from which ours take their credentials.
_OLDEST = (3, 140)
_HOST = "pulumi-language-python"


@dataclass(frozen=True)
class Engine:
    """A Pulumi engine that can run Python programs; `bin` is the folder of its `pulumi`."""

    bin: Path
    version: str

    @property
    def pulumi(self) -> Path:
        """The program itself."""
        return self.bin / ("pulumi.exe" if sys.platform == "win32" else "pulumi")

    def environment(self, extra: Mapping[str, str]) -> dict[str, str]:
        """This process's environment for a child that runs the engine, with `extra` on top.

        The running Python's folder comes first on PATH (not resolved: a virtual environment's python is a link), since
        the engine starts programs and dynamic providers with the `python3` it finds there.
        """
        path = [str(Path(sys.executable).parent), str(self.bin), os.environ.get("PATH", os.defpath)]
        return {**os.environ, "PATH": os.pathsep.join(path), "PULUMI_SKIP_UPDATE_CHECK": "true", **extra}


def home() -> Path:
    """Where the cached copy is, or would be; its programs are in `bin`."""
    return cache.folder() / "engine" / VERSION


def find(report: Report) -> Engine | None:
    """The engine on PATH, else the cached copy, else None; each of the two is reported in one line. Changes nothing."""
    return _on_path(report) or _cached(report)


def version_of(pulumi: Path) -> str:
    """The version that `pulumi` says it is, without a leading v. Raises EngineError."""
    return output([pulumi, "version"], env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}, timeout=60).lstrip("v")


def _on_path(report: Report) -> Engine | None:
    which = shutil.which("pulumi")
    if which is None:
        report("pulumi on PATH: none")
        return None
    pulumi = Path(which).absolute()
    try:
        version = version_of(pulumi)
    except EngineError as error:
        report(f"{pulumi} is no use: {error.message}")
        return None
    numbers = re.match(r"(\d+)\.(\d+)", version)
    if not numbers or not _OLDEST <= (int(numbers[1]), int(numbers[2])) < (_OLDEST[0] + 1,):
        oldest = ".".join(map(str, _OLDEST))
        report(f"{pulumi} is no use: version {version}, and chaninfra needs {_OLDEST[0]}.x from {oldest} on")
        return None
    # The engine looks on PATH and beside itself, where a link to it points.
    beside = [str(pulumi.parent), str(pulumi.resolve().parent), os.environ.get("PATH", "")]
    if shutil.which(_HOST, path=os.pathsep.join(beside)) is None:
        report(f"{pulumi} is no use: it has no {_HOST}")
        return None
    report(f"pulumi {version} on PATH: {pulumi}")
    return Engine(pulumi.parent, version)


def _cached(report: Report) -> Engine | None:
    if not home().is_dir():
        report("cached copy: none")
        return None
    report(f"cached copy of pulumi {VERSION}: {home()}")
    return Engine(home() / "bin", VERSION)
