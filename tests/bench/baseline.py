"""chaninfra at the baseline commit: laid out from this repository, and run by the Python of this environment."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.generator import SUBDIR
from chaninfra.channel import user_cache as cache

COMMIT = "07aa423"
ROOT = Path(__file__).resolve().parents[2]

# What an installed package has in bin/.
_PROGRAM = """import sys
from chaninfra.cli.app import run
sys.exit(run())
"""
# Its files are as its first commit makes them; they are made by its own code.
_INDEX_FILES = """
import sys
from pathlib import Path
from chaninfra.channel.formats import Repodata
from chaninfra.channel.index_settings import IndexSettings
from chaninfra.channel.shards import index_files

source, target = map(Path, sys.argv[1:])
repodata = Repodata.parse(source.read_bytes(), where=str(source))
(target / "shards").mkdir()
for name, body in index_files(repodata, IndexSettings()).items():
    (target / name).write_bytes(body.data)
"""


def lay_out(say: Callable[[str], None]) -> Path | None:
    """The folder of the baseline, in the user's cache; None, after saying so, where this clone lacks the commit."""
    ask = ["git", "cat-file", "-e", f"{COMMIT}^{{commit}}"]
    if subprocess.run(ask, cwd=ROOT, capture_output=True, check=False).returncode:
        say(f"this clone has no commit {COMMIT}: there is no baseline to compare with. Run: git fetch --unshallow")
        return None

    def fill(folder: Path) -> None:
        packed = subprocess.run(["git", "archive", COMMIT], cwd=ROOT, capture_output=True, check=True).stdout
        with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
            archive.extractall(folder, filter="data")
        (folder / "bin").mkdir()
        (folder / "bin" / "chaninfra").write_text(_PROGRAM)

    folder = cache.kept(cache.folder() / "bench" / COMMIT, fill, say)
    where = "import chaninfra.index.publish; print(chaninfra.index.publish.__file__)"
    imported = Path(_python(folder, "-c", where).strip())
    if not imported.is_relative_to(folder):
        raise RuntimeError(f"the baseline would run the code in {imported.parent}, and not its own in {folder}")
    return folder


def environment(folder: Path) -> dict[str, str]:
    """The variables with which Python imports the baseline's code: before that which is installed."""
    return {"PYTHONPATH": os.pathsep.join(str(folder / part) for part in ("infra", "cli"))}


def index_files(folder: Path, repodata: bytes) -> dict[str, bytes]:
    """The index files of a subdir with these records, keys relative to the channel, as the baseline makes them."""
    with tempfile.TemporaryDirectory() as work:
        source, target = Path(work, "repodata.json"), Path(work, SUBDIR)
        source.write_bytes(repodata)
        target.mkdir()
        _python(folder, "-c", _INDEX_FILES, str(source), str(target))
        return {path.relative_to(work).as_posix(): path.read_bytes() for path in target.rglob("*") if path.is_file()}


def _python(folder: Path, *args: str) -> str:
    told = subprocess.run(
        [sys.executable, *args], env={**os.environ, **environment(folder)}, capture_output=True, text=True, check=False
    )
    if told.returncode:
        raise RuntimeError(f"the baseline in {folder} failed:\n{told.stderr}")
    return told.stdout
