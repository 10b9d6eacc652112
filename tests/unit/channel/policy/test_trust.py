"""The trust policy of a role. Which tokens it accepts is tested in spec/test_token_claims."""

from __future__ import annotations

from chaninfra.channel.policy.trust import trust_policy
from chaninfra.channel.spec.token_claims import TokenClaims

PROVIDER = "arn:aws:iam::123456789012:oidc-provider/idp.example.com"


def test_a_trust_policy_is_one_statement_for_the_issuer_with_conditions_on_the_claims() -> None:
    claims = TokenClaims(issuer="idp.example.com", audience="conda", claims={"sub": ("a", "b"), "ref": ("v*",)})
    assert trust_policy(claims, PROVIDER) == {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Federated": PROVIDER},
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {
                    "StringEquals": {"idp.example.com:aud": "conda", "idp.example.com:sub": ["a", "b"]},
                    "StringLike": {"idp.example.com:ref": "v*"},
                },
            }
        ],
    }
