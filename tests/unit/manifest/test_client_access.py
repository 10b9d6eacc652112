"""Access methods: which are possible for a channel, and on which stores."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.outputs.build import build_descriptor
from chaninfra.channel.providers import PROVIDERS
from chaninfra.channel.spec.build import build_spec
from chaninfra.manifest.client_access import client_channel, store_kind
from support.cases.manifests import access, descriptor
from support.cases.store_cases import NEEDED


def test_public_access_to_a_private_channel_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="private") as caught:
        client_channel(descriptor("minio"), "public")
    assert caught.value.exit_code == 2


def test_gcs_urls_are_refused_for_other_stores() -> None:
    with pytest.raises(ConfigurationError, match="Google"):
        client_channel(descriptor("minio"), "gcs")


@pytest.mark.parametrize("name", PROVIDERS)
def test_only_aws_and_gcs_are_kinds_of_their_own(name: str) -> None:
    raw = {"provider": name, "bucket": "my-bucket", "prefix": "my-channel", **NEEDED[name]}
    spec = build_spec(raw, where="the test")
    found = store_kind(build_descriptor(spec.bucket, spec.channels[0]))
    assert found == (name if name in ("aws", "gcs") else "s3")


def test_other_urls_are_those_of_the_other_methods() -> None:
    assert access("minio", "pixi").other_urls == ()
    assert access("gcs", "pixi").other_urls == ("gcs://my-bucket/my-channel",)
    assert access("aws", "public").other_urls == ("s3://my-bucket/my-channel",)


def test_the_url_of_a_snapshot() -> None:
    found = replace(access("gcs", "pixi"), snapshot="v1")
    assert found.url == "s3://my-bucket/my-channel/snapshots/v1"
    # It stands for its channel in a list that has that.
    assert found.other_urls == (
        "s3://my-bucket/my-channel",
        "gcs://my-bucket/my-channel/snapshots/v1",
        "gcs://my-bucket/my-channel",
    )
    public = replace(access("aws", "public"), snapshot="v1")
    assert public.url == f"{access('aws', 'public').url}/snapshots/v1"
