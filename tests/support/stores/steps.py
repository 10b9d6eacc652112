"""What each step of a channel's life needs of a store: requests, bytes and seconds, as JSON and as a table.

`PYTHONPATH=tests:tools .venv/bin/python -m support.stores.steps` prints what the last runs have written, in Markdown.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from support.paths import ROOT
from support.servers.s3_proxy import Proxy
from support.servers.s3_traffic import Traffic

FOLDER = ROOT / "build/stores/lives"
_END = ".json"


@dataclass(frozen=True)
class Step:
    """One step: `seconds` from its start to its end; `up` and `down` are bytes, heads included."""

    requests: int
    up: int
    down: int
    seconds: float


@dataclass
class Steps:
    """Measures the steps of a life, through a proxy that nothing else uses meanwhile."""

    proxy: Proxy
    done: dict[str, Step] = field(default_factory=dict)
    traffic: dict[str, Traffic] = field(default_factory=dict)
    """What went through in each step, for messages."""

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """A step that ends with the block; one that fails counts too."""
        self.proxy.take()
        start = time.monotonic()
        try:
            yield
        finally:
            seconds = round(time.monotonic() - start, 2)
            taken = self.traffic[name] = self.proxy.take()
            self.done[name] = Step(taken.requests, taken.up, taken.down, seconds)

    def save(self, server: str, version: str, life: str) -> None:
        """Write the steps of this `life` (`private`) to `build/stores/lives/<server>.json`, beside those of others."""
        if not self.done:
            return
        FOLDER.mkdir(parents=True, exist_ok=True)
        path = FOLDER / f"{server}{_END}"
        before = json.loads(path.read_text("utf-8"))["lives"] if path.exists() else {}
        lives = before | {life: {name: asdict(step) for name, step in self.done.items()}}
        document = {"server": server, "version": version, "lives": lives}
        path.write_text(json.dumps(document, indent=2) + "\n", "utf-8")


def saved(folder: Path = FOLDER) -> dict[str, dict[str, dict[str, Step]]]:
    """Server and version → life → step, of all files."""
    documents = [json.loads(path.read_text("utf-8")) for path in sorted(folder.glob(f"*{_END}"))]
    return {
        f"{each['server']} {each['version']}": {
            life: {name: Step(**step) for name, step in steps.items()} for life, steps in each["lives"].items()
        }
        for each in documents
    }


def table(lives: Mapping[str, Mapping[str, Mapping[str, Step]]]) -> str:
    """A Markdown table of a row a store, a column a step; a cell has the requests and the seconds."""
    columns = [*dict.fromkeys((life, name) for found in lives.values() for life in found for name in found[life])]
    head = ["requests / seconds", *(f"{life}: {name}" for life, name in columns)]
    rows = [
        [server, *(_cell(found.get(life, {}).get(name)) for life, name in columns)] for server, found in lives.items()
    ]
    return "\n".join(_row(each) for each in (head, ["---"] * len(head), *rows))


def _cell(step: Step | None) -> str:
    return f"{step.requests} / {step.seconds:.1f}" if step else ""


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.stdout.write(f"{table(saved())}\n")
