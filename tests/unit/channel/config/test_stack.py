"""The stack config: values as Pulumi hands them over."""

from __future__ import annotations

from typing import Any

import pytest

from chaninfra.channel.conda.index_settings import AtMostEvery, Monolith
from chaninfra.channel.config.stack import parse_config

EVERY_TEN_MINUTES = AtMostEvery(at_most_every="10m")


def test_text_from_pulumi_config_set_is_converted_to_the_types_of_the_schema() -> None:
    raw = {
        "bucket": "my-bucket",
        "region": "eu-central-1",
        "subdirs": "linux-64, osx-arm64",
        "adopt": "true",
        "force-path-style": "false",
        "index": '{"compression-level": "19", "history-days": "90"}',
    }
    config, channels = parse_config(raw, where="stack.yaml")
    assert config.subdirs == ("linux-64", "osx-arm64")
    assert (config.adopt, config.force_path_style) == (True, False)
    assert (config.index.compression_level, config.index.history_days) == (19, 90)
    assert channels == {}


def test_text_is_not_converted_where_the_schema_has_text() -> None:
    config, _ = parse_config({"bucket": "123", "account-id": "456", "name": "true"}, where="stack.yaml")
    assert (config.bucket, config.account_id, config.name) == ("123", "456", "true")


@pytest.mark.parametrize(
    ("raw", "monolith"),
    [
        # `pulumi config set --path index.monolith never` writes a mapping, which Pulumi hands over as JSON.
        ({"index": '{"monolith":"never"}'}, "never"),
        ({"index": '{"monolith":{"at-most-every":"10m"}}'}, EVERY_TEN_MINUTES),
        # `pulumi config set index.monolith never`, without --path, writes a dotted key.
        ({"index.monolith": "never"}, "never"),
        ({"index.monolith": '{"at-most-every": "10m"}'}, EVERY_TEN_MINUTES),
        ({"index.monolith.at-most-every": "10m"}, EVERY_TEN_MINUTES),
        ({"index": {"monolith": {"at-most-every": "10m"}}}, EVERY_TEN_MINUTES),
        ({"channels": '{"main":{"index":{"monolith":{"at-most-every":"10m"}}}}'}, EVERY_TEN_MINUTES),
        ({}, "each-commit"),
    ],
)
def test_when_monolithic_files_are_written(raw: dict[str, Any], monolith: Monolith) -> None:
    config, channels = parse_config({"bucket": "my-bucket", **raw}, where="stack.yaml")
    assert channels.get("main", config).index.monolith == monolith
