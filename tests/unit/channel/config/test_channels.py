"""Keys of a channel at the top level of the stack config, beside `channels`."""

from __future__ import annotations

import msgspec

from chaninfra.channel.conda.snapshot_schedule import SnapshotSchedule
from chaninfra.channel.config.channel import ChannelConfig
from chaninfra.channel.config.stack import OF_ONE, SHARED, parse_config


def test_each_key_of_a_channel_is_a_default_of_all_or_refused() -> None:
    keys = [field.encode_name for field in msgspec.structs.fields(ChannelConfig)]
    assert sorted(keys) == sorted([*SHARED, *OF_ONE])


def test_snapshots_at_the_top_are_those_of_every_channel_unless_it_has_its_own() -> None:
    shared, own = {"every": "1d", "keep": 60}, {"every": "7d", "keep": 5}
    raw = {"bucket": "my-bucket", "snapshots": shared, "channels": {"stable": {}, "nightly": {"snapshots": own}}}
    channels = parse_config(raw, where="x")[1]
    assert channels["stable"].snapshots == SnapshotSchedule(every="1d", keep=60)
    assert channels["nightly"].snapshots == SnapshotSchedule(every="7d", keep=5)
