"""What the function on AWS is told by the stack is what it reads."""

from __future__ import annotations

import json

from chaninfra.channel.conda.upkeep import EVERY_S
from chaninfra.channel.spec.build import build_spec
from chaninfra.follow.aws_channels import VARIABLE, channels_in
from chaninfra.pulumi.backends.aws.function import BATCH, CHANNELS_VARIABLE, _urls
from chaninfra.pulumi.backends.aws.schedules import _rate


def test_the_function_reads_the_channels_that_it_is_told() -> None:
    assert CHANNELS_VARIABLE == VARIABLE
    for keys, urls in (
        ({"prefix": "team/main"}, ("s3://my-bucket/team/main",)),
        ({}, ("s3://my-bucket",)),
        ({"channels": {"a": {}, "b": {"index": {}}}}, ("s3://my-bucket/a",)),
    ):
        own = {"bucket": "my-bucket", "region": "eu-central-1", "index": {"follow": {}}}
        assert channels_in(json.dumps(_urls(build_spec({**own, **keys}, where="test")))) == urls


def test_a_batch_of_messages_fits_into_a_call() -> None:
    # "Synchronous: 6 MB" (Lambda quotas, "Invocation payload"); an event has some 1.5 kB, its key at most 3 kB more.
    assert BATCH * 5_000 < 6 << 20


def test_rates_are_those_of_eventbridge() -> None:
    # "For a value of 1, the unit must be singular" (EventBridge User Guide, "Rate expressions").
    assert _rate(3600) == "rate(1 hour)"
    assert _rate(86400) == "rate(24 hours)"
    assert all(seconds % 3600 == 0 for seconds in EVERY_S.values())
