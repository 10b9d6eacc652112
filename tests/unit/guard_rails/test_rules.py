"""The rules on resources that no stack config makes: those of other programs, and those changed by hand."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest
from msgspec.structs import replace

from chaninfra.channel.config.principals import GitHub, Oidc, PrincipalConfig
from chaninfra.channel.policy.trust import trust_policy, trust_statement
from chaninfra.channel.spec.token_claims import claims_of
from chaninfra.guard_rails import foreign_principals, public_channels, resource_types, tls, tokens
from chaninfra.guard_rails.statements import Resource
from support.cases.trust_cases import MEANT

ACCOUNT = "123456789012"
ISSUER = "token.actions.githubusercontent.com"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}"
SUBJECT = "repo:acme/packages:ref:refs/heads/main"


def policy(*given: dict[str, Any], **more: Any) -> Resource:
    """A bucket policy on AWS; each statement allows everybody to get objects, changed by what is given."""
    usual = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/main/*"}
    text = json.dumps({"Statement": [usual | each for each in given], **more})
    return Resource(resource_types.AWS_POLICY, "policy", {"policy": text})


def role(condition: dict[str, Any], **more: Any) -> Resource:
    """An IAM role for tokens of GitHub."""
    statement = {"Effect": "Allow", "Principal": {"Federated": PROVIDER}, "Condition": condition, **more}
    return Resource(resource_types.AWS_ROLE, "role", {"assumeRolePolicy": json.dumps({"Statement": statement})})


def said(found: Iterable[str]) -> str:
    return "\n".join(found)


def when(**keys: Any) -> dict[str, Any]:
    """The condition: StringEquals, keys written with a double underscore for a colon."""
    return {"Condition": {"StringEquals": {key.replace("__", ":"): value for key, value in keys.items()}}}


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ({"Action": "s3:PutObject"}, "everybody has s3:PutObject;"),
        ({"Action": ["s3:GetObject", "s3:*"]}, "everybody has s3:*;"),
        ({"NotAction": "s3:DeleteBucket"}, "everybody has *;"),
        ({"Principal": {"AWS": ["*"]}, "Resource": "arn:aws:s3:::b/other/*"}, "on b/other/*;"),
        ({"Principal": None, "NotPrincipal": {"AWS": ACCOUNT}, "Resource": "arn:aws:s3:::c"}, "on c;"),
        ({"NotResource": "arn:aws:s3:::b/main/*"}, "on *;"),
        ({"Resource": "arn:aws:s3:::b/*"}, "on b/*;"),
        # A condition that anybody may meet.
        ({"Resource": "arn:aws:s3:::c/x/*", **when(aws__UserAgent="conda")}, "on c/x/*;"),
        (
            {"Resource": "arn:aws:s3:::c/x/*", "Condition": {"StringLike": {"aws:PrincipalOrgID": "o-*"}}},
            "on c/x/*;",
        ),
    ],
)
def test_public_access_beyond_reading_the_listed_channel_is_a_violation(statement: dict[str, Any], words: str) -> None:
    statement = {key: value for key, value in statement.items() if value is not None}
    assert words in said(public_channels.check(policy(statement), {"channels": ["s3://b/main"]}))


@pytest.mark.parametrize("statement", [{}, {"Effect": "Deny", "Action": "*"}, {"Principal": {"AWS": ACCOUNT}}])
def test_the_listed_channel_a_denial_and_an_account_are_no_violation(statement: dict[str, Any]) -> None:
    assert said(public_channels.check(policy(statement), {"channels": ["s3://b/main"]})) == ""


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ({"Principal": {"AWS": "arn:aws:iam::210987654321:role/x"}}, "role/x has access and is not allowed"),
        ({"Principal": {"AWS": [ACCOUNT, "AROAEXAMPLE"]}}, "AROAEXAMPLE has access and is not allowed"),
        ({"Principal": {"CanonicalUser": "79a59d"}}, "CanonicalUser 79a59d has access"),
        ({"Principal": {"Service": "cloudfront.amazonaws.com"}}, "a condition on aws:SourceArn is missing"),
        (
            {"Principal": {"Service": "x"}, **when(aws__SourceArn="arn:aws:cloudfront::210987654321:distribution/E")},
            "distribution/E has access and is not allowed",
        ),
        (when(aws__PrincipalOrgID=["o-ours123456", "o-other12345"]), "organization o-other12345 has access"),
        (when(aws__PrincipalAccount="210987654321"), "210987654321 has access and is not allowed"),
        ({"Condition": {"ArnEquals": {"aws:PrincipalArn": "arn:aws:iam::*:role/x"}}}, "role/x has access"),
        ({"Condition": {"ArnEquals": {"aws:PrincipalArn": "*"}}}, "* has access and is not allowed"),
    ],
)
def test_access_of_unlisted_principals_is_a_violation(statement: dict[str, Any], words: str) -> None:
    config = {"accounts": [ACCOUNT], "organizations": ["o-ours123456"]}
    assert words in said(foreign_principals.check(policy(statement), config))


@pytest.mark.parametrize(
    "statement",
    [
        {"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}},
        {"Principal": {"AWS": "arn:aws:iam::210987654321:role/ours"}},
        {"Effect": "Deny", "Principal": {"AWS": "arn:aws:iam::210987654321:root"}},
        {"Principal": {"Service": "x"}, **when(aws__SourceAccount=ACCOUNT)},
        when(aws__PrincipalOrgID="o-ours123456"),
        {"Condition": {"ArnEquals": {"aws:PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/*"}}},
    ],
)
def test_access_of_listed_principals_is_allowed(statement: dict[str, Any]) -> None:
    config = {"accounts": [ACCOUNT, "arn:aws:iam::210987654321:role/ours"], "organizations": ["o-ours123456"]}
    assert said(foreign_principals.check(policy(statement), config)) == ""


def test_a_role_that_everybody_may_assume_is_a_violation_and_one_for_a_service_is_not() -> None:
    assert "everybody may assume this role" in said(foreign_principals.check(role({}, Principal={"AWS": "*"}), {}))
    assert said(foreign_principals.check(role({}, Principal={"Service": "lambda.amazonaws.com"}), {})) == ""


def claims(operator: str = "StringEquals", sub: Any = SUBJECT, aud: Any = "sts.amazonaws.com") -> dict[str, Any]:
    return {"StringEquals": {f"{ISSUER}:aud": aud}} | {operator: {f"{ISSUER}:sub": sub, f"{ISSUER}:aud": aud}}


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ({}, "every token of token.actions.githubusercontent.com has access"),
        ({"StringEquals": {f"{ISSUER}:sub": SUBJECT}}, "a condition on `aud` is missing"),
        ({"StringLike": {f"{ISSUER}:sub": SUBJECT, f"{ISSUER}:aud": "*"}}, "a condition on `aud` is missing"),
        (claims("ForAllValues:StringEquals"), "`sub` is compared by ForAllValues:StringEquals"),
        (claims("StringEqualsIfExists"), "`sub` is compared by StringEqualsIfExists"),
        (claims("StringNotLike", "repo:other/*"), "`sub` is compared by StringNotLike"),
        (claims("StringLike", "repo:acme/*"), "'repo:acme/*' has a wildcard"),
        (claims("StringLike", ["repo:acme/packages:*", SUBJECT]), "'repo:acme/packages:*' has a wildcard"),
        # Without another claim, `*` for an id may match what follows the id too.
        (claims("StringLike", "repo:acme@*/packages@*:ref:refs/heads/main"), "'repo:acme@*/packages@*:ref"),
        (claims("StringLike", "repo:*/packages:ref:refs/heads/main"), "has a wildcard"),
        (claims("StringLike", "repo:${aws:x}/packages:ref:refs/heads/main"), "has a wildcard"),
    ],
)
def test_a_trust_policy_without_audience_or_full_subject_is_a_violation(condition: dict[str, Any], words: str) -> None:
    assert words in said(tokens.check(role(condition), {"subjects": ["repo:acme/other:*"]}))


def test_a_full_subject_is_enough_whatever_the_other_conditions_are() -> None:
    both = claims() | {"StringLike": {f"{ISSUER}:sub": "repo:acme/*"}}
    assert said(tokens.check(role(both), {})) == ""
    assert said(tokens.check(role(claims("StringLike")), {})) == ""


@pytest.mark.parametrize("case", MEANT)
def test_our_own_trust_policies_pass_unless_a_ref_is_a_pattern(case: str) -> None:
    principal, _ = MEANT[case]
    found = claims_of(principal, where="config")
    assert found is not None
    document = trust_policy(found, f"arn:aws:iam::{ACCOUNT}:oidc-provider/{found.issuer}")
    made = Resource(resource_types.AWS_ROLE, "role", {"assumeRolePolicy": json.dumps(document)})
    who = principal.github or principal.gitlab
    named = [getattr(who, key, None) for key in ("branch", "tag", "ref", "environment")]
    a_pattern = any("*" in name for name in named if name)
    assert ("has a wildcard" in said(tokens.check(made, {}))) == a_pattern
    assert said(foreign_principals.check(made, {"issuers": [found.issuer]})) == ""
    assert said(foreign_principals.check(made, {})) != ""


def test_a_repository_without_ids_is_trusted_by_its_name() -> None:
    plain, ids = GitHub(repository="acme/packages", branch="main"), {"owner_id": "1", "repository_id": "2"}
    for who, trusted in [(plain, True), (replace(plain, **ids), False)]:
        found = claims_of(PrincipalConfig(github=who), where="config")
        assert found is not None
        made = role(trust_statement(found, PROVIDER)["Condition"])
        assert ("acme/packages is trusted by its name" in said(tokens.by_name(made, {}))) == trusted
        assert said(tokens.by_name(made, {"repositories": ["acme/*"]})) == ""
    for subject in ("repo:acme/packages:ref:x", "repo:acme@1/packages:ref:x", "repo:acme@1/packages@*:ref:x"):
        assert said(tokens.by_name(role(claims(sub=[subject, "repo:acme@1/packages@2:ref:x"])), {}))
    assert said(tokens.by_name(role(claims(sub="repo:acme@1/packages@2:ref:x")), {})) == ""


def test_a_repository_is_listed_by_owner_and_name() -> None:
    for principal in (
        PrincipalConfig(github=GitHub(repository="acme/packages", branch="main")),
        PrincipalConfig(github=GitHub(repository="acme/packages", branch="main", owner_id="1", repository_id="2")),
    ):
        found = claims_of(principal, where="config")
        assert found is not None
        made = role(trust_statement(found, PROVIDER)["Condition"])
        assert said(foreign_principals.check(made, {"repositories": ["acme/packages"]})) == ""
        assert (
            said(foreign_principals.check(made, {"repositories": ["acme/pack", "acme2/*"]})).count(
                "acme/packages have access"
            )
            == 1
        )


def test_other_issuers_are_listed_by_host() -> None:
    found = claims_of(
        PrincipalConfig(
            oidc=Oidc(issuer="https://idp.example.com/a", audience="x", subject="repo:acme/packages:ref:x")
        ),
        where="config",
    )
    assert found is not None
    document = trust_policy(found, f"arn:aws:iam::{ACCOUNT}:oidc-provider/{found.issuer}")
    made = Resource(resource_types.AWS_ROLE, "role", {"assumeRolePolicy": json.dumps(document)})
    assert "tokens of idp.example.com/a have access" in said(
        foreign_principals.check(made, {"repositories": ["acme/*"]})
    )


DENIED = {
    "Effect": "Deny",
    "Action": "s3:*",
    "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"],
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}


@pytest.mark.parametrize(
    ("changed", "denied"),
    [
        ({}, True),
        ({"Condition": {"Bool": {"aws:SecureTransport": False}}}, True),
        ({"Resource": "arn:aws:s3:::b/*"}, False),
        ({"Action": "s3:GetObject"}, False),
        ({"Principal": {"AWS": ACCOUNT}}, False),
        ({"Effect": "Allow"}, False),
        ({"Condition": {"Bool": {"aws:SecureTransport": "true"}}}, False),
        ({"Condition": {**DENIED["Condition"], "StringEquals": {"aws:SourceVpc": "vpc-1"}}}, False),
    ],
)
def test_only_a_denial_of_everything_to_everybody_satisfies_the_tls_rule(changed: dict[str, Any], denied: bool) -> None:
    made = policy({**DENIED, **changed}, {"Principal": {"AWS": ACCOUNT}})
    assert (said(tls.check(made, {})) == "") == denied
    assert said(tls.check(made, {"buckets": ["b"]})) == ""


def test_a_condition_with_a_number_is_read() -> None:
    old = {**DENIED, "Condition": {"NumericLessThan": {"s3:TlsVersion": 1.2}}}
    assert said(tls.check(policy(DENIED, old), {})) == ""
    assert "without TLS are not denied" in said(tls.check(policy(old), {}))


def test_cloudfront_must_serve_https_only() -> None:
    for ways, right in ((("https-only", "redirect-to-https"), True), (("https-only", "allow-all"), False)):
        made = Resource(
            resource_types.AWS_DISTRIBUTION,
            "cdn",
            {
                "defaultCacheBehavior": {"viewerProtocolPolicy": ways[0]},
                "orderedCacheBehaviors": [{"viewerProtocolPolicy": ways[1]}],
            },
        )
        assert (said(tls.check(made, {})) == "") == right


def test_acls_must_stay_blocked_in_a_public_bucket_too() -> None:
    flags = {"blockPublicAcls": True, "ignorePublicAcls": False, "bucket": "b"}
    made = Resource(resource_types.AWS_BLOCK, "block", flags)
    assert said(public_channels.check(made, {"channels": ["s3://b/main"]})).splitlines() == [
        "block: ignorePublicAcls is off, so that an ACL can make the bucket public; chaninfra needs no ACLs on AWS"
    ]
