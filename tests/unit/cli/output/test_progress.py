"""The line of a progress at any width, and what a log says."""

from __future__ import annotations

import re
import sys
import threading
import time
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from chaninfra.cli.output import progress, streams
from chaninfra.cli.output.progress import Stage, clock, log_text
from chaninfra.cli.output.progress_line import Line
from support.example_counts import EXAMPLES

NUMBERS = st.none() | st.integers(0, 10**15)


@pytest.mark.parametrize("width", [1, 5, 20, 60, 80, 200])
@EXAMPLES
@given(
    label=st.text(max_size=90),
    at=st.text(max_size=90),
    count=NUMBERS,
    size=NUMBERS,
    done=st.integers(0, 10**15),
    bytes_done=st.integers(-(10**15), 10**15),
    failed=st.integers(0, 10**6),
    seconds=st.floats(0, 10**6),
    stopping=st.booleans(),
)
def test_a_line_is_narrower_than_the_terminal(width: int, seconds: float, stopping: bool, **fields: Any) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", str(width))
        drawn = Line().text(Stage(started=time.monotonic() - seconds, **fields), stopping=stopping)
    text = re.sub(r"\x1b\[[0-9;]*m", "", drawn)
    assert cell_len(text) <= max(1, width - 1), text
    assert "\n" not in text
    assert "\x1b" not in text


def line(width: int, monkeypatch: pytest.MonkeyPatch, **fields: Any) -> str:
    monkeypatch.setenv("COLUMNS", str(width))
    return re.sub(r"\x1b\[[0-9;]*m", "", Line().text(Stage(**fields)))


def test_what_matters_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    fields = {
        "label": "uploading",
        "count": 30,
        "size": 4_500_000_000,
        "done": 14,
        "bytes_done": 1_500_000_000,
        "at": "noarch/a-1.0-0.conda",
        "started": time.monotonic() - 60,
    }
    assert line(30, monkeypatch, **fields)[2:] == "uploading 14/30 2:00 left"
    assert line(40, monkeypatch, **fields)[2:] == "uploading 14/30 2:00 left ━━━━───────"
    narrow = line(60, monkeypatch, **fields)[2:]
    assert narrow == "uploading 14/30 2:00 left 1.5 GB/4.5 GB 25.0 MB/s ━━─────"
    wide = line(120, monkeypatch, **fields)[2:]
    assert wide.startswith("uploading 14/30 2:00 left 1.5 GB/4.5 GB 25.0 MB/s ━━━━━━━━────────────────")
    assert wide.endswith(" noarch/a-1.0-0.conda")


def test_a_log_says_the_same_in_words() -> None:
    fields: dict[str, Any] = {"label": "uploading", "count": 30, "size": 4_500_000_000}
    assert log_text(Stage(**fields)) == "uploading: 0 of 30 packages, 0 B of 4.5 GB, 0:00 so far"
    begun = Stage(**fields, done=14, bytes_done=1_500_000_000, failed=2, started=time.monotonic() - 60)
    assert log_text(begun) == "uploading: 14 of 30 packages, 1.5 GB of 4.5 GB, 2 failed, about 2:00 left"
    assert log_text(Stage(label="reading noarch", done=1)) == "reading noarch: 1 package, 0:00 so far"
    # The last of many may take as long as all others.
    last = Stage(label="checking", count=20, done=19, unit="check", started=time.monotonic() - 8)
    assert log_text(last) == "checking: 19 of 20 checks, 0:08 so far"


def test_a_log_is_never_silent_for_more_than_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """By a clock that is as fast as this machine."""
    now, told = 1000.0, [1000.0]

    class Ended(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            nonlocal now
            now += timeout or 0
            return now > 1200

    monkeypatch.setattr(progress, "time", SimpleNamespace(monotonic=lambda: now))
    monkeypatch.setattr(streams, "last_printed", lambda: told[-1])
    monkeypatch.setattr(streams, "step", lambda _: told.append(now))
    shown = progress.Shown("")
    shown._current, shown._ended = Stage(label="reading noarch", started=now), Ended()
    shown._tell()
    silences = [after - before for before, after in pairwise(told)]
    assert max(silences) < 10.2
    assert 15 < len(silences) < 40


def test_times_are_as_on_a_clock() -> None:
    assert [clock(seconds) for seconds in (0.4, 7, 750, 3723)] == ["0:00", "0:07", "12:30", "1:02:03"]


class Recorder:
    """A stderr that notes each write on its own."""

    encoding = "utf-8"

    def __init__(self) -> None:
        self.writes: list[str] = []

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError("takes text")
        if text:
            self.writes.append(text)
        return len(text)

    def flush(self) -> None: ...

    def isatty(self) -> bool:
        return False


def test_each_line_of_a_thread_is_one_write(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", recorder := Recorder())
    with progress.progress() as shown:
        shown.stage("uploading", 40)
        threads = [threading.Thread(target=shown.begin, args=(f"noarch/{number}",)) for number in range(40)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    streams.step("one")
    streams.plain("two")
    streams.note("three")
    assert all(text.endswith("\n") and text.count("\n") == 1 for text in recorder.writes)
    assert len(recorder.writes) == 43


def test_what_is_done_by_many_threads_is_counted() -> None:
    with progress.progress() as shown:
        shown.stage("uploading", 400, 4000)

        def upload() -> None:
            for _ in range(100):
                shown.advance(5)
                shown.done(5)

        threads = [threading.Thread(target=upload) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        shown.stage("indexing")
        done = shown.of("uploading")
    assert done is not None
    assert (done.done, done.bytes_done) == (400, 4000)
    assert shown.of("another") is None
