"""The loop of a follower, on a store in memory."""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from chaninfra.channel.conda.object_names import FOLLOW_JSON
from chaninfra.channel.errors import ConfigurationError, ConflictError, DeniedError, StorageError, UnreachableError
from chaninfra.follow import follower as module
from chaninfra.follow.follower import Follower
from chaninfra.follow.log import Log
from chaninfra.follow.metrics import Metrics
from chaninfra.follow.pending import Pending
from support.channels.cdn_double import CdnDouble, behind_cdn
from support.channels.followed import FollowedChannel
from support.index_model.processes import AUTHORITATIVE, FOLDER, PREFIX, file


class Running:
    """A follower that runs in a thread."""

    def __init__(self, channel: FollowedChannel, list_every: float | None = None) -> None:
        self.written = io.StringIO()
        self.opened = 0

        def opening() -> object:
            self.opened += 1
            return channel.channel()

        self.follower = Follower(
            opening,  # type: ignore[arg-type]
            Metrics(),
            Log(self.written),
            channel=channel.channel(),
            list_every=list_every,
        )
        self.left: list[int] = []
        self.thread = threading.Thread(target=lambda: self.left.append(self.follower.run()))

    def log(self) -> list[dict[str, object]]:
        """The lines of the log."""
        return [json.loads(line) for line in self.written.getvalue().splitlines()]

    def events(self) -> list[object]:
        """What the lines are about."""
        return [line["event"] for line in self.log()]


@contextmanager
def running(channel: FollowedChannel, list_every: float | None = None) -> Iterator[Running]:
    """A follower, until the end of the block."""
    run = Running(channel, list_every)
    run.thread.start()
    try:
        yield run
    finally:
        run.follower.stop()
        run.thread.join(30)
    assert not run.thread.is_alive()


def until(true: Callable[[], bool]) -> None:
    """Wait for it. A commit may be halfway when it is asked."""
    end = time.monotonic() + 20
    while True:
        try:
            if true():
                return
        except (RuntimeError, AssertionError):
            pass
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_WINDOW_S", 0.05)
    monkeypatch.setattr(module, "_MISSED_EVERY_S", 0.05)
    monkeypatch.setattr(module, "_LONGEST_BACK_OFF_S", 0.05)


def test_what_happened_before_the_start_is_found() -> None:
    channel = FollowedChannel("a", "b")
    channel.upload("c")
    channel.delete("a")
    with running(channel) as run:
        until(lambda: run.follower.healthy)
        assert channel.files() == {file("b"), file("c")}
    assert run.left == [0]


def test_with_never_a_comparison_tells_in_channeldata_what_it_has_just_followed() -> None:
    channel = FollowedChannel("a", monolith="never", channeldata=True)
    channel.upload("b")
    with running(channel) as run:
        until(lambda: run.follower.healthy)
    assert [*json.loads(channel.store.objects[f"{PREFIX}/channeldata.json"].data)["packages"]] == ["a", "b"]


def test_a_comparison_leaves_the_mark_that_doctor_looks_for() -> None:
    channel = FollowedChannel("a")
    with running(channel) as run:
        until(lambda: run.follower.healthy)
        until(lambda: channel.mark() is not None)
        key = channel.upload("b")
        run.follower.hint([key], "webhook")
        until(lambda: file("b") in channel.files())
    mark = channel.mark()
    assert mark is not None
    assert {task: (each.by, each.every) for task, each in mark.runs().items()} == {"compare": ("process", 3600)}
    # Once, whatever is uploaded.
    assert [key for kind, key in channel.store.log if kind == "put" and key.endswith("/follow.json")] == [
        f"{PREFIX}/{FOLLOW_JSON}"
    ]


def test_there_is_no_mark_where_the_comparison_fails() -> None:
    channel = FollowedChannel("a")
    (body,) = [key for key in channel.store.objects if key.endswith("repodata_shards.msgpack.zst")]

    def before(kind: str, key: str) -> None:
        if key == body:
            raise UnreachableError("no connection")

    channel.store.before = before
    with running(channel) as run:
        until(lambda: "failed" in run.events())
        assert not run.follower.healthy
    assert channel.mark() is None


@pytest.mark.parametrize("error", [DeniedError("403"), UnreachableError("no connection", remedy="look")])
def test_a_follower_that_cannot_leave_its_mark_follows_all_the_same(error: StorageError) -> None:
    channel = FollowedChannel("a")

    def before(kind: str, key: str) -> None:
        if key.endswith("/follow.json"):
            raise error

    channel.store.before = before
    with running(channel) as run:
        until(lambda: "follow-json-not-written" in run.events())
        assert run.follower.healthy
        run.follower.hint([channel.upload("b")], "webhook")
        until(lambda: file("b") in channel.files())
    (line,) = [line for line in run.log() if line["event"] == "follow-json-not-written"]
    assert line["remedy"] in ("look", "use the key or role of a maintainer")
    assert "failed" not in run.events()
    channel.store.before = lambda kind, key: None
    assert channel.mark() is None


