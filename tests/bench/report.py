"""The page and the plot that show what was measured."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path

from bench import baseline
from bench.burst import Bursts
from bench.costs import Asked, Crowd, Figure, Measured, Row, Side, Together
from bench.plan import Result
from bench.plot import Panel, svg

PAGE = "benchmarks.md"
PLOT = "benchmarks.svg"
_HEAD = (
    "server",
    "packages (names)",
    "round trip",
    "what",
    "side",
    "seconds: median (least to most)",
    "of the reference's time: median (least to most)",
    "CPU seconds",
    "requests",
    "MB up",
    "MB down",
    "peak MB",
    "asked for",
)
_CROWD_HEAD = (
    "by",
    "side",
    "writers, each of packages",
    "packages a second",
    "seconds",
    "one call: median, longest",
    "gave up",
    "CPU seconds",
    "peak MB",
    "re-index",
    "asked for",
)
_BURST_HEAD = (
    "server",
    "followers",
    "half of them",
    "95 %",
    "commits",
    "requests a package",
    "asked for",
)


def write(folder: Path, results: Sequence[Result]) -> None:
    """The page and the plot."""
    results = [result for result in results if result.part.page == PAGE]
    (folder / PAGE).write_text(page(results), "utf-8")
    (folder / PLOT).write_text(plot([row for result in results for row in result.rows]), "utf-8")


def section(result: Result) -> str:
    """What a part measured, in Markdown."""
    part = result.part
    said = [f"## {part.title}", f'`make bench BENCH="--only {part.name}"`']
    if part.note:
        said.append(part.note)
    if result.rows:
        said.append(_table(_HEAD, [_cells(row, side) for row in result.rows for side in row.measured]))
    for crowd in result.crowds:
        said += [_crowd_said(crowd), _table(_CROWD_HEAD, [_crowd_cells(crowd, done) for done in crowd.sides])]
    if result.bursts:
        said.append(_table(_BURST_HEAD, map(_burst_cells, result.bursts)))
    return "\n\n".join(said) + "\n"


def page(results: Sequence[Result]) -> str:
    """docs/benchmarks.md."""
    sections = "\n".join(map(section, results))
    missing = "" if _has_baseline(results) else " (this clone lacked that commit: it is left out)"
    return f"""# Benchmarks

`make bench` measures and writes this page. In one run it compares these sides, in turns:

- *each-commit*, *never*: `chaninfra publish` and `chaninfra reindex` with that setting of `index.monolith`. The first
  is the default: repodata.json, repodata.json.zst and shards; the second writes shards alone.
- *reference*: the reference indexer, `rattler.index` of py-rattler {version("py-rattler")}, with its defaults, which
  are the three files too.
- *baseline*: chaninfra at commit {baseline.COMMIT}{missing}, when repodata.json was the authoritative index. Its code
  is run by the same Python with the same libraries, on index files that it made itself.

![Cost of one package more, against the size of the channel]({PLOT})

{sections}
## How it is measured

- Seconds, seconds of the CPU and the most memory are those of a whole process, from its start to its end. What it
  starts counts too: memory is the most of each of its processes, together. Requests and bytes are those at the store,
  heads included. Each figure is the median of all runs, with the least and the most of the seconds, and of their ratio
  to the reference's in the same turn. {_runs(results)}. The sides take turns, and who is first changes.
- *first index*: the packages are there, no index is. *nothing changed*: a re-index where the index is right. *one
  package more*: `chaninfra publish` of a package that is not there yet. The reference cannot upload: its package lies
  in the channel before its time starts.
- *asked for* is what this project wants of itself, and `make bench` fails where it is missed. A part of the reference's
  time, requests, bytes and memory must hold in every run; the baseline's time is compared by the medians.
- After each measurement the indexes of all sides must hold equal records, or it does not count.
- The channels are generated, the same each time: names, versions, builds and dependencies distributed as in a real
  channel, 480 bytes of record on average. All packages are in one subdir. Payloads are small where nothing else is
  said.
- The servers are versitygw {_server("versitygw")} and MinIO {_server("minio")} on the same machine. Their data are in a
  file system in memory where there is one, so that the disk is not what is compared. They stand behind a proxy that
  counts and that can make the way long: a new connection costs a round trip too. *first index* is timed at the server
  itself, since the proxy would take a large share of the CPU; its requests and bytes are counted in one run more.
- The machine: {os.cpu_count()} CPUs, {platform.system()} {platform.machine()}, Python {platform.python_version()}.
  Its load over the last quarter of an hour was {os.getloadavg()[2]:.0f}: seconds compare within a table only.
