"""What the doctor says of what follows a channel."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from chaninfra.channel.conda.index_settings import Follow
from chaninfra.channel.conda.object_names import FOLLOW_JSON
from chaninfra.channel.conda.upkeep import Task
from chaninfra.channel.errors import DeniedError
from chaninfra.channel.objects import ObjectBody, ObjectMeta, StoredObject
from chaninfra.channel.outputs.descriptor import DescribedIndex
from chaninfra.channel.probe.finding import Finding
from chaninfra.doctor.checks.follow import follow
from chaninfra.index.follow.mark import By, write_mark
from support.channels.examination import examination
from support.index_model.memory_store import MemoryStore, SequentialRuntime
from support.index_model.processes import NOW, channel

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
REMEDY = (
    "start `chaninfra follow s3://b/c --every 30s` where it can go on running; on AWS `pulumi up` makes a function "
    "instead. It needs the rights of a maintainer, else it cannot write .chaninfra/follow.json"
)


class Followed:
    """A channel in memory, what ran for it, and what the doctor finds."""

    def __init__(self, *, declared: bool = True) -> None:
        self.store = MemoryStore()
        self.written: StoredObject | None = None
        self.index = DescribedIndex(follow=Follow()) if declared else DescribedIndex()

    def ran(self, task: Task, by: By, every_s: int, ago_ms: int) -> Followed:
        """Something ran so long ago."""
        write_mark(channel(self.store, SequentialRuntime(now=NOW - ago_ms), self.index), task, by, every_s)
        return self

    def declared(self, ago_ms: int) -> None:
        """channel.json was written so long ago."""
        modified = datetime.fromtimestamp((NOW - ago_ms) / 1000, UTC)
        entry = ObjectMeta(key="c/channel.json", size=2, etag="e", modified=modified)
        self.written = StoredObject(data=b"{}", content_type="", cache_control="", entry=entry)

    def findings(self) -> list[Finding]:
        """What the doctor finds. Asserts that it writes nothing and lists nothing."""
        before = dict(self.store.objects)
        self.store.requests.clear()
        cached: dict[str, Any] = {
            "store": self.store,
            "channel": channel(self.store, SequentialRuntime(now=NOW), self.index),
        }
        exam = examination(cached=cached, channel_json_read=self.written, index=self.index, prefix="c")
        found = [*follow(exam)]
        assert self.store.objects == before
        assert self.store.requests.keys() == {"get"}
        return found

    def finding(self) -> tuple[str, str, str | None]:
        """The one finding: state, what was found, remedy."""
        (found,) = self.findings()
        return found.state, found.found, found.remedy


def test_a_channel_that_is_followed() -> None:
    followed = Followed().ran("compare", "process", 3600, 90 * MINUTE)
    found = "compared with its index 90 minutes ago by `chaninfra follow`, which does so every hour"
    assert followed.finding() == ("ok", found, None)


NOTHING = (
    "`index.follow` is declared, but nothing has followed the channel yet (there is no run in .chaninfra/follow.json)"
)


def test_a_declared_channel_that_nothing_has_followed() -> None:
    followed = Followed()
    assert followed.finding() == ("failed", NOTHING, REMEDY)
    followed.declared(3 * HOUR)
    assert followed.finding() == ("failed", NOTHING, REMEDY)


def test_a_channel_that_was_declared_just_now_has_time() -> None:
    followed = Followed()
    followed.declared(2 * HOUR)
    assert followed.finding() == ("warning", f"{NOTHING}; channel.json was written 2 hours ago", REMEDY)


def test_two_runs_may_be_missing_and_the_doctor_needs_no_constant() -> None:
    assert Followed().ran("compare", "process", 3600, 2 * HOUR + 9 * MINUTE).finding()[0] == "ok"
    assert Followed().ran("compare", "process", 3600, 2 * HOUR + 11 * MINUTE).finding()[0] == "failed"
    assert Followed().ran("reindex", "job", 86_400, 2 * DAY).finding()[0] == "ok"
    assert Followed().ran("reindex", "job", 86_400, 3 * DAY).finding()[0] == "failed"


@pytest.mark.parametrize(
    ("task", "by", "every", "remedy"),
    [
        ("compare", "process", 3600, "see the log of the process (`journalctl -u chaninfra-follow`, say), or start "),
        ("compare", "aws-lambda", 3600, "see the log of the function in CloudWatch. If "),
        (
            "reindex",
            "job",
            86_400,
            "see the last runs of the job, or do it now: `chaninfra reindex s3://b/c --scheduled 1d`. If ",
        ),
    ],
)
def test_what_stopped_and_where_to_look(task: Task, by: By, every: int, remedy: str) -> None:
    state, found, told = Followed().ran(task, by, every, 5 * DAY).finding()
    assert state == "failed"
    assert found.startswith("stopped: ")
    assert "5 days ago" in found
    assert told is not None
    assert told.startswith(remedy)
    assert told.endswith(f"If it was turned off for good, delete s3://my-bucket/c/{FOLLOW_JSON}")


def test_a_part_that_stopped_is_a_warning_where_another_one_goes_on() -> None:
    followed = Followed().ran("compare", "aws-lambda", 3600, HOUR).ran("gc", "aws-lambda", 7 * 86_400, 20 * DAY)
    state, found, _ = followed.finding()
    assert (state, found) == (
        "warning",
        "stopped: cleaned up by `gc` 20 days ago by AWS Lambda, which does so every 7 days",
    )
    followed = Followed().ran("compare", "process", 3600, 9 * DAY).ran("reindex", "job", 86_400, DAY)
    assert followed.finding()[0] == "warning"
    followed = Followed().ran("compare", "process", 3600, 9 * DAY).ran("reindex", "job", 86_400, 9 * DAY)
    assert [each.state for each in followed.findings()] == ["failed", "failed"]


def test_gc_alone_follows_nothing() -> None:
    state, found, _ = Followed().ran("gc", "job", 7 * 86_400, DAY).finding()
    assert (state, found) == ("failed", NOTHING)


def test_all_that_runs_is_told() -> None:
    followed = Followed().ran("compare", "aws-lambda", 3600, 5 * MINUTE).ran("reindex", "aws-lambda", 86_400, 0)
    assert followed.finding()[1] == (
        "compared with its index 5 minutes ago by AWS Lambda, which does so every hour; "
        "re-indexed just now by AWS Lambda, which does so every day"
    )


def test_a_clock_that_is_ahead() -> None:
    assert Followed().ran("compare", "process", 3600, -14 * MINUTE).finding()[0] == "ok"
    warned, fine = Followed().ran("compare", "process", 3600, -3 * HOUR).findings()
    assert (warned.state, fine.state) == ("warning", "ok")
    assert warned.found.startswith("the clock of what ran it is 3 hours ahead: compared with its index just now by ")


def test_a_channel_that_does_not_declare_it() -> None:
    undeclared = Followed(declared=False)
    assert undeclared.finding() == (
        "ok",
        "not declared (`index.follow`), and nothing has followed the channel",
        None,
    )
    undeclared.ran("reindex", "job", 86_400, DAY)
    assert undeclared.finding() == (
        "ok",
        "not declared (`index.follow`); re-indexed 1 day ago by a scheduled job, which does so every day",
        None,
    )


def test_a_schedule_that_stopped_is_told_where_nothing_is_declared() -> None:
    state, found, remedy = Followed(declared=False).ran("reindex", "job", 86_400, 9 * DAY).finding()
    assert (state, found) == ("warning", "stopped: re-indexed 9 days ago by a scheduled job, which does so every day")
    assert remedy is not None
    assert "do it now: `chaninfra reindex " in remedy


@pytest.mark.parametrize("declared", [True, False])
def test_a_mark_that_is_none_and_one_of_a_later_version(declared: bool) -> None:
    followed = Followed(declared=declared)
    followed.store.objects[f"c/{FOLLOW_JSON}"] = ObjectBody(data=b'{"compare": "\x1b[2J"}', content_type="")
    state, found, remedy = followed.finding()
    assert state == ("failed" if declared else "warning")
    assert found.startswith(f"c/{FOLLOW_JSON}: is not valid: ")
    assert found.isprintable()
    assert remedy == "delete it: what follows the channel writes it again"
    followed.store.objects[f"c/{FOLLOW_JSON}"] = ObjectBody(data=b'{"version": 2, "gc": 1}', content_type="")
    assert followed.finding() == (
        "skipped",
        f"c/{FOLLOW_JSON}: version 2 of this file is newer than this version of chaninfra: upgrade chaninfra",
        "upgrade chaninfra",
    )


def test_what_a_later_version_may_name_is_told_as_it_is() -> None:
    followed = Followed()
    data = b'{"compare": {"at": %d, "every": 90, "by": "cloud-run", "chaninfra": "2.0"}}' % (NOW - 5000)
    followed.store.objects[f"c/{FOLLOW_JSON}"] = ObjectBody(data=data, content_type="")
    assert followed.finding()[1] == "compared with its index 5 seconds ago by cloud-run, which does so every 90 seconds"


def test_who_may_not_read_the_mark_cannot_know() -> None:
    followed = Followed()

    def before(kind: str, key: str) -> None:
        raise DeniedError("403")

    followed.store.before = before
    assert followed.finding() == ("skipped", f"these credentials may not read {FOLLOW_JSON}", None)
