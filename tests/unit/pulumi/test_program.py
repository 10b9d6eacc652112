"""The stack program sends to one endpoint of S3: the stack config's, whatever the environment of the AWS tools says."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pulumi.runtime import mocks
from pulumi.runtime.config import set_all_config

from chaninfra.channel.errors import ConfigurationError
from chaninfra.pulumi.program import declared

AWS = {"bucket": "my-bucket", "region": "eu-central-1"}
OURS = "https://s3.eu-central-1.amazonaws.com"
OTHER = "http://127.0.0.1:9000"
VARIABLES = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "TF_AWS_S3_ENDPOINT", "AWS_S3_ENDPOINT")


class Nothing(mocks.Mocks):
    """Makes nothing: only the config is read here."""

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        raise AssertionError(args)

    def call(self, args: mocks.MockCallArgs) -> dict[str, Any]:
        raise AssertionError(args)


@pytest.fixture(autouse=True)
def _stack(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    for name in (*VARIABLES, "AWS_PROFILE", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    mocks.set_mocks(Nothing(), project="chaninfra", stack="prod")
    yield
    set_all_config({})
    asyncio.set_event_loop(None)
    loop.close()


@pytest.mark.parametrize("name", VARIABLES)
def test_a_variable_that_names_another_endpoint_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, OTHER)
    with pytest.raises(ConfigurationError) as caught:
        declared(AWS)
    for word in (name, OTHER, OURS, "Pulumi.prod.yaml", "endpoint-url", f"unset {name}"):
        assert word in str(caught.value)


@pytest.mark.parametrize("name", VARIABLES)
def test_the_same_endpoint_is_no_matter(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, f"{OURS}/")
    assert declared(AWS).stack.bucket.location.endpoint_url == OURS
    monkeypatch.setenv(name, OTHER)
    assert declared({**AWS, "endpoint-url": OTHER, "provider": "aws"}).stack.bucket.location.endpoint_url == OTHER


def test_a_profile_that_names_another_endpoint_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config").write_text(f"[profile local]\nendpoint_url = {OTHER}\n")
    assert declared(AWS).stack.bucket.location.endpoint_url == OURS
    with pytest.raises(ConfigurationError, match="the profile local"):
        declared({**AWS, "profile": "local"})


@pytest.mark.parametrize("value", [f'[{{"s3": "{OTHER}"}}]', f'[{{"sts": "{OURS}"}}, {{"s3": "{OTHER}"}}]'])
def test_endpoints_of_the_aws_provider_that_differ_are_refused(value: str) -> None:
    set_all_config({"aws:endpoints": value})
    with pytest.raises(ConfigurationError, match="aws:endpoints"):
        declared(AWS)
    assert declared({**AWS, "endpoint-url": OTHER, "provider": "aws"}).stack.bucket.own_endpoint


@pytest.mark.parametrize("url", ["http://[", "https://user:hunter2@minio.example.com", ""])
def test_invalid_endpoints_of_the_aws_provider_are_no_crash(url: str) -> None:
    set_all_config({"aws:endpoints": json.dumps([{"s3": url}])})
    try:
        declared(AWS)
    except ConfigurationError as error:
        shown = str(error)
    else:
        shown = "aws:endpoints" if not url else ""
    assert "aws:endpoints" in shown
    assert "hunter2" not in shown


def test_endpoints_of_other_services_are_no_matter() -> None:
    set_all_config({"aws:endpoints": f'[{{"sts": "{OTHER}"}}]'})
    assert declared(AWS).stack.bucket.location.endpoint_url == OURS


def test_other_stores_have_an_endpoint_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", OTHER)
    minio = {"provider": "minio", "bucket": "my-bucket", "endpoint-url": "https://minio.example.com"}
    assert declared(minio).stack.bucket.location.endpoint_url == "https://minio.example.com"


@pytest.mark.parametrize("text", ['{"sts": "https://sts.example.com"}', '["https://sts.example.com"]', "x"])
def test_endpoints_in_another_form_are_refused(text: str) -> None:
    set_all_config({"aws:endpoints": text})
    with pytest.raises(ConfigurationError, match="list of mappings"):
        declared(AWS)