"""


def plot(rows: Sequence[Row]) -> str:
    """docs/benchmarks.svg: one package more at versitygw, without a way to go."""
    shown = [row for row in rows if row.what == "one package more" and row.server == "versitygw" and not row.round_trip]
    shown.sort(key=lambda row: row.shape.packages)
    names: dict[Side, str] = {"each-commit": "chaninfra", "reference": "rattler.index", "baseline": "baseline"}

    def panel(title: str, figure: Figure, unit: float = 1) -> Panel:
        return Panel(
            title,
            {
                name: [
                    (row.shape.packages, row.measured[side].median(figure) / unit)
                    for row in shown
                    if side in row.measured
                ]
                for side, name in names.items()
            },
        )

    return svg(
        [
            panel("One package more: seconds", "seconds"),
            panel("One package more: requests", "requests"),
            panel("One package more: MB sent", "up", 1e6),
        ]
    )


def _table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *lines))


def _cells(row: Row, side: Side) -> list[str]:
    measured = row.measured[side]
    return [
        row.server,
        f"{row.shape.packages:,} ({row.shape.names:,})",
        f"{row.round_trip * 1000:.0f} ms",
        row.what,
        side,
        _seconds(measured),
        _ratio(row, side),
        f"{measured.median('cpu'):.2f}",
        f"{measured.median('requests'):,.0f}",
        f"{measured.median('up') / 1e6:.1f}",
        f"{measured.median('down') / 1e6:.1f}",
        f"{measured.median('peak') / 1e6:.0f}",
        _asked(row.asked(side)),
    ]


def _seconds(measured: Measured) -> str:
    """The median and the spread."""
    seconds = measured.values("seconds")
    return f"{measured.median('seconds'):.2f} ({min(seconds):.2f} to {max(seconds):.2f})"


def _ratio(row: Row, side: Side) -> str:
    """Median and spread of the ratio, turn by turn."""
    if side == "reference" or "reference" not in row.measured:
        return ""
    ratios = row.measured[side].ratios(row.measured["reference"])
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


def _crowd_said(crowd: Crowd) -> str:
    return (
        f"{crowd.sides[0].writers} writers publish at once into {crowd.shape.packages:,} packages under "
        f"{crowd.shape.names:,} names at {crowd.server}, one package a call: by the command line, or each as one "
        f"process that calls `chaninfra.index.publish`. Beside them runs a re-index that has {crowd.drops:,} deleted "
        "packages to drop. The baseline is slow, so its writers have fewer packages each. All talk to the server "
        "itself, since the proxy would slow down the most whoever sends the most; so requests and bytes are not "
        "counted here."
    )


def _crowd_cells(crowd: Crowd, done: Together) -> list[str]:
    return [
        done.way,
        done.side,
        f"{done.writers} of {len(done.calls) // done.writers}",
        f"{done.rate:.2f}",
        f"{done.seconds:.1f}",
        f"{statistics.median(done.calls):.2f} s, {max(done.calls):.2f} s",
        f"{len(done.gave_up)}",
        f"{done.cpu:.1f}",
        f"{done.peak / 1e6:.0f}",
        f"{done.reindex:.1f} s" if done.reindex is not None else "failed",
        _asked(crowd.asked(done)),
    ]


def _burst_cells(bursts: Bursts) -> list[str]:
    runs, packages = bursts.runs, bursts.burst.packages

    def seconds(values: list[float]) -> str:
        return f"{statistics.median(values):.1f} s ({min(values):.1f} to {max(values):.1f})"

    return [
        bursts.burst.server,
        str(bursts.burst.followers),
        seconds([run.p50 for run in runs]),
        seconds([run.p95 for run in runs]),
        f"{statistics.median(run.commits for run in runs):.0f}",
        f"{statistics.median(run.requests for run in runs) / packages:.1f}",
        _asked(bursts.asked),
    ]


def _asked(asked: Iterable[Asked]) -> str:
    """One that was missed says so."""
    return ", ".join(each.text if each.met else f"**{each.text} (missed)**" for each in asked)


def _runs(results: Iterable[Result]) -> str:
    counts = {len(measured.runs) for result in results for row in result.rows for measured in row.measured.values()}
    return f"There were {' or '.join(map(str, sorted(counts)))} runs of each"


def _has_baseline(results: Iterable[Result]) -> bool:
    return any("baseline" in row.measured for result in results for row in result.rows)


def _server(name: str) -> str:
    import servers

    return servers.version(name)
