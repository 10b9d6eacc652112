"""The endpoint that the environment names, as boto3 finds it."""

from __future__ import annotations

from pathlib import Path

import boto3
import pytest

from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.s3.endpoint import VARIABLES, named_endpoint

FILE = """
[default]
region = eu-central-1
[profile service]
services = mine
[profile general]
endpoint_url = http://general.example.com
[profile off]
endpoint_url = http://general.example.com
ignore_configured_endpoint_urls = true
[services mine]
s3 =
    endpoint_url = http://service.example.com
sts =
    endpoint_url = http://sts.example.com
"""


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (*VARIABLES, "AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    config = tmp_path / "config"
    config.write_text(FILE)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"AWS_PROFILE": "service"},
        {"AWS_PROFILE": "general"},
        {"AWS_PROFILE": "off"},
        {"AWS_DEFAULT_PROFILE": "general"},
        {"AWS_ENDPOINT_URL": "http://one.example.com"},
        {"AWS_ENDPOINT_URL": "http://one.example.com", "AWS_ENDPOINT_URL_S3": "http://two.example.com"},
        {"AWS_ENDPOINT_URL": "http://one.example.com", "AWS_PROFILE": "service"},
        {"AWS_ENDPOINT_URL": "http://one.example.com", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
        {"AWS_PROFILE": "service", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
        {"AWS_ENDPOINT_URL_S3": "http://two.example.com", "AWS_PROFILE": "off"},
    ],
    ids=str,
)
def test_it_is_the_endpoint_of_boto3(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    found = named_endpoint()
    client = boto3.session.Session().client(
        "s3", region_name="eu-central-1", aws_access_key_id="a", aws_secret_access_key="b"
    )
    assert (found.url if found else "https://s3.eu-central-1.amazonaws.com") == client.meta.endpoint_url


def test_our_own_variable_comes_first_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://two.example.com")
    monkeypatch.setenv("S3_ENDPOINT_URL", "http://ours.example.com/")
    found = named_endpoint()
    assert found is not None
    assert (found.url, found.by) == ("http://ours.example.com", "S3_ENDPOINT_URL")


def test_a_profile_is_named() -> None:
    found = named_endpoint("service")
    assert found is not None
    assert (found.url, found.by) == ("http://service.example.com", "the profile service")


@pytest.mark.parametrize("name", VARIABLES)
def test_a_variable_with_credentials_is_refused_without_them(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "https://user:secret@minio.example.com")
    with pytest.raises(ConfigurationError, match="credentials") as caught:
        named_endpoint()
    assert name in str(caught.value)
    assert "secret" not in str(caught.value)
