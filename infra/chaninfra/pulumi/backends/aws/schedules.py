"""What the function does by the clock: rules of EventBridge that call it with a constant event."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pulumi

from chaninfra.channel.conda.upkeep import EVERY_S, ORDERS
from chaninfra.channel.spec.follower_names import follower_names
from chaninfra.pulumi.backends.base import after
from chaninfra.pulumi.declaration import Declaration

if TYPE_CHECKING:
    from pulumi_aws import lambda_


def schedules(
    declaration: Declaration, function: lambda_.Function, opts: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    """For each task a rule, its permission to call the function, and its target."""
    from pulumi_aws import cloudwatch, lambda_

    name, stack = declaration.name, declaration.stack
    names, tags = follower_names(stack), dict(stack.bucket.settings.tags) or None
    made: list[pulumi.Resource] = []
    for task in ORDERS:
        if task == "snapshots" and not any(channel.has_schedule for channel in stack.following):
            continue
        rule = cloudwatch.EventRule(
            f"{name}-follow-{task}",
            name=names.of(task),
            description=f"{task} of the conda channels in {stack.bucket.name}",
            schedule_expression=_rate(EVERY_S[task]),
            tags=tags,
            opts=opts,
        )
        permission = lambda_.Permission(
            f"{name}-follow-{task}-permission",
            statement_id=task,
            action="lambda:InvokeFunction",
            function=function.name,
            principal="events.amazonaws.com",
            source_arn=rule.arn,
            opts=opts,
        )
        target = cloudwatch.EventTarget(
            f"{name}-follow-{task}-target",
            rule=rule.name,
            target_id="function",
            arn=function.arn,
            input=json.dumps({"chaninfra": task}),
            opts=after(opts, permission),
        )
        made += [rule, permission, target]
    return made


def _rate(seconds: int) -> str:
    """A rate expression (EventBridge User Guide, "Rate expressions"), in hours."""
    hours = seconds // 3600
    return "rate(1 hour)" if hours == 1 else f"rate({hours} hours)"
