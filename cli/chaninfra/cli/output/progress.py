"""Progress on stderr: a bar on a terminal, else one line per package or step."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from chaninfra.channel.text import one_line
from chaninfra.cli.output import streams

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

    from chaninfra.channel.conda.subdirs import Subdir
    from chaninfra.index.progress import Progress as ReindexProgress
    from chaninfra.index.publish import Progress


@contextmanager
def uploading(total: int) -> Iterator[Progress]:
    """The progress of an upload of packages with `total` bytes in all."""
    if not sys.stderr.isatty():
        yield _UploadLines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}", markup=False), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield _UploadBar(progress, progress.add_task("checking packages", total=total))


@contextmanager
def reindexing() -> Iterator[ReindexProgress]:
    """The progress of a re-index, subdir by subdir."""
    if not sys.stderr.isatty():
        yield _ReindexLines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TextColumn("{task.fields[packages]}"),
        DownloadColumn(),
        TransferSpeedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield _ReindexBar(progress)


class _ReindexLines:
    def listing(self, subdir: Subdir) -> None:
        pass

    def reading(self, subdir: Subdir, packages: int, size: int) -> None:
        from chaninfra.channel.text import count

        streams.step(f"reading {count(packages, 'package')} of {subdir}, {size:,} bytes")

    def read(self, size: int) -> None:
        pass

    def writing(self, subdir: Subdir) -> None:
        streams.step(f"writing the index of {subdir}")


class _ReindexBar:
    def __init__(self, progress: RichProgress) -> None:
        self._progress = progress
        self._task: TaskID | None = None
        self._packages = self._read = 0

    def listing(self, subdir: Subdir) -> None:
        self._packages = self._read = 0
        self._task = self._progress.add_task(f"{subdir}: listing packages", total=None, packages="")

    def reading(self, subdir: Subdir, packages: int, size: int) -> None:
        self._packages = packages
        if self._task is not None:
            self._progress.update(self._task, description=subdir, total=size, packages=self._count())

    def read(self, size: int) -> None:
        if self._task is not None:
            # Several threads call this without a lock, so the count may be off by a few; it is only displayed.
            self._read += 1
            self._progress.update(self._task, advance=size, packages=self._count())

    def writing(self, subdir: Subdir) -> None:
        if self._task is not None:
            self._progress.update(self._task, description=f"{subdir}: writing the index")

    def _count(self) -> str:
        return f"{self._read:,}/{self._packages:,}" if self._packages else f"{self._read:,}"


class _UploadLines:
    def package(self, label: str) -> None:
        streams.step(f"publishing {label}")

    def indexing(self) -> None:
        streams.step("indexing")

    def advance(self, size: int) -> None:
        pass


class _UploadBar:
    def __init__(self, progress: RichProgress, task: TaskID) -> None:
        self._progress = progress
        self._task = task

    def package(self, label: str) -> None:
        self._progress.update(self._task, description=one_line(label))

    def indexing(self) -> None:
        self._progress.update(self._task, description="indexing")

    def advance(self, size: int) -> None:
        self._progress.advance(self._task, size)
