"""The notifications of a bucket: which are ours, and what is put in place of what is there."""

from __future__ import annotations

from typing import Any

import pytest

from chaninfra.channel.spec.build import build_spec
from chaninfra.pulumi.bucket_session import Session, StoreInput
from chaninfra.pulumi.handlers import HANDLERS, Difference
from chaninfra.pulumi.notifications import Notification, document, equivalent, found_in, merged, notifications_of

ARN = "arn:minio:sqs::chaninfra:webhook"
TOPIC = "arn:aws:sns:default::chaninfra"
OTHERS: dict[str, Any] = {
    "QueueConfigurations": [
        {"Id": "", "QueueArn": "arn:minio:sqs::audit:webhook", "Events": ["s3:ObjectAccessed:*"]},
        {"Id": "theirs", "QueueArn": ARN, "Events": ["s3:ObjectCreated:Put"]},
    ],
    "TopicConfigurations": [{"Id": "topic", "TopicArn": TOPIC, "Events": ["s3:ObjectCreated:Put"]}],
    "LambdaFunctionConfigurations": [{"Id": "f", "LambdaFunctionArn": "arn:aws:lambda:x", "Events": ["s3:Replicate"]}],
    "EventBridgeConfiguration": {},
}
STORE: StoreInput = {
    "bucket": "my-bucket",
    "endpoint-url": "https://minio.example.com",
    "region": "us-east-1",
    "force-path-style": True,
    "namespace": "ns",
}


def ours(target: str = ARN, prefix: str = "main", **more: Any) -> list[Notification]:
    raw = {"provider": "custom", "bucket": "my-bucket", "endpoint-url": "https://s3.example.com", "prefix": prefix}
    index = {"follow": {"target": target}}
    return notifications_of(build_spec({**raw, "index": index, **more}, where="stack.yaml"))


def ids(notifications: list[Notification]) -> set[str]:
    return {each["id"] for each in notifications}


def changed(index: int, **keys: Any) -> list[Notification]:
    """Ours, the one at `index` with other values."""
    return [{**each, **keys} if number == index else each for number, each in enumerate(ours())]  # type: ignore[typeddict-item]


def test_each_ending_of_a_package_or_sidecar_has_one() -> None:
    found = ours()
    assert [each["suffix"] for each in found] == [".conda", ".sigs", ".tar.bz2"]
    assert {each["prefix"] for each in found} == {"main/"}
    assert {each["target"] for each in found} == {ARN}
    assert {event for each in found for event in each["events"]} == {"s3:ObjectCreated:*", "s3:ObjectRemoved:*"}
    assert len(ids(found)) == 3
    assert all(id_.startswith("chaninfra-") for id_ in ids(found))
    # The longest prefix has an id that every store takes.
    assert all(len(id_) < 40 for id_ in ids(ours(prefix="/".join(["a" * 63] * 8))))


def test_only_channels_with_a_target_have_any() -> None:
    two = {
        "a": {"prefix": "a", "index": {"follow": {"target": ARN}}},
        "b": {"prefix": "b", "index": {"follow": {}}},
        "c": {"prefix": "c", "index": {"follow": {"target": "arn:minio:sqs::other:webhook"}}},
    }
    raw = {"provider": "minio", "bucket": "my-bucket", "endpoint-url": "https://minio.example.com", "channels": two}
    found = notifications_of(build_spec(raw, where="stack.yaml"))
    assert {(each["prefix"], each["target"].split(":")[4]) for each in found} == {("a/", "chaninfra"), ("c/", "other")}
    assert len(ids(found)) == 6


def test_a_channel_that_is_the_whole_bucket_has_no_rule_for_the_prefix() -> None:
    (rules,) = [
        entry["Filter"]["Key"]["FilterRules"]
        for entry in document(ours(prefix=""))["QueueConfigurations"]
        if entry["Id"].endswith(".conda")
    ]
    assert rules == [{"Name": "suffix", "Value": ".conda"}]


def test_the_arn_says_which_list_they_stand_in() -> None:
    assert set(document(ours())) == {"QueueConfigurations"}
    assert set(document(ours(TOPIC))) == {"TopicConfigurations"}
    assert document(ours(TOPIC))["TopicConfigurations"][0]["TopicArn"] == TOPIC
    assert document([]) == {}


@pytest.mark.parametrize("target", [ARN, TOPIC, "arn:rustfs:sqs:us-east-1:chaninfra:webhook"])
def test_what_is_put_is_what_is_found(target: str) -> None:
    assert equivalent(found_in(document(ours(target)), ids(ours(target))), ours(target))


def test_those_of_others_stay() -> None:
    answer = {**OTHERS, "ResponseMetadata": {"HTTPStatusCode": 200}}
    both = merged(answer, ours(), ids(ours()))
    assert "ResponseMetadata" not in both
    assert equivalent(found_in(both, ids(ours())), ours())
    # An empty id is left out: it stands for none.
    without_id = [{name: value for name, value in each.items() if value} for each in OTHERS["QueueConfigurations"]]
    assert both["QueueConfigurations"][:2] == without_id
    assert {name: both[name] for name in OTHERS if name != "QueueConfigurations"} == {
        name: OTHERS[name] for name in OTHERS if name != "QueueConfigurations"
    }
    # Ours go again, also the old ones in the other list.
    assert merged(both, [], ids(ours())) == {**OTHERS, "QueueConfigurations": without_id}
    moved = merged(both, ours(TOPIC), ids(ours()))
    assert moved["QueueConfigurations"] == without_id
    assert len(moved["TopicConfigurations"]) == 4
    assert merged(document(ours()), [], ids(ours())) == {}


def test_what_stores_rewrite_is_the_same() -> None:
    """MinIO and Ceph write their own region into an ARN, and AWS the name of a rule with a capital."""
    rewritten = document(ours())
    for entry in rewritten["QueueConfigurations"]:
        entry["QueueArn"] = ARN.replace("sqs::", "sqs:eu-1:")
        entry["Events"] = entry["Events"][::-1]
        rules = entry["Filter"]["Key"]["FilterRules"]
        entry["Filter"]["Key"]["FilterRules"] = [{**rule, "Name": rule["Name"].capitalize()} for rule in rules[::-1]]
    rewritten["QueueConfigurations"].reverse()
    assert equivalent(found_in(rewritten, ids(ours())), ours())


@pytest.mark.parametrize(
    "other",
    [
        changed(0, events=["s3:ObjectCreated:*"]),
        changed(1, prefix=""),
        changed(2, suffix=".conda"),
        changed(0, target="arn:minio:sqs::other:webhook"),
        ours()[:2],
        [*ours(), ours()[0]],
        [],
    ],
)
def test_what_others_change_is_not_the_same(other: list[Notification]) -> None:
    def props(notifications: list[Notification]) -> dict[str, Any]:
        return {"store": STORE, "provider": "minio", "notifications": notifications}

    assert not equivalent(other, ours())
    handler = HANDLERS["notifications"](Session(STORE, {}))
    assert handler.diff(props(other), props(ours())) == Difference(changes=True)
    assert handler.diff(props(ours()), props(ours()[::-1])) == Difference(changes=False)
