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
            path = (key, name)
            kind = kind_of(principal, where, path)
            check_kind(kind, provider, where, (*path, kind))
            found.append(
                PrincipalSpec(
                    name=name,
                    role=role,
                    kind=kind,
                    token=claims_of(
                        principal, where=where, key=path, sub_only_verifier=sub_only_verifier(provider, region)
                    ),
                    arn=principal.arn,
                    key=principal.key,
                )
            )
    return tuple(found)


def check_kind(kind: str, provider: Provider, where: str, key: tuple[str, ...] = ()) -> None:
    """Raise ConfigurationError, about `key`, for a kind of principal that the store does not have."""
    if kind == "key":
        has, remedy = provider.keys.value != "aws-iam", "give one of `github`, `gitlab`, `oidc`, `arn`"
    elif kind == "arn":
        has, remedy = provider.backend == "aws", "give `key: {}`"
    else:
        has, remedy = provider.oidc.value != "none", "give `key: {}`"
    if not has:
        raise ConfigurationError(
            f"{provider.title} has no principals of the kind `{kind}`", where=where, key=key, remedy=remedy
        )


def sub_only_verifier(provider: Provider, region: str) -> str | None:
    """The name of what verifies tokens there, if it evaluates no claim but `aud` and `sub`; else None."""
    if provider.oidc.value == "minio-openid":
        return provider.title
    if provider.backend == "aws" and partition(region) != "aws":
        return f"{provider.title} outside the commercial regions"
    return None
