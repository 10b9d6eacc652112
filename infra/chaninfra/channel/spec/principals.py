"""Who is granted what: the principals of a channel, and the keys of AWS, checked against one another."""

from __future__ import annotations

from chaninfra.channel.config.aws import AwsConfig
from chaninfra.channel.config.cdn import CdnConfig
from chaninfra.channel.config.channel import ChannelConfig
from chaninfra.channel.config.principals import PrincipalConfig
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.providers.aws_partitions import partition
from chaninfra.channel.providers.model import Provider
from chaninfra.channel.roles import ROLES
from chaninfra.channel.spec.checks import check_visibility
from chaninfra.channel.spec.model import PrincipalSpec
from chaninfra.channel.spec.token_claims import claims_of, kind_of


def granted(
    keys: ChannelConfig, provider: Provider, aws: AwsConfig, region: str, where: str, cdn: CdnConfig | None = None
) -> tuple[PrincipalSpec, ...]:
    """The principals of a channel, by role and name. Raises ConfigurationError, for its visibility too."""
    check_visibility(keys, provider, aws, where, cdn)
    found: list[PrincipalSpec] = []
    for role, key in ROLES.items():
        named: dict[str, PrincipalConfig] = getattr(keys, key)
        for name, principal in sorted(named.items()):
            place = f"{where}, key {key}.{name}"
            kind = kind_of(principal, place)
            check_kind(kind, provider, f"{place}.{kind}")
            found.append(
                PrincipalSpec(
                    name=name,
                    role=role,
                    kind=kind,
                    token=claims_of(principal, where=place, by_sub=judge(provider, region)),
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
