"""The function in AWS Lambda, on stores in memory."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from chaninfra.channel.conda.upkeep import CHANNELS_VARIABLE, EVERY_S, Task
from chaninfra.channel.errors import ChaninfraError, ConfigurationError, CredentialsError, DeniedError, UnreachableError
from chaninfra.channel.objects import ObjectBody
from chaninfra.follow import aws_lambda as module
from chaninfra.follow import told
from chaninfra.follow.aws_channels import Channels
from chaninfra.follow.aws_lambda import Function, handler
from chaninfra.follow.log import Log
from chaninfra.follow.told import Outdated
from chaninfra.index.channel import Channel
from chaninfra.index.report import HELD
from support.channels.cdn_double import CdnDouble, behind_cdn
from support.channels.followed import FollowedChannel
from support.channels.lambda_calls import Context, eventbridge, sqs_event
from support.index_model.processes import FOLDER, PREFIX, file

ONE = f"s3://bucket/{PREFIX}"
TWO = "s3://bucket/other"


class Called:
    """The function with channels in memory: `opening` is url → what opens it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **opening: Callable[[], Channel]) -> None:
        self.written = io.StringIO()
        self.opened: list[str] = []
        urls = {"one": ONE, "two": TWO}
        by_url = {urls[name]: opens for name, opens in opening.items()}

        def open_channel(url: str) -> Channel:
            self.opened.append(url)
            return by_url[url]()

        self.function = Function(Channels([*by_url], open_channel), Log(self.written))
        monkeypatch.setattr(module, "_function", self.function)
        monkeypatch.setattr(module.time, "sleep", lambda _: None)

    def __call__(self, bodies: dict[str, str], context: Context | None = None) -> list[str]:
        """The ids of the messages that failed."""
        answer = handler(sqs_event(bodies), context or Context())
        assert answer is not None
        assert {*answer} == {"batchItemFailures"}
        return [each["itemIdentifier"] for each in answer["batchItemFailures"]]

    def log(self) -> list[dict[str, Any]]:
        """The lines of the log."""
        return [json.loads(line) for line in self.written.getvalue().splitlines()]

    def events(self) -> list[str]:
        """What they are about."""
        return [line["event"] for line in self.log()]


@pytest.fixture
def channel() -> FollowedChannel:
    return FollowedChannel("a")


def test_messages_in_every_format_become_one_commit(channel: FollowedChannel, monkeypatch: pytest.MonkeyPatch) -> None:
    call = Called(monkeypatch, one=channel.channel)
    keys = [channel.upload("b"), channel.upload("c"), channel.delete("a")]
    s3 = json.dumps({"Records": [{"s3": {"bucket": {"name": "bucket"}, "object": {"key": keys[1]}}}]})
    sns = json.dumps({"Records": [{"s3": {"bucket": {"name": "bucket"}, "object": {"key": keys[2]}}}]})
    before = channel.content_number()
    failed = call(
        {"1": eventbridge("bucket", keys[0]), "2": s3, "3": json.dumps({"Type": "Notification", "Message": sns})}
    )
    assert failed == []
    assert channel.files() == {file("b"), file("c")}
    assert channel.content_number() == before + 1
    assert call.events() == ["followed"]
    assert (call.log()[0]["added"], call.log()[0]["dropped"]) == (
        [f"noarch/{file('b')}", f"noarch/{file('c')}"],
        [f"noarch/{file('a')}"],
    )


