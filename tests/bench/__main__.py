"""Measures the index engine against the reference indexer, `rattler.index`, and against itself at an older commit; see
docs/benchmarks.md, which it writes.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from bench import baseline, plan, report
from chaninfra.demo.server import direct
from chaninfra.engine.process import end_as_by_ctrl_c

DOCS = Path(__file__).resolve().parents[2] / "docs"
_IN_MEMORY = Path("/dev/shm")  # noqa: S108 (a folder of its own is made in it)
"""Where Linux has a file system in memory. On a disk, the same PUT costs a server 0.2 ms of kernel time or 0.5, as the
disk happens to be, and the disk is not compared here."""


def main() -> int:
    """0; 1 where something that is asked was not met."""
    names = [part.name for part in plan.FULL]
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of every size, once each; nothing is written")
    parser.add_argument(
        "--only", action="append", choices=names, metavar="PART", help=f"nothing is written: {', '.join(names)}"
    )
    given = parser.parse_args()
    end_as_by_ctrl_c()
    os.environ.update(direct(os.environ))
    parts = [part for part in (plan.QUICK if given.quick else plan.FULL) if part.name in (given.only or names)]
    older = baseline.lay_out(_say)
    results = []
    place = _IN_MEMORY if _IN_MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="chaninfra-bench-", dir=place) as folder:
        for result in plan.run(Path(folder), parts, older, _say):
            results.append(result)
            # At once: the whole takes long.
            print(report.section(result), flush=True)
    if not given.quick and not given.only:
        report.write(DOCS, results)
    return 1 if any(result.missed for result in results) else 0


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
