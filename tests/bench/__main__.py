"""Measures the index engine against the reference indexer, `rattler.index`; see docs/benchmarks.md, which it writes."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from bench import plan, report
from chaninfra.demo.server import direct
from chaninfra.engine.process import end_as_by_ctrl_c

DOCS = Path(__file__).resolve().parents[2] / "docs"


def main() -> int:
    """0; 1 where a bar was missed."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of every size, once each; nothing is written")
    given = parser.parse_args()
    end_as_by_ctrl_c()
    os.environ.update(direct(os.environ))
    parts = plan.QUICK if given.quick else plan.FULL
    with tempfile.TemporaryDirectory(prefix="chaninfra-bench-") as folder:
        rows = plan.run(Path(folder), parts, lambda line: print(line, file=sys.stderr))
    print(report.table(rows))
    if not given.quick:
        report.write(DOCS, rows)
    return 1 if any(row.missed for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
