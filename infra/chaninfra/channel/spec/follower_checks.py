"""Checks of what follows the channels on AWS: the block `aws.follow` and `index.follow`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaninfra.channel.config.aws import FollowerConfig
from chaninfra.channel.config.stack import OUTPUT_PLACEHOLDERS
from chaninfra.channel.errors import ConfigurationError

if TYPE_CHECKING:
    from chaninfra.channel.spec.model import StackSpec


def check_follower(stack: StackSpec, where: str) -> None:
    """Raise ConfigurationError if nothing could follow the channels with these keys."""
    if stack.bucket.provider.backend != "aws":
        return
    follow = stack.bucket.aws.follow
    if not stack.following:
        if follow != FollowerConfig():
            raise ConfigurationError(
                "no channel follows",
                where=where,
                key=("aws", "follow"),
                remedy="set `index.follow` of a channel, or remove `aws.follow`",
            )
        return
    for channel in stack.following:
        if channel.index.writers == "single":
            raise ConfigurationError(
                "two runs of the function that follows on AWS may write the index at once",
                where=f"{where}, channel {channel.name}" if len(stack.channels) > 1 else where,
                key=("index", "writers"),
                remedy="remove `writers`: S3 has conditional writes, so that no writer loses what another wrote",
            )
    _check_network(stack, where)
    region = stack.bucket.location.region
    if follow.alarm_topic not in (None, OUTPUT_PLACEHOLDERS["follower", "alarm-topic"]):
        of_topic = str(follow.alarm_topic).split(":")[3]
        if of_topic != region:
            raise ConfigurationError(
                f"the topic is in {of_topic}, and alarms in {region} notify topics in {region} only",
                where=where,
                key=("aws", "follow", "alarm-topic"),
                remedy=f"create a topic in {region}, and set its ARN",
            )


def _check_network(stack: StackSpec, where: str) -> None:
    """The function must reach the bucket."""
    aws = stack.bucket.aws
    ids = {"subnet-ids": aws.follow.subnet_ids, "security-group-ids": aws.follow.security_group_ids}
    missing = [name for name, given in ids.items() if not given]
    if not missing or (len(missing) == len(ids) and not aws.vpc_endpoints):
        return
    reason = "subnets and security groups go together"
    if aws.vpc_endpoints:
        reason = (
            "the bucket can be read only through `aws.vpc-endpoints`, and the function that follows would run outside "
            "of them"
        )
    raise ConfigurationError(
        reason,
        where=where,
        key=("aws", "follow", missing[0]),
        remedy=f"set {' and '.join(f'`aws.follow.{name}`' for name in missing)} to where the VPC endpoint can be "
        "reached",
    )
