"""Names of the roles of publishers, readers, maintainers and promoters, and their ARNs on stores other than AWS."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable

from chaninfra.channel.providers.model import OidcWay
from chaninfra.channel.spec.model import PrincipalSpec
from chaninfra.channel.spec.token_claims import TokenClaims

_MAX_LENGTH = 64


def role_name(bucket: str, prefix: str, principal: PrincipalSpec, name_prefix: str = "") -> str:
    """The name of a principal's role: BUCKET-PREFIX-ROLE-NAME, at most 64 characters that IAM allows.

    It depends on the arguments only. If characters must be replaced or cut off, a digest at the end keeps different
    principals distinct. The limits are those of the IAM User Guide, "IAM and AWS STS quotas".
    """
    parts = [bucket, prefix, principal.role, principal.name]
    full = name_prefix + "-".join(part for part in parts if part)
    plain = full.replace("/", "-")
    if plain == full and len(plain) <= _MAX_LENGTH:
        return plain
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()[:8]
    return f"{plain[: _MAX_LENGTH - len(digest) - 1]}-{digest}"


VERSITYGW_ACCOUNT = "000000000000"
"""The account number in all ARNs of versitygw."""


def _minio_arn(_name: str, claims: TokenClaims) -> str:
    # MinIO derives it from the client id; this is for a server without a site region (internal/config/identity/openid).
    digest = base64.urlsafe_b64encode(hashlib.sha1(claims.audience.encode(), usedforsecurity=False).digest())
    return f"arn:minio:iam:::role/{digest.rstrip(b'=').decode()}"


ROLE_ARNS: dict[OidcWay, Callable[[str, TokenClaims], str]] = {
    "minio-openid": _minio_arn,
    "versitygw-iam": lambda name, _: f"arn:aws:iam::{VERSITYGW_ACCOUNT}:role/{name}",
}
"""`oidc` of the provider → a function of role name and token claims that returns the role's ARN, which a client sends
with its token."""
