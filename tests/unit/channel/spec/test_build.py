"""What a stack config describes, every default filled in."""

from __future__ import annotations

from typing import Any

import pytest

from chaninfra.channel.conda.subdirs import DEFAULT_SUBDIRS
from chaninfra.channel.config.stack import parse_config
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.spec.build import build_spec
from chaninfra.channel.spec.model import StackSpec


def spec(**keys: Any) -> StackSpec:
    raw = {key.replace("_", "-"): value for key, value in keys.items()}
    return build_spec({"bucket": "my-bucket", **raw}, where="stack.yaml")


def test_the_least_config_is_a_private_channel_on_aws() -> None:
    made = build_spec({"bucket": "my-bucket"}, where="stack.yaml", default_region="eu-central-1")
    (channel,) = made.channels
    assert made.bucket.provider.name == "aws"
    assert made.bucket.location.endpoint_url == "https://s3.eu-central-1.amazonaws.com"
    assert (channel.name, channel.prefix, channel.subdirs) == ("my-bucket", "", DEFAULT_SUBDIRS)
    assert (channel.visibility, channel.auth, channel.public_url) == ("private", "aws", None)
    assert (made.bucket.adopt, made.bucket.force_destroy, made.bucket.protect) == (False, False, False)


def test_an_endpoint_alone_means_a_store_of_ones_own() -> None:
    made = spec(endpoint_url="http://127.0.0.1:9000/", prefix="/team/main/")
    (channel,) = made.channels
    assert made.bucket.provider.name == "custom"
    assert made.bucket.location.bucket_url == "http://127.0.0.1:9000/my-bucket"
    assert (channel.name, channel.prefix, channel.auth) == ("main", "team/main", "pixi")


def test_a_public_channel_has_the_url_that_its_store_gives_it() -> None:
    (on_aws,) = spec(region="eu-central-1", prefix="main", visibility="public").channels
    assert on_aws.public_url == "https://my-bucket.s3.eu-central-1.amazonaws.com/main"
    assert on_aws.auth == "public"
    (own,) = spec(region="eu-central-1", visibility="public", public_url="https://conda.example.com/").channels
    assert own.public_url == "https://conda.example.com"


def test_a_region_of_the_environment_is_for_aws_only() -> None:
    raw = {"bucket": "my-bucket", "endpoint-url": "http://127.0.0.1:9000"}
    assert build_spec(raw, where="x", default_region="eu-central-1").bucket.location.region == "us-east-1"
    # Else the channel would be made in a region that nobody chose.
    with pytest.raises(ConfigurationError, match="Wasabi needs a region"):
        build_spec({"provider": "wasabi", "bucket": "my-bucket"}, where="x", default_region="eu-central-1")


def test_what_pulumi_config_set_wrote_as_text_is_understood() -> None:
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


def test_text_that_looks_like_a_number_stays_text() -> None:
    config, _ = parse_config({"bucket": "123", "account-id": "456", "name": "true"}, where="stack.yaml")
    assert (config.bucket, config.account_id, config.name) == ("123", "456", "true")


def test_channels_take_the_flat_keys_where_they_say_nothing_else() -> None:
    made = spec(
        region="eu-central-1",
        subdirs=["linux-64"],
        visibility="public",
        channels={"stable": {}, "dev": {"prefix": "team/dev", "subdirs": ["win-64"], "name": "nightly"}},
    )
    by_name = {channel.name: channel for channel in made.channels}
    assert {name: channel.prefix for name, channel in by_name.items()} == {"stable": "stable", "nightly": "team/dev"}
    assert by_name["stable"].subdirs == ("noarch", "linux-64")
    assert by_name["nightly"].subdirs == ("noarch", "win-64")
    assert made.visibility == "public"


def test_channels_written_as_text_are_understood() -> None:
    made = spec(region="eu-central-1", channels='{"a": {"subdirs": "linux-64"}, "b": {}}')
    assert [channel.prefix for channel in made.channels] == ["a", "b"]
    assert made.channels[0].subdirs == ("noarch", "linux-64")


@pytest.mark.parametrize(
    ("keys", "url", "path_style"),
    [
        ({"provider": "r2", "account_id": "a1"}, "https://a1.r2.cloudflarestorage.com", False),
        (
            {"provider": "r2", "account_id": "a1", "jurisdiction": "eu"},
            "https://a1.eu.r2.cloudflarestorage.com",
            False,
        ),
        ({"provider": "wasabi", "region": "de-1"}, "https://s3.de-1.wasabisys.com", False),
        ({"provider": "b2", "region": "us-west-004"}, "https://s3.us-west-004.backblazeb2.com", True),
        ({"provider": "gcs"}, "https://storage.googleapis.com", False),
        ({"provider": "hetzner", "location": "fsn1"}, "https://fsn1.your-objectstorage.com", False),
    ],
)
def test_providers_have_the_endpoints_of_pixis_page(keys: dict[str, str], url: str, path_style: bool) -> None:
    location = spec(**keys).bucket.location
    assert (location.endpoint_url, location.force_path_style) == (url, path_style)
