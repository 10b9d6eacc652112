"""The channel descriptor."""

from __future__ import annotations

import json

import pytest

from chaninfra.channel.config import schema
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.outputs import descriptor
from chaninfra.channel.spec.build import build_spec


def described(**keys: object) -> descriptor.Descriptor:
    raw = {"bucket": "my-bucket", "region": "eu-central-1", **{k.replace("_", "-"): v for k, v in keys.items()}}
    spec = build_spec(raw, where="stack.yaml")
    return descriptor.build_descriptor(spec.bucket, spec.channels[0])


@pytest.mark.parametrize("visibility", ["private", "public"])
def test_what_a_stack_describes_is_read_back_as_it_was(visibility: str) -> None:
    made = described(prefix="team/main", visibility=visibility, index={"formats": ["json"], "writers": "single"})
    data = descriptor.dump(made)
    assert descriptor.parse(data, where="x") == made
    assert json.loads(data) == descriptor.to_document(made)
    schema.validate(json.loads(data), schema.CHANNEL, where="x")
    assert made.url == "s3://my-bucket/team/main"
    assert made.key("noarch", "repodata.json") == "team/main/noarch/repodata.json"


def test_it_holds_no_secret_and_no_principal() -> None:
    ci = {"the-ci": {"github": {"repository": "the-owner/the-repository", "branch": "main"}}}
    keys = {"access_key_id": "the-id", "secret_access_key": "the-secret"}
    for made in (
        described(profile="the-profile", publishers=ci),
        described(provider="minio", endpoint_url="https://minio.example.com", **keys),
    ):
        assert "the-" not in descriptor.dump(made).decode()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"{", "is not JSON"),
        (b"\xff", "is not JSON"),
        (b"[]", "should be a mapping"),
        (b'{"version": 99}', "upgrade chaninfra"),
    ],
)
def test_what_is_no_descriptor_is_said_with_its_place(data: bytes, says: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        descriptor.parse(data, where="a/channel.json")
    assert says in str(caught.value)
    assert "a/channel.json" in str(caught.value)
