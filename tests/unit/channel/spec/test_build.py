"""The spec of a stack config, with every default."""

from __future__ import annotations

from typing import Any

import pytest

from chaninfra.channel.conda.subdirs import DEFAULT_SUBDIRS
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.spec.build import build_spec
from chaninfra.channel.spec.model import StackSpec


def spec(**keys: Any) -> StackSpec:
    raw = {key.replace("_", "-"): value for key, value in keys.items()}
    return build_spec({"bucket": "my-bucket", **raw}, where="stack.yaml")


def test_a_config_with_only_a_bucket_is_a_private_channel_on_aws() -> None:
    stack = build_spec({"bucket": "my-bucket"}, where="stack.yaml", default_region="eu-central-1")
    (channel,) = stack.channels
    assert stack.bucket.provider.name == "aws"
    assert stack.bucket.location.endpoint_url == "https://s3.eu-central-1.amazonaws.com"
    assert (channel.name, channel.prefix, channel.subdirs) == ("my-bucket", "", DEFAULT_SUBDIRS)
    assert (channel.visibility, channel.auth, channel.public_url) == ("private", "aws", None)
    assert (stack.bucket.adopt, stack.bucket.force_destroy, stack.bucket.protect) == (False, False, False)


def test_an_endpoint_without_a_provider_means_custom() -> None:
    stack = spec(endpoint_url="http://127.0.0.1:9000/", prefix="/team/main/")
    (channel,) = stack.channels
    assert stack.bucket.provider.name == "custom"
    assert stack.bucket.location.bucket_url == "http://127.0.0.1:9000/my-bucket"
    assert (channel.name, channel.prefix, channel.auth) == ("main", "team/main", "pixi")


def test_a_public_channel_has_the_url_of_its_store_unless_one_is_set() -> None:
    (on_aws,) = spec(region="eu-central-1", prefix="main", visibility="public").channels
    assert on_aws.public_url == "https://my-bucket.s3.eu-central-1.amazonaws.com/main"
    assert on_aws.auth == "public"
    (custom,) = spec(region="eu-central-1", visibility="public", public_url="https://conda.example.com/").channels
    assert custom.public_url == "https://conda.example.com"


def test_the_region_of_the_environment_is_used_only_for_aws() -> None:
    raw = {"bucket": "my-bucket", "endpoint-url": "http://127.0.0.1:9000"}
    assert build_spec(raw, where="x", default_region="eu-central-1").bucket.location.region == "us-east-1"
    # Otherwise the bucket would be created in a region that nobody chose.
    with pytest.raises(ConfigurationError, match="Wasabi needs a region"):
        build_spec({"provider": "wasabi", "bucket": "my-bucket"}, where="x", default_region="eu-central-1")


def test_top_level_keys_are_the_defaults_of_channels() -> None:
    stack = spec(
        region="eu-central-1",
        subdirs=["linux-64"],
        visibility="public",
        channels={"stable": {}, "dev": {"prefix": "team/dev", "subdirs": ["win-64"], "name": "nightly"}},
    )
    by_name = {channel.name: channel for channel in stack.channels}
    assert {name: channel.prefix for name, channel in by_name.items()} == {"stable": "stable", "nightly": "team/dev"}
    assert by_name["stable"].subdirs == ("noarch", "linux-64")
    assert by_name["nightly"].subdirs == ("noarch", "win-64")
    assert stack.visibility == "public"


@pytest.mark.parametrize("value", [False, "false"])
def test_whether_channels_have_a_page(value: object) -> None:
    public = {"region": "eu-central-1", "visibility": "public"}
    channels = {"a": {}, "b": {"page": True}}
    assert [channel.page for channel in spec(**public, channels=channels).channels] == [True, True]
    assert [channel.page for channel in spec(**public, page=value, channels=channels).channels] == [False, True]
    assert [channel.page for channel in spec(**public, page=value).channels] == [False]
    assert [channel.page for channel in spec(region="eu-central-1", channels=channels).channels] == [False, True]


def test_channels_can_be_written_as_json_text() -> None:
    stack = spec(region="eu-central-1", channels='{"a": {"subdirs": "linux-64"}, "b": {}}')
    assert [channel.prefix for channel in stack.channels] == ["a", "b"]
    assert stack.channels[0].subdirs == ("noarch", "linux-64")


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
def test_the_endpoint_of_a_provider_is_derived_from_its_keys(keys: dict[str, str], url: str, path_style: bool) -> None:
    location = spec(**keys).bucket.location
    assert (location.endpoint_url, location.force_path_style) == (url, path_style)


def test_access_keys_on_aws_are_refused() -> None:
    keys = {"access_key_id": "x", "secret_access_key": "y"}
    with pytest.raises(ConfigurationError, match=r"key access-key-id: .*the AWS provider of Pulumi"):
        spec(region="eu-central-1", **keys)


def test_a_mapping_is_asked_for_by_its_name() -> None:
    with pytest.raises(ConfigurationError, match="should be a mapping") as caught:
        build_spec({"provider": "aws", "region": "eu-central-1", "bucket": "my-bucket", "cdn": True}, where="a file")
    assert caught.value.key == ("cdn",)
