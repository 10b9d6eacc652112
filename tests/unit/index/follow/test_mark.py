"""follow.json: what followers say of themselves, and what is no such mark."""

from __future__ import annotations

import json
from importlib.metadata import version

import pytest

from chaninfra.channel.conda.object_names import FOLLOW_JSON
from chaninfra.channel.conda.upkeep import Task
from chaninfra.channel.errors import ConflictError, CredentialsError, DeniedError, StorageError, UnreachableError
from chaninfra.channel.objects import ObjectBody
from chaninfra.index.channel import Channel
from chaninfra.index.follow.mark import By, MarkError, NewerMarkError, Outcome, Run, read_mark, write_mark
from support.index_model.memory_store import MemoryStore, SequentialRuntime
from support.index_model.processes import NOW, PREFIX, channel

KEY = f"{PREFIX}/{FOLLOW_JSON}"
HOUR = 3600
HOUR_MS = HOUR * 1000


class Marked:
    """A channel in memory whose clock the tests set."""

    def __init__(self, data: bytes | None = None) -> None:
        self.store = MemoryStore()
        self.runtime = SequentialRuntime(now=NOW)
        if data is not None:
            self.store.objects[KEY] = ObjectBody(data=data, content_type="")

    @property
    def channel(self) -> Channel:
        return channel(self.store, self.runtime)

    def write(self, task: Task = "compare", by: By = "process", every_s: float = HOUR, after_ms: int = 0) -> Outcome:
        """Write the mark, so long after the last time."""
        self.runtime.time += after_ms
        return write_mark(self.channel, task, by, every_s)

    def runs(self) -> dict[Task, Run]:
        """What the mark says."""
        mark = read_mark(self.store, KEY)
        assert mark is not None
        return mark.runs()


def test_there_is_none_before_the_first_run() -> None:
    assert read_mark(MemoryStore(), KEY) is None


def test_it_says_when_what_ran_and_how_often_it_is_to_run() -> None:
    marked = Marked()
    assert marked.write() == "written"
    stored = marked.store.objects[KEY]
    assert json.loads(stored.data) == {
        "version": 1,
        "compare": {"at": NOW, "every": HOUR, "by": "process", "chaninfra": version("chaninfra")},
        "reindex": None,
        "gc": None,
    }
    assert (stored.content_type, stored.cache_control) == ("application/json", "no-cache")


def test_each_task_keeps_its_last_run() -> None:
    marked = Marked()
    marked.write()
    assert marked.write("reindex", "job", 24 * HOUR, after_ms=HOUR_MS) == "written"
    assert marked.write("compare", "aws-lambda", HOUR, after_ms=5) == "written"
    runs = marked.runs()
    assert {task: run.by for task, run in runs.items()} == {"compare": "aws-lambda", "reindex": "job"}
    assert runs["compare"].at == NOW + HOUR_MS + 5
    assert runs["reindex"].every == 24 * HOUR


