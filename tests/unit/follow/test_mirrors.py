"""The mirrors that a follower runs: when, and what it tells."""

from __future__ import annotations

import io
import json
import threading
import time

import pytest

from chaninfra.channel.conda.mirrors import Mirror
from chaninfra.channel.errors import StorageError
from chaninfra.follow import mirrors as module
from chaninfra.follow.log import Log
from chaninfra.follow.mirrors import MirrorRuns
from chaninfra.index.channel import Channel
from chaninfra.index.copy.mirrors.run import PlannedRun, Ran
from support.channels.channels import descriptor
from support.copies.mirrored import Mirrored
from support.index_model.processes import FOLDER, file
from support.index_model.rolling_back import records

SOURCE = "https://example.com/c"


class Runs:
    """What runs mirrors of a channel without packages; it notes which."""

    def __init__(self, **every: str | None) -> None:
        mirrors = {name: Mirror(source=SOURCE, every=each) for name, each in every.items()}
        self.channel = Channel(descriptor=descriptor("c", mirrors=mirrors), credentials=None)
        self.written = io.StringIO()
        self.ran: list[str] = []
        self.error: StorageError | None = None
        self.free = threading.Event()
        self.free.set()
        self.runs = MirrorRuns(lambda: self.channel, Log(self.written), self._run)

    def _run(self, channel: Channel, name: str) -> tuple[PlannedRun, Ran]:
        assert self.free.wait(20)
        self.ran.append(name)
        raise self.error or StorageError("not now", where=SOURCE, remedy="wait", code="SlowDown", status=503)

    def look(self, seconds: float = 0.0) -> list[str]:
        """What has run after a look, so many seconds later than the first one."""
        now = time.monotonic
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(module.time, "monotonic", lambda: now() + seconds)
            self.runs.look(self.channel)
        if self.free.is_set():
            self.runs.wait(20)
        return self.ran

    def log(self) -> list[dict[str, object]]:
        """The lines of the log."""
        return [json.loads(line) for line in self.written.getvalue().splitlines()]


def test_each_mirror_runs_at_the_start_and_when_it_is_due() -> None:
    runs = Runs(hourly="1h", daily="1d", by_hand=None)
    assert runs.look() == ["hourly", "daily"]
    assert runs.look(1800) == ["hourly", "daily"]
    # Comparisons are an hour apart, or some seconds less.
    assert runs.look(3590) == ["hourly", "daily", "hourly"]
    assert runs.look(86_400) == ["hourly", "daily", "hourly", "hourly", "daily"]


def test_an_error_is_told_and_the_others_run() -> None:
    runs = Runs(a="1h", b="1h")
    assert runs.look() == ["a", "b"]
    assert [(line["event"], line["level"], line["mirror"], line["where"]) for line in runs.log()] == [
        ("mirror-failed", "error", "a", SOURCE),
        ("mirror-failed", "error", "b", SOURCE),
    ]


def test_a_run_that_lasts_is_not_begun_twice() -> None:
    runs = Runs(a="1h")
    runs.free.clear()
    runs.look()
    runs.look(7200)
    runs.free.set()
    runs.runs.wait(20)
    assert runs.ran == ["a"]
    assert runs.look(7200) == ["a", "a"]


def test_nothing_is_begun_where_no_mirror_has_a_time() -> None:
    before = threading.active_count()
    runs = Runs(a=None)
    runs.look()
    assert (runs.ran, threading.active_count()) == ([], before)


def test_what_a_run_did_is_told() -> None:
    mirrored, written = Mirrored(prune=True, every="1h", specs=["a", "b", "typo"]), io.StringIO()
    del mirrored.source.store.objects[f"{FOLDER}/{file('b')}"]
    runs = MirrorRuns(mirrored.channel, Log(written), mirrored.planned_and_run)
    runs.look(mirrored.channel())
    runs.wait(20)
    assert records(mirrored.store).keys() == {file("a"), file("own")}
    lines = [json.loads(line) for line in written.getvalue().splitlines()]
    assert [(line["event"], line["level"]) for line in lines] == [
        ("not-copied", "error"),
        ("mirror-specs-name-nothing", "warning"),
        ("mirrored", "info"),
    ]
    assert (lines[0]["package"], lines[0]["error"]) == (f"noarch/{file('b')}", "the source has no such file")
    assert lines[1]["specs"] == ["typo"]
    assert (lines[2]["mirror"], lines[2]["copied"], lines[2]["yanked"]) == ("m", [f"noarch/{file('a')}"], [])
