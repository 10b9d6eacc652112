"""The way of an event on AWS: from the bucket to EventBridge, by the rule of a channel to the queue."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pulumi

from chaninfra.channel.policy.follower import event_pattern, queue_policy
from chaninfra.channel.spec.follower_names import follower_names
from chaninfra.pulumi.backends.base import after
from chaninfra.pulumi.bucket_session import StoreInput
from chaninfra.pulumi.code_package import TIMEOUT_S
from chaninfra.pulumi.declaration import Declaration
from chaninfra.pulumi.dynamic import EventBridge

if TYPE_CHECKING:
    from pulumi_aws import cloudwatch, sqs

VISIBILITY_S = 6 * TIMEOUT_S
"""Seconds for which a message that was handed out is not handed out again: "at least six times the timeout" of the
function (Lambda Developer Guide, "Creating and configuring an Amazon SQS event source mapping")."""
MOST_RECEIVES = 5
"""How often a message is handed out until it goes to the dead letters; "at least 5" (the same page)."""
_KEPT_S = 14 * 24 * 3600
"""Seconds for which messages are kept: as long as SQS can."""


@dataclass(frozen=True, kw_only=True)
class Queues:
    """The queue of the events, and that of the messages that could not be worked on."""

    messages: sqs.Queue
    dead_letters: sqs.Queue


def queues(declaration: Declaration, opts: pulumi.ResourceOptions) -> Queues:
    """The two queues, encrypted with keys of SQS: with a KMS key EventBridge would need a permission on it."""
    from pulumi_aws import sqs

    name, stack = declaration.name, declaration.stack
    names, tags = follower_names(stack), dict(stack.bucket.settings.tags) or None
    dead_letters = sqs.Queue(
        f"{name}-follow-dead-letters",
        name=names.dead_letters,
        message_retention_seconds=_KEPT_S,
        sqs_managed_sse_enabled=True,
        tags=tags,
        opts=opts,
    )
    messages = sqs.Queue(
        f"{name}-follow-queue",
        name=names.queue,
        message_retention_seconds=_KEPT_S,
        visibility_timeout_seconds=VISIBILITY_S,
        sqs_managed_sse_enabled=True,
        redrive_policy=dead_letters.arn.apply(
            lambda arn: json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": MOST_RECEIVES})
        ),
        tags=tags,
        opts=opts,
    )
    return Queues(messages=messages, dead_letters=dead_letters)


def events(
    declaration: Declaration, store: StoreInput, queue: sqs.Queue, opts: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    """The events of the bucket, one rule for each channel that follows, and the policy of the queue that names them.

    A pattern of EventBridge has 2,048 characters at most, so there is no rule for all channels.
    """
    from pulumi_aws import cloudwatch, sqs

    stack = declaration.stack
    names, tags = follower_names(stack), dict(stack.bucket.settings.tags) or None
    from_bucket = EventBridge(
        f"{declaration.name}-follow-events", {"store": store, "adopted": stack.bucket.adopt}, opts
    )
    rules: list[cloudwatch.EventRule] = []
    for channel in stack.following:
        pattern = event_pattern(stack.bucket.name, channel.prefix)
        rules.append(
            cloudwatch.EventRule(
                f"{declaration.name_of(channel)}-follow-events",
                name=names.events(channel.prefix),
                # It has 512 characters at most.
                description=f"packages of the conda channel {channel.name[:256]} in {stack.bucket.name}",
                event_pattern=json.dumps(pattern, sort_keys=True),
                tags=tags,
                opts=opts,
            )
        )
    policy = sqs.QueuePolicy(
        f"{declaration.name}-follow-queue-policy",
        queue_url=queue.id,
        policy=pulumi.Output.all(queue.arn, *(rule.arn for rule in rules)).apply(_queue_policy),
        opts=opts,
    )
    targets = [
        cloudwatch.EventTarget(
            f"{declaration.name_of(channel)}-follow-target",
            rule=rule.name,
            target_id="queue",
            arn=queue.arn,
            # EventBridge asks whether it may send when the target is put.
            opts=after(opts, policy),
        )
        for channel, rule in zip(stack.following, rules, strict=True)
    ]
    return [from_bucket, *rules, policy, *targets]


def _queue_policy(arns: Sequence[str]) -> str:
    queue, *rules = arns
    return json.dumps(queue_policy(queue, rules), sort_keys=True)
