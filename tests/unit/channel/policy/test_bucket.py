"""The statements of the bucket policy. The policies of AWS are compared with golden files, see test_documents."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.policy.bucket import bucket_statements, deny_outside, deployer_arns, s3_statements
from chaninfra.channel.policy.statements import document
from chaninfra.channel.spec.build import build_spec
from chaninfra.channel.spec.model import StackSpec

KEY: dict[str, Any] = {"key": {}}
AWS = {"bucket": "my-bucket", "region": "eu-central-1", "prefix": "main"}


def stack(provider: str, **more: Any) -> StackSpec:
    config = {"provider": provider, "bucket": "my-bucket", "endpoint-url": "https://s3.example.com", **more}
    return build_spec(config, where="stack")


def test_a_policy_for_access_keys_fits_into_4_kb() -> None:
    groups = {"publishers": {"ci": KEY}, "readers": {"a": KEY, "b": KEY}, "maintainers": {"ops": KEY}}
    spec = stack("versitygw", channels={"stable": {}, "nightly": {}}, **groups)
    keys = {
        (channel.prefix, each.role, each.name): f"{each.name}-0123456789ab"
        for channel in spec.channels
        for each in channel.principals
    }
    made = s3_statements(spec, keys=keys)
    assert len(json.dumps(document(made), separators=(",", ":"))) < 3500
    named = [each["Principal"]["AWS"] for each in made]
    assert {name for names in named for name in ([names] if isinstance(names, str) else names)} == set(keys.values())
    assert s3_statements(spec) == []


def test_a_public_channel_may_have_access_keys_too() -> None:
    spec = stack("versitygw", prefix="main", visibility="public", publishers={"ci": KEY})
    sids = [statement["Sid"] for statement in s3_statements(spec, keys={("main", "publisher", "ci"): "ci-1"})]
    assert sids[:2] == ["PublicReadGetObject", "PublicReadListBucket"]
    assert len(set(sids)) == len(sids) > 2


@pytest.mark.parametrize(
    ("provider", "more", "read"),
    [
        ("ceph", {"publishers": {"ci": KEY}}, True),
        ("ceph", {"readers": {"ci": KEY}}, False),
        ("ceph", {"publishers": {"ci": KEY}, "visibility": "public"}, False),
        ("minio", {"publishers": {"ci": KEY}}, False),
    ],
)
def test_the_owner_of_a_bucket_may_read_what_others_write(provider: str, more: dict[str, Any], read: bool) -> None:
    made = s3_statements(stack(provider, prefix="main", **more))
    owners = [statement for statement in made if statement["Principal"] == {"AWS": "BUCKET_OWNER"}]
    assert len(owners) == read
    assert all(statement["Resource"].endswith("/main/*") for statement in owners)


def test_a_policy_that_is_too_long_for_s3_is_refused() -> None:
    many = {f"p{number}": {"arn": f"arn:aws:iam::123456789012:role/{'x' * 60}{number}"} for number in range(100)}
    with pytest.raises(ConfigurationError, match=r"the bucket policy would have .* bytes; S3 accepts at most 20,480"):
        bucket_statements(build_spec({**AWS, "publishers": many}, where="stack"))


@pytest.mark.parametrize(
    ("changed", "denied"),
    [({}, True), ({"adopt": True}, False), ({"endpoint-url": "http://s3.example.com"}, False)],
)
def test_requests_without_tls_are_denied_unless_that_could_lock_somebody_out(
    changed: dict[str, Any], denied: bool
) -> None:
    made = bucket_statements(build_spec({**AWS, **changed}, where="stack"))
    assert [each["Sid"] for each in made] == (["DenyInsecureTransport"] if denied else [])


def test_the_deployer_is_exempt_from_the_vpc_endpoints() -> None:
    with_deployer = deny_outside("b", ["vpce-1"], ["arn:aws:iam::1:role/x"])
    assert with_deployer["Condition"]["ArnNotLike"] == {"aws:PrincipalArn": ["arn:aws:iam::1:role/x"]}
    # With an empty list the condition would never hold, and the statement would deny nothing.
    assert set(deny_outside("b", ["vpce-1"], [])["Condition"]) == {"StringNotEquals"}


@pytest.mark.parametrize(
    ("caller", "patterns"),
    [
        ("arn:aws:iam::123456789012:user/me", ["arn:aws:iam::123456789012:user/me"]),
        (
            "arn:aws-cn:sts::123456789012:assumed-role/Deployer/me",
            ["arn:aws-cn:iam::123456789012:role/Deployer", "arn:aws-cn:iam::123456789012:role/*/Deployer"],
        ),
    ],
)
def test_the_deployer_of_a_session_is_its_role_with_any_path(caller: str, patterns: list[str]) -> None:
    assert deployer_arns(caller) == patterns
