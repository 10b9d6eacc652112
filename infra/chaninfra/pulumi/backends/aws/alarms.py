"""Alarms of CloudWatch on what follows the channels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from chaninfra.channel.spec.follower_names import FollowerNames, follower_names
from chaninfra.pulumi.code_package import TIMEOUT_S
from chaninfra.pulumi.declaration import Declaration


@dataclass(frozen=True, kw_only=True)
class _Alarm:
    """When the metric is above `above` for one period, in seconds."""

    name: str
    about: str
    namespace: str
    metric: str
    dimensions: Mapping[str, str]
    statistic: str
    period: int
    above: int


def alarms(declaration: Declaration, opts: pulumi.ResourceOptions) -> list[pulumi.Resource]:
    """The alarms; they notify `aws.follow.alarm-topic`, if it is set."""
    from pulumi_aws import cloudwatch

    name, stack = declaration.name, declaration.stack
    names, topic = follower_names(stack), stack.bucket.aws.follow.alarm_topic
    actions = None if topic is None else [declaration.apply(lambda stack: stack.bucket.aws.follow.alarm_topic or "")]
    return [
        cloudwatch.MetricAlarm(
            f"{name}-follow-alarm-{alarm.name}",
            name=names.of(alarm.name),
            alarm_description=f"{alarm.about} (conda channels in {stack.bucket.name})",
            namespace=alarm.namespace,
            metric_name=alarm.metric,
            dimensions=dict(alarm.dimensions),
            statistic=alarm.statistic,
            period=alarm.period,
            evaluation_periods=1,
            comparison_operator="GreaterThanThreshold",
            threshold=alarm.above,
            # No metric: nothing was sent, or nothing ran.
            treat_missing_data="notBreaching",
            alarm_actions=actions,
            tags=dict(stack.bucket.settings.tags) or None,
            opts=opts,
        )
        for alarm in _alarms(names)
    ]


def _alarms(names: FollowerNames) -> tuple[_Alarm, ...]:
    """Amazon SQS Developer Guide, "Available CloudWatch metrics"; Lambda Developer Guide, "Types of metrics"."""
    return (
        _Alarm(
            name="dead",
            about="events of packages that could not be followed wait among the dead letters",
            namespace="AWS/SQS",
            metric="ApproximateNumberOfMessagesVisible",
            dimensions={"QueueName": names.dead_letters},
            statistic="Maximum",
            period=60,
            above=0,
        ),
        _Alarm(
            name="waiting",
            about="an event of a package waits for longer than two runs of the function take at most",
            namespace="AWS/SQS",
            metric="ApproximateAgeOfOldestMessage",
            dimensions={"QueueName": names.queue},
            statistic="Maximum",
            period=300,
            above=2 * TIMEOUT_S,
        ),
        _Alarm(
            name="errors",
            about="a run of the function has failed: its log says why",
            namespace="AWS/Lambda",
            metric="Errors",
            dimensions={"FunctionName": names.function},
            statistic="Sum",
            period=300,
            above=0,
        ),
    )
