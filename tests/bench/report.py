"""The page and the plot that show what was measured."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bench.plan import Row


def table(rows: Sequence[Row]) -> str:
    """The rows in Markdown; each cell is ours and then the reference's."""
    head = ["server", "packages (names)", "round trip", "what", "seconds", "ratio (bar)", "requests"]
    head += ["MB up", "MB down", "peak MB"]
    lines = [head, ["---"] * len(head), *map(_cells, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cells(row: Row) -> list[str]:
    ours, other = row.ours, row.reference
    bar = f" (≤ 1/{1 / row.bar.seconds:.0f})" if row.bar.seconds else ""
    return [
        row.server,
        f"{row.shape.packages:,} ({row.shape.names:,})",
        f"{row.round_trip * 1000:.0f} ms",
        row.what,
        f"{ours.seconds:.2f} : {other.seconds:.2f}",
        f"1/{1 / row.ratio:.1f}{bar}",
        f"{ours.requests:,.0f} : {other.requests:,.0f}",
        f"{ours.up / 1e6:.1f} : {other.up / 1e6:.1f}",
        f"{ours.down / 1e6:.1f} : {other.down / 1e6:.1f}",
        f"{ours.peak / 1e6:.0f} : {other.peak / 1e6:.0f}",
    ]


def write(folder: Path, rows: Sequence[Row]) -> None:
    """benchmarks.md and benchmarks.svg."""
