"""Trust policies judged by a real STS: versitygw's, with tokens that a local issuer signs.

The same cases as in tests/unit/channel/spec/test_token_claims.py, where an evaluator judges;
here it is a program that others wrote.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chaninfra.channel.config.principals import Oidc, PrincipalConfig
from chaninfra.channel.policy.trust import trust_policy
from chaninfra.channel.spec.token_claims import TokenClaims, claims_of
from support.cases.trust_cases import MEANT, NOT_MEANT
from support.servers.iam_servers import Gateway, versitygw_iam
from support.servers.oidc_issuer import new_key

_MAIN = "branch"
_SHARED = "token.actions.githubusercontent.com"


def _trust(principal: PrincipalConfig) -> TokenClaims:
    found = claims_of(principal, where="here")
    assert found is not None
    return found


def _role(gateway: Gateway, principal: PrincipalConfig, claims: dict[str, Any]) -> str:
    found = _trust(principal)
    # The issuer of the token is known to IAM, and its audience, so that it is the policy that judges.
    gateway.provider(claims["iss"], *([claims["aud"]] if "aud" in claims else []))
    return gateway.role(trust_policy(found, gateway.provider(f"https://{found.issuer}", found.audience)))


@pytest.mark.parametrize("case", MEANT)
def test_sts_lets_a_token_in_that_is_meant(gateway: Gateway, case: str) -> None:
    principal, claims = MEANT[case]
    assert gateway.lets_in(_role(gateway, principal, claims), gateway.issuer.token(claims))


@pytest.mark.parametrize("case", NOT_MEANT)
def test_sts_keeps_a_token_out_that_is_not_meant(gateway: Gateway, case: str) -> None:
    principal, claims = NOT_MEANT[case]
    token = gateway.issuer.token(claims)
    assert not gateway.lets_in(_role(gateway, principal, claims), token)
    if "aud" in claims:
        # Nothing is wrong with the token itself: a policy that means it lets it in.
        issuer = claims["iss"].removeprefix("https://")
        own = TokenClaims(issuer=issuer, audience=claims["aud"], claims={"sub": (claims["sub"],)})
        assert gateway.lets_in(gateway.role(trust_policy(own, gateway.provider(claims["iss"]))), token)


def test_sts_keeps_a_forged_token_out(gateway: Gateway) -> None:
    principal, claims = MEANT[_MAIN]
    role = _role(gateway, principal, claims)
    assert gateway.lets_in(role, gateway.issuer.token(claims))
    assert not gateway.lets_in(role, gateway.issuer.token(claims, key=new_key()))


def test_a_policy_variable_stands_for_the_claim_so_that_a_config_may_not_hold_one(gateway: Gateway) -> None:
    principal, claims = MEANT[_MAIN]
    found = _trust(principal)
    open_to_all = TokenClaims(
        issuer=found.issuer, audience=found.audience, claims={"sub": (f"${{{found.issuer}:sub}}",)}
    )
    role = gateway.role(trust_policy(open_to_all, gateway.provider(f"https://{found.issuer}", found.audience)))
    assert gateway.lets_in(role, gateway.issuer.token({**claims, "sub": "whatever"}))


def test_the_issuers_url_is_compared_as_it_stands_a_slash_at_its_end_included(gateway: Gateway) -> None:
    url = "https://tenant.auth0.com"
    for known, gets_in in [(f"{url}/", True), (url, False)]:
        claims = {"iss": f"{url}/", "aud": "channel", "sub": "client@clients"}
        oidc = Oidc(issuer=known, audience="channel", subject=claims["sub"])
        role = _role(gateway, PrincipalConfig(oidc=oidc), claims)
        assert gateway.lets_in(role, gateway.issuer.token(claims)) == gets_in


def test_versitygw_fetches_keys_from_public_addresses_only_which_is_why_the_tests_change_where_it_dials(
    tmp_path: Path,
) -> None:
    principal, claims = MEANT[_MAIN]
    with versitygw_iam(tmp_path, led=False) as plain:
        role = _role(plain, principal, claims)
        with pytest.raises(ClientError, match="Couldn't retrieve verification key"):
            plain.assume(role, plain.issuer.token(claims))


def test_iam_takes_no_policy_for_a_shared_issuer_that_does_not_say_whose_tokens(gateway: Gateway) -> None:
    """AWS, "Identity-provider controls for shared OIDC providers"; versitygw does as AWS does."""
    principal, _ = MEANT[_MAIN]
    found = _trust(principal)
    arn = gateway.provider(f"https://{_SHARED}", found.audience)
    for claims in ({}, {"sub": ("*",)}):
        with pytest.raises(ClientError, match="MalformedPolicyDocument"):
            gateway.role(trust_policy(TokenClaims(issuer=_SHARED, audience=found.audience, claims=claims), arn))