def test_a_follower_that_starts_again_and_again_writes_once_in_half_the_time() -> None:
    marked = Marked()
    marked.write()
    for _ in range(10):
        assert marked.write(after_ms=HOUR_MS // 2 // 10 - 1) == "recent"
    assert marked.store.requests["put"] == 1
    assert marked.write(after_ms=HOUR_MS // 2) == "written"


def test_a_mark_from_the_future_is_replaced() -> None:
    marked = Marked()
    marked.write(after_ms=100 * HOUR_MS)
    assert marked.write(after_ms=-100 * HOUR_MS) == "written"
    assert marked.runs()["compare"].at == NOW


def test_two_writers_lose_nothing() -> None:
    marked = Marked()
    others: list[Task] = ["gc"]

    def before(kind: str, key: str) -> None:
        if kind == "put" and others:
            marked.write(others.pop(), "job", 7 * 24 * HOUR)

    marked.store.before = before
    assert marked.write() == "written"
    assert marked.runs().keys() == {"compare", "gc"}


def test_whoever_always_loses_gives_up() -> None:
    marked = Marked()

    def before(kind: str, key: str) -> None:
        if kind == "put":
            raise ConflictError("lost")

    marked.store.before = before
    assert marked.write() == "recent"
    assert marked.store.requests["put"] == 5


@pytest.mark.parametrize("denied", ["get", "put"])
def test_whoever_may_not_write_it_is_told_so(denied: str) -> None:
    marked = Marked()

    def before(kind: str, key: str) -> None:
        if kind == denied:
            raise DeniedError("no")

    marked.store.before = before
    assert marked.write() == "denied"
    assert not marked.store.objects


@pytest.mark.parametrize("error", [CredentialsError("expired"), UnreachableError("no connection")])
def test_other_errors_are_raised(error: StorageError) -> None:
    marked = Marked()

    def before(kind: str, key: str) -> None:
        raise error

    marked.store.before = before
    with pytest.raises(type(error)):
        marked.write()


RUN = b'{"at": 5, "every": 60, "by": "process", "chaninfra": "0.1.0"'


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"version": "1"}',
        b'{"compare": {}}',
        b'{"compare": ' + RUN.replace(b"5", b"-1", 1) + b"}}",
        b'{"compare": ' + RUN.replace(b"5", b"1e400", 1) + b"}}",
        b'{"compare": ' + RUN.replace(b"5", b"99999999999999999", 1) + b"}}",
        b'{"compare": ' + RUN.replace(b"60", b"1") + b"}}",
        b'{"compare": ' + RUN.replace(b"60", b"999999999") + b"}}",
        b'{"compare": ' + RUN.replace(b"process", b"a\\u001b[2J") + b"}}",
        b'{"compare": ' + RUN.replace(b"process", b"a\\n") + b"}}",
        b'{"compare": ' + RUN.replace(b"0.1.0", b"<script>") + b"}}",
        b'{"compare": ' + RUN.replace(b"0.1.0", b"1" * 65) + b"}}",
        b'{"a": ' + b"[" * 10_000,
        b'{"a": "' + b"a" * (1 << 17) + b'"}',
    ],
)
def test_what_is_no_mark_is_an_error_and_the_next_run_replaces_it(data: bytes) -> None:
    marked = Marked(data)
    with pytest.raises(MarkError) as error:
        read_mark(marked.store, KEY)
    assert str(error.value).startswith(f"{KEY}: is not valid: ")
    assert "delete it" in str(error.value)
    assert str(error.value).isascii()
    assert "\x1b" not in str(error.value)
    assert marked.write() == "written"
    assert marked.runs().keys() == {"compare"}


def test_a_mark_of_a_later_version_stays() -> None:
    data = b'{"version": 2, "compare": "something else"}'
    marked = Marked(data)
    with pytest.raises(NewerMarkError, match="upgrade chaninfra"):
        read_mark(marked.store, KEY)
    assert marked.write() == "newer"
    assert marked.store.objects[KEY].data == data


def test_keys_of_a_later_version_are_passed_over() -> None:
    marked = Marked(b'{"version": 1, "more": [1], "compare": ' + RUN + b', "more": 2}, "other": {"at": "x"}}')
    assert marked.runs()["compare"].at == 5


def test_two_runs_may_be_overdue_and_no_more() -> None:
    run = Run(at=NOW, every=HOUR, by="process", chaninfra="1")
    assert not run.late(NOW + 2 * HOUR_MS + 600_000)
    assert run.late(NOW + 2 * HOUR_MS + 600_001)
    assert not run.late(NOW - 1)


def test_the_function_of_aws_lambda_is_named() -> None:
    marked = Marked()
    assert write_mark(marked.channel, "compare", "aws-lambda", HOUR, "my-bucket-follow") == "written"
    assert marked.runs()["compare"].function == "my-bucket-follow"
    # Another one follows now.
    assert write_mark(marked.channel, "compare", "aws-lambda", HOUR, "other-follow") == "written"
    assert marked.write() == "written"
    assert b"function" not in marked.store.objects[KEY].data
