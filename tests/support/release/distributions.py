"""What a release is built from, and what is built of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from support.paths import ROOT


def tracked() -> list[str]:
    """The files of this checkout as git sees them, new ones included, what it ignores left out."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    return sorted(name for name in found if name and (ROOT / name).is_file())


def shipped() -> dict[str, str]:
    """Name in site-packages → name in the checkout, of the files of the package."""
    places = {"infra/chaninfra/": "chaninfra/", "cli/chaninfra/": "chaninfra/", "schemas/": "chaninfra/schemas/"}
    return {
        to + name.removeprefix(start): name
        for name in tracked()
        for start, to in places.items()
        if name.startswith(start)
    }


def checkout(folder: Path) -> Path:
    """`folder`, with a copy of these files, each written now; without git's own."""
    for name in tracked():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, folder / name)
    return folder


def build(source: Path, folder: Path, *only: str, umask: int = 0o022, **variables: str) -> Mapping[str, bytes]:
    """Name → content of what `make dist` makes of `source`, in `folder`; `only` the targets that are named."""
    targets = [word for name in only for word in ("-t", name)]
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(folder), *targets],
        cwd=source,
        env={**os.environ, **variables},
        umask=umask,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
