"""Pulumi components for conda channels on S3, and the stack program that declares one from the stack config."""

from chaninfra.channel.extras import require

require("pulumi", "pulumi", what="chaninfra.pulumi")

# After the check: they import Pulumi's SDK.
# ruff: noqa: E402
from chaninfra.pulumi.components.args import ChannelArgs, ChannelBucketArgs, CondaChannelArgs, PublisherArgs, ReaderArgs
from chaninfra.pulumi.components.bucket import ChannelBucket, CondaChannel
from chaninfra.pulumi.components.grants import Publisher, Reader
from chaninfra.pulumi.program import program

__all__ = [
    "ChannelArgs",
    "ChannelBucket",
    "ChannelBucketArgs",
    "CondaChannel",
    "CondaChannelArgs",
    "Publisher",
    "PublisherArgs",
    "Reader",
    "ReaderArgs",
    "program",
]
