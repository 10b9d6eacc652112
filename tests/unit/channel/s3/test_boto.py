"""Settings of boto3 clients."""

from __future__ import annotations

import pytest

from chaninfra.channel.location import Location
from chaninfra.channel.s3.boto import ca_bundle, s3_client


@pytest.mark.parametrize(
    ("variables", "file"),
    [
        ({}, None),
        ({"SSL_CERT_FILE": "/ssl.pem"}, "/ssl.pem"),
        ({"SSL_CERT_FILE": "/ssl.pem", "AWS_CA_BUNDLE": "/aws.pem"}, "/aws.pem"),
        ({"SSL_CERT_FILE": "", "AWS_CA_BUNDLE": ""}, None),
    ],
)
def test_ca_bundle_by_environment(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], file: str | None) -> None:
    for name in ("SSL_CERT_FILE", "AWS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert ca_bundle() == file


@pytest.mark.parametrize(("force_path_style", "style"), [(True, "path"), (False, "virtual")])
def test_addressing_style_in_botocores_words(force_path_style: bool, style: str) -> None:
    location = Location(bucket="b", endpoint_url="http://host", region="eu-1", force_path_style=force_path_style)
    config = s3_client(location, None).meta.config.s3  # type: ignore[attr-defined]
    assert config["addressing_style"] == style
