"""Trust policies of IAM roles."""

from __future__ import annotations

from typing import Any

from chaninfra.channel.policy.statements import VERSION
from chaninfra.channel.spec.token_claims import TokenClaims


def trust_policy(trust: TokenClaims, provider_arn: str) -> dict[str, Any]:
    """The trust policy of the role of a principal."""
    return {"Version": VERSION, "Statement": [trust.statement(provider_arn)]}
