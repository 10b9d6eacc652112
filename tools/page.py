"""The page of a channel: built from `page/` into the folder from which the package takes it.

The same sources and the same package-lock.json give the same bytes; a test builds them again, and compares. It takes
Node.js and npm, and npm the libraries from the registry that it is set to.
"""

from __future__ import annotations

import gzip
import hashlib
import re
import shutil
import sys
import tempfile
from pathlib import Path

from chaninfra.channel.errors import EngineError
from chaninfra.channel.user_cache import locked
from chaninfra.engine.process import Report, end_as_by_ctrl_c, run

ROOT = Path(__file__).resolve().parents[1]
SOURCES = ROOT / "page"
BUILT = ROOT / "infra" / "chaninfra" / "channel" / "page" / "built"
MOST = 150_000
"""Most bytes that a browser loads, compressed with gzip."""

_OLDEST_NODE = 20
_INSTALL = (
    f"install Node.js {_OLDEST_NODE} or newer, with npm (on Debian and its like: sudo apt-get install nodejs npm), and "
    "run it again"
)
_SECONDS = 600
_MARK = "node_modules/.chaninfra-lock"
"""The sha256 of the package-lock.json that the libraries were installed from."""


def program(name: str) -> Path:
    """Where `node` or `npm` is. Raises EngineError where it is missing."""
    found = shutil.which(name)
    if found is None:
        raise EngineError(f"there is no {name} on the PATH, and the page is built with it", remedy=_INSTALL)
    return Path(found)


def check_node() -> None:
    """Raise EngineError where Node.js is missing or too old."""
    version = run([program("node"), "--version"], timeout=60).stdout.strip()
    major = re.fullmatch(r"v([0-9]+)\..*", version)
    if major is None or int(major[1]) < _OLDEST_NODE:
        raise EngineError(f"node is {version or 'of no version'}, and the page takes a newer one", remedy=_INSTALL)


def install(sources: Path, report: Report) -> None:
    """Get the libraries that package-lock.json names into `node_modules`, if they are not there. Raises EngineError."""
    check_node()
    mark = sources / _MARK
    # Several processes may test the page at once.
    with locked(sources / "node_modules.lock", report):
        lock = hashlib.sha256((sources / "package-lock.json").read_bytes()).hexdigest()
        if mark.is_file() and mark.read_text() == lock:
            return
        report("npm ci")
        # No script of a library runs: the page needs none.
        _run(sources, program("npm"), "ci", "--ignore-scripts", "--no-audit", "--no-fund")
        mark.write_text(lock)


def check_types(sources: Path) -> None:
    """Raise EngineError with what TypeScript says."""
    _run(sources, program("node"), "node_modules/typescript/bin/tsc", "--noEmit")


def build(sources: Path, out: Path) -> None:
    """Build the page into `out`, in place of what is there. Raises EngineError."""
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder, "page")
        _run(sources, program("node"), "build.mjs", str(made))
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(made, out)


def build_tests(sources: Path, out: Path) -> list[Path]:
    """Build the tests and programs of `test/` into `out`; the tests, sorted. They run in the folder of the sources.
    Raises EngineError.
    """
    _run(sources, program("node"), "build.mjs", "--tests", str(out))
    return sorted(out.glob("*.test.mjs"))


def compressed(built: Path) -> int:
    """The bytes that a browser loads, each file compressed with gzip."""
    loaded = [path for path in built.rglob("*") if path.suffix in (".html", ".js", ".css")]
    return sum(len(gzip.compress(path.read_bytes(), 9, mtime=0)) for path in loaded)


def _run(sources: Path, *command: str | Path) -> None:
    done = run(command, cwd=sources, timeout=_SECONDS)
    if done.returncode:
        said = "\n".join(part for part in (done.stdout.strip(), done.stderr.strip()) if part)
        raise EngineError(
            f"{' '.join([Path(command[0]).name, *map(str, command[1:])])} failed:\n{said[-4000:]}", where=str(sources)
        )


def main() -> int:
    """Build the page; the exit code."""

    def report(line: str) -> None:
        print(f"page: {line}", file=sys.stderr, flush=True)

    end_as_by_ctrl_c()
    try:
        install(SOURCES, report)
        check_types(SOURCES)
        build(SOURCES, BUILT)
    except EngineError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    size = compressed(BUILT)
    report(f"{size:,} bytes compressed, of at most {MOST:,}: {BUILT.relative_to(ROOT)}")
    return 1 if size > MOST else 0


if __name__ == "__main__":
    sys.exit(main())
