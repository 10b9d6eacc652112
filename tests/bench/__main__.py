"""Measures the index engine against the reference indexer, `rattler.index`; see docs/benchmarks.md, which it writes."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

from bench import plan, report
from chaninfra.demo.server import direct

DOCS = Path(__file__).resolve().parents[2] / "docs"


def main() -> int:
    """0; 1 where a bar was missed."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of every size, once each; nothing is written")
    given = parser.parse_args()
    os.environ.update(direct(os.environ))
    with tempfile.TemporaryDirectory(prefix="chaninfra-bench-") as folder:
        rows = plan.run(
            Path(folder), plan.QUICK if given.quick else plan.FULL, lambda line: print(line, file=sys.stderr)
        )
    table = report.table(rows)
    print(table)
    if not given.quick:
        report.write(DOCS, rows)
    return 1 if any(row.missed for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
