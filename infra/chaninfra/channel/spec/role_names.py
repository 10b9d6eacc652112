"""The names of the roles of publishers, readers and maintainers, and the ARNs of those of other stores than AWS."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable

from chaninfra.channel.providers.model import OidcWay
from chaninfra.channel.spec.model import PrincipalSpec
from chaninfra.channel.spec.token_claims import TokenClaims

_LONGEST = 64


def role_name(bucket: str, prefix: str, principal: PrincipalSpec, name_prefix: str = "") -> str:
    """The name of a principal's role: at most 64 characters of those that IAM allows, the same for the same names.

    Where they do not fit as they are, a digest tells them from others that would look the same.
    """
    parts = [bucket, prefix, principal.role, principal.name]
    whole = name_prefix + "-".join(part for part in parts if part)
    plain = whole.replace("/", "-")
    if plain == whole and len(plain) <= _LONGEST:
        return plain
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:8]
    return f"{plain[: _LONGEST - len(digest) - 1]}-{digest}"


VERSITYGW_ACCOUNT = "000000000000"
"""The account that all ARNs of versitygw are of."""


def _of_minio(_name: str, trust: TokenClaims) -> str:
    # As MinIO makes it of the client id, for a server without a site region (internal/config/identity/openid).
    number = base64.urlsafe_b64encode(hashlib.sha1(trust.audience.encode(), usedforsecurity=False).digest())
    return f"arn:minio:iam:::role/{number.rstrip(b'=').decode()}"


ROLE_ARNS: dict[OidcWay, Callable[[str, TokenClaims], str]] = {
    "minio-openid": _of_minio,
    "versitygw-iam": lambda name, _: f"arn:aws:iam::{VERSITYGW_ACCOUNT}:role/{name}",
}
"""The ARN that a token is sent with, from the role's name and what the token holds, by the store's way of OIDC."""
