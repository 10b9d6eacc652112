"""The stack config: values as Pulumi hands them over."""

from __future__ import annotations

from chaninfra.channel.config.stack import parse_config


def test_text_from_pulumi_config_set_is_converted_to_the_types_of_the_schema() -> None:
    raw = {
        "bucket": "my-bucket",
        "region": "eu-central-1",
        "subdirs": "linux-64, osx-arm64",
        "adopt": "true",
        "force-path-style": "false",
        "index": '{"compression-level": "19", "formats": ["json"]}',
    }
    config, channels = parse_config(raw, where="stack.yaml")
    assert config.subdirs == ("linux-64", "osx-arm64")
    assert (config.adopt, config.force_path_style) == (True, False)
    assert (config.index.compression_level, config.index.formats) == (19, ("json",))
    assert channels == {}


def test_text_is_not_converted_where_the_schema_has_text() -> None:
    config, _ = parse_config({"bucket": "123", "account-id": "456", "name": "true"}, where="stack.yaml")
    assert (config.bucket, config.account_id, config.name) == ("123", "456", "true")
