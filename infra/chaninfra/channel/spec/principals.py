"""The principals of a channel, checked against what the provider supports."""

from __future__ import annotations

from chaninfra.channel.config.channel import ChannelConfig
from chaninfra.channel.config.principals import PrincipalConfig
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.providers.aws_partitions import partition
from chaninfra.channel.providers.model import Provider
from chaninfra.channel.roles import ROLES
from chaninfra.channel.spec.model import PrincipalSpec
from chaninfra.channel.spec.token_claims import claims_of, kind_of


def principals_of(channel: ChannelConfig, provider: Provider, region: str, where: str) -> tuple[PrincipalSpec, ...]:
    """The principals of a channel, in the order of ROLES and then of their names. Raises ConfigurationError."""
    verifier = sub_only_verifier(provider, region)
    specs: list[PrincipalSpec] = []
    for role, plural in ROLES.items():
        principals: dict[str, PrincipalConfig] = getattr(channel, plural)
        for name, principal in sorted(principals.items()):
            key = (plural, name)
            kind = kind_of(principal, where, key)
            check_kind(kind, provider, where, (*key, kind))
            specs.append(
                PrincipalSpec(
                    name=name,
                    role=role,
                    kind=kind,
                    token=claims_of(principal, where=where, key=key, sub_only_verifier=verifier),
                    arn=principal.arn,
                    key=principal.key,
                )
            )
    return tuple(specs)


def check_kind(kind: str, provider: Provider, where: str, key: tuple[str, ...] = ()) -> None:
    """Raise ConfigurationError, about `key`, if the store has no principals of this kind."""
    if kind == "key":
        supported, remedy = provider.keys.value != "aws-iam", "use one of `github`, `gitlab`, `oidc`, `arn`"
    elif kind == "arn":
        supported, remedy = provider.backend == "aws", "use `key: {}`"
    else:
        supported, remedy = provider.oidc.value != "none", "use `key: {}`"
    if not supported:
        raise ConfigurationError(
            f"{provider.title} has no principals of the kind `{kind}`", where=where, key=key, remedy=remedy
        )


def sub_only_verifier(provider: Provider, region: str) -> str | None:
    """The name of what verifies tokens at the provider, if it evaluates only the claims `aud` and `sub`; else None.

    MinIO evaluates no others; neither does IAM outside the partition aws.
    """
    if provider.oidc.value == "minio-openid":
        return provider.title
    if provider.backend == "aws" and partition(region) != "aws":
        return f"{provider.title} outside the commercial regions"
    return None
