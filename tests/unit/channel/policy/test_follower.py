"""The permissions of what follows the channels on AWS, who may send it messages, and which events those are."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from typing import Any

import pytest

from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.policy.follower import (
    FollowerArns,
    check_follower_sizes,
    event_pattern,
    follower_rights,
    queue_policy,
)
from chaninfra.channel.spec.build import build_spec
from chaninfra.channel.spec.follower_names import follower_names
from chaninfra.channel.spec.model import StackSpec

ACCOUNT = "123456789012"
KEY = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
CDN = f"arn:aws:cloudfront::{ACCOUNT}:distribution/E2EXAMPLE"
NETWORK = {"subnet-ids": ["subnet-1"], "security-group-ids": ["sg-1"]}


def stack(**keys: Any) -> StackSpec:
    own = {"bucket": "my-bucket", "region": "eu-central-1", "index": {"follow": {}}}
    given = {name.replace("_", "-"): value for name, value in keys.items()}
    return build_spec({**own, **({} if "channels" in keys else {"prefix": "main"}), **given}, where="Pulumi.prod.yaml")


def by_sid(spec: StackSpec) -> dict[str, dict[str, Any]]:
    rights = follower_rights(spec, FollowerArns.of(spec, ACCOUNT), CDN)
    return {each["Sid"]: each for each in rights["Statement"]}


def test_only_the_channels_that_follow_are_in_its_permissions() -> None:
    channels = {"stable": {"index": {}}, "nightly": {"index": {"follow": {}}}}
    spec = stack(index={}, channels=channels, subdirs=["linux-64"])
    text = json.dumps(by_sid(spec))
    assert "my-bucket/nightly/linux-64/*" in text
    assert "stable" not in text


def test_it_makes_snapshots_only_of_the_channels_that_say_how_often() -> None:
    follow: dict[str, Any] = {"index": {"follow": {}}}
    channels = {"stable": {**follow, "snapshots": {"every": "1d", "keep": 60}}, "nightly": follow}
    found = by_sid(stack(index={}, channels=channels, subdirs=["linux-64"]))

    def names(sid: str, part: str) -> list[str]:
        given = found[sid]
        return [each for each in given.get("Resource", given.get("NotResource")) if part in each]

    assert names("KeepIndex", "snapshots") == ["arn:aws:s3:::my-bucket/stable/snapshots/*"]
    assert names("WriteOnlyIndex", "snapshots") == ["arn:aws:s3:::my-bucket/stable/snapshots/index.json"]
    deleted = "arn:aws:s3:::my-bucket/stable/snapshots/*/*/repodata_shards.msgpack.zst"
    assert names("DeleteOnlyGarbage", "snapshots") == [deleted]
    # Not the authoritative index, also where a channel lies in a folder of this name.
    for key in ("stable/linux-64", "stable/noarch", "nightly/noarch", "snapshots/a/noarch"):
        assert not fnmatchcase(f"arn:aws:s3:::my-bucket/{key}/repodata_shards.msgpack.zst", deleted)
    assert "snapshots" not in json.dumps(by_sid(stack()))


def test_it_writes_summaries_only_where_a_channel_has_a_page() -> None:
    summaries = "arn:aws:s3:::my-bucket/*/summaries/*.json"
    channels = {"stable": {"page": True}, "nightly": {"page": False}}
    for keys, may in (({}, False), ({"page": True}, True), ({"channels": channels}, True)):
        found = by_sid(stack(**keys))
        assert (summaries in found["WriteOnlyIndex"]["NotResource"]) == may
        # Those that a page had before are deleted, too.
        assert summaries in found["DeleteOnlyGarbage"]["NotResource"]


def test_what_a_stack_does_not_have_is_not_in_its_permissions() -> None:
    plain = by_sid(stack())
    for keys, sids in (
        ({"aws": {"kms-key-arn": KEY}}, {"UseKey"}),
        ({"visibility": "public", "cdn": {}, "page": False}, {"RefreshCdn"}),
        ({"aws": {"follow": NETWORK}}, {"JoinNetwork", "NetworkIsLambdas"}),
    ):
        more = by_sid(stack(**keys))
        assert more.keys() - plain.keys() == sids
        assert {sid: more[sid] for sid in plain} == plain
    assert by_sid(stack(visibility="public", cdn={}))["RefreshCdn"]["Resource"] == [CDN]
    assert by_sid(stack(aws={"kms-key-arn": KEY}))["UseKey"]["Resource"] == [KEY]
    denied = by_sid(stack(aws={"follow": NETWORK}))["NetworkIsLambdas"]
    arn = f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:my-bucket-follow"
    assert (denied["Effect"], denied["Condition"]) == ("Deny", {"ArnEquals": {"lambda:SourceFunctionArn": arn}})


def test_all_that_is_not_an_object_is_named_in_full() -> None:
    for sid, each in by_sid(stack(visibility="public", cdn={})).items():
        if sid not in ("ReadChannels", "KeepIndex", "WriteOnlyIndex", "DeleteOnlyGarbage"):
            for arn in each["Resource"]:
                assert "*" not in arn.removesuffix(":*"), sid


def test_the_arns_are_those_of_the_partition() -> None:
    spec = stack(region="cn-north-1")
    assert FollowerArns.of(spec, ACCOUNT).queue == f"arn:aws-cn:sqs:cn-north-1:{ACCOUNT}:my-bucket-follow"
    assert "arn:aws:" not in json.dumps(by_sid(spec))


def test_permissions_that_iam_would_refuse_are_told() -> None:
    for count in (10, 30):
        spec = stack(channels={f"channel-{number}": {} for number in range(count)})
        if count == 10:
            check_follower_sizes(spec)
            continue
        with pytest.raises(ConfigurationError, match="IAM accepts at most 10,240") as caught:
            check_follower_sizes(spec)
        assert "fewer channels" in str(caught.value)


def test_a_pattern_that_eventbridge_would_refuse_is_told() -> None:
    check_follower_sizes(stack(prefix="p" * 400))
    with pytest.raises(ConfigurationError, match="EventBridge accepts at most 2,048") as caught:
        check_follower_sizes(stack(prefix="p" * 512))
    assert "choose a shorter prefix" in str(caught.value)
    check_follower_sizes(stack(prefix="p" * 512, index={}))


def test_nothing_follows_where_no_channel_says_so() -> None:
    check_follower_sizes(stack(index={}))


def test_only_the_rules_may_send_messages() -> None:
    (statement,) = queue_policy("arn:q", ["arn:b", "arn:a"])["Statement"]
    assert statement["Principal"] == {"Service": "events.amazonaws.com"}
    assert statement["Condition"] == {"ArnEquals": {"aws:SourceArn": ["arn:a", "arn:b"]}}
    assert (statement["Action"], statement["Resource"]) == ("sqs:SendMessage", "arn:q")


@pytest.mark.parametrize("prefix", ["", "team/stable"])
def test_the_events_are_those_of_packages_and_sidecars(prefix: str) -> None:
    pattern = event_pattern("my-bucket", prefix)
    wanted = [each["wildcard"] for each in pattern["detail"]["object"]["key"]]
    start = f"{prefix}/" if prefix else ""

    def matches(key: str) -> bool:
        return any(fnmatchcase(key, each) for each in wanted)

    for name in ("a-1-0.conda", "a-1-0.tar.bz2", "a-1-0.conda.sigs", "a-1-0.tar.bz2.sigs"):
        assert matches(f"{start}noarch/{name}")
        assert matches(f"team/stable-2/noarch/{name}") == (not prefix)
    for name in ("noarch/repodata.json", f"noarch/a-1-0.conda.sigs.{'0' * 64}", ".chaninfra/follow.json"):
        assert not matches(f"{start}{name}")
    # "Event pattern size: up to 2,048 characters" (EventBridge quotas).
    assert len(json.dumps(event_pattern("b" * 63, "p" * 400))) < 2048


def test_names_follow_from_the_bucket_and_are_short_enough() -> None:
    assert follower_names(stack()).function == "my-bucket-follow"
    names = follower_names(stack(aws={"roles": {"name-prefix": "conda-"}}))
    # The mark of the function says its name, and the doctor looks for a queue with that name.
    assert names.queue == names.function
    assert (names.queue, names.dead_letters, names.role) == (
        "my-bucket-follow",
        "my-bucket-follow-dead",
        "conda-my-bucket-follow",
    )
    for bucket in ("b" * 63, "a.b.c"):
        names = follower_names(stack(bucket=bucket, force_path_style=True, aws={"roles": {"name-prefix": "p" * 32}}))
        # The doctor knows the name of the function, and looks at the queue.
        assert names.queue == names.function
        for name in (names.function, names.role, names.events("main"), names.of("reindex")):
            assert len(name) <= 64
            assert name.replace("-", "").isalnum()
    dotted = follower_names(stack(bucket="a.b.c", force_path_style=True)).function
    assert dotted != follower_names(stack(bucket="a-b-c")).function


def test_stacks_that_adopt_one_bucket_have_names_of_their_own() -> None:
    one, other = (follower_names(stack(adopt=True, prefix=prefix)) for prefix in ("main", "nightly"))
    assert len({one.function, other.function, follower_names(stack()).function}) == 3
    assert one.function.startswith("my-bucket-follow-")


def test_it_writes_run_exports_only_where_a_channel_asks_for_them() -> None:
    assert "run_exports" not in json.dumps(by_sid(stack()))
    found = by_sid(stack(index={"follow": {}, "run-exports": True}))
    for sid in ("WriteOnlyIndex", "DeleteOnlyGarbage"):
        assert [each for each in found[sid]["NotResource"] if "run_exports" in each] == [
            "arn:aws:s3:::my-bucket/*/run_exports.json",
            "arn:aws:s3:::my-bucket/*/run_exports.json.zst",
        ]


def test_it_writes_channeldata_only_of_the_channels_that_ask_for_it() -> None:
    channels = {"stable": {"index": {"follow": {}, "channeldata": True}}, "nightly": {"index": {"follow": {}}}}
    found = by_sid(stack(index={}, channels=channels))
    key = "arn:aws:s3:::my-bucket/stable/channeldata.json"
    for sid, name in (("KeepIndex", "Resource"), ("WriteOnlyIndex", "NotResource")):
        assert [each for each in found[sid][name] if "channeldata" in each] == [key]
    assert "channeldata" not in json.dumps(by_sid(stack()))
