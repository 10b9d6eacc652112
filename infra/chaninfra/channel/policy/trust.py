"""Trust policies of IAM roles: which OIDC tokens may assume a role. Pure functions that return dicts.

The policy grammar is that of the AWS IAM User Guide, "Create a role for OpenID Connect federation". ForAllValues is
never used, since it is true when the claim is missing.
"""

from __future__ import annotations

from typing import Any

from chaninfra.channel.policy.statements import VERSION
from chaninfra.channel.spec.token_claims import TokenClaims


def trust_policy(claims: TokenClaims, provider_arn: str) -> dict[str, Any]:
    """The trust policy of a role that tokens with these claims may assume.

    `provider_arn` is the ARN of the account's OIDC provider for the issuer.
    """
    return {"Version": VERSION, "Statement": [trust_statement(claims, provider_arn)]}


def trust_statement(claims: TokenClaims, provider_arn: str) -> dict[str, Any]:
    """The one statement of `trust_policy`: StringLike for claims with a wildcard, StringEquals for all others."""
    conditions: dict[str, dict[str, Any]] = {}
    for claim, values in {"aud": (claims.audience,), **claims.claims}.items():
        operator = "StringLike" if any("*" in value for value in values) else "StringEquals"
        allowed = values[0] if len(values) == 1 else list(values)
        conditions.setdefault(operator, {})[f"{claims.issuer}:{claim}"] = allowed
    return {
        "Effect": "Allow",
        "Principal": {"Federated": provider_arn},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": conditions,
    }
