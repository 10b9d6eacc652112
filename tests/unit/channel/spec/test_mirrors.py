"""Mirrors in the stack config, and in the descriptor of the channel."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chaninfra.channel.conda.mirrors import Mirror
from chaninfra.channel.config import schema
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.outputs.build import build_descriptor
from chaninfra.channel.outputs.descriptor import dump, parse
from chaninfra.channel.spec.build import build_spec

BASE = {"provider": "minio", "endpoint-url": "https://minio.example.com", "bucket": "my-bucket", "prefix": "main"}
FORGE = "https://conda.anaconda.org/conda-forge"


def described(**config: Any) -> list[bytes]:
    stack = build_spec({**BASE, **config}, where="Pulumi.prod.yaml")
    return [dump(build_descriptor(stack.bucket, channel)) for channel in stack.channels]


def test_the_descriptor_has_what_is_set_and_nothing_where_no_mirror_is() -> None:
    assert b"mirrors" not in described()[0]
    assert b"mirrors" not in described(mirrors={})[0]
    given = {"source": FORGE, "specs": ["numpy >=2"], "older-than": "7d", "prune": "true", "at-once": "4"}
    (data,) = described(mirrors={"forge": given})
    found = parse(data, where="x")
    assert found.mirrored == {
        "forge": Mirror(source=FORGE, specs=("numpy >=2",), older_than="7d", prune=True, at_once=4)
    }
    assert not found.may_be_of_init
    assert {*json.loads(data)["mirrors"]["forge"]} == {"source", "specs", "older-than", "prune", "at-once"}
    schema.validate(json.loads(data), schema.CHANNEL, where="x")


def test_each_channel_has_its_own_mirrors() -> None:
    """What all channels of a bucket got from one source would be the same packages several times."""
    config = {key: value for key, value in BASE.items() if key != "prefix"}
    mirrors = {"forge": {"source": FORGE}}
    stack = build_spec({**config, "channels": {"a": {"mirrors": mirrors}, "b": {}}}, where="x")
    assert [[*channel.mirrors] for channel in stack.channels] == [["forge"], []]
    with pytest.raises(ConfigurationError, match="key mirrors: `mirrors` describes one channel, but `channels`"):
        build_spec({**config, "mirrors": mirrors, "channels": {"a": {}, "b": {}}}, where="x")


def test_times_and_rates_are_numbers_for_the_program() -> None:
    mirror = Mirror(source=FORGE, older_than="7d", every="6h", rate="20MB")
    assert (mirror.older_than_ms, mirror.every_s, mirror.bytes_per_second) == (7 * 86_400_000, 21_600, 20_000_000)
    none = Mirror(source=FORGE)
    assert (none.older_than_ms, none.every_s, none.bytes_per_second) == (None, None, None)


@pytest.mark.parametrize(
    ("mirror", "message"),
    [
        ({}, "key mirrors.m: key `source` is missing"),
        ({"source": "conda-forge"}, "key mirrors.m.source: 'conda-forge' is not valid\n  The channel that is mirrored"),
        ({"source": "file:///etc"}, "key mirrors.m.source: 'file:///etc' is not valid"),
        ({"source": "https://me:secret@example.com/a"}, "'https://\u2026@example.com/a' is not valid"),
        ({"source": "https://example.com/a?token=b"}, "'https://example.com/a?\u2026' is not valid"),
        ({"source": "https://example.com/t/tk-123-abc/main"}, "'https://example.com/t/\u2026/main' is not valid"),
        ({"source": "http://example.com/a"}, "'http://example.com/a' is not valid\n  The channel that is mirrored"),
        ({"source": "http://localhost.example.com/a"}, "'http://localhost.example.com/a' is not valid"),
        ({"source": "http://127.0.0.1.example.com"}, "'http://127.0.0.1.example.com' is not valid"),
        ({"source": "s3://my-bucket/main"}, "key mirrors.m.source: the source is the channel itself"),
        ({"source": FORGE, "spec": ["a"]}, "key mirrors.m.spec: unknown key\n  did you mean `specs`?"),
        ({"source": FORGE, "older-than": "0d"}, "key mirrors.m.older-than: '0d' is not valid"),
        ({"source": FORGE, "newest": 0}, "key mirrors.m.newest: 0 is less than the minimum of 1"),
        ({"source": FORGE, "locks": ["../pixi.lock"]}, "key mirrors.m.locks"),
        ({"source": FORGE, "locks": ["/etc/passwd"]}, "it takes a relative path such as locks/pixi.lock"),
        ({"source": FORGE, "every": "10m"}, "key mirrors.m.every: '10m' is not valid"),
        ({"source": FORGE, "rate": "20"}, "key mirrors.m.rate: '20' is not valid; it takes 1 to 9999, and kB"),
        ({"source": FORGE, "at-once": 65}, "key mirrors.m.at-once: 65 is greater than the maximum of 64"),
        ({"source": FORGE, "subdirs": ["linux"]}, "'linux' is not known\n  did you mean 'linux-64'?"),
    ],
)
def test_a_mirror_that_is_not_valid_is_an_error_with_its_key(mirror: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        described(mirrors={"m": mirror})
    assert message in str(raised.value)


def test_a_channel_whose_only_writer_is_its_follower_has_no_mirrors() -> None:
    index = {"writers": "single", "follow": {}}
    with pytest.raises(ConfigurationError, match="key mirrors: the index has one writer, its follower"):
        described(mirrors={"m": {"source": FORGE}}, index=index)
    assert b"mirrors" in described(mirrors={"m": {"source": FORGE}}, index={"writers": "single"})[0]


def test_names_and_numbers_of_mirrors_are_bounded() -> None:
    with pytest.raises(ConfigurationError, match="key mirrors: 'a b' is not valid"):
        described(mirrors={"a b": {"source": FORGE}})
    with pytest.raises(ConfigurationError, match="51 mirrors are too many"):
        described(mirrors={f"m{number}": {"source": FORGE} for number in range(51)})
