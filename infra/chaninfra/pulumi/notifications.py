"""The notifications of a bucket (PutBucketNotificationConfiguration), ours among those of others. Pure functions."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator
from typing import Any, TypedDict

from chaninfra.channel.conda.filenames import PACKAGE_SUFFIXES, SIDECAR_SUFFIX
from chaninfra.channel.spec.model import StackSpec

Document = dict[str, Any]

_EVENTS = ("s3:ObjectCreated:*", "s3:ObjectRemoved:*")
# Service in the ARN of a target → the list of the configuration that has its notifications, and the key of the ARN.
_LISTS = {"sqs": ("QueueConfigurations", "QueueArn"), "sns": ("TopicConfigurations", "TopicArn")}


class Notification(TypedDict):
    """The events of the keys that begin with `prefix` and end in `suffix` go to `target`, an ARN."""

    id: str
    target: str
    prefix: str
    suffix: str
    events: list[str]


def notifications_of(stack: StackSpec) -> list[Notification]:
    """Those for the followers of the stack's channels, sorted by id: one for each ending of a package or sidecar.

    Their ids follow from the prefix of the channel, so that a stack that lost its state finds them again.
    """
    ours: list[Notification] = [
        {
            "id": f"chaninfra-{hashlib.sha256(channel.prefix.encode()).hexdigest()[:12]}{suffix}",
            "target": channel.event_target,
            "prefix": f"{channel.prefix}/" if channel.prefix else "",
            "suffix": suffix,
            "events": [*_EVENTS],
        }
        for channel in stack.channels
        if channel.event_target is not None
        for suffix in (*PACKAGE_SUFFIXES, SIDECAR_SUFFIX)
    ]
    return sorted(ours, key=_id)


def found_in(answer: Document, ids: Collection[str]) -> list[Notification]:
    """The notifications with these ids in an answer of GetBucketNotificationConfiguration, sorted by them."""
    return sorted(_read(answer, ids), key=_id)


def document(notifications: Iterable[Notification]) -> Document:
    """The NotificationConfiguration of these alone."""
    made: Document = {}
    for each in notifications:
        name, arn = _LISTS[each["target"].split(":")[2]]
        rules = [{"Name": rule, "Value": each[rule]} for rule in ("prefix", "suffix") if each[rule]]
        entry: Document = {"Id": each["id"], arn: each["target"], "Events": each["events"]}
        made.setdefault(name, []).append({**entry, "Filter": {"Key": {"FilterRules": rules}}})
    return made


def merged(answer: Document, ours: Iterable[Notification], ids: Collection[str]) -> Document:
    """The configuration `answer` with `ours` instead of what has one of `ids`; all else is as it was."""
    made = {name: value for name, value in answer.items() if name != "ResponseMetadata"}
    wanted = document(ours)
    for name, _ in _LISTS.values():
        others = [_without_empty_id(each) for each in made.pop(name, ()) if each.get("Id") not in ids]
        if both := [*others, *wanted.get(name, ())]:
            made[name] = both
    return made


def equivalent(one: Iterable[Notification], other: Iterable[Notification]) -> bool:
    """Whether two lists mean the same: stores reorder them, and write their own region into an ARN."""
    return sorted(map(_canonical, one)) == sorted(map(_canonical, other))


def _read(answer: Document, ids: Collection[str]) -> Iterator[Notification]:
    for name, arn in _LISTS.values():
        for entry in answer.get(name, ()):
            if entry.get("Id") in ids:
                listed = entry.get("Filter", {}).get("Key", {}).get("FilterRules", ())
                rules = {str(rule.get("Name", "")).lower(): str(rule.get("Value", "")) for rule in listed}
                yield {
                    "id": entry["Id"],
                    "target": entry.get(arn, ""),
                    "prefix": rules.get("prefix", ""),
                    "suffix": rules.get("suffix", ""),
                    "events": [*entry.get("Events", ())],
                }


def _id(each: Notification) -> str:
    return each["id"]


def _canonical(each: Notification) -> tuple[object, ...]:
    arn = each["target"].split(":")
    target = (*arn[:3], *arn[4:])
    return (each["id"], target, each["prefix"], each["suffix"], tuple(sorted(each["events"])))


def _without_empty_id(entry: Document) -> Document:
    # MinIO lists those of `mc event add` with an empty one.
    return {name: value for name, value in entry.items() if name != "Id" or value}
