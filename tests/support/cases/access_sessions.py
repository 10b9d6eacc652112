"""Sessions with the rights of a policy document: of a role on versitygw, and on MinIO, which has none."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import boto3

from chaninfra.channel.config.principals import GitHub, PrincipalConfig
from chaninfra.channel.policy.trust import trust_policy
from chaninfra.channel.spec.token_claims import claims_of
from support.cases.trust_evaluator import github
from support.servers.iam_servers import Gateway
from support.servers.s3_servers import Server

_WHO = PrincipalConfig(github=GitHub(repository="octo-org/octo-repo", branch="main"))


def role(gateway: Gateway, rights: Mapping[str, Any] | None) -> str:
    """The ARN of a new role with these rights; a workflow of GitHub's may assume it."""
    who = claims_of(_WHO, where="here")
    assert who is not None
    return gateway.role(trust_policy(who, gateway.provider(f"https://{who.issuer}", who.audience)), rights)


def assumed(gateway: Gateway, role_arn: str, **options: Any) -> Any:
    """The S3 client of the workflow that assumed such a role with its token; `options` as for `Server.client`."""
    return gateway.server.client(**gateway.assume(role_arn, gateway.issuer.token(github())), **options)


def on_versitygw(gateway: Gateway, rights: Mapping[str, Any]) -> Any:
    """The S3 client of a session of a role with these rights."""
    return assumed(gateway, role(gateway, rights))


def on_minio(minio: Server, rights: Mapping[str, Any]) -> Any:
    """The S3 client of a session whose policy is `rights`, of one who may do everything."""
    sts = boto3.session.Session().client(
        "sts",
        endpoint_url=minio.endpoint_url,
        region_name=minio.region,
        aws_access_key_id=minio.access_key_id,
        aws_secret_access_key=minio.secret_access_key,
    )
    given = sts.assume_role(RoleArn="arn:minio:iam:::nobody", RoleSessionName="test", Policy=json.dumps(rights))
    keys = given["Credentials"]
    return minio.client(
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )
