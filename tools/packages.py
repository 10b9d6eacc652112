"""Programs of others that the tests run: installed from the packages of PyPI, or of Debian."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from chaninfra.channel import user_cache as cache
from chaninfra.channel.errors import EngineError
from chaninfra.engine.process import Report, output, step
from pythons import python_of

_HERE = Path(__file__).parent
# Variables that a user may have set for other projects. PIP_INDEX_URL and the like stay: where packages come from.
_DROPPED = frozenset(
    {"PYTHONHOME", "PYTHONPATH", "PYTHONSTARTUP", "PIP_CONSTRAINT", "PIP_NO_BINARY", "PIP_PLATFORM", "PIP_PREFIX"}
    | {"PIP_PYTHON", "PIP_REQUIREMENT", "PIP_ROOT", "PIP_TARGET", "PIP_USER"}
)


@dataclass(frozen=True)
class Wheels:
    """A program of PyPI, in an environment of its own. `tools/servers/NAME/requirements.txt` pins it all, by hash."""

    package: str
    python: str
    """The version of Python that it runs with: `3.13`."""

    def version(self, name: str) -> str:
        """Its version, as requirements.txt pins it."""
        text = (_HERE / "servers" / name / "requirements.txt").read_text()
        found = re.search(rf"^{re.escape(self.package)}==(\S+)", text, re.MULTILINE)
        if not found:
            raise EngineError(f"no version of {self.package}", where=f"tools/servers/{name}/requirements.txt")
        return found[1]

    def get(self, name: str, report: Report) -> Path:
        """The Python of the environment, which is made if the cache does not have it. Raises EngineError."""

        def fill(folder: Path) -> None:
            # An environment cannot be moved: its programs name its folder. Only its Python is used.
            python = python_of(self.python)
            env = {key: value for key, value in os.environ.items() if key not in _DROPPED}
            required = _HERE / "servers" / name / "requirements.txt"
            with step(report, f"{name} by pip"):
                output([python, "-m", "venv", folder / "venv"], env=env)
                pip = [folder / "venv/bin/python", "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
                pip += ["--no-input", "--no-deps", "--only-binary", ":all:", "--require-hashes", "-r", required]
                output(pip, env=env)

        home = cache.kept(cache.folder() / "servers" / f"{name}-{self.version(name)}", fill, report)
        return home / "venv/bin/python"


@dataclass(frozen=True)
class Debian:
    """Programs of Debian's packages, which apt-get installs for the whole machine: that takes root."""

    packages: tuple[str, ...]
    program: str
    """The one that is looked for on PATH, and whose package has the version."""
    package: str
    pinned: str
    """The upstream version that the facts were found with; Debian's patches of it do not matter."""

    def version(self, _name: str) -> str:
        """Its upstream version."""
        return self.pinned

    def get(self, name: str, report: Report) -> Path:
        """The program; its packages are installed if it is not there. Raises EngineError."""
        found = shutil.which(self.program)
        if found is None:
            self._install(name, report)
            found = shutil.which(self.program)
        if found is None:
            raise EngineError(f"{name}: there is no {self.program} on PATH", where="PATH")
        there = output(["dpkg-query", "--show", "--showformat", "${Version}", self.package]).strip()
        if not there.startswith(self.pinned):
            raise EngineError(
                f"{self.package} {there} is installed, and what is known of {name} was found with {self.pinned}",
                where=found,
                remedy=f"run `make test-stores STORES={name}`, and write what differs into its row of PROVIDERS",
            )
        return Path(found)

    def _install(self, name: str, report: Report) -> None:
        if shutil.which("apt-get") is None or os.geteuid() != 0:
            raise EngineError(
                f"{name} comes from Debian's packages, which only root can install",
                where="PATH",
                remedy=f"run as root on Debian 12: apt-get install --no-install-recommends {' '.join(self.packages)}",
            )
        env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        with step(report, f"{name} by apt-get"):
            output(["apt-get", "update", "-qq"], env=env)
            output(["apt-get", "install", "-qq", "--yes", "--no-install-recommends", *self.packages], env=env)
