"""The page and the plot that show what was measured."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from bench.plan import Row
from bench.plot import Panel, svg

PAGE = "benchmarks.md"
PLOT = "benchmarks.svg"
PROGRAMS = ("chaninfra", "rattler.index")


def write(folder: Path, rows: Sequence[Row]) -> None:
    """The page and the plot."""
    (folder / PAGE).write_text(page(rows), "utf-8")
    (folder / PLOT).write_text(plot(rows), "utf-8")


def table(rows: Sequence[Row]) -> str:
    """The rows in Markdown; each cell is ours, and then the reference's."""
    head = [
        "server",
        "packages (names)",
        "round trip",
        "what",
        "runs",
        "seconds",
        "ratio",
        "requests",
        "MB up",
        "MB down",
    ]
    lines = [[*head, "peak MB", "asked for"], ["---"] * (len(head) + 2), *map(_cells, rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def page(rows: Sequence[Row]) -> str:
    """docs/benchmarks.md."""
    return f"""# Benchmarks

`make bench` measures and writes this page. It compares `chaninfra publish` and `chaninfra reindex` with the reference
indexer, `rattler.index` of py-rattler {version("py-rattler")}, with its defaults and the same formats: repodata.json,
repodata.json.zst and shards.

![Cost of one package more, against the size of the channel]({PLOT})

In each cell stands chaninfra's figure first, then the reference's. Each is the median of so many runs of a whole
process, in turns with the other's: from the start of the program to its end, with the most memory that it had. Requests
and bytes are those at the store, heads included.

{table(rows)}

- *first index*: the packages are there, no index is. *nothing changed*: a re-index right after it. *one package more*:
  `chaninfra publish` of a package that is not there yet. The reference cannot upload: its package lies in the channel
  before its time starts.
- *asked for* is what this project wants of itself, and `make bench` fails where it is missed: at most such a part of
  the reference's seconds, so many requests, and so many times the size of repodata.json of memory.
- After each measurement the two indexes must hold equal records, or it does not count.
- The channels are generated, the same each time: names, versions, builds and dependencies distributed as in a real
  channel, 480 bytes of record on average. All packages are in one subdir. Payloads are small, since no indexer looks
  at them.
- The servers are versitygw {_server("versitygw")} and MinIO {_server("minio")} on the same machine, behind a proxy that
  counts and that can make the way long: a new connection costs a round trip too.
- The machine: {os.cpu_count()} CPUs, {platform.system()} {platform.machine()}, Python {platform.python_version()}.
  Its load over the last quarter of an hour was {os.getloadavg()[2]:.0f}: seconds compare within a row only.
"""


def plot(rows: Sequence[Row]) -> str:
    """docs/benchmarks.svg: one package more at versitygw, without a way to go."""
    shown = [row for row in rows if row.what == "one package more" and row.server == "versitygw" and not row.round_trip]
    shown.sort(key=lambda row: row.shape.packages)

    def panel(title: str, value: str, unit: float = 1) -> Panel:
        sides = zip(PROGRAMS, ("ours", "reference"), strict=True)
        return Panel(
            title,
            {
                name: [(row.shape.packages, getattr(getattr(row, side), value) / unit) for row in shown]
                for name, side in sides
            },
        )

    return svg(
        [
            panel("One package more: seconds", "seconds"),
            panel("One package more: requests", "requests"),
            panel("One package more: MB sent", "up", 1e6),
        ]
    )


def _cells(row: Row) -> list[str]:
    ours, other = row.ours, row.reference
    return [
        row.server,
        f"{row.shape.packages:,} ({row.shape.names:,})",
        f"{row.round_trip * 1000:.0f} ms",
        row.what,
        f"{row.rounds}",
        f"{ours.seconds:.2f} : {other.seconds:.2f}",
        f"1 : {1 / row.ratio:.1f}",
        f"{ours.requests:,.0f} : {other.requests:,.0f}",
        f"{ours.up / 1e6:.1f} : {other.up / 1e6:.1f}",
        f"{ours.down / 1e6:.1f} : {other.down / 1e6:.1f}",
        f"{ours.peak / 1e6:.0f} : {other.peak / 1e6:.0f}",
        _asked(row),
    ]


def _asked(row: Row) -> str:
    """The bars; one that was missed says so, with the figure."""
    bar = row.bar
    said = {
        "seconds": bar.seconds and f"≤ 1/{1 / bar.seconds:.0f} of the time",
        "requests": bar.requests and f"≤ {bar.requests} requests",
        "memory": bar.memory and f"≤ {bar.memory * row.truth / 1e6:.0f} MB of memory",
    }
    return ", ".join(f"**{text} (missed)**" if name in row.missed else text for name, text in said.items() if text)


def _server(name: str) -> str:
    import servers
    from chaninfra.engine import gobuild

    module = Path(servers.__file__).parent / "servers" / name
    return gobuild.pinned(module, servers.SERVERS[name][1])