def test_a_channel_that_fails_fails_its_own_messages_alone(
    channel: FollowedChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone() -> Channel:
        raise ConfigurationError("there is no channel", where=TWO)

    call = Called(monkeypatch, one=channel.channel, two=gone)
    ours = channel.upload("b")
    theirs = eventbridge("bucket", "other/noarch/x-1-0.conda")
    both = json.dumps(
        {
            "Records": [
                {"s3": {"bucket": {"name": "bucket"}, "object": {"key": key}}}
                for key in (ours, "other/noarch/y-1-0.conda")
            ]
        }
    )
    assert call({"1": theirs, "2": eventbridge("bucket", ours), "3": both}) == ["1", "3"]
    assert channel.files() == {file("a"), file("b")}
    (failed,) = [line for line in call.log() if line["event"] == "failed"]
    assert (failed["level"], failed["error"], failed["channel"]) == ("error", "there is no channel", TWO)


@pytest.mark.parametrize("body", ["", "{}", "[]", "\0", "x" * (1 << 20) + "x", '{"Records": [{"s3": null}]}'])
def test_what_is_no_event_fails_so_that_it_becomes_a_dead_letter(
    channel: FollowedChannel, monkeypatch: pytest.MonkeyPatch, body: str
) -> None:
    call = Called(monkeypatch, one=channel.channel)
    assert call({"bad": body, "good": eventbridge("bucket", channel.upload("b"))}) == ["bad"]
    assert channel.files() == {file("a"), file("b")}
    assert (call.log()[0]["event"], call.log()[0]["message"]) == ("refused", "bad")


@pytest.mark.parametrize(
    ("bucket", "key"),
    [
        ("another", f"{FOLDER}/{file('b')}"),
        ("bucket", f"{PREFIX}x/noarch/{file('b')}"),
        ("bucket", f"noarch/{file('b')}"),
        ("bucket", f"{FOLDER}/deeper/{file('b')}"),
        ("bucket", f"{FOLDER}/repodata.json"),
        ("bucket", f"{PREFIX}/.chaninfra/history/noarch/1"),
        ("bucket", f"{PREFIX}/channel.json"),
        ("bucket", ""),
        ("bucket", f"{PREFIX}/noarch/"),
    ],
)
def test_events_of_other_objects_are_passed_over(
    channel: FollowedChannel, monkeypatch: pytest.MonkeyPatch, bucket: str, key: str
) -> None:
    call = Called(monkeypatch, one=channel.channel)
    channel.store.requests.clear()
    assert call({"1": eventbridge(bucket, key)}) == []
    assert not channel.store.requests
    assert "followed" not in call.events()


def test_the_test_event_of_s3_is_acknowledged(channel: FollowedChannel, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Called(monkeypatch, one=channel.channel)({"1": '{"Service": "Amazon S3", "Event": "s3:TestEvent"}'}) == []


def test_a_channel_stays_open_and_is_opened_anew_when_that_is_long_ago(
    channel: FollowedChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chaninfra.follow import aws_channels

    call = Called(monkeypatch, one=channel.channel)
    for name in ("b", "c"):
        assert call({"1": eventbridge("bucket", channel.upload(name))}) == []
    assert call.opened == [ONE]
    monkeypatch.setattr(aws_channels, "_KEPT_S", -1.0)
    assert call({"1": eventbridge("bucket", channel.upload("d"))}) == []
    assert call.opened == [ONE, ONE]


@pytest.mark.parametrize("error", [CredentialsError("the token has expired"), UnreachableError("no answer")])
def test_after_an_error_the_channel_is_opened_anew_and_followed_once_more(
    channel: FollowedChannel, monkeypatch: pytest.MonkeyPatch, error: ChaninfraError
) -> None:
    call = Called(monkeypatch, one=channel.channel)
    errors = [error]
    real = module.follow
    monkeypatch.setattr(module, "follow", lambda *args: real(*args) if not errors else _raise(errors.pop()))
    assert call({"1": eventbridge("bucket", channel.upload("b"))}) == []
    assert channel.files() == {file("a"), file("b")}
    assert call.opened == [ONE, ONE]
    assert call.events() == ["failed", "followed"]


def test_an_error_that_stays_fails_the_messages_and_a_bug_too(
    channel: FollowedChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = Called(monkeypatch, one=channel.channel)
    body = {"1": eventbridge("bucket", channel.upload("b"))}
    monkeypatch.setattr(module, "follow", lambda *_: _raise(UnreachableError("no answer")))
    assert call(body) == ["1"]
    assert [line.get("again_in_seconds") for line in call.log()] == [1, 5, 25, None]
    monkeypatch.setattr(module, "follow", lambda *_: _raise(ValueError("secret")))
    assert call(body) == ["1"]
    assert call.events() == ["failed"] * 5
    assert "secret" not in call.written.getvalue()
    assert call.log()[-1]["error"] == "ValueError"


def _raise(error: Exception) -> Any:
    raise error


def test_what_there_is_no_time_for_comes_again(channel: FollowedChannel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_BATCH", 1)
    call = Called(monkeypatch, one=channel.channel)
    bodies = {name: eventbridge("bucket", channel.upload(name)) for name in ("b", "c", "d")}
    # The first look is at the start, then one before each batch.
    assert call(bodies, Context(left=100_000, per_look=25_000)) == ["c", "d"]
    assert channel.files() == {file("a"), file("b")}
    assert call.log()[-1]["event"] == "out-of-time"
    assert call(bodies) == []
    assert channel.files() == {file(name) for name in "abcd"}


def test_a_function_with_little_time_follows_a_batch_all_the_same(
    channel: FollowedChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = Called(monkeypatch, one=channel.channel)
    assert call({"1": eventbridge("bucket", channel.upload("b"))}, Context(left=10_000)) == []


def test_packages_that_change_again_and_again_come_again(
    channel: FollowedChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = Called(monkeypatch, one=channel.channel)
    real, calls = module.follow, []

    def changing(opened: Channel, keys: list[str], *more: Any) -> Any:
        calls.append(sorted(keys))
        done = real(opened, keys, *more)
        done.again += [key for key in keys if key.endswith(file("b"))]
        # A package that the event of its sidecar has named.
        done.again += [key.removesuffix(".sigs") for key in keys if key.endswith(".sigs")]
        return done

    monkeypatch.setattr(module, "follow", changing)
    b, c, d = (channel.upload(name) for name in "bcd")
    assert call(
        {"b": eventbridge("bucket", b), "c": eventbridge("bucket", c), "d": eventbridge("bucket", f"{d}.sigs")}
    ) == ["b"]
    assert calls == [[b, c, f"{d}.sigs"], [b, d], [b]]
    assert call.log()[-1] | {"time": ""} == {
        "time": "",
        "level": "warning",
        "event": "changing",
        "channel": ONE,
        "keys": [b],
    }


def test_held_and_left_out_are_told(channel: FollowedChannel, monkeypatch: pytest.MonkeyPatch) -> None:
    call = Called(monkeypatch, one=channel.channel)
    keys = [channel.upload("a", b"other"), channel.put("x-1-0.conda", b"no package")]
    assert call({str(number): eventbridge("bucket", key) for number, key in enumerate(keys)}) == []
    told = {line["event"]: line for line in call.log()}
    assert (told["held"]["level"], told["held"]["package"]) == ("error", f"noarch/{file('a')}")
    assert (told["left-out"]["level"], told["left-out"]["package"]) == ("warning", "noarch/x-1-0.conda")


def test_compare_finds_what_no_event_has_told(channel: FollowedChannel, monkeypatch: pytest.MonkeyPatch) -> None:
    call = Called(monkeypatch, one=channel.channel)
    channel.upload("b")
    channel.delete("a")
    assert handler({"chaninfra": "compare"}, Context()) is None
    assert channel.files() == {file("b")}
    assert call.events() == ["compared", "followed"]


def test_with_never_compare_tells_in_channeldata_what_it_has_just_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    channel = FollowedChannel("a", monolith="never", channeldata=True)
    Called(monkeypatch, one=channel.channel)
    channel.upload("b")
    assert handler({"chaninfra": "compare"}, Context()) is None
    assert [*json.loads(channel.store.objects[f"{PREFIX}/channeldata.json"].data)["packages"]] == ["a", "b"]


@pytest.mark.parametrize("task", ["compare", "reindex"])
def test_a_channeldata_of_another_tool_is_left_as_it_is(monkeypatch: pytest.MonkeyPatch, task: Task) -> None:
    channel = FollowedChannel("a", channeldata=True)
    call = Called(monkeypatch, one=channel.channel)
    theirs = ObjectBody(data=b'{"channeldata_version": 1, "packages": {}, "subdirs": []}', content_type="")
    channel.store.objects[f"{PREFIX}/channeldata.json"] = theirs
    assert handler({"chaninfra": task}, Context()) is None
    assert channel.store.objects[f"{PREFIX}/channeldata.json"] is theirs
    (left,) = [line for line in call.log() if line["event"] == "channeldata-not-written"]
    assert left["error"] == "another tool wrote it, or it is damaged, so it was left as it is"


def test_compare_fails_where_packages_could_not_be_followed(
    channel: FollowedChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = Called(monkeypatch, one=channel.channel)
    channel.upload("b")
    monkeypatch.setattr(module, "follow", lambda *_: _raise(UnreachableError("no answer")))
    with pytest.raises(ChaninfraError, match=f"compare failed for {ONE}"):
        handler({"chaninfra": "compare"}, Context())
    assert call.log()[-1]["error"] == "1 package could not be followed"
    # So `doctor` sees that it stopped.
    assert channel.mark() is None


def test_a_function_that_may_not_leave_its_mark_does_the_task(
    channel: FollowedChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = Called(monkeypatch, one=channel.channel)
    channel.upload("b")

    def before(kind: str, key: str) -> None:
        if key.endswith("/follow.json"):
            raise DeniedError("403")

    channel.store.before = before
    assert handler({"chaninfra": "compare"}, Context()) is None
    assert channel.files() == {file("a"), file("b")}
    assert call.events() == ["compared", "followed", "follow-json-not-written"]


@pytest.mark.parametrize("task", ["compare", "reindex", "gc"])
def test_a_task_is_done_for_each_channel_and_fails_at_the_end(
    channel: FollowedChannel, monkeypatch: pytest.MonkeyPatch, task: Task
) -> None:
    call = Called(
        monkeypatch, two=lambda: _raise(UnreachableError("no answer")), one=_without_uploads(channel, monkeypatch)
    )
    with pytest.raises(ChaninfraError, match=rf"{task} failed for {TWO}\n"):
        handler({"chaninfra": task}, Context())
    assert sorted(call.opened) == sorted([ONE, TWO])
    mark = channel.mark()
    assert mark is not None
    assert {each: (run.by, run.every) for each, run in mark.runs().items()} == {task: ("aws-lambda", EVERY_S[task])}
    done = {"compare": "compared", "reindex": "reindexed", "gc": "collected"}[task]
    assert sorted(call.events()) == sorted(["failed", done])


def test_a_channel_that_takes_all_the_time_does_not_keep_the_same_others_waiting(
    channel: FollowedChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = Called(monkeypatch, one=channel.channel, two=channel.channel)
    orders = [[TWO, ONE], [ONE, TWO]]
    monkeypatch.setattr(module.random, "sample", lambda urls, size: orders.pop(0) if size == len(urls) else [])
    # The first look is at the start, then one before each channel.
    with pytest.raises(ChaninfraError, match=f"compare failed for {ONE}\n"):
        handler({"chaninfra": "compare"}, Context(left=100_000, per_look=25_000))
    assert call.opened == [TWO]
    (left,) = [line for line in call.log() if line["event"] == "out-of-time"]
    assert (left["level"], left["channel"], left["task"]) == ("warning", ONE, "compare")
    with pytest.raises(ChaninfraError, match=f"compare failed for {TWO}\n"):
        handler({"chaninfra": "compare"}, Context(left=100_000, per_look=25_000))
    assert call.opened == [TWO, ONE]


def _without_uploads(channel: FollowedChannel, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Channel]:
    from chaninfra.index import gc

    # The store in memory has no uploads.
    monkeypatch.setattr(gc, "sweep_uploads", lambda *_: ((), ()))
    return channel.channel


def test_reindex_tells_what_changed_and_what_is_left_out(
    channel: FollowedChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = Called(monkeypatch, one=channel.channel)
    channel.upload("b")
    channel.put("x-1-0.conda", b"no package")
    handler({"chaninfra": "reindex"}, Context())
    assert channel.files() == {file("a"), file("b")}
    told = {line["event"]: line for line in call.log()}
    assert (told["reindexed"]["changed"], told["reindexed"]["packages"]) == (["noarch"], 2)
    assert told["left-out"]["package"] == "noarch/x-1-0.conda"


def test_reindex_keeps_the_record_of_a_package_that_was_overwritten(
    channel: FollowedChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = Called(monkeypatch, one=channel.channel)
    before = channel.content().records[file("a")].sha256
    channel.upload("a", b"new")
    handler({"chaninfra": "reindex"}, Context())
    assert channel.content().records[file("a")].sha256 == before
    told = {line["event"]: line for line in call.log()}
    assert told["reindexed"]["changed"] == []
    assert (told["held"]["reason"], told["held"]["level"]) == (HELD, "error")
    # By hand somebody has looked at it.
    assert not channel.is_as_reindexed()


def test_gc_fails_where_the_index_is_lost(channel: FollowedChannel, monkeypatch: pytest.MonkeyPatch) -> None:
    call = Called(monkeypatch, one=_without_uploads(channel, monkeypatch))
    del channel.store.objects[f"{FOLDER}/repodata_shards.msgpack.zst"]
    with pytest.raises(ChaninfraError, match="gc failed"):
        handler({"chaninfra": "gc"}, Context())
    assert call.log()[-1]["remedy"] == f"run: chaninfra gc {ONE}"


def test_the_cdn_is_told_of_what_was_written(channel: FollowedChannel, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[tuple[list[str], list[str]]] = []
    monkeypatch.setattr(
        module, "refresh_cdn", lambda _c, _l, _o, subdirs, replaced=(), **_: said.append(([*subdirs], [*replaced]))
    )
    call = Called(monkeypatch, one=channel.channel)
    call({"1": eventbridge("bucket", channel.upload("b"))})
    call({"1": eventbridge("bucket", f"{FOLDER}/{file('b')}")})
    assert said == [(["noarch"], []), ([], [])]


def test_a_cdn_that_refuses_is_only_told(channel: FollowedChannel, monkeypatch: pytest.MonkeyPatch) -> None:
    cdn = CdnDouble(monkeypatch)
    opened, outdated, log = behind_cdn(channel), Outdated(), io.StringIO()
    told.refresh_cdn(opened, Log(log), outdated)
    assert (cdn.asked, log.getvalue()) == ([], "")
    cdn.refuses = True
    told.refresh_cdn(opened, Log(log), outdated, ["noarch"], ["noarch/a+b-1-0.conda"])
    assert cdn.asked == [[f"/{FOLDER}/repodata*", f"/{FOLDER}/a+b-1-0.conda", f"/{FOLDER}/a%2Bb-1-0.conda"]]
    assert json.loads(log.getvalue())["event"] == "cdn-not-refreshed"
    # What is left, with what is new; then no more.
    told.refresh_cdn(opened, Log(log), outdated, ["linux-64"])
    assert cdn.asked[1] == [f"/{PREFIX}/linux-64/repodata*", *cdn.asked[0]]
    cdn.refuses = False
    told.refresh_cdn(opened, Log(log), outdated)
    told.refresh_cdn(opened, Log(log), outdated)
    assert cdn.asked[2:] == [cdn.asked[1]]


def test_of_very_many_packages_no_name_is_told(channel: FollowedChannel, monkeypatch: pytest.MonkeyPatch) -> None:
    cdn = CdnDouble(monkeypatch)
    many = [f"noarch/a-{number}-0.conda" for number in range(501)]
    told.refresh_cdn(behind_cdn(channel), Log(io.StringIO()), Outdated(), ["noarch"], many)
    assert cdn.asked == [[f"/{FOLDER}/*"]]


def test_what_a_cdn_has_refused_is_tried_again_by_a_call_that_writes_nothing(
    channel: FollowedChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    cdn = CdnDouble(monkeypatch)
    call = Called(monkeypatch, one=lambda: behind_cdn(channel))
    cdn.refuses = True
    body = {"1": eventbridge("bucket", channel.upload("b"))}
    assert call(body) == []
    assert len(cdn.asked) == 1
    cdn.refuses = False
    # It is opened anew for a task.
    handler({"chaninfra": "compare"}, Context())
    assert cdn.asked[1:] == [cdn.asked[0]]
    assert call(body) == []
    assert len(cdn.asked) == 2


@pytest.mark.parametrize(
    "event",
    [
        None,
        [],
        "x",
        {},
        {"chaninfra": "delete"},
        {"chaninfra": None},
        {"Records": [{"eventSource": "aws:s3", "s3": {}}]},
        {"Records": [{"eventSource": "aws:sqs", "messageId": "1"}]},
        {"Records": [{"eventSource": "aws:sqs", "messageId": "1", "body": 1}]},
    ],
)
def test_another_event_is_an_error_that_names_what_is_known(
    channel: FollowedChannel, monkeypatch: pytest.MonkeyPatch, event: object
) -> None:
    Called(monkeypatch, one=channel.channel)
    with pytest.raises(ConfigurationError, match="is neither messages of SQS nor a task") as caught:
        handler(event, Context())
    orders = ", ".join(f'{{"chaninfra": "{name}"}}' for name in ("compare", "reindex", "gc", "snapshots"))
    assert caught.value.remedy == f"send one of {orders}"


@pytest.mark.parametrize("value", [None, "", "{}", "[]", "[1]", '["https://a"]', '["s3://"]', '["s3://b/\\n"]', "\x1b"])
def test_a_variable_that_names_no_channel_is_an_error(monkeypatch: pytest.MonkeyPatch, value: str | None) -> None:
    monkeypatch.setattr(module, "_function", None)
    if value is None:
        monkeypatch.delenv(CHANNELS_VARIABLE, raising=False)
    else:
        monkeypatch.setenv(CHANNELS_VARIABLE, value)
    with pytest.raises(ConfigurationError) as caught:
        handler(sqs_event({}), Context())
    assert (caught.value.where, caught.value.remedy) == (CHANNELS_VARIABLE, "the stack sets it: run `pulumi up`")
    assert "\x1b" not in str(caught.value)


def test_its_start_imports_nothing_that_is_seldom_needed() -> None:
    heavy = [
        "boto3",
        "botocore",
        "jsonschema",
        "prometheus_client",
        "pulumi",
        "rattler",
        "ruamel",
        "starlette",
        "typer",
    ]
    code = f"import sys, chaninfra.follow.aws_lambda; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
