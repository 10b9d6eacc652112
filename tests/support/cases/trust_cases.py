"""Principals of a stack config, with the claims of tokens that must be accepted and of tokens that must not.

The same cases are tried with an evaluator that follows the IAM User Guide, and with a real STS.
"""

from __future__ import annotations

from typing import Any

from chaninfra.channel.config.principals import GitHub, GitLab, Oidc, PrincipalConfig
from support.cases.trust_evaluator import github, gitlab

OWNER_ID, REPOSITORY_ID = "123456", "456789"
_WORKFLOW = "octo-org/octo-automation/.github/workflows/publish.yml@refs/heads/main"
Case = tuple[PrincipalConfig, dict[str, Any]]
"""(principal, claims of a token)."""


def _on_github(**keys: Any) -> PrincipalConfig:
    return PrincipalConfig(github=GitHub(**{"repository": "octo-org/octo-repo", **keys}))


def _on_gitlab(**keys: Any) -> PrincipalConfig:
    return PrincipalConfig(gitlab=GitLab(**{"project": "mygroup/myproject", **keys}))


def _oidc(**keys: Any) -> PrincipalConfig:
    given = {"issuer": "https://idp.example.com/realm", "audience": "channel", "subject": "system:builder:prod"}
    return PrincipalConfig(oidc=Oidc(**{**given, **keys}))


def _of_oidc(**changed: Any) -> dict[str, Any]:
    return {"iss": "https://idp.example.com/realm", "aud": "channel", "sub": "system:builder:prod", **changed}


_MAIN = _on_github(branch="main")
_PINNED = _on_github(branch="main", owner_id=OWNER_ID, repository_id=REPOSITORY_ID)
_RELEASES = _on_github(tag="v*")
_PRODUCTION = _on_github(environment="Production")
_CALLED = _on_github(branch="main", workflow=_WORKFLOW)
_ON_GITLAB = _on_gitlab(branch="main")
_SELF_HOSTED = _on_gitlab(branch="main", host="gitlab.example.com")

MEANT: dict[str, Case] = {
    "branch": (_MAIN, github()),
    "branch, sub without ids": (_MAIN, github(old=True)),
    "branch, pinned": (_PINNED, github()),
    "branch, pinned, sub without ids": (_PINNED, github(old=True)),
    "branch, pinned, run on a branch by hand": (_PINNED, github(event_name="workflow_dispatch")),
    "branches of a pattern": (_on_github(branch="release/*"), github(context="ref:refs/heads/release/1.x")),
    "tags of a pattern": (_RELEASES, github(context="ref:refs/tags/v1.0")),
    "tags of a pattern, sub without ids": (_RELEASES, github(context="ref:refs/tags/v1.0", old=True)),
    "ref in full": (_on_github(ref="refs/tags/demo-tag"), github(context="ref:refs/tags/demo-tag")),
    "environment": (_PRODUCTION, github(context="environment:Production")),
    "environment, sub without ids": (_PRODUCTION, github(context="environment:Production", old=True)),
    "environment with a colon": (
        _on_github(environment="Production:V1"),
        github(context="environment:Production%3AV1"),
    ),
    "pull request": (_on_github(pull_request=True), github(context="pull_request")),
    "reusable workflow in an environment": (
        _on_github(environment="Production", workflow=_WORKFLOW),
        github(workflow=_WORKFLOW, context="environment:Production"),
    ),
    "reusable workflow and branch": (_CALLED, github(workflow=_WORKFLOW)),
    "owner with an underscore (managed users)": (
        _on_github(repository="mona_octo/packages", branch="main"),
        github("mona_octo/packages"),
    ),
    "audience of China": (
        _on_github(branch="main", audience="sts.amazonaws.com.cn"),
        github(aud="sts.amazonaws.com.cn"),
    ),
    "gitlab branch": (_ON_GITLAB, gitlab()),
    "gitlab branch in a subgroup": (
        _on_gitlab(project="mygroup/sub/myproject", branch="main"),
        gitlab("mygroup/sub/myproject"),
    ),
    "gitlab branches of a pattern": (_on_gitlab(branch="release/*"), gitlab(ref="release/1.x")),
    "gitlab tag": (_on_gitlab(tag="v*"), gitlab(ref="v1.0", ref_type="tag")),
    "gitlab, custom audience": (
        _on_gitlab(branch="main", audience="https://packages.example.com"),
        gitlab(aud="https://packages.example.com"),
    ),
    "gitlab, self-hosted": (_SELF_HOSTED, gitlab(host="gitlab.example.com")),
    "oidc": (_oidc(), _of_oidc()),
}

