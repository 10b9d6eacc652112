"""Token claims: which tokens a trust policy with them accepts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chaninfra.channel.config.principals import GitHub, GitLab, PrincipalConfig
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.policy.trust import trust_policy
from chaninfra.channel.spec.token_claims import claims_of
from support.cases.principals import on_github
from support.cases.trust_cases import MEANT, NOT_MEANT
from support.cases.trust_evaluator import github, gitlab, lets_in, provider_arn
from support.example_counts import MANY


def _policy(principal: PrincipalConfig) -> dict[str, Any]:
    found = claims_of(principal, where="here")
    assert found is not None
    return trust_policy(found, provider_arn(found.issuer))


@pytest.mark.parametrize("case", MEANT)
def test_a_token_of_the_principal_is_accepted(case: str) -> None:
    principal, claims = MEANT[case]
    assert lets_in(_policy(principal), claims)


@pytest.mark.parametrize("case", NOT_MEANT)
def test_a_token_of_somebody_else_is_rejected(case: str) -> None:
    principal, claims = NOT_MEANT[case]
    assert not lets_in(_policy(principal), claims)


@pytest.mark.parametrize("case", MEANT)
@pytest.mark.parametrize("claim", ["aud", "sub"])
def test_a_token_without_audience_or_subject_is_rejected(case: str, claim: str) -> None:
    principal, claims = MEANT[case]
    assert not lets_in(_policy(principal), {name: value for name, value in claims.items() if name != claim})


@pytest.mark.parametrize("case", MEANT)
def test_audience_and_subject_are_always_checked_with_stringequals_unless_there_is_a_wildcard(case: str) -> None:
    (statement,) = _policy(MEANT[case][0])["Statement"]
    checked = {key.rpartition(":")[2] for block in statement["Condition"].values() for key in block}
    assert {"aud", "sub"} <= checked
    assert set(statement["Condition"]) <= {"StringEquals", "StringLike"}
    for values in statement["Condition"].get("StringLike", {}).values():
        assert any("*" in value for value in ([values] if isinstance(values, str) else values))
    for values in statement["Condition"].get("StringEquals", {}).values():
        assert not any("*" in value for value in ([values] if isinstance(values, str) else values))


def test_without_ids_the_token_of_a_new_owner_of_the_name_is_accepted() -> None:
    """This is why ids can be set: a name alone does not identify an owner."""
    principal = PrincipalConfig(github=GitHub(repository="octo-org/octo-repo", branch="main"))
    for old in (True, False):
        assert lets_in(_policy(principal), github(owner_id="77", repository_id="99", old=old))


def test_an_arn_has_no_token_claims() -> None:
    assert claims_of(PrincipalConfig(arn="123456789012"), where="here") is None


# Names as on GitHub, and text with the characters that have a meaning in a policy or in `sub`.
_NAME = st.text("ab-", min_size=1, max_size=4)
_REPO_NAME = st.text("ab-._", min_size=1, max_size=4)
_ID = st.sampled_from(["1", "2", "12"])
_TEXT = st.text("ab/@*?:%3A.$ {}", min_size=1, max_size=8)


@st.composite
def _accepted(draw: st.DrawFn) -> GitHub:
    key = draw(st.sampled_from(["branch", "tag", "ref", "environment", "pull_request", "workflow"]))
    value: Any = True if key == "pull_request" else draw(_TEXT)
    if key == "ref":
        value = f"refs/{draw(st.sampled_from(['heads', 'tags']))}/{value}"
    more = {"branch": "main"} if key == "workflow" else {}
    if key == "workflow":
        value = f"{draw(_NAME)}/{draw(_REPO_NAME)}/.github/workflows/a.yml@refs/heads/{value}"
    ids = {"owner_id": draw(_ID), "repository_id": draw(_ID)} if draw(st.sampled_from([False, False, True])) else {}
    who = GitHub(repository=f"{draw(_NAME)}/{draw(_REPO_NAME)}", **{key: value}, **more, **ids)
    try:
        claims_of(PrincipalConfig(github=who), where="here")
    except ConfigurationError:
        assume(False)
    return who


@st.composite
def _token(draw: st.DrawFn, who: GitHub) -> dict[str, Any]:
    """A token of an attacker who knows the policy and names owner, environments and refs after it."""
    owner, name = who.repository.split("/")
    look_alikes = st.one_of(_NAME, _NAME.map(lambda end: owner + end), _NAME.map(lambda start: start + owner))
    repository = f"{owner if draw(st.booleans()) else draw(look_alikes)}/{draw(st.one_of(st.just(name), _REPO_NAME))}"
    wanted = (who.branch or who.tag or who.environment or "main").replace("*", "a")
    text = st.one_of(st.sampled_from([f"x/{name}@1", f"{owner}@1/{name}@1", f"@1/{name}", wanted]), _TEXT)
    # A ref contains neither spaces nor colons; GitHub writes colons of values as %3A in `sub`.
    ref = "ref:refs/heads/" + draw(text).translate({ord(character): "-" for character in " :?*"})
    environment = "environment:" + draw(text).replace(":", "%3A")
    meant = (
        f"ref:refs/{'tags' if who.tag else 'heads'}/{wanted}" if who.environment is None else f"environment:{wanted}"
    )
    # The context of a run, or one that a customized `sub` has ("Customizing the subject claims").
    contexts = [f"{environment}:{meant}", f"{ref}:{meant}", meant, ref, environment, "pull_request"]
    given = {"owner_id": draw(_ID), "repository_id": draw(_ID)}
    context = draw(st.sampled_from(contexts))
    return github(repository, context=context, old=draw(st.booleans()), workflow=who.workflow, **given)


def _with_aud_and_sub_only(policy: dict[str, Any]) -> dict[str, Any]:
    (statement,) = policy["Statement"]
    conditions = {
        operator: {key: values for key, values in block.items() if key.endswith((":aud", ":sub"))}
        for operator, block in statement["Condition"].items()
    }
    return {**policy, "Statement": [{**statement, "Condition": conditions}]}


@MANY
@given(st.data())
def test_no_token_of_another_repository_matches_the_policy_of_an_accepted_config(data: st.DataObject) -> None:
    who = data.draw(_accepted())
    claims = data.draw(_token(who))
    other_name = claims["repository"] != who.repository
    other_id = who.repository_id is not None and claims["repository_id"] != who.repository_id
    assume(other_name or other_id)
    policy = _policy(PrincipalConfig(github=who))
    assert not lets_in(policy, claims)
    if claims["repository_owner"] != who.repository.partition("/")[0]:
        # Not even by `aud` and `sub` alone, since STS evaluates the other claims in some partitions only.
        assert not lets_in(_with_aud_and_sub_only(policy), claims)


_PROJECT = st.lists(_REPO_NAME, min_size=2, max_size=3).map("/".join)


@MANY
@given(_PROJECT, st.sampled_from(["branch", "tag"]), st.text("ab/*:-", min_size=1, max_size=6), st.data())
def test_no_token_of_another_gitlab_project_matches_the_policy_of_an_accepted_config(
    project: str, kind: str, ref: str, data: st.DataObject
) -> None:
    principal = PrincipalConfig(gitlab=GitLab(project=project, **{kind: ref}))
    try:
        policy = _policy(principal)
    except ConfigurationError:
        assume(False)
    other = data.draw(st.one_of(_PROJECT, _REPO_NAME.map(lambda part: f"{part}/{project}")))
    wanted = ref.replace("*", "a")
    its_ref = data.draw(st.one_of(st.just(wanted), st.just(f"x:ref_type:{kind}:ref:{wanted}"), _REPO_NAME))
    assume(other != project)
    assert not lets_in(policy, gitlab(other, ref=its_ref, ref_type=data.draw(st.sampled_from(["branch", "tag"]))))


def test_the_longest_trust_policy_is_within_the_quota_of_iam() -> None:
    """2048 characters ("IAM and AWS STS quotas"), with the longest names that GitHub allows."""
    repository = f"{'o' * 39}/{'r' * 100}"
    principal = on_github(
        repository=repository,
        environment="e" * 255,
        workflow=f"{repository}/.github/workflows/{'w' * 60}.yml@refs/heads/{'b' * 60}",
        owner_id="1" * 10,
        repository_id="1" * 10,
    )
    assert len(json.dumps(_policy(principal), separators=(",", ":"))) <= 2048
