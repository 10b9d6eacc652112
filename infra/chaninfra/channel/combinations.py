"""What a store can do, and cannot do together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaninfra.channel.errors import ConfigurationError

if TYPE_CHECKING:
    from chaninfra.channel.spec import StackSpec


def check_combinations(stack: StackSpec, where: str) -> None:
    """Raise ConfigurationError for a stack whose parts the store cannot have together."""
    _check_versions(stack, where)
    _check_audiences(stack, where)


def _check_versions(stack: StackSpec, where: str) -> None:
    """Conditional writes that a versioned bucket would not honour."""
    known = stack.bucket.provider.capabilities
    lost = known["conditional-create"].value == "yes" and known["conditional-versioned"].value == "no"
    many = any(channel.index.writers == "many" for channel in stack.channels)
    if stack.bucket.settings.versioning and many and lost:
        raise ConfigurationError(
            f"{stack.bucket.provider.title} honours no conditional writes in a versioned bucket, so that many writers "
            "would lose each other's packages",
            where=f"{where}, key versioning",
            remedy="take `versioning` out, or set `index.writers` to single and see to it that one writes at a time",
        )


def _check_audiences(stack: StackSpec, where: str) -> None:
    """MinIO tells the settings of its issuers apart by the audience alone (client_id)."""
    if stack.bucket.provider.oidc.value != "minio-openid":
        return
    seen: dict[str, str] = {}
    for channel in stack.channels:
        for principal in channel.principals:
            if principal.trust is None:
                continue
            issuer = seen.setdefault(principal.trust.audience, principal.trust.issuer)
            if issuer != principal.trust.issuer:
                raise ConfigurationError(
                    f"{stack.bucket.provider.title} takes tokens for {principal.trust.audience!r} of one issuer only, "
                    f"and {issuer} is one",
                    where=f"{where}, channel {channel.name}, {principal.role} {principal.name}",
                    remedy="give the two issuers an `audience` each",
                )
