"""How a bucket and its access are made, one module a backend."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pulumi

from chaninfra.channel.spec import BucketSpec, ChannelSpec
from chaninfra.pulumi.backends import aws, s3

# (name, bucket, its channels, the input `store`, options) -> what must be there before anything is put in.
Make = Callable[[str, BucketSpec, Sequence[ChannelSpec], dict[str, Any], pulumi.ResourceOptions], list[pulumi.Resource]]

BACKENDS: dict[str, Make] = {"aws": aws.make, "s3": s3.make}
