"""Progress on stderr: one line at the bottom of a terminal, else lines in a log.

On a terminal the line shows the stage, the count, the bytes and the time that is left; it is drawn several times a
second, so that a long request does not look like the end. In a log each thing that begins is a line, and a stage that
says nothing for more than a second tells how far it is, then at ever longer intervals.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from chaninfra.channel.text import count as counted
from chaninfra.cli.output import streams

if TYPE_CHECKING:
    from chaninfra.index.progress import Unit

_DRAWN_AFTER_S = 0.3
"""A command that is done sooner draws nothing, and does not import rich."""
_FRAME_S = 0.125
_SILENCE_S = 1.5
_LONGEST_SILENCE_S = 10.0
"""Who watches a log takes a longer silence for the end."""
_ESTIMATED_AFTER_S = 1.0


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A stage of a command, and what is done of it; sizes in bytes, None where a total is not known."""

    label: str
    prefix: str = ""
    count: int | None = None
    size: int | None = None
    unit: Unit = "package"
    at: str = ""
    """What is done now."""
    done: int = 0
    bytes_done: int = 0
    failed: int = 0
    started: float = field(default_factory=time.monotonic)
    """By the monotonic clock, in seconds."""

    @property
    def title(self) -> str:
        """The label as people see it."""
        return self.prefix + self.label

    @property
    def seconds_left(self) -> float | None:
        """An estimate by what was done until now; None where there is none yet, or it would be 0."""
        done, total = (self.bytes_done, self.size) if self.size else (self.done, self.count)
        seconds = time.monotonic() - self.started
        if not total or done <= 0 or seconds < _ESTIMATED_AFTER_S:
            return None
        left = seconds * max(0, total - done) / done
        # The last thing takes as long as it does: it is no news that nothing is left before it.
        return left if round(left) > 0 else None


class Shown:
    """A Progress that people see. A context manager, see `progress`."""

    def __init__(self, prefix: str) -> None:
        """`prefix`: what each label begins with where people see it."""
        self._prefix = prefix
        self.stages: dict[str, Stage] = {}
        """Label → stage, of those that have begun."""
        self._stopping = False
        self._current: Stage | None = None
        self._lock = threading.RLock()
        self._ended = threading.Event()
        self._on_terminal = _is_terminal()
        self._thread = threading.Thread(target=self._draw if self._on_terminal else self._tell, daemon=True)

    def stage(self, label: str, count: int | None = None, size: int | None = None, *, unit: Unit = "package") -> None:
        """See Progress."""
        with self._lock:
            self._keep()
            self._current = Stage(label=label, prefix=self._prefix, count=count, size=size, unit=unit)

    def pause(self) -> None:
        """No stage: nothing is drawn until the next one, so that another program may ask for a password."""
        with self._lock:
            self._keep()
            self._current = None
        streams.draw("")

    def stop(self) -> None:
        """Ctrl-C was pressed, and the command is about to end."""
        self._stopping = True
        if not self._on_terminal:
            streams.step("stopping")

    def total(self, count: int, size: int) -> None:
        """See Progress."""
        stage = self._change(count=count, size=size)
        if stage is not None and not self._on_terminal:
            streams.step(f"{stage.title}: {counted(count, stage.unit)}, {bytes_text(size)}")

    def begin(self, what: str) -> None:
        """See Progress."""
        stage = self._change(at=what)
        if stage is not None and not self._on_terminal:
            streams.step(f"{stage.title} {what}")

    def at(self, what: str) -> None:
        """See Progress."""
        self._change(at=what)

    def advance(self, size: int) -> None:
        """See Progress."""
        self._add(size=size)

    def done(self, size: int = 0) -> None:
        """See Progress."""
        self._add(done=1, size=size)

    def failed(self, what: str, why: str) -> None:
        """See Progress."""
        self._add(failed=1)
        streams.failure(f"{what}: {why}")

    def of(self, label: str) -> Stage | None:
        """The stage, as far as it is; None: it has not begun."""
        with self._lock:
            self._keep()
            return self.stages.get(label)

    def _keep(self) -> None:
        if self._current is not None:
            self.stages[self._current.label] = self._current

    def _change(self, **fields: object) -> Stage | None:
        with self._lock:
            if self._current is not None:
                self._current = replace(self._current, **fields)  # type: ignore[arg-type]
            return self._current

    def _add(self, *, done: int = 0, size: int = 0, failed: int = 0) -> None:
        with self._lock:
            if (now := self._current) is not None:
                self._current = replace(
                    now, done=now.done + done, bytes_done=now.bytes_done + size, failed=now.failed + failed
                )

    def __enter__(self) -> Shown:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        try:
            self._thread.join()
        finally:
            streams.draw("")

    def _draw(self) -> None:
        """The thread on a terminal."""
        if self._ended.wait(_DRAWN_AFTER_S):
            return
        from chaninfra.cli.output.progress_line import Line

        line = Line()
        while not self._ended.wait(_FRAME_S):
            with self._lock:
                stage = self._current
            if stage is not None:
                streams.draw(line.text(stage, stopping=self._stopping))

    def _tell(self) -> None:
        """The thread in a log."""
        silence, told = _SILENCE_S, ""
        while not self._ended.wait(_FRAME_S):
            with self._lock:
                stage = self._current
            if stage is None:
                continue
            if stage.label != told:
                silence, told = _SILENCE_S, stage.label
            last = max(stage.started, streams.last_printed())
            if time.monotonic() - last >= silence:
                streams.step(log_text(stage))
                silence = min(2 * silence, _LONGEST_SILENCE_S)