def test_a_burst_is_one_commit_and_a_receipt_comes_after_it() -> None:
    channel = FollowedChannel("a")
    got: list[set[str]] = []
    with running(channel) as run:
        until(lambda: run.follower.healthy)
        number = channel.content_number()
        keys = [channel.upload(f"p-{version}") for version in range(40)]
        for key in keys:
            run.follower.hint([key, key], "webhook", lambda: got.append(channel.files()))
        until(lambda: len(got) == 40)
    assert all(len(files) == 41 for files in got)
    assert channel.content_number() - number <= 3


def recorded_waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds of each wait for more hints, as they come."""
    waits: list[float] = []
    wait = Pending.wait

    def recorded(self: Pending, seconds: float, number: int = 1) -> None:
        if number > 1:
            waits.append(seconds)
        wait(self, seconds, number)

    monkeypatch.setattr(Pending, "wait", recorded)
    return waits


def test_what_came_during_a_follow_is_not_collected_for_as_long_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_WINDOW_S", 0.4)
    channel = FollowedChannel("a")
    waits = recorded_waits(monkeypatch)
    with running(channel) as run:
        until(lambda: run.follower.healthy)
        first, second = channel.upload("b"), channel.upload("c")

        def before(kind: str, key: str) -> None:
            if (kind, key) == ("head", first) and len(waits) == 1:
                run.follower.hint([second], "webhook")
                time.sleep(0.3)

        channel.store.before = before
        run.follower.hint([first], "webhook")
        until(lambda: channel.files() == {file("a"), file("b"), file("c")})
    assert 0.2 < waits[0] <= 0.4
    assert waits[1] <= 0.1


def test_where_another_follower_was_faster_it_is_let_go_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two that take the same events would otherwise read the same packages at the same time."""
    monkeypatch.setattr(module, "_WINDOW_S", 0.2)
    channel = FollowedChannel("a")
    waits = recorded_waits(monkeypatch)
    with running(channel) as run:
        until(lambda: run.follower.healthy)
        for number, key in enumerate((f"{FOLDER}/{file('a')}", channel.upload("b"), channel.upload("c"))):
            followed = f"chaninfra_follow_lag_seconds_count {number + 1}.0".encode()
            run.follower.hint([key], "webhook")
            until(lambda followed=followed: followed in run.follower.metrics.text())
    assert [seconds > module._WINDOW_S for seconds in waits] == [False, True, False]


def test_a_stop_finishes_what_has_come() -> None:
    channel = FollowedChannel("a")
    with running(channel) as run:
        until(lambda: run.follower.healthy)
        run.follower.hint([channel.upload("b")], "webhook")
    assert channel.files() == {file("a"), file("b")}
    assert run.left == [0]


def test_an_unreachable_store_is_tried_again_and_nothing_is_acknowledged_before() -> None:
    channel = FollowedChannel("a")
    got: list[int] = []
    with running(channel) as run:
        until(lambda: run.follower.healthy)
        key = channel.upload("b")

        def before(kind: str, asked: str) -> None:
            raise UnreachableError("no connection to https://me:word@host/", where="x", remedy="look")

        channel.store.before = before
        run.follower.hint([key], "queue", lambda: got.append(1))
        until(lambda: not run.follower.healthy)
        assert got == []
        channel.store.before = lambda kind, key: None
        until(lambda: got == [1])
        until(lambda: run.follower.healthy)
        # The channel was opened again: the credentials may have expired.
        assert run.opened > 0
    assert channel.files() == {file("a"), file("b")}
    failed = next(line for line in run.log() if line["event"] == "failed")
    assert "word" not in json.dumps(failed)
    assert failed["remedy"] == "look"


def test_a_stop_while_the_store_is_unreachable_tells_what_is_left() -> None:
    channel = FollowedChannel("a")
    with running(channel) as run:
        until(lambda: run.follower.healthy)
        key = channel.upload("b")

        def before(kind: str, asked: str) -> None:
            raise UnreachableError("no connection")

        channel.store.before = before
        run.follower.hint([key], "webhook")
    assert run.left == [1]
    channel.store.before = lambda kind, key: None
    with running(channel) as run:
        until(lambda: run.follower.healthy)
    assert channel.files() == {file("a"), file("b")}


def test_too_many_hints_become_a_listing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chaninfra.follow.pending.MOST", 3)
    channel = FollowedChannel("a")
    with running(channel) as run:
        until(lambda: run.follower.healthy)
        run.follower.hint([channel.upload(f"p-{version}") for version in range(10)], "webhook")
        until(lambda: len(channel.files()) == 11)
    assert "too-many-hints" in run.events()


def test_names_that_are_too_many_are_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chaninfra.follow.pending.MOST", 1)
    run = Running(FollowedChannel("a"))
    got: list[int] = []
    assert run.follower.hint([f"{FOLDER}/{file('a')}"], "webhook") == 1
    assert run.follower.hint([f"{FOLDER}/{file('b')}"], "queue", lambda: got.append(1)) is None
    assert got == []


