"""Who is granted what: the principals of a channel, and the keys of AWS, checked against one another."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from chaninfra.channel.aws_keys import AwsKeys
from chaninfra.channel.cdn_keys import CdnKeys
from chaninfra.channel.config import ChannelKeys, Config
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.partitions import partition
from chaninfra.channel.principals import Key, Principal, Role
from chaninfra.channel.provider import Provider
from chaninfra.channel.trust import Trust, kind_of, trust

ROLES: dict[Role, str] = {"publisher": "publishers", "reader": "readers", "maintainer": "maintainers"}
"""The roles, and the keys of the stack config that name who has them."""


@dataclass(frozen=True, kw_only=True)
class PrincipalSpec:
    """A publisher, reader or maintainer: with `trust` it comes with a token, with `arn` AWS knows it already, and with
    `key` it has an access key of the store."""

    name: str
    role: Role
    kind: str
    trust: Trust | None = None
    arn: str | None = None
    key: Key | None = None


def granted(
    keys: ChannelKeys, provider: Provider, aws: AwsKeys, region: str, where: str, cdn: CdnKeys | None = None
) -> tuple[PrincipalSpec, ...]:
    """The principals of a channel, by role and name. Raises ConfigurationError, for its visibility too."""
    _check_visibility(keys, provider, aws, where, cdn)
    found: list[PrincipalSpec] = []
    for role, key in ROLES.items():
        named: dict[str, Principal] = getattr(keys, key)
        for name, principal in sorted(named.items()):
            place = f"{where}, key {key}.{name}"
            kind = kind_of(principal, place)
            check_kind(kind, provider, f"{place}.{kind}")
            found.append(
                PrincipalSpec(
                    name=name,
                    role=role,
                    kind=kind,
                    trust=trust(principal, where=place, by_sub=judge(provider, region)),
                    arn=principal.arn,
                    key=principal.key,
                )
            )
    return tuple(found)


def check_kind(kind: str, provider: Provider, where: str) -> None:
    """Raises ConfigurationError for a kind of principal that the store does not have."""
    if kind == "key":
        has, remedy = provider.keys.value != "aws-iam", "give one of github, gitlab, oidc, arn"
    elif kind == "arn":
        has, remedy = provider.backend == "aws", "give `key: {}`"
    else:
        has, remedy = provider.oidc.value != "none", "give `key: {}`"
    if not has:
        raise ConfigurationError(f"{provider.title} has no principals of the kind `{kind}`", where=where, remedy=remedy)


def judge(provider: Provider, region: str) -> str | None:
    """Who judges tokens, where that one knows no claim but `aud` and `sub`."""
    if provider.oidc.value == "minio-openid":
        return provider.title
    if provider.backend == "aws" and partition(region) != "aws":
        return f"{provider.title} outside the commercial regions"
    return None


def aws_keys(config: Config, provider: Provider, where: str) -> AwsKeys:
    """The keys of AWS that a config has. Raises ConfigurationError where the provider is another, or where they make
    no sense for a bucket that is adopted."""
    if provider.backend != "aws" and config.aws != AwsKeys():
        raise ConfigurationError(
            f"{provider.title} has nothing of the kind", where=f"{where}, key aws", remedy="set `provider` to aws"
        )
    usual = AwsKeys()
    for field in msgspec.structs.fields(AwsKeys):
        changed = getattr(config.aws, field.name) != getattr(usual, field.name)
        if config.adopt and changed and field.name in _OF_THE_BUCKET:
            raise ConfigurationError(
                "an adopted bucket keeps its own settings",
                where=f"{where}, key aws.{field.encode_name}",
                remedy=f"take `{field.encode_name}` out, and set it where the bucket is declared",
            )
    if config.aws.log_prefix and not config.aws.log_bucket:
        raise ConfigurationError(
            "there is no bucket for the logs", where=f"{where}, key aws.log-prefix", remedy="set `aws.log-bucket`"
        )
    return config.aws


# What an adopted bucket has of its own. Rights on its KMS key are still granted, so the key may be named.
_OF_THE_BUCKET = (
    "log_bucket",
    "log_prefix",
    "vpc_endpoints",
)


def _check_visibility(keys: ChannelKeys, provider: Provider, aws: AwsKeys, where: str, cdn: CdnKeys | None) -> None:
    place = f"{where}, key visibility"
    if keys.visibility == "organization" and provider.backend != "aws":
        raise ConfigurationError(
            f"{provider.title} knows no organizations", where=place, remedy="set `visibility` to private or public"
        )
    if keys.visibility == "organization" and aws.organization_id is None:
        raise ConfigurationError("the organization is not named", where=place, remedy="set `aws.organization-id` (o-…)")
    if keys.visibility != "organization" and aws.organization_id is not None:
        raise ConfigurationError(
            f"nothing is read by an organization in a {keys.visibility} channel",
            where=f"{where}, key aws.organization-id",
            remedy="set `visibility` to organization, or take `aws.organization-id` out",
        )
    if keys.visibility == "public" and aws.kms_key_arn is not None and cdn is None:
        raise ConfigurationError(
            "nobody can read anonymously what a KMS key encrypts",
            where=f"{where}, key aws.kms-key-arn",
            remedy="take `aws.kms-key-arn` out: S3 then encrypts with its own keys; make the channel private; or set "
            "`cdn`, which decrypts",
        )
    if keys.visibility == "public" and aws.vpc_endpoints:
        raise ConfigurationError(
            "a channel that is read through VPC endpoints only is not public",
            where=f"{where}, key aws.vpc-endpoints",
            remedy="take `aws.vpc-endpoints` out, or make the channel private",
        )
