"""Documents that neither MinIO nor versitygw can evaluate, which the docs therefore mark "AWS only".

Each test shows how a server refuses or ignores the document. If one fails after a server was updated, that server can
now evaluate the document, and the cell can be tested in `test_access_matrix`.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from access_table import PLACES, TABLE
from chaninfra.channel.policy.bucket import bucket_statements
from chaninfra.channel.policy.follower import FollowerArns, follower_rights
from chaninfra.channel.policy.permissions import identity_policy
from chaninfra.channel.policy.statements import document, public_read
from chaninfra.channel.roles import ROLES
from chaninfra.channel.spec.build import build_spec
from support.cases import access_sessions
from support.servers.iam_servers import Gateway, versitygw_iam
from support.servers.s3_servers import Server

PREFIX = "team/stable"
_KEY = f"{PREFIX}/noarch/package-0.conda"


def _policy(bucket: str, **keys: Any) -> str:
    config = {"provider": "aws", "region": "us-east-1", "bucket": bucket, "prefix": PREFIX, **keys}
    return json.dumps(document(bucket_statements(build_spec(config, where="Pulumi.test.yaml"))))


@pytest.fixture
def bucket(server: Server, bucket_name: str) -> str:
    server.client().create_bucket(Bucket=bucket_name)
    return bucket_name


# option → the config keys, and the error of MinIO and of versitygw for its policy
REFUSED: Mapping[str, tuple[dict[str, Any], str, str]] = {
    "organization": (
        {"visibility": "organization", "aws": {"organization-id": "o-abcdefghij"}},
        "invalid condition key 'aws:PrincipalOrgID'",
        "Policy has an invalid condition key",
    ),
    "no-overwrite": (
        {"aws": {"no-overwrite": True}},
        "invalid condition key 's3:",
        "Policy has an invalid condition key",
    ),
    "cdn": (
        {"visibility": "public", "cdn": {}},
        "invalid condition key 'aws:SourceArn'",
        "Invalid principal in policy",
    ),
    "vpc-endpoints": (
        {"aws": {"vpc-endpoints": ["vpce-0123456789abcdef0"]}},
        "invalid condition key 'aws:SourceVpce'",
        "Policy has an invalid condition key",
    ),
}


@pytest.mark.parametrize("option", REFUSED)
def test_the_servers_refuse_unknown_conditions_and_principals(server: Server, bucket: str, option: str) -> None:
    keys, by_minio, by_versitygw = REFUSED[option]
    with pytest.raises(ClientError) as caught:
        server.client().put_bucket_policy(Bucket=bucket, Policy=_policy(bucket, **keys))
    assert caught.value.response["Error"]["Code"] == "MalformedPolicy"
    assert (by_minio if server.name == "minio" else by_versitygw) in caught.value.response["Error"]["Message"]


def test_versitygw_refuses_a_principal_of_another_account(gateway: Gateway, bucket_name: str) -> None:
    root = gateway.server.client()
    root.create_bucket(Bucket=bucket_name)
    policy = json.loads(_policy(bucket_name, readers={"partner": {"arn": "210987654321"}}))
    with pytest.raises(ClientError, match="Invalid principal in policy"):
        root.put_bucket_policy(Bucket=bucket_name, Policy=json.dumps(policy))


def test_minio_accepts_a_principal_of_another_account_and_grants_it_nothing(minio: Server, bucket_name: str) -> None:
    """MinIO applies a bucket policy to anonymous requests only; not even "*" covers a session."""
    minio.client().create_bucket(Bucket=bucket_name)
    minio.client().put_object(Bucket=bucket_name, Key=_KEY, Body=b"")
    policy = json.loads(_policy(bucket_name, readers={"partner": {"arn": "210987654321"}}))
    policy["Statement"] = [one for one in policy["Statement"] if one["Effect"] == "Allow"]
    minio.client().put_bucket_policy(Bucket=bucket_name, Policy=json.dumps(policy))
    nothing = {"Effect": "Allow", "Action": "s3:ListAllMyBuckets", "Resource": "*"}
    client = access_sessions.on_minio(minio, {"Version": "2012-10-17", "Statement": [nothing]})
    assert not _may(lambda: client.get_object(Bucket=bucket_name, Key=_KEY))
    minio.client().put_bucket_policy(
        Bucket=bucket_name, Policy=json.dumps(document(public_read(bucket_name, [PREFIX])))
    )
    assert not _may(lambda: client.get_object(Bucket=bucket_name, Key=_KEY))


def test_versitygw_accepts_the_overwrite_guard_and_does_not_evaluate_its_values(
    gateway: Gateway, bucket_name: str
) -> None:
    """It denies an upload that the guard allows on AWS."""
    root = gateway.server.client()
    root.create_bucket(Bucket=bucket_name)
    allowed = identity_policy("publisher", bucket=bucket_name, prefix=PREFIX, subdirs=["noarch"])
    for condition, allows in [
        ({"Null": {"s3:if-none-match": "true"}}, False),
        ({"Bool": {"s3:ObjectCreationOperation": "true"}}, True),
    ]:
        deny = {"Effect": "Deny", "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket_name}/*"}
        permissions = {**allowed, "Statement": [*allowed["Statement"], {**deny, "Condition": condition}]}
        client = access_sessions.on_versitygw(gateway, permissions)
        key = f"{PREFIX}/noarch/{secrets.token_hex(4)}.conda"
        assert _may(lambda put=client.put_object, at=key: put(Bucket=bucket_name, Key=at, IfNoneMatch="*")) == allows


def test_both_servers_answer_404_for_a_missing_key_without_permission_to_list(
    minio: Server, gateway: Gateway, bucket_name: str
) -> None:
    """AWS answers 403, so every reader gets the permission to list."""
    get = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket_name}/*"}
    permissions = {"Version": "2012-10-17", "Statement": [get]}
    for client, root in [
        (access_sessions.on_versitygw(gateway, permissions), gateway.server.client()),
        (access_sessions.on_minio(minio, permissions), minio.client()),
    ]:
        root.create_bucket(Bucket=bucket_name)
        assert not _may(lambda client=client: client.list_objects_v2(Bucket=bucket_name))
        with pytest.raises(ClientError, match="NoSuchKey"):
            client.get_object(Bucket=bucket_name, Key=_KEY)


def test_versitygw_accepts_permissions_on_a_kms_key_and_has_no_kms(gateway: Gateway, bucket_name: str) -> None:
    root = gateway.server.client()
    root.create_bucket(Bucket=bucket_name)
    root.put_object(Bucket=bucket_name, Key=_KEY, Body=b"")
    key = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    about = {"bucket": bucket_name, "prefix": PREFIX, "subdirs": ["noarch"]}
    for permissions in (identity_policy("reader", **about), identity_policy("reader", kms_key_arn=key, **about)):
        access_sessions.on_versitygw(gateway, permissions).get_object(Bucket=bucket_name, Key=_KEY)


def test_this_module_covers_every_aws_only_cell() -> None:
    """Cells of an organization, of a distribution and its refresh, and of the overwrite guard."""
    assert {
        (who, what)
        for (who, _, what), cell in TABLE.items()
        if cell.aws_only and who not in ("member", "cdn") and what != "refresh-cdn"
    } == {(who, "overwrite-guarded") for who in ("publisher", "maintainer", "promoter")}
    assert all(
        cell.aws_only for (who, _, what), cell in TABLE.items() if who in ("member", "cdn") or what == "refresh-cdn"
    )


def test_permission_to_refresh_the_cdn_is_for_its_distribution_only(gateway: Gateway, bucket_name: str) -> None:
    """versitygw accepts the policy and has no CDN, so the test inspects the document."""
    gateway.server.client().create_bucket(Bucket=bucket_name)
    arn = "arn:aws:cloudfront::123456789012:distribution/E2EXAMPLE"
    about = {"bucket": bucket_name, "prefix": PREFIX, "subdirs": ["noarch"], "distribution": arn}
    for role in ROLES:
        permissions = identity_policy(role, **about)
        found = [one for one in permissions["Statement"] if "cloudfront" in json.dumps(one)]
        allowed = [(one["Action"], one["Resource"]) for one in found]
        assert allowed == ([(["cloudfront:CreateInvalidation"], [arn])] if role != "reader" else [])
        for place in ("own", "neighbour"):
            assert TABLE[role, place, "refresh-cdn"].allowed == bool(found)
        access_sessions.on_versitygw(gateway, permissions).list_objects_v2(Bucket=bucket_name)
    public = {"provider": "aws", "region": "us-east-1", "bucket": bucket_name, "visibility": "public", "cdn": {}}
    spec = build_spec({**public, "index": {"follow": {}}}, where="test")
    rights = follower_rights(spec, FollowerArns.of(spec, "123456789012"), arn)["Statement"]
    found = [(one["Action"], one["Resource"]) for one in rights if "cloudfront" in json.dumps(one)]
    assert found == [(["cloudfront:CreateInvalidation"], [arn])]
    assert all(TABLE["follower", place, "refresh-cdn"].allowed for place in PLACES)


def test_a_bucket_that_requires_tls_is_not_readable_without_it(server: Server, bucket: str) -> None:
    """The next test is the counterpart: with TLS it is readable."""
    server.client().put_object(Bucket=bucket, Key=_KEY, Body=b"")
    for tls_only, allows in [(False, True), (True, False)]:
        statements = public_read(bucket, [PREFIX])
        policy = json.loads(_policy(bucket))["Statement"] if tls_only else []
        server.client().put_bucket_policy(Bucket=bucket, Policy=json.dumps(document([*policy, *statements])))
        client = server.client(config=Config(signature_version=UNSIGNED, s3={"addressing_style": "path"}))
        assert _may(lambda client=client: client.get_object(Bucket=bucket, Key=_KEY)) == allows


def test_a_bucket_that_requires_tls_is_readable_with_it(tmp_path: Path, bucket_name: str) -> None:
    with versitygw_iam(tmp_path, tls=True) as gateway:
        verify = str(tmp_path / "tls" / "ca.pem")
        root = gateway.server.client(verify=verify)
        root.create_bucket(Bucket=bucket_name)
        root.put_object(Bucket=bucket_name, Key=_KEY, Body=b"")
        root.put_bucket_policy(Bucket=bucket_name, Policy=_policy(bucket_name))
        arn = access_sessions.role(gateway, identity_policy("reader", bucket=bucket_name, prefix=PREFIX, subdirs=[]))
        client = access_sessions.assumed(gateway, arn, verify=verify)
        assert client.get_object(Bucket=bucket_name, Key=_KEY)["ContentLength"] == 0


def _may(call: Any) -> bool:
    try:
        call()
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] != 403:
            raise
        return False
    return True
