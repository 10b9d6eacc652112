"""The stack output `access`, as the backends begin it."""

from __future__ import annotations

import msgspec

from chaninfra.channel.outputs.access import ChannelPrincipals
from chaninfra.channel.spec.build import build_spec
from chaninfra.pulumi.backends.base import access_entry, empty_access

KEY = {"key": {}}
BASE = {"provider": "minio", "bucket": "my-bucket", "endpoint-url": "https://minio.example.com", "prefix": "main"}


def test_promoters_are_left_out_where_there_are_none() -> None:
    """An earlier chaninfra reads the output, and refuses keys that it does not know."""
    (channel,) = build_spec({**BASE, "publishers": {"ci": KEY}}, where="x").channels
    assert empty_access(channel) == {"publishers": {}, "readers": {}, "maintainers": {}}
    (channel,) = build_spec({**BASE, "promoters": {"release": KEY}}, where="x").channels
    assert empty_access(channel) == {"publishers": {}, "readers": {}, "maintainers": {}, "promoters": {}}


def test_a_promoter_is_listed_with_the_channels_that_it_promotes_from() -> None:
    promoters = {"release": {**KEY, "from": ["s3://staging", "s3://my-bucket/nightly"]}, "elsewhere": KEY}
    (channel,) = build_spec({**BASE, "promoters": promoters}, where="x").channels
    entries = {each.name: access_entry(each) for each in channel.principals}
    assert entries == {
        "release": {"kind": "key", "from": ["s3://staging", "s3://my-bucket/nightly"]},
        "elsewhere": {"kind": "key"},
    }
    read = msgspec.convert({**empty_access(channel), "promoters": entries}, ChannelPrincipals)
    assert read.promoters["release"].sources == ("s3://staging", "s3://my-bucket/nightly")
    assert read.promoters["elsewhere"].sources == ()