NOT_MEANT: dict[str, Case] = {
    "another branch": (_MAIN, github(context="ref:refs/heads/demo-branch")),
    "a branch that begins like it": (_MAIN, github(context="ref:refs/heads/main-2")),
    "a tag of the branch's name": (_MAIN, github(context="ref:refs/tags/main")),
    "a pull request to the branch": (_MAIN, github(context="pull_request", base_ref="main")),
    "an environment on the branch": (_MAIN, github(context="environment:Production", ref="refs/heads/main")),
    "a branch of the tag's name": (_RELEASES, github(context="ref:refs/heads/v1.0")),
    "a branch below the tags": (_RELEASES, github(context="ref:refs/heads/refs/tags/v1.0")),
    "another environment": (_PRODUCTION, github(context="environment:Production-2")),
    "no environment": (_PRODUCTION, github()),
    "a branch named as the environment": (_PRODUCTION, github(context="ref:refs/heads/environment:Production")),
    "a push, where pull requests are meant": (_on_github(pull_request=True), github()),
    "another audience": (_MAIN, github(aud="https://github.com/octo-org")),
    "no audience": (_MAIN, {key: value for key, value in github().items() if key != "aud"}),
    "a fork": (_MAIN, github("mona/octo-repo", owner_id="77", repository_id="99")),
    "a fork, sub without ids": (_MAIN, github("mona/octo-repo", owner_id="77", repository_id="99", old=True)),
    "a pull request from a fork": (
        _MAIN,
        github("mona/octo-repo", owner_id="77", repository_id="99", context="pull_request"),
    ),
    "an owner who begins like it": (_MAIN, github("octo-org-2/octo-repo", owner_id="77", repository_id="99")),
    "an owner who ends like it": (_MAIN, github("not-octo-org/octo-repo", owner_id="77", repository_id="99")),
    "another repository of the owner": (_MAIN, github("octo-org/octo-repo-2", repository_id="99")),
    "another repository, with the name in a branch": (
        _MAIN,
        github("octo-org/other", repository_id="99", context="ref:refs/heads/x/octo-repo@1"),
    ),
    # "Customizing the subject claims": repo, environment and ref; the environment is named as the repository.
    "another repository, with a customized sub": (
        _MAIN,
        github(
            "octo-org/other",
            repository_id="99",
            sub="repo:octo-org@123456/other@99:environment:x/octo-repo@1:ref:refs/heads/main",
        ),
    ),
    "the name, taken over by another owner": (_PINNED, github(owner_id="77", repository_id="99")),
    "the name, taken over, sub without ids": (_PINNED, github(owner_id="77", repository_id="99", old=True)),
    "the repository, made again under its name": (_PINNED, github(repository_id="99")),
    "the repository, made again, sub without ids": (_PINNED, github(repository_id="99", old=True)),
    "the repository, moved to another owner": (_PINNED, github("mona/octo-repo", owner_id="77")),
    "no reusable workflow": (_CALLED, github()),
    "the reusable workflow, called for a pull request": (_CALLED, github(workflow=_WORKFLOW, context="pull_request")),
    "another reusable workflow": (_CALLED, github(workflow=_WORKFLOW.replace("publish", "other"))),
    "another ref of the reusable workflow": (_CALLED, github(workflow=_WORKFLOW.replace("main", "mine"))),
    "the reusable workflow of a fork": (_CALLED, github(workflow=_WORKFLOW.replace("octo-org", "mona"))),
    "the reusable workflow, called by another": (
        _CALLED,
        github("mona/octo-repo", owner_id="77", repository_id="99", workflow=_WORKFLOW),
    ),
    "the reusable workflow, on another branch": (
        _on_github(branch="main", workflow=_WORKFLOW),
        github(workflow=_WORKFLOW, context="ref:refs/heads/mine"),
    ),
    "gitlab, another branch": (_ON_GITLAB, gitlab(ref="mine")),
    "gitlab, a tag of the branch's name": (_ON_GITLAB, gitlab(ref_type="tag")),
    "gitlab, a branch that ends in the tag's": (
        _on_gitlab(tag="v1"),
        gitlab(ref="x:ref_type:tag:ref:v1"),
    ),
    "gitlab, a group that begins like it": (_ON_GITLAB, gitlab("mygroup-2/myproject")),
    "gitlab, a subgroup of the group": (_ON_GITLAB, gitlab("mygroup/sub/myproject")),
    "gitlab, a subgroup named as the group": (_ON_GITLAB, gitlab("mona/mygroup/myproject")),
    "gitlab, a project that begins like it": (_ON_GITLAB, gitlab("mygroup/myproject-2")),
    "gitlab, another audience": (_ON_GITLAB, gitlab(aud="https://vault.example.com")),
    "gitlab, another server": (_ON_GITLAB, gitlab(host="gitlab.example.com", aud="https://gitlab.com")),
    "gitlab.com, where a self-hosted server is meant": (_SELF_HOSTED, gitlab(aud="https://gitlab.example.com")),
    "gitlab, where github is meant": (_MAIN, gitlab(sub="repo:octo-org/octo-repo:ref:refs/heads/main")),
    "oidc, another subject": (_oidc(), _of_oidc(sub="system:builder:prod2")),
    "oidc, another audience": (_oidc(), _of_oidc(aud="other")),
    "oidc, another realm": (_oidc(), _of_oidc(iss="https://idp.example.com/realm2")),
}