def test_missed_hints_become_one_comparison_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who floods a follower does not make it list the channel all the time, or fill its log."""
    monkeypatch.setattr(module, "_MISSED_EVERY_S", 3)
    with running(FollowedChannel("a")) as run:
        until(lambda: run.follower.healthy)
        for _ in range(100):
            run.follower.missed()
        time.sleep(0.2)
        assert b"chaninfra_follow_comparisons_total 1.0" in run.follower.metrics.text()
        assert run.events().count("too-many-hints") == 1
        until(lambda: b"chaninfra_follow_comparisons_total 2.0" in run.follower.metrics.text())


def test_a_flood_does_not_shorten_the_wait_after_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LONGEST_BACK_OFF_S", 0.2)
    channel = FollowedChannel("a")
    with running(channel) as run:
        until(lambda: run.follower.healthy)

        def before(kind: str, asked: str) -> None:
            raise UnreachableError("no connection")

        channel.store.before = before
        run.follower.hint([channel.upload("b")], "webhook")
        end = time.monotonic() + 1
        while time.monotonic() < end:
            run.follower.missed()
            time.sleep(0.001)
        # Each wait is a tenth of a second at least.
        assert 3 <= run.events().count("failed") <= 12
        channel.store.before = lambda kind, key: None
        until(lambda: channel.files() == {file("a"), file("b")})


def test_changes_are_found_by_listings() -> None:
    channel = FollowedChannel("a")
    with running(channel, list_every=0.05) as run:
        until(lambda: run.follower.healthy)
        channel.upload("b")
        until(lambda: file("b") in channel.files())
        channel.delete("a")
        until(lambda: channel.files() == {file("b")})
        number = channel.content_number()
        time.sleep(0.3)
        assert channel.content_number() == number


def test_what_a_cdn_has_refused_is_tried_again_with_the_next_listing(monkeypatch: pytest.MonkeyPatch) -> None:
    cdn, channel = CdnDouble(monkeypatch), FollowedChannel("a")
    opened = behind_cdn(channel)
    monkeypatch.setattr(channel, "channel", lambda: opened)
    cdn.refuses = True
    with running(channel, list_every=0.05) as run:
        run.follower.hint([channel.upload("b")], "webhook")
        until(lambda: len(cdn.asked) > 1)
        assert channel.files() == {file("a"), file("b")}
        cdn.refuses = False
        until(lambda: not run.follower._outdated.subdirs)
        told = len(cdn.asked)
        time.sleep(0.3)
    assert len(cdn.asked) == told
    assert {tuple(paths) for paths in cdn.asked} == {(f"/{FOLDER}/repodata*",)}


def test_what_is_held_is_an_error_in_the_log_and_a_number() -> None:
    channel = FollowedChannel("a")
    with running(channel) as run:
        until(lambda: run.follower.healthy)
        run.follower.hint([channel.upload("a", b"new")], "webhook")
        until(lambda: "held" in run.events())
        until(lambda: b"chaninfra_follow_held 1.0" in run.follower.metrics.text())
    (held,) = [line for line in run.log() if line["event"] == "held"]
    assert (held["level"], held["package"]) == ("error", f"noarch/{file('a')}")


def test_foreign_keys_wait_for_nothing() -> None:
    channel = FollowedChannel("a")
    run = Running(channel)
    got: list[int] = []
    assert (
        run.follower.hint(["other/noarch/a-1-0.conda", "c/noarch/repodata.json"], "webhook", lambda: got.append(1)) == 0
    )
    assert got == [1]
    assert b"chaninfra_follow_passed_over_total 2.0" in run.follower.metrics.text()


def test_a_log_line_is_ascii_on_one_line_and_not_long() -> None:
    written = io.StringIO()
    log = Log(written)
    log.write("x", text="a\nb\x1b[31m\u202e\u2028", long="y" * 10_000, names=(str(number) for number in range(1000)))
    log.failed("y", ConfigurationError("at https://user:word@host/?token=word", where="https://u:word@h"))
    first, second = written.getvalue().splitlines()
    assert first.isascii()
    assert first.isprintable()
    assert len(first) < 2000
    assert "word" not in second


def test_it_says_what_it_waits_for_while_other_writers_are_always_first() -> None:
    channel = FollowedChannel("a")
    busy = threading.Event()

    def before(kind: str, key: str) -> None:
        if busy.is_set() and kind == "put" and key == AUTHORITATIVE:
            raise ConflictError("412")

    channel.store.before = before
    with running(channel) as run:
        until(lambda: run.follower.healthy)
        busy.set()
        run.follower.hint([channel.upload("b")], "webhook")
        until(lambda: "failed" in run.events())
        told = [line for line in run.log() if line["event"] == "waiting"]
        assert [line["lost"] for line in told[:3]] == [8, 24, 72]
        assert told[0]["subdir"] == "noarch"
        assert told[0]["level"] == "warning"
        assert run.events().index("waiting") < run.events().index("failed")
        busy.clear()
        until(lambda: file("b") in channel.files())
