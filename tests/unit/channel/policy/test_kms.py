"""The statements for the key policy of the KMS key."""

from __future__ import annotations

from typing import Any

from chaninfra.channel.policy.kms import key_statements
from chaninfra.channel.spec.build import build_spec

KEY = "arn:aws:kms:eu-central-1:123456789012:key/1234"
ORGANIZATION = {"visibility": "organization"}


def sids(aws: dict[str, Any], **more: Any) -> list[str]:
    config = {"bucket": "my-bucket", "region": "eu-central-1", "aws": aws, **more}
    return [statement["Sid"] for statement in key_statements(build_spec(config, where="stack"))]


def test_without_a_kms_key_there_is_nothing_to_add() -> None:
    assert sids({}, readers={"team": {"arn": "210987654321"}}) == []


def test_roles_of_the_stack_need_no_statement() -> None:
    ci = {"github": {"repository": "acme/packages", "branch": "main"}}
    assert sids({"kms-key-arn": KEY}, publishers={"ci": ci}) == []


def test_principals_by_arn_the_cdn_and_the_organization_do() -> None:
    team = {"arn": "210987654321"}
    assert sids({"kms-key-arn": KEY}, readers={"team": team}) == ["ChaninfraKeyForReaders"]
    assert sids({"kms-key-arn": KEY}, publishers={"team": team}) == ["ChaninfraKeyForWriters"]
    assert sids({"kms-key-arn": KEY}, maintainers={"team": team}) == ["ChaninfraKeyForWriters"]
    assert sids({"kms-key-arn": KEY}, promoters={"team": team}) == ["ChaninfraKeyForWriters"]
    assert sids({"kms-key-arn": KEY}, visibility="public", cdn={}) == ["ChaninfraKeyForCdn"]
    organization = {"kms-key-arn": KEY, "organization-id": "o-a1b2c3d4e5"}
    assert sids(organization, **ORGANIZATION) == ["ChaninfraKeyForOrganization"]


def test_an_organization_uses_the_key_only_through_s3_in_the_region() -> None:
    aws = {"kms-key-arn": KEY.replace("aws", "aws-cn", 1), "organization-id": "o-a1b2c3d4e5"}
    config = {"bucket": "my-bucket", "region": "cn-north-1", "aws": aws, **ORGANIZATION}
    (statement,) = key_statements(build_spec(config, where="stack"))
    assert statement["Condition"]["StringEquals"]["kms:ViaService"] == "s3.cn-north-1.amazonaws.com.cn"
