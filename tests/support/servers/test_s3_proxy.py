"""With a proxy in the environment, a usual way to package registries, servers on this machine are reached without."""

from __future__ import annotations

import os

import boto3
import pytest

from chaninfra.demo.server import direct, embedded_s3
from support.servers.s3_servers import Server, free_port


@pytest.fixture
def proxied(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that answers nobody."""
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")


@pytest.mark.usefixtures("proxied")
def test_the_tests_reach_their_servers(aws: Server) -> None:
    assert "Buckets" in aws.client().list_buckets()


@pytest.mark.usefixtures("proxied")
def test_the_demo_reaches_its_store_and_leaves_the_environment_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "registry.example.com")
    monkeypatch.delenv("NO_PROXY", raising=False)
    before = dict(os.environ)
    with embedded_s3() as endpoint_url:
        assert os.environ["NO_PROXY"] == os.environ["no_proxy"] == "registry.example.com,127.0.0.1,localhost"
        keys = {"aws_access_key_id": "any", "aws_secret_access_key": "any", "region_name": "us-east-1"}
        client = boto3.session.Session().client("s3", endpoint_url=endpoint_url, **keys)  # type: ignore[call-overload]
        assert "Buckets" in client.list_buckets()
    assert dict(os.environ) == before


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "127.0.0.1,localhost"),
        ({"NO_PROXY": "a, b", "no_proxy": "b,localhost"}, "a,b,localhost,127.0.0.1"),
        ({"NO_PROXY": "*"}, "*"),
    ],
)
def test_what_the_user_excepts_stays_excepted(given: dict[str, str], expected: str) -> None:
    assert direct(given) == {"NO_PROXY": expected, "no_proxy": expected}
