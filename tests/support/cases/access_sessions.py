"""Sessions with the permissions of a policy: of a role on versitygw, and with a session policy on MinIO."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import boto3

from chaninfra.channel.config.principals import GitHub, PrincipalConfig
from chaninfra.channel.policy.trust import trust_policy
from chaninfra.channel.spec.token_claims import claims_of
from support.cases.trust_evaluator import github
from support.pulumi.handlers import Store
from support.servers.iam_servers import Gateway
from support.servers.s3_servers import Server

_WORKFLOW = PrincipalConfig(github=GitHub(repository="octo-org/octo-repo", branch="main"))


def role(gateway: Gateway, policy: Mapping[str, Any] | None) -> str:
    """The ARN of a new role with this policy (None: without one), which a workflow on GitHub may assume."""
    claims = claims_of(_WORKFLOW, where="here")
    assert claims is not None
    provider = gateway.provider(f"https://{claims.issuer}", claims.audience)
    return gateway.role(trust_policy(claims, provider), policy)


def assumed(gateway: Gateway, role_arn: str, **options: Any) -> Any:
    """The S3 client of a workflow that assumed the role with its token; `options` are those of `Server.client`."""
    return gateway.server.client(**gateway.assume(role_arn, gateway.issuer.token(github())), **options)


def on_versitygw(gateway: Gateway, policy: Mapping[str, Any]) -> Any:
    """The S3 client of a session of a role with this policy."""
    return assumed(gateway, role(gateway, policy))


def on_minio(minio: Server, policy: Mapping[str, Any]) -> Any:
    """The S3 client of a session of the administrator that this policy limits."""
    sts = boto3.session.Session().client(
        "sts",
        endpoint_url=minio.endpoint_url,
        region_name=minio.region,
        aws_access_key_id=minio.access_key_id,
        aws_secret_access_key=minio.secret_access_key,
    )
    answer = sts.assume_role(RoleArn="arn:minio:iam:::nobody", RoleSessionName="test", Policy=json.dumps(policy))
    keys = answer["Credentials"]
    return minio.client(
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )


def user_on_minio(minio: Server, policy: Mapping[str, Any]) -> Any:
    """The S3 client of a new user with this policy: a session policy has 2,048 characters at most there."""
    access_key_id, secret = new_user_on_minio(minio, policy)
    return minio.client(aws_access_key_id=access_key_id, aws_secret_access_key=secret)


def new_user_on_minio(minio: Server, policy: Mapping[str, Any]) -> tuple[str, str]:
    """The id and the secret of the access key of a new user with this policy."""
    store = Store(minio, "access")
    props = {"store": store.store, "way": "minio-admin", "user": "access", "policy": dict(policy), "rotate": ""}
    _, made = store.handler("access-key").create(props)
    return made["access_key_id"], made["secret_access_key"]
