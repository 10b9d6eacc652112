"""A follower brings channeldata.json forward, and a failure there is in its log alone."""

from __future__ import annotations

import io
import json

from chaninfra.channel.objects import ObjectBody
from chaninfra.follow.log import Log
from chaninfra.follow.told import Outdated, bring_channeldata_forward, refresh_cdn
from support.channels.followed import FollowedChannel
from support.index_model.processes import PREFIX

KEY = f"{PREFIX}/channeldata.json"


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
