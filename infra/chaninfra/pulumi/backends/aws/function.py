"""The function on AWS Lambda that brings the indexes in line, its role and its log."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi

from chaninfra.channel.conda.upkeep import CHANNELS_VARIABLE
from chaninfra.channel.location import join
from chaninfra.channel.policy.cdn import NO_DISTRIBUTION
from chaninfra.channel.policy.follower import FollowerArns, follower_rights, follower_trust
from chaninfra.channel.spec.follower_names import follower_names
from chaninfra.channel.spec.model import StackSpec
from chaninfra.pulumi.backends.base import Cdn, after
from chaninfra.pulumi.code_package import HANDLER, MEMORY_MB, RUNTIME, TIMEOUT_S, code_package
from chaninfra.pulumi.code_package.wheels import Architecture
from chaninfra.pulumi.declaration import Declaration
from chaninfra.pulumi.errors import user_errors

if TYPE_CHECKING:
    from pulumi_aws import lambda_, sqs

LOG_DAYS = 30
"""Days for which the log is kept."""
BATCH = 500
"""Most messages that the function gets at once: so many packages become one commit of each subdir."""
WINDOW_S = 1
"""Seconds for which messages are collected, from the first one."""
AT_ONCE = 2
"""Runs of the function for messages at the same time, the fewest that Lambda can be told. More would only cost: a
subdir has one commit at a time, by If-Match, and who comes second does its work again. It is not reserved concurrency:
that is taken from the account's, and what Lambda hands out beyond it fails and is counted towards the dead letters."""
_ARCHITECTURE: Architecture = "arm64"


@dataclass(frozen=True, kw_only=True)
class Function:
    """The function, and what it needs before it is called."""

    function: lambda_.Function
    resources: list[pulumi.Resource]


def function(declaration: Declaration, queue: sqs.Queue, cdn: Cdn | None, opts: pulumi.ResourceOptions) -> Function:
    """The function, its role with its permissions, and its log group, which Lambda would else make without an end."""
    from pulumi_aws import cloudwatch, lambda_

    name, stack = declaration.name, declaration.stack
    names, tags = follower_names(stack), dict(stack.bucket.settings.tags) or None
    log = cloudwatch.LogGroup(
        f"{name}-follow-log", name=names.log_group, retention_in_days=LOG_DAYS, tags=tags, opts=opts
    )
    role, rights = _role(declaration, queue, cdn, opts)
    with user_errors():
        code = code_package(_ARCHITECTURE, pulumi.log.info)
    follow = stack.bucket.aws.follow
    network: Any = {"subnet_ids": list(follow.subnet_ids), "security_group_ids": list(follow.security_group_ids)}
    made = lambda_.Function(
        f"{name}-follow",
        name=names.function,
        description=f"brings the indexes of conda channels in {stack.bucket.name} in line with their packages",
        role=role.arn,
        handler=HANDLER,
        runtime=RUNTIME,
        architectures=[_ARCHITECTURE],
        memory_size=MEMORY_MB,
        timeout=TIMEOUT_S,
        code=pulumi.FileArchive(str(code.path)),
        # So a change of the code by hand is seen too.
        code_sha256=base64.b64encode(bytes.fromhex(code.sha256)).decode(),
        environment={"variables": {CHANNELS_VARIABLE: json.dumps(_urls(stack))}},
        vpc_config=network if follow.subnet_ids else None,
        tags=tags,
        opts=after(opts, rights, log),
    )
    # A task that failed, or was stopped at the end of its time: its rule calls again, and it goes on then.
    once = lambda_.FunctionEventInvokeConfig(
        f"{name}-follow-once", function_name=made.name, maximum_retry_attempts=0, opts=opts
    )
    return Function(function=made, resources=[log, role, rights, made, once])


def source(declaration: Declaration, made: Function, queue: sqs.Queue, opts: pulumi.ResourceOptions) -> pulumi.Resource:
    """Hands the messages of the queue to the function."""
    from pulumi_aws import lambda_

    mapping: pulumi.Resource = lambda_.EventSourceMapping(
        f"{declaration.name}-follow-source",
        event_source_arn=queue.arn,
        function_name=made.function.name,
        batch_size=BATCH,
        maximum_batching_window_in_seconds=WINDOW_S,
        function_response_types=["ReportBatchItemFailures"],
        scaling_config={"maximum_concurrency": AT_ONCE},
        opts=after(opts, *made.resources),
    )
    return mapping


def _urls(stack: StackSpec) -> list[str]:
    return [f"s3://{join(stack.bucket.name, channel.prefix)}" for channel in stack.following]


def _role(
    declaration: Declaration, queue: sqs.Queue, cdn: Cdn | None, opts: pulumi.ResourceOptions
) -> tuple[Any, pulumi.Resource]:
    """The role, and its policy."""
    from pulumi_aws import iam

    name, stack = declaration.name, declaration.stack
    keys = stack.bucket.aws.roles
    role = iam.Role(
        f"{name}-follow-role",
        name=follower_names(stack).role,
        description=f"what follows conda channels in {stack.bucket.name}",
        assume_role_policy=json.dumps(follower_trust(), sort_keys=True),
        path=keys.path,
        permissions_boundary=keys.permissions_boundary,
        tags=dict(stack.bucket.settings.tags) or None,
        # The name is fixed, so a replacement cannot be created before the old role is deleted.
        opts=after(opts, delete_before_replace=True),
    )

    def rights(args: list[Any]) -> str:
        resolved, queue_arn, distribution = args
        arns = FollowerArns.of(resolved, account=queue_arn.split(":")[4])
        return json.dumps(follower_rights(resolved, arns, distribution), sort_keys=True)

    policy = iam.RolePolicy(
        f"{name}-follow-rights",
        name="conda-channels",
        role=role.name,
        policy=pulumi.Output.all(
            declaration.apply(lambda stack: stack), queue.arn, cdn.arn if cdn else NO_DISTRIBUTION
        ).apply(rights),
        opts=opts,
    )
    return role, policy
