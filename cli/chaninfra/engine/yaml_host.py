"""The host of Pulumi programs in YAML, `pulumi-language-yaml`: an engine that was built from sources has none."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from chaninfra.channel import user_cache as cache
from chaninfra.engine import gobuild
from chaninfra.engine.find import Engine, cached_folder
from chaninfra.engine.process import PROGRAM_SUFFIX, Report

_MODULE = gobuild.MODULES / "pulumi-language-yaml"
_PACKAGE = "github.com/pulumi/pulumi-yaml"
_PROGRAM = f"{_MODULE.name}{PROGRAM_SUFFIX}"


def built(report: Report) -> Path:
    """The program, built if the user's cache does not have it. Raises EngineError."""
    name = _MODULE.name
    home = cache.folder() / "hosts" / f"{name}-{gobuild.pinned(_MODULE, _PACKAGE)}"

    def fill(folder: Path) -> None:
        scratch = folder / "scratch"
        go = gobuild.toolchain([_MODULE], scratch, report)
        gobuild.build(go, _MODULE, f"{_PACKAGE}/cmd/{name}", folder / _PROGRAM, report)
        shutil.rmtree(scratch, ignore_errors=True)

    return cache.kept(home, fill, report) / _PROGRAM


def put_beside(engine: Engine, report: Report) -> None:
    """Put it beside an engine in the user's cache that has none, where the engine finds it. Raises EngineError."""
    target = engine.bin / _PROGRAM
    if engine.bin.parent != cached_folder() or target.exists():
        return
    # Another process may do the same: the name appears with the whole program. Windows renames over no file, but
    # replaces one.
    partial = target.with_name(f"{target.name}.{os.getpid()}")
    shutil.copy2(built(report), partial)
    partial.replace(target)
