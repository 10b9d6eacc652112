"""Trust policies evaluated by a real STS, versitygw's, with tokens that a local issuer signs.

The cases are those of tests/unit/channel/spec/test_token_claims.py, where an evaluator of our own judges them.
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
    # IAM knows the issuer and the audience of the token, so that the trust policy decides.
    gateway.provider(claims["iss"], *([claims["aud"]] if "aud" in claims else []))
    return gateway.role(trust_policy(found, gateway.provider(f"https://{found.issuer}", found.audience)))


@pytest.mark.parametrize("case", MEANT)
def test_sts_accepts_a_token_of_the_principal(gateway: Gateway, case: str) -> None:
    principal, claims = MEANT[case]
    assert gateway.lets_in(_role(gateway, principal, claims), gateway.issuer.token(claims))


@pytest.mark.parametrize("case", NOT_MEANT)
def test_sts_refuses_a_token_of_anybody_else(gateway: Gateway, case: str) -> None:
    principal, claims = NOT_MEANT[case]
    token = gateway.issuer.token(claims)
    assert not gateway.lets_in(_role(gateway, principal, claims), token)
    if "aud" in claims:
        # The token itself is valid: STS accepts it under a policy for its own claims.
        issuer = claims["iss"].removeprefix("https://")
        own = TokenClaims(issuer=issuer, audience=claims["aud"], claims={"sub": (claims["sub"],)})
        assert gateway.lets_in(gateway.role(trust_policy(own, gateway.provider(claims["iss"]))), token)


def test_sts_refuses_a_forged_token(gateway: Gateway) -> None:
    principal, claims = MEANT[_MAIN]
    role = _role(gateway, principal, claims)
    assert gateway.lets_in(role, gateway.issuer.token(claims))
    assert not gateway.lets_in(role, gateway.issuer.token(claims, key=new_key()))


def test_a_policy_variable_matches_any_claim_so_a_config_must_not_contain_one(gateway: Gateway) -> None:
    principal, claims = MEANT[_MAIN]
    found = _trust(principal)
    open_to_all = TokenClaims(
        issuer=found.issuer, audience=found.audience, claims={"sub": (f"${{{found.issuer}:sub}}",)}
    )
    role = gateway.role(trust_policy(open_to_all, gateway.provider(f"https://{found.issuer}", found.audience)))
    assert gateway.lets_in(role, gateway.issuer.token({**claims, "sub": "whatever"}))


def test_the_issuer_url_is_compared_with_its_trailing_slash(gateway: Gateway) -> None:
    url = "https://tenant.auth0.com"
    for known, gets_in in [(f"{url}/", True), (url, False)]:
        claims = {"iss": f"{url}/", "aud": "channel", "sub": "client@clients"}
        oidc = Oidc(issuer=known, audience="channel", subject=claims["sub"])
        role = _role(gateway, PrincipalConfig(oidc=oidc), claims)
        assert gateway.lets_in(role, gateway.issuer.token(claims)) == gets_in


def test_versitygw_fetches_keys_from_public_addresses_only_so_tests_redirect_it(
    tmp_path: Path,
) -> None:
    principal, claims = MEANT[_MAIN]
    with versitygw_iam(tmp_path, led=False) as plain:
        role = _role(plain, principal, claims)
        with pytest.raises(ClientError, match="Couldn't retrieve verification key"):
            plain.assume(role, plain.issuer.token(claims))


def test_iam_refuses_a_policy_for_a_shared_issuer_without_a_subject(gateway: Gateway) -> None:
    """IAM User Guide, "Identity-provider controls for shared OIDC providers"; versitygw implements them."""
    principal, _ = MEANT[_MAIN]
    found = _trust(principal)
    arn = gateway.provider(f"https://{_SHARED}", found.audience)
    for claims in ({}, {"sub": ("*",)}):
        with pytest.raises(ClientError, match="MalformedPolicyDocument"):
            gateway.role(trust_policy(TokenClaims(issuer=_SHARED, audience=found.audience, claims=claims), arn))
