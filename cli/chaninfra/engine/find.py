"""Finds an installed engine: on PATH, or the copy in the user's cache."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chaninfra.channel import user_cache as cache
from chaninfra.channel.errors import EngineError
from chaninfra.engine.process import PROGRAM_SUFFIX, Report, output

VERSION = "3.274.1"
"""The version that is installed if there is no engine; go/pulumi/go.mod has the same. The pinned SDK is not newer."""

# The first version that passes the stack's config to dynamic providers; ours read their credentials from it.
_OLDEST = (3, 140)
_LANGUAGE_HOST = "pulumi-language-python"


@dataclass(frozen=True)
class Engine:
    """A Pulumi engine that can run Python programs; `bin` is the folder of its program, `version` is like "3.274.1"."""

    bin: Path
    version: str

    @property
    def pulumi(self) -> Path:
        """The path of the program `pulumi`."""
        return self.bin / f"pulumi{PROGRAM_SUFFIX}"

    def environment(self, extra: Mapping[str, str]) -> dict[str, str]:
        """The environment for a child that runs the engine: this process's, with `extra` taking precedence.

        The folder of the running Python is first on PATH, because the engine starts programs and dynamic providers with
        the `python3` that it finds there. The path is not resolved: the python of a virtual environment is a link.
        """
        path = [str(Path(sys.executable).parent), str(self.bin), os.environ.get("PATH", os.defpath)]
        return {**os.environ, "PATH": os.pathsep.join(path), "PULUMI_SKIP_UPDATE_CHECK": "true", **extra}


def cached_folder() -> Path:
    """The folder of the cached copy, which may not exist yet; its programs are in `bin`."""
    return cache.folder() / "engine" / VERSION


def find(report: Report) -> Engine | None:
    """The engine on PATH, else the cached copy, else None. Reports one line for each of the two that it looks at."""
    return _on_path(report) or _cached(report)


def version_of(pulumi: Path) -> str:
    """The version that the program `pulumi` prints, without the leading v: "3.274.1". Raises EngineError."""
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
        report(f"{pulumi} is not usable: {error.message}")
        return None
    numbers = re.match(r"(\d+)\.(\d+)", version)
    if not numbers or not _OLDEST <= (int(numbers[1]), int(numbers[2])) < (_OLDEST[0] + 1,):
        oldest = ".".join(map(str, _OLDEST))
        report(f"{pulumi} is not usable: it is version {version}; chaninfra needs {_OLDEST[0]}.x, at least {oldest}")
        return None
    # Like the engine: on PATH, and in the folder of the program and of the file that it links to.
    folders = [str(pulumi.parent), str(pulumi.resolve().parent), os.environ.get("PATH", "")]
    if shutil.which(_LANGUAGE_HOST, path=os.pathsep.join(folders)) is None:
        report(f"{pulumi} is not usable: there is no {_LANGUAGE_HOST} beside it or on PATH")
        return None
    report(f"pulumi {version} on PATH: {pulumi}")
    return Engine(pulumi.parent, version)


def _cached(report: Report) -> Engine | None:
    folder = cached_folder()
    if not folder.is_dir():
        report("cached copy: none")
        return None
    report(f"cached copy of pulumi {VERSION}: {folder}")
    return Engine(folder / "bin", VERSION)