@contextmanager
def progress(*, dry_run: bool = False) -> Iterator[Shown]:
    """The progress of a command. Its context ends before the result is printed."""
    with Shown("dry run: " if dry_run else "") as shown:
        yield shown


@contextmanager
def waiting(label: str) -> Iterator[None]:
    """A block that may ask for a password, so that nothing is drawn: if it lasts, lines tell that it does."""
    ended = threading.Event()

    def tell() -> None:
        silence, started = _SILENCE_S, time.monotonic()
        while not ended.wait(silence):
            streams.step(f"{label}: {clock(time.monotonic() - started)}")
            silence = min(2 * silence, _LONGEST_SILENCE_S)

    thread = threading.Thread(target=tell, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def log_text(stage: Stage) -> str:
    """How far the stage is, as a line: `uploading: 14 of 30 packages, 1.2 of 4.5 GB, about 0:12 left`."""
    parts = []
    if stage.count is not None:
        parts.append(f"{stage.done:,} of {counted(stage.count, stage.unit)}")
    elif stage.done:
        parts.append(counted(stage.done, stage.unit))
    if stage.size:
        parts.append(f"{bytes_text(min(stage.bytes_done, stage.size))} of {bytes_text(stage.size)}")
    elif stage.bytes_done:
        parts.append(bytes_text(stage.bytes_done))
    if stage.failed:
        parts.append(f"{stage.failed:,} failed")
    left = stage.seconds_left
    parts.append(f"{clock(time.monotonic() - stage.started)} so far" if left is None else f"about {clock(left)} left")
    return f"{stage.title}: {', '.join(parts)}"


def clock(seconds: float) -> str:
    """`0:07`, `12:30`, `1:02:03`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def bytes_text(size: int) -> str:
    """A size in bytes as `1.2 kB`, in decimal units."""
    for unit, step in (("B", 1), ("kB", 10**3), ("MB", 10**6)):
        if size < 1000 * step:
            return f"{size / step:.0f} {unit}" if step == 1 else f"{size / step:.1f} {unit}"
    return f"{size / 10**9:.1f} GB"


def _is_terminal() -> bool:
    """Whether stderr is a terminal that can draw a line again."""
    return sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") not in ("dumb", "unknown")
