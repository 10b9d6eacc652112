"""Programs of others that the tests run: built from their Go sources into the user's cache, once a version."""

from __future__ import annotations

import shutil
from pathlib import Path

from chaninfra.channel import user_cache as cache
from chaninfra.engine import gobuild
from chaninfra.engine.process import Report


def built(module: Path, package: str, versioned: str, report: Report) -> Path:
    """The program that `package` is, named as the folder `module` of its go.mod; built if the cache does not have it.

    Its version is that of the module `versioned` in go.mod. Raises EngineError.
    """
    name = module.name
    home = cache.folder() / module.parent.name / f"{name}-{gobuild.pinned(module, versioned)}"

    def fill(folder: Path) -> None:
        scratch = folder / "scratch"
        go = gobuild.toolchain([module], scratch, report)
        gobuild.build(go, module, package, folder / name, report)
        shutil.rmtree(scratch, ignore_errors=True)

    return cache.kept(home, fill, report) / name
