"""Token claims: which configs are refused, since they are incomplete or others could match them."""

from __future__ import annotations

import pytest

from chaninfra.channel.config.principals import PrincipalConfig
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.spec.token_claims import claims_of
from support.cases.config_keys import keys_without_backticks
from support.cases.principals import oidc, on_github, on_gitlab

_REPOSITORY = "octo-org/octo-repo"
_VARIABLE = "${token.actions.githubusercontent.com:sub}"
_WORKFLOW = "octo-org/ci/.github/workflows/publish.yml"

REFUSED: dict[str, tuple[PrincipalConfig, str, str]] = {
    "no kind": (PrincipalConfig(), "", "has no kind of principal"),
    "two kinds": (
        PrincipalConfig(arn="123456789012", oidc=oidc().oidc),
        "",
        "has `oidc` and `arn`",
    ),
    "github, no context": (on_github(), ".github", "does not say which workflow runs"),
    "github, a workflow alone": (
        on_github(workflow=f"{_WORKFLOW}@refs/heads/main"),
        ".github",
        "a pull request or any branch could call `workflow`",
    ),
    **{
        f"github, workflow at {ref}": (
            on_github(branch="main", workflow=f"{_WORKFLOW}@{ref}"),
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
    "github, two contexts": (on_github(branch="a", tag="b"), ".github", "has `branch` and `tag`"),
    "github, one id": (on_github(branch="main", owner_id="1"), ".github", "go together"),
    "github, the other id": (on_github(branch="main", repository_id="1"), ".github", "go together"),
    **{
        f"github, repository {name}": (on_github(repository=name, branch="main"), ".github.repository", reason)
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
            on_github(**{key: value, **({"branch": "main"} if key == "workflow" else {})}),
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
        f"github, audience {value}": (on_github(branch="main", audience=value), ".github.audience", reason)
        for value, reason in {"*": "has a wildcard", "sts?": "has a wildcard", _VARIABLE: "has a variable"}.items()
    },
    "gitlab, no ref": (on_gitlab(), ".gitlab", "has neither `branch` nor `tag`"),
    "gitlab, two refs": (on_gitlab(branch="a", tag="b"), ".gitlab", "has both `branch` and `tag`"),
    **{
        f"gitlab, {key} {value}": (on_gitlab(**{"branch": "main", key: value}), f".gitlab.{key}", reason)
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
        f"oidc, {key} {value}": (oidc(**{key: value}), f".oidc.{key}", reason)
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
