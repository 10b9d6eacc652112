"""The principals of a channel, checked against what the provider supports."""

from __future__ import annotations

from chaninfra.channel.config.channel import ChannelConfig
from chaninfra.channel.config.principals import PrincipalConfig, PromoterConfig
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.location import Location
from chaninfra.channel.providers.aws_partitions import partition
from chaninfra.channel.providers.model import BY_BUCKET_POLICY, Provider
from chaninfra.channel.roles import ROLES
from chaninfra.channel.spec.model import PrincipalSpec, SourceChannel
from chaninfra.channel.spec.token_claims import claims_of, kind_of


def principals_of(
    channel: ChannelConfig, provider: Provider, location: Location, where: str
) -> tuple[PrincipalSpec, ...]:
    """The principals of a channel, in the order of ROLES and then of their names. Raises ConfigurationError."""
    verifier = sub_only_verifier(provider, location.region)
    own = SourceChannel(bucket=location.bucket, prefix=(channel.prefix or "").strip("/"))
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
                    sources=_sources(principal, kind, own, provider, where, (*key, "from")),
                )
            )
    return tuple(specs)


def _sources(
    principal: PrincipalConfig,
    kind: str,
    own: SourceChannel,
    provider: Provider,
    where: str,
    key: tuple[str, ...],
) -> tuple[SourceChannel, ...]:
    """The channels in `from`, each once. Raises ConfigurationError, about `key`, for one that the stack cannot let the
    principal read.

    A principal without a policy of its own has its permissions in the policy of this bucket, which is about no other.
    """
    urls = principal.sources if isinstance(principal, PromoterConfig) else ()
    by_bucket_policy = kind == "arn" or (kind == "key" and provider.keys.value in BY_BUCKET_POLICY)
    sources = []
    for url in dict.fromkeys(urls):
        bucket, _, prefix = url.removeprefix("s3://").partition("/")
        source = SourceChannel(bucket=bucket, prefix=prefix)
        if overlap := _overlap(source, own):
            raise ConfigurationError(
                f"{url} {overlap}", where=where, key=key, remedy="name the channels that it promotes from"
            )
        if bucket != own.bucket and by_bucket_policy:
            raise ConfigurationError(
                f"{url} is in another bucket than {own.url}, whose policy is all that this stack can give to the kind "
                f"`{kind}`",
                where=where,
                key=key,
                remedy=f"remove it here; {_IN_ANOTHER_BUCKET[kind]}",
            )
        sources.append(source)
    return tuple(sources)


def _overlap(source: SourceChannel, own: SourceChannel) -> str | None:
    """What `source` has to do with the channel if they overlap; None if they do not."""
    if source == own:
        return "is the channel itself"
    if source.bucket != own.bucket:
        return None
    if not source.prefix:
        return f"is all of the bucket, and so also the channel itself, {own.url}"
    if own.prefix.startswith(f"{source.prefix}/"):
        return f"has the channel itself in it, {own.url}"
    if not own.prefix or source.prefix.startswith(f"{own.prefix}/"):
        return f"is inside the channel itself, {own.url}"
    return None


_IN_ANOTHER_BUCKET = {
    "arn": "add the same `arn` to `readers` of that channel's stack",
    "key": "add a reader with a `key` to that channel's stack, and give its key to `copy` with --from-access-key-id",
}
"""Kind of principal → how a promoter gets to read a channel in another bucket."""


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
