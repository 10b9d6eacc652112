"""The access table of the docs, cell by cell, with the generated policies on real servers.

versitygw: the permissions are those of a role, assumed with a token of an OIDC issuer through the generated trust
policy, or the bucket policy grants them to the role's ARN. MinIO has no roles: they are the policy of a session.
`test_access_aws_only` covers the cells that neither server can evaluate.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from botocore import UNSIGNED
from botocore.config import Config

from access_table import ACTIONS, PLACES, PRINCIPALS, TABLE, Place
from chaninfra.channel.policy.bucket import s3_statements
from chaninfra.channel.policy.follower import channel_statements
from chaninfra.channel.policy.permissions import bucket_policy_statements, identity_policy
from chaninfra.channel.policy.statements import VERSION, deny_old_versions, document
from chaninfra.channel.providers.model import Provider
from chaninfra.channel.providers.rows.minio import MINIO
from chaninfra.channel.providers.rows.versitygw import VERSITYGW
from chaninfra.channel.spec.build import build_spec
from chaninfra.channel.spec.model import SourceChannel
from support.cases import access_sessions
from support.cases.access_cases import CASES, CHANNEL, PREFIXES, SUBDIRS, VersionCase
from support.servers.iam_servers import Gateway
from support.servers.s3_servers import Server

ROLES = ("reader", "publisher", "maintainer", "promoter")
# versitygw asks anonymous requests for the permission to read the object only, and no Deny changes that: see the docs.
ON_VERSITYGW = ("anonymous-public", "own", "get-version")
JUDGED = [cell for cell, judged in TABLE.items() if not judged.aws_only]
JUDGED_OF_ROLES = [cell for cell in JUDGED if cell[0] in ROLES]


def _ids(cells: list[tuple[str, Place, str]]) -> list[str]:
    return ["-".join(cell) for cell in cells]


@dataclass(frozen=True)
class ServerUnderTest:
    """A server with two buckets and that of a source, and a client for each principal of the table."""

    root: Any
    buckets: dict[bool, str]
    """Whether the bucket policy makes the channel public → the name of the bucket."""
    source: SourceChannel
    """Where the promoter promotes from."""
    clients: dict[str, Any]

    def may(self, principal: str, place: Place, action: str) -> bool:
        """Whether the server allows the action."""
        bucket = self.source.bucket if place == "source" else self.buckets[principal == "anonymous-public"]
        return CASES[action].may(self.root, self.clients[principal], bucket, PREFIXES[place])


@pytest.mark.parametrize(("principal", "place", "action"), JUDGED, ids=_ids(JUDGED))
def test_a_role_on_versitygw_has_the_access_of_the_table(
    on_versitygw: ServerUnderTest, principal: str, place: Place, action: str
) -> None:
    allowed = TABLE[principal, place, action].allowed or (principal, place, action) == ON_VERSITYGW
    assert on_versitygw.may(principal, place, action) == allowed


@pytest.mark.parametrize(("principal", "place", "action"), JUDGED_OF_ROLES, ids=_ids(JUDGED_OF_ROLES))
def test_a_principal_in_a_versitygw_bucket_policy_has_the_access_of_the_table(
    on_versitygw_by_arn: ServerUnderTest, principal: str, place: Place, action: str
) -> None:
    assert on_versitygw_by_arn.may(principal, place, action) == TABLE[principal, place, action].allowed


@pytest.mark.parametrize(("principal", "place", "action"), JUDGED, ids=_ids(JUDGED))
def test_a_session_on_minio_has_the_access_of_the_table(
    on_minio: ServerUnderTest, principal: str, place: Place, action: str
) -> None:
    assert on_minio.may(principal, place, action) == TABLE[principal, place, action].allowed


def test_versions_are_listed_by_whoever_may_list_on_minio(on_minio: ServerUnderTest) -> None:
    """MinIO does so whatever a policy denies; the docs say it."""
    for who in ("anonymous-public", "reader"):
        bucket = on_minio.buckets[who == "anonymous-public"]
        on_minio.root.put_object(Bucket=bucket, Key=f"{CHANNEL}/noarch/a.conda", Body=b"")
        assert on_minio.clients[who].list_object_versions(Bucket=bucket)["Versions"]


def test_a_publisher_copies_an_old_version_on_versitygw_only(
    on_minio: ServerUnderTest, on_versitygw: ServerUnderTest
) -> None:
    """The docs say it: versitygw asks for the permission to read the object, not for that to read its version."""
    for server, copied in [(on_minio, False), (on_versitygw, True)]:
        assert (
            VersionCase(_copy_version, stays=True).may(
                server.root, server.clients["publisher"], server.buckets[False], CHANNEL
            )
            == copied
        )


def _copy_version(client: Any, bucket: str, key: str, version: str) -> None:
    source = {"Bucket": bucket, "Key": key, "VersionId": version}
    client.copy_object(Bucket=bucket, Key=f"{CHANNEL}/noarch/copy.conda", CopySource=source)


def test_every_action_of_the_table_is_tested() -> None:
    # Neither server has a CDN; `test_access_aws_only` covers `refresh-cdn`.
    assert set(CASES) == set(ACTIONS) - {"refresh-cdn"}
    places = {(who, where) for who in PRINCIPALS for where in PLACES} | {("promoter", "source")}
    assert set(TABLE) == {(*place, what) for place in places for what in ACTIONS}


@pytest.fixture(scope="module")
def on_versitygw(gateway: Gateway) -> ServerUnderTest:
    """Every principal has the permissions of a role."""
    return _server_under_test(
        gateway.server,
        lambda role, bucket, source: access_sessions.on_versitygw(gateway, _permissions(role, bucket, source)),
    )


@pytest.fixture(scope="module")
def on_versitygw_by_arn(gateway: Gateway) -> ServerUnderTest:
    """The roles have no permissions of their own; the bucket policies name them: a promoter is a reader in that of its
    source."""
    bucket, root = _name(), gateway.server.client()
    source = SourceChannel(bucket=_name(), prefix=PREFIXES["source"])
    arns = {role: access_sessions.role(gateway, None) for role in ROLES}
    made = [
        statement
        for role, arn in arns.items()
        for statement in bucket_policy_statements(role, "s", [arn], bucket=bucket, prefix=CHANNEL, subdirs=SUBDIRS)
    ]
    read = bucket_policy_statements(
        "reader", "s", [arns["promoter"]], bucket=source.bucket, prefix=source.prefix, subdirs=SUBDIRS
    )
    for name, statements in {bucket: made, source.bucket: read}.items():
        root.create_bucket(Bucket=name)
        root.put_bucket_policy(Bucket=name, Policy=json.dumps(document(statements), separators=(",", ":")))
    clients = {role: access_sessions.assumed(gateway, arn) for role, arn in arns.items()}
    return ServerUnderTest(root, {False: bucket}, source, clients)


@pytest.fixture(scope="module")
def on_minio(minio: Server) -> ServerUnderTest:
    """Every principal has the permissions of a session policy; what follows, and a promoter, those of a user."""

    def session(role: str, bucket: str, source: SourceChannel) -> Any:
        made = access_sessions.user_on_minio if role in ("follower", "promoter") else access_sessions.on_minio
        return made(minio, _permissions(role, bucket, source, MINIO))

    return _server_under_test(minio, session, MINIO)


def _server_under_test(
    server: Server, session: Callable[[str, str, SourceChannel], Any], provider: Provider = VERSITYGW
) -> ServerUnderTest:
    root, buckets = server.client(), {is_public: _name() for is_public in (False, True)}
    source = SourceChannel(bucket=_name(), prefix=PREFIXES["source"])
    for bucket in (*buckets.values(), source.bucket):
        root.create_bucket(Bucket=bucket)
    config = {"provider": provider.name, "endpoint-url": server.endpoint_url, "prefix": CHANNEL, "visibility": "public"}
    public = s3_statements(build_spec({**config, "bucket": buckets[True]}, where="test"))
    root.put_bucket_policy(Bucket=buckets[True], Policy=json.dumps(document(public)))
    unsigned = server.client(config=Config(signature_version=UNSIGNED, s3={"addressing_style": "path"}))
    clients = {who: session(who, buckets[False], source) for who in ("stranger", "follower", *ROLES)}
    return ServerUnderTest(root, buckets, source, {"anonymous": unsigned, "anonymous-public": unsigned, **clients})


def _permissions(role: str, bucket: str, source: SourceChannel, provider: Provider = VERSITYGW) -> dict[str, Any]:
    if role == "follower":
        channel = {"bucket": bucket, "prefix": CHANNEL, "subdirs": SUBDIRS, "index": {"follow": {}}}
        following = build_spec({"provider": "aws", "region": "us-east-1", **channel}, where="test").following
        made = channel_statements(bucket, following)
        # On AWS old versions need a permission of their own.
        old = [deny_old_versions(bucket, [CHANNEL])] if provider.version_rights.value == "with-object" else []
        return {"Version": VERSION, "Statement": [*made, *old]}
    if role == "stranger":
        allowed = {"Effect": "Allow", "Action": "s3:*", "Resource": f"arn:aws:s3:::{_name()}/*"}
        return {"Version": "2012-10-17", "Statement": [allowed]}
    rights = provider.version_rights.value
    about = {"bucket": bucket, "prefix": CHANNEL, "subdirs": SUBDIRS, "version_rights": rights}
    return identity_policy(role, **about, sources=[source] if role == "promoter" else [])


def _name() -> str:
    return f"access-{secrets.token_hex(6)}"
