"""Descriptors of s3:// channels without a channel.json, from flags, environment and the provider's row."""

from __future__ import annotations

from typing import get_args

import pytest

from chaninfra.channel.access import Visibility
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.outputs.descriptor import Descriptor
from chaninfra.channel.providers import PROVIDERS
from chaninfra.channel.providers.model import Provider
from chaninfra.cli.channel_argument.assumed import NewChannel, assume
from chaninfra.cli.channel_argument.parse import S3, parse_channel
from chaninfra.cli.store_flags import StoreFlags


def assumed(text: str, flags: StoreFlags | None = None, new: NewChannel | None = None) -> Descriptor:
    reference = parse_channel(text)
    assert isinstance(reference, S3)
    return assume(reference, flags or StoreFlags(), new or NewChannel())


def test_the_settings_of_a_new_channel() -> None:
    new = NewChannel(name="mine", subdirs=("osx-64",), visibility="public", public_url="https://conda.example.com/c")
    found = assumed("s3://b-b/c", StoreFlags(provider="gcs"), new)
    assert (found.name, found.visibility, found.public_url) == ("mine", "public", "https://conda.example.com/c")
    assert found.subdirs == ("noarch", "osx-64")


def test_organization_needs_a_stack_config() -> None:
    assert "organization" in get_args(Visibility)
    with pytest.raises(ConfigurationError, match="organization"):
        assumed("s3://b-b/c", StoreFlags(region="eu-central-1"), NewChannel(visibility="organization"))


def test_the_default_provider_is_custom_with_an_endpoint_else_aws() -> None:
    assert assumed("s3://b-b/c", StoreFlags(endpoint_url="http://h")).provider == "custom"
    assert assumed("s3://b-b/c", StoreFlags(region="eu-central-1")).provider == "aws"


def test_region_and_endpoint_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    assert assumed("s3://b-b/c").region == "eu-central-1"
    # It is for AWS, and a store with a region of its own does not take it.
    assert assumed("s3://b-b/c", StoreFlags(provider="gcs")).region == "us-east-1"
    monkeypatch.setenv("S3_REGION", "de-1")
    monkeypatch.setenv("S3_ENDPOINT_URL", "http://127.0.0.1:9")
    found = assumed("s3://b-b/c")
    assert (found.region, found.endpoint_url) == ("de-1", "http://127.0.0.1:9")
    assert assumed("s3://b-b/c", StoreFlags(provider="gcs")).endpoint_url.endswith("googleapis.com")


@pytest.mark.parametrize(
    ("text", "flags", "remedy"),
    [
        ("s3://b-b/c", StoreFlags(), "--region"),
        ("s3://b-b/c", StoreFlags(provider="hetzner"), "--endpoint-url"),
        ("s3://b-b/c", StoreFlags(provider="minio"), "--endpoint-url"),
        ("s3://b-b/c", StoreFlags(provider="wasabi"), "--region"),
        ("s3://b-b/c", StoreFlags(provider="wasbi"), "wasabi"),
        ("s3://B_B/c", StoreFlags(provider="gcs"), "bucket"),
    ],
)
def test_the_remedy_names_the_missing_option(text: str, flags: StoreFlags, remedy: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        assumed(text, flags)
    assert remedy in (caught.value.remedy or "")


@pytest.mark.parametrize("row", PROVIDERS.values(), ids=lambda row: row.name)
def test_the_endpoint_to_give_is_no_template(row: Provider) -> None:
    assert not set("{}[]") & {*row.endpoint_form}
    if row.needed not in ((), ("region",)):
        with pytest.raises(ConfigurationError) as caught:
            assumed("s3://b-b/c", StoreFlags(provider=row.name, region="eu-1"))
        assert caught.value.remedy == f"give --endpoint-url {row.endpoint_form}"
    if row.name == "r2":
        assert row.endpoint_form == "https://ACCOUNT-ID.r2.cloudflarestorage.com"
