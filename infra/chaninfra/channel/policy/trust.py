"""Trust policies of IAM roles: which tokens of an OIDC issuer may assume the role."""

from __future__ import annotations

from typing import Any

from chaninfra.channel.policy.statements import VERSION
from chaninfra.channel.spec.token_claims import TokenClaims


def trust_policy(claims: TokenClaims, provider_arn: str) -> dict[str, Any]:
    """The trust policy of a role for tokens with these claims; `provider_arn` is the issuer's OIDC provider in IAM."""
    return {"Version": VERSION, "Statement": [claims.statement(provider_arn)]}
