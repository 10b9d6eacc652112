"""A follower brings channeldata.json forward, and a failure there is in its log alone."""

from __future__ import annotations

import io
import json

import pytest

from chaninfra.channel.conda.upkeep import Order
from chaninfra.channel.objects import ObjectBody
from chaninfra.follow.aws_channels import Opened
from chaninfra.follow.aws_tasks import RUN
from chaninfra.follow.log import Log
from chaninfra.follow.told import Outdated, bring_channeldata_forward, refresh_cdn
from chaninfra.index.channel import Channel
from support.channels.cdn_double import CdnDouble, behind_cdn
from support.channels.followed import FollowedChannel
from support.index_model.processes import PREFIX

KEY = f"{PREFIX}/channeldata.json"


class FunctionDouble:
    """A double of the function in AWS Lambda that has one channel open."""

    def __init__(self, channel: Channel) -> None:
        self.log = Log(io.StringIO())
        self._opened = Opened(channel, at=0)
        self.channels = self

    def get(self, _: str) -> Opened:
        return self._opened

    def follow(self, _url: str, _keys: object, _clock: object) -> list[str]:
        return []


class NoClock:
    """Nothing asks for the time that is left."""


def followed() -> FollowedChannel:
    return FollowedChannel(channeldata=True)


def told(on: FollowedChannel) -> list[str]:
    return [*json.loads(on.store.objects[KEY].data)["packages"]]


def test_what_it_has_indexed_is_there_at_once() -> None:
    on = followed()
    done = on.follow(on.upload("a"))
    log = io.StringIO()
    refresh_cdn(on.channel(), Log(log), Outdated(), done.written)
    assert told(on) == ["a"]
    assert log.getvalue() == ""


def test_a_comparison_adds_what_others_have_left() -> None:
    on = followed()
    on.follow(on.upload("a"))
    bring_channeldata_forward(on.channel(), Log(io.StringIO()), "upkeep")
    assert told(on) == ["a"]


@pytest.mark.parametrize("order", ["compare", "reindex"])
def test_the_cdn_is_told_when_nothing_but_channeldata_is_written(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    on = followed()
    on.follow(on.upload("a"))
    cdn = CdnDouble(monkeypatch)
    one = FunctionDouble(behind_cdn(on))
    cdn.refuses = True
    RUN[order](one, "s3://b/c", NoClock())  # type: ignore[arg-type]
    assert told(on) == ["a"]
    assert cdn.asked == [[f"/{KEY}"]]
    # What it has refused is told again, and then no more.
    cdn.refuses = False
    for _ in range(2):
        RUN[order](one, "s3://b/c", NoClock())  # type: ignore[arg-type]
    assert cdn.asked == [[f"/{KEY}"]] * 2


def test_a_comparison_writes_it_once() -> None:
    on = followed()
    on.follow(on.upload("a"))
    on.store.log.clear()
    refresh_cdn(on.channel(), Log(io.StringIO()), Outdated(), ["noarch"], channeldata="now")
    assert [*on.store.log].count(("get", KEY)) == 1


def test_a_failure_is_in_the_log() -> None:
    on = followed()
    done = on.follow(on.upload("a"))
    for key in [key for key in on.store.objects if key.endswith("repodata_shards.msgpack.zst")]:
        on.store.objects[key] = ObjectBody(data=b"none", content_type="")
    log = io.StringIO()
    refresh_cdn(on.channel(), Log(log), Outdated(), done.written)
    assert json.loads(log.getvalue())["event"] == "channeldata-not-written"
    assert KEY not in on.store.objects


def test_a_channel_without_it_makes_no_request() -> None:
    on = FollowedChannel("a")
    on.store.log.clear()
    refresh_cdn(on.channel(), Log(io.StringIO()), Outdated(), ["noarch"])
    assert on.store.log == []
