"""How far an upload is, on stderr: a bar on a terminal, else a line for each package."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

    from chaninfra.index.publish import Progress


@contextmanager
def uploading(total: int) -> Iterator[Progress]:
    """What is told of the packages while they go out, `total` bytes together."""
    if not sys.stderr.isatty():
        yield _Lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield _Bar(progress, progress.add_task("checking", total=total))


class _Lines:
    def package(self, label: str) -> None:
        print(f"uploading {label}", file=sys.stderr, flush=True)

    def indexing(self) -> None:
        print("indexing", file=sys.stderr, flush=True)

    def advance(self, size: int) -> None:
        pass


class _Bar:
    def __init__(self, progress: RichProgress, task: TaskID) -> None:
        self._progress = progress
        self._task = task

    def package(self, label: str) -> None:
        self._progress.update(self._task, description=label)

    def indexing(self) -> None:
        self._progress.update(self._task, description="indexing")

    def advance(self, size: int) -> None:
        self._progress.advance(self._task, size)
