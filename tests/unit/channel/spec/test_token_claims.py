"""Token claims: which tokens a trust policy with them accepts, and which configs are refused."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from chaninfra.channel.config.principals import GitHub, GitLab, Oidc, PrincipalConfig
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.policy.trust import trust_policy
from chaninfra.channel.spec.token_claims import claims_of
from support.cases.config_keys import keys_without_backticks
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


_REPOSITORY = "octo-org/octo-repo"
_VARIABLE = "${token.actions.githubusercontent.com:sub}"
_WORKFLOW = "octo-org/ci/.github/workflows/publish.yml"


def _on_github(**keys: Any) -> PrincipalConfig:
    return PrincipalConfig(github=GitHub(**{"repository": _REPOSITORY, **keys}))


def _on_gitlab(**keys: Any) -> PrincipalConfig:
    return PrincipalConfig(gitlab=GitLab(**{"project": "mygroup/myproject", **keys}))


def _oidc(**keys: Any) -> PrincipalConfig:
    return PrincipalConfig(oidc=Oidc(**{"issuer": "https://idp.example.com", "audience": "a", "subject": "s", **keys}))


REFUSED: dict[str, tuple[PrincipalConfig, str, str]] = {
    "no kind": (PrincipalConfig(), "", "has no kind of principal"),
    "two kinds": (
        PrincipalConfig(arn="123456789012", oidc=_oidc().oidc),
        "",
        "has `oidc` and `arn`",
    ),
    "github, no context": (_on_github(), ".github", "does not say which workflow runs"),
    "github, a workflow alone": (
        _on_github(workflow=f"{_WORKFLOW}@refs/heads/main"),
        ".github",
        "a pull request or any branch could call `workflow`",
    ),
    **{
        f"github, workflow at {ref}": (
            _on_github(branch="main", workflow=f"{_WORKFLOW}@{ref}"),
            ".github.workflow",
            reason,
        )
        for ref, reason in {
            "refs/*": "is not one ref",
            "refs/heads/*": "is not one ref",
            "refs/tags/*": "is not one ref",
            "refs/pull/*": "is not one ref",
            "refs/pull/1/merge": "is not one ref",
            "refs/heads/": "is not one ref",
            "main": "is not one ref",
            "r*": "is not one ref",
            "*": "has no ref",
        }.items()
    },
    "github, two contexts": (_on_github(branch="a", tag="b"), ".github", "has `branch` and `tag`"),
    "github, one id": (_on_github(branch="main", owner_id="1"), ".github", "go together"),
    "github, the other id": (_on_github(branch="main", repository_id="1"), ".github", "go together"),
    **{
        f"github, repository {name}": (_on_github(repository=name, branch="main"), ".github.repository", reason)
        for name, reason in {
            "octo-org/*": "has a wildcard",
            "*/octo-repo": "has a wildcard",
            "octo-org*/octo-repo": "has a wildcard",
            "octo-or?/octo-repo": "has a wildcard",
            "octo-org": "is not valid",
            "octo-org/": "is not valid",
            "/octo-repo": "is not valid",
            "octo-org/a/b": "is not valid",
            "octo-org/octo-repo:ref": "is not valid",
            "octo-org@1/octo-repo@2": "is not valid",
            "octo-org/${a}": "is not valid",
            "octo-org/octo-repo\n": "is not valid",
        }.items()
    },
    **{
        f"github, {key} {value}": (
            _on_github(**{key: value, **({"branch": "main"} if key == "workflow" else {})}),
            f".github.{key}",
            reason,
        )
        for key, value, reason in [
            ("branch", "a b", "is not a"),
            ("branch", "a:b", "is not a"),
            ("branch", "a?", "is not a"),
            ("branch", _VARIABLE.replace(":", ""), "is not a"),
            ("tag", "v?", "is not a"),
            ("ref", "refs/heads/a?", "is not a"),
            ("ref", "*", "is not a"),
            ("ref", "refs*", "is not a"),
            ("ref", "refs/*", "is not a"),
            ("ref", "refs/pull/*", "is not a"),
            ("ref", "main", "is not a"),
            ("environment", "*", "has a wildcard"),
            ("environment", "prod*", "has a wildcard"),
            ("environment", "prod?", "has a wildcard"),
            ("environment", "${a}", "has a variable"),
            ("workflow", "octo-org/*/.github/workflows/a.yml@refs/heads/main", "has a wildcard"),
            ("workflow", f"{_WORKFLOW}", "has no ref"),
            ("workflow", f"{_WORKFLOW}@", "has no ref"),
            ("workflow", f"{_WORKFLOW}@*", "has no ref"),
            ("workflow", f"{_WORKFLOW}@refs/heads/a?", "is not a"),
            ("workflow", f"{_WORKFLOW}@{_VARIABLE}", "is not a"),
            ("workflow", "octo-org/ci/publish.yml@refs/heads/main", "is not valid"),
        ]
    },
    **{
        f"github, audience {value}": (_on_github(branch="main", audience=value), ".github.audience", reason)
        for value, reason in {"*": "has a wildcard", "sts?": "has a wildcard", _VARIABLE: "has a variable"}.items()
    },
    "gitlab, no ref": (_on_gitlab(), ".gitlab", "has neither `branch` nor `tag`"),
    "gitlab, two refs": (_on_gitlab(branch="a", tag="b"), ".gitlab", "has both `branch` and `tag`"),
    **{
        f"gitlab, {key} {value}": (_on_gitlab(**{"branch": "main", key: value}), f".gitlab.{key}", reason)
        for key, value, reason in [
            ("project", "mygroup/*", "has a wildcard"),
            ("project", "mygroup*/myproject", "has a wildcard"),
            ("project", "mygroup", "is not valid"),
            ("project", "mygroup//myproject", "is not valid"),
            ("project", "mygroup/myproject:ref_type", "is not valid"),
            ("branch", "a?", "is not a"),
            ("branch", "a:b", "is not a"),
            ("branch", "${gitlab.com:sub}", "is not a"),
            ("audience", "*", "has a wildcard"),
            ("audience", "${gitlab.com:aud}", "has a variable"),
            ("host", "https://gitlab.example.com", "is not a host name"),
            ("host", "gitlab.*", "is not a host name"),
            ("host", "gitlab.example.com:8443", "is not a host name"),
            ("host", "gitlab.example.com/", "is not a host name"),
        ]
    },
    **{
        f"oidc, {key} {value}": (_oidc(**{key: value}), f".oidc.{key}", reason)
        for key in ("subject", "audience")
        for value, reason in {
            "*": "has a wildcard",
            "team-?": "has a wildcard",
            "${idp.example.com:sub}": "has a variable",
        }.items()
    },
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_config_that_is_incomplete_or_that_others_could_match_is_refused_with_key_and_reason(case: str) -> None:
    principal, key, reason = REFUSED[case]
    with pytest.raises(ConfigurationError) as caught:
        claims_of(principal, where="here", key=("readers", "ci"))
    assert caught.value.where == "here"
    assert ".".join(caught.value.key) == f"readers.ci{key}"
    assert reason in caught.value.message
    assert caught.value.remedy
    assert keys_without_backticks(caught.value) == []


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
    principal = _on_github(
        repository=repository,
        environment="e" * 255,
        workflow=f"{repository}/.github/workflows/{'w' * 60}.yml@refs/heads/{'b' * 60}",
        owner_id="1" * 10,
        repository_id="1" * 10,
    )
    assert len(json.dumps(_policy(principal), separators=(",", ":"))) <= 2048
