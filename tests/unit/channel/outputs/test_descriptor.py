"""The channel descriptor: `channel.json`."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from chaninfra.channel.config import schema
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.outputs import descriptor
from chaninfra.channel.outputs.build import build_descriptor
from chaninfra.channel.spec.build import build_spec
from chaninfra.channel.spec.model import Distribution

PUBLIC_ON_AWS = {"provider": "aws", "bucket": "my-bucket", "region": "eu-central-1", "visibility": "public"}
DISTRIBUTION = Distribution(id="E2EXAMPLE", domain_name="d111111abcdef8.cloudfront.net")
CUSTOM_DOMAIN = {
    "domain": "conda.example.com",
    "certificate-arn": "arn:aws:acm:us-east-1:123456789012:certificate/1234abcd",
}


def described(**keys: object) -> descriptor.Descriptor:
    raw = {"bucket": "my-bucket", "region": "eu-central-1", **{k.replace("_", "-"): v for k, v in keys.items()}}
    spec = build_spec(raw, where="stack.yaml")
    return build_descriptor(spec.bucket, spec.channels[0])


@pytest.mark.parametrize("visibility", ["private", "public"])
def test_a_descriptor_survives_a_round_trip(visibility: str) -> None:
    made = described(prefix="team/main", visibility=visibility, index={"monolith": "never", "writers": "single"})
    data = descriptor.dump(made)
    assert descriptor.parse(data, where="x") == made
    assert json.loads(data) == descriptor.to_document(made)
    schema.validate(json.loads(data), schema.CHANNEL, where="x")
    assert made.url == "s3://my-bucket/team/main"
    assert made.key("noarch", "repodata.json") == "team/main/noarch/repodata.json"


def test_the_page_of_a_public_channel_has_a_url() -> None:
    """The slash alone answers with the page only behind the CDN of the stack."""
    made = described(prefix="team/main", visibility="public")
    assert made.page_url == "https://my-bucket.s3.eu-central-1.amazonaws.com/team/main/index.html"
    assert msgspec.structs.replace(made, public_url="https://c.example.com/").page_url == (
        "https://c.example.com/index.html"
    )
    behind = {**PUBLIC_ON_AWS, "cdn": {}}
    for prefix, path in (("team/main", "/team/main/"), ("", "/")):
        spec = build_spec({**behind, "prefix": prefix}, where="stack.yaml")
        made = build_descriptor(spec.bucket, spec.channels[0], DISTRIBUTION)
        assert made.page_url == f"https://{DISTRIBUTION.domain_name}{path}"


def test_a_channel_without_a_page_or_a_public_url_has_no_url_of_a_page() -> None:
    assert described(visibility="public", page=False).page_url is None
    assert described().page_url is None
    assert described(page=True).page_url is None


def test_only_a_channel_that_is_followed_says_so() -> None:
    """Earlier versions of chaninfra do not know the key."""
    assert "follow" not in json.loads(descriptor.dump(described()))["index"]
    assert described().index.overwrites == "hold"
    for given, overwrites in (({}, "hold"), ({"overwrites": "index"}, "index")):
        store = {"provider": "minio", "endpoint_url": "https://minio.example.com"}
        made = described(**store, index={"follow": given, "writers": "single"})
        assert json.loads(descriptor.dump(made))["index"]["follow"] == {"overwrites": overwrites}
        assert descriptor.parse(descriptor.dump(made), where="x").index.overwrites == overwrites
        assert made.index.only_a_follower_commits
    assert not described(index={"follow": {}}).index.only_a_follower_commits
    with pytest.raises(ConfigurationError, match="overwrites"):
        described(index={"follow": {"overwrites": "never"}})


def test_only_a_channel_with_snapshots_by_the_clock_says_so() -> None:
    """Earlier versions of chaninfra do not know the key."""
    assert "snapshots" not in json.loads(descriptor.dump(described()))
    made = described(snapshots={"every": "1d", "keep": 60})
    assert json.loads(descriptor.dump(made))["snapshots"] == {"every": "1d", "keep": 60}
    assert descriptor.parse(descriptor.dump(made), where="x") == made
    schema.validate(json.loads(descriptor.dump(made)), schema.CHANNEL, where="x")
    assert not made.may_be_of_init


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"every": "30m", "keep": 60}, "every"),
        ({"every": "31d", "keep": 60}, "every"),
        ({"every": "1d", "keep": 0}, "keep"),
        ({"every": "1d", "keep": 901}, "keep"),
        ({"every": "1d"}, "keep"),
        ({"keep": 60}, "every"),
        ({"every": "1d", "keep": 60, "at": "noon"}, "at"),
        ("1d", "snapshots"),
    ],
)
def test_other_snapshots_by_the_clock_are_refused(wrong: object, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        described(snapshots=wrong)
    assert caught.value.key[:1] == ("snapshots",) or "snapshots" in str(caught.value)


def test_where_the_bucket_sends_its_events_is_not_in_it() -> None:
    """No writer needs it, and earlier versions would refuse the key."""
    target = {"target": "arn:minio:sqs::chaninfra:webhook"}
    made = described(provider="minio", endpoint_url="https://minio.example.com", index={"follow": target})
    assert json.loads(descriptor.dump(made))["index"]["follow"] == {"overwrites": "hold"}
    document = descriptor.to_document(made)
    with pytest.raises(ConfigurationError, match="target"):
        descriptor.from_document({**document, "index": {"follow": target}}, where="x")


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
def test_the_error_for_an_invalid_descriptor_names_the_file(data: bytes, says: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        descriptor.parse(data, where="a/channel.json")
    assert says in str(caught.value)
    assert "a/channel.json" in str(caught.value)


@pytest.mark.parametrize(
    ("cdn", "prefix", "url"),
    [
        ({}, "team/stable", "https://d111111abcdef8.cloudfront.net/team/stable"),
        ({}, "", "https://d111111abcdef8.cloudfront.net"),
        (CUSTOM_DOMAIN, "stable", "https://conda.example.com/stable"),
        # As `pulumi config set` writes it.
        ("{}", "stable", "https://d111111abcdef8.cloudfront.net/stable"),
    ],
)
def test_the_public_url_behind_a_cdn_has_its_domain(cdn: Any, prefix: str, url: str) -> None:
    stack = build_spec({**PUBLIC_ON_AWS, "prefix": prefix, "cdn": cdn}, where="stack")
    made = build_descriptor(stack.bucket, stack.channels[0], DISTRIBUTION)
    behind = descriptor.Cdn(kind="cloudfront", id="E2EXAMPLE")
    assert (made.public_url, made.cdn, made.auth) == (url, behind, "public")


def test_before_the_distribution_exists_only_a_custom_domain_is_known() -> None:
    for cdn, url in (({}, None), (CUSTOM_DOMAIN, "https://conda.example.com/stable")):
        stack = build_spec({**PUBLIC_ON_AWS, "prefix": "stable", "cdn": cdn}, where="stack")
        made = build_descriptor(stack.bucket, stack.channels[0])
        assert (made.public_url, made.cdn) == (url, None)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"url": "s3://other/main"}, "a/channel.json, key url: .*`bucket` and `prefix`"),
        ({"version": 3}, "a/channel.json, key version: version 3 .* is newer than this version"),
        ({"version": 0}, "a/channel.json, key version: "),
        ({"version": True}, "a/channel.json, key version: "),
        ({"version": "2"}, "a/channel.json, key version: "),
        ({"endpoint-url": "minio.example.com"}, "endpoint-url"),
    ],
)
def test_errors_name_the_key(changed: dict[str, Any], message: str) -> None:
    document = {**descriptor.to_document(described(prefix="main")), **changed}
    with pytest.raises(ConfigurationError, match=message):
        descriptor.from_document(document, where="a/channel.json")
