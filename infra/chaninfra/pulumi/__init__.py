"""Pulumi components for conda channels on S3, and the program that makes them from a stack config."""

from chaninfra.pulumi.args import ChannelArgs, ChannelBucketArgs, CondaChannelArgs
from chaninfra.pulumi.components import ChannelBucket, CondaChannel
from chaninfra.pulumi.program import program

__all__ = ["ChannelArgs", "ChannelBucket", "ChannelBucketArgs", "CondaChannel", "CondaChannelArgs", "program"]
