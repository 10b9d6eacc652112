"""The commands that make a bucket without Pulumi: by S3's CreateBucket, which every store has."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from chaninfra.channel.location import Location
from chaninfra.channel.providers.aws_partitions import is_s3_of_aws
from chaninfra.channel.providers.model import Provider
from chaninfra.channel.providers.templates import fill

# S3's own default, which it refuses as a LocationConstraint.
_NO_CONSTRAINT = "us-east-1"


def new_bucket(location: Location, provider: Provider | None) -> Iterator[str]:
    """What to type, line by line. `provider` None is one that this version does not know."""
    words = ["aws", "s3api", "create-bucket", "--bucket", location.bucket, "--region", location.region]
    if not is_s3_of_aws(location.endpoint_url):
        words += ["--endpoint-url", location.endpoint_url]
    if provider is None:
        yield shlex.join(words)
        return
    if provider.location_constraint.value == "region" and location.region != _NO_CONSTRAINT:
        words += ["--create-bucket-configuration", f"LocationConstraint={location.region}"]
    yield shlex.join(words)
    yield from (fill(step, {"bucket": location.bucket}) for step in provider.by_hand.bucket)
