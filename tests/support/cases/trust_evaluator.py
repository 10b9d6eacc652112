"""An evaluator of trust policies that follows the IAM User Guide, and the claims of tokens of GitHub and GitLab.

IAM User Guide, "IAM JSON policy elements: Condition operators": StringEquals compares exactly. In StringLike `*`
matches any number of characters (including none, `/` and `:`) and `?` exactly one. Several values are alternatives;
several keys must all match; a key that the request lacks does not match. "Policy variables": `${key}` in a value is
replaced by the request's value, and `${*}`, `${?}` and `${$}` by these characters.

The claims are those of GitHub's "OpenID Connect reference" and "Using OpenID Connect with reusable workflows", and of
GitLab's "OpenID Connect (OIDC) authentication using ID tokens".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

GITHUB = "https://token.actions.githubusercontent.com"
Claims = Mapping[str, Any]


def lets_in(policy: Mapping[str, Any], claims: Claims) -> bool:
    """Whether the policy accepts a token with these claims."""
    assert policy["Version"] == "2012-10-17"
    return any(_matches(statement, claims) for statement in policy["Statement"])


def _matches(statement: Mapping[str, Any], claims: Claims) -> bool:
    assert statement["Effect"] == "Allow"
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    issuer = str(claims.get("iss", "")).removeprefix("https://")
    if not issuer or statement["Principal"] != {"Federated": provider_arn(issuer)}:
        return False
    context = {f"{issuer}:{claim}".lower(): str(value) for claim, value in claims.items()}
    return all(
        any(_value_matches(operator, value, context, context.get(key.lower())) for value in _list(values))
        for operator, block in statement["Condition"].items()
        for key, values in block.items()
    )


def _value_matches(operator: str, value: str, context: Mapping[str, str], actual: str | None) -> bool:
    assert operator in ("StringEquals", "StringLike"), operator
    if actual is None:
        return False
    pattern = ""
    for found in re.finditer(r"\$\{([^}]*)\}|(.)", value, re.DOTALL):
        variable, character = found.groups()
        if variable in ("*", "?", "$"):
            pattern += re.escape(variable)
        elif variable is not None:
            # The condition is false if the request lacks the variable.
            if variable.lower() not in context:
                return False
            pattern += re.escape(context[variable.lower()])
        elif operator == "StringLike" and character in "*?":
            pattern += ".*" if character == "*" else "."
        else:
            pattern += re.escape(character)
    return re.fullmatch(pattern, actual, re.DOTALL) is not None


def _list(values: str | list[str]) -> list[str]:
    return [values] if isinstance(values, str) else values


def provider_arn(issuer: str) -> str:
    """The ARN of the OIDC provider of an issuer; `issuer` is without its scheme."""
    return f"arn:aws:iam::123456789012:oidc-provider/{issuer}"


def github(
    repository: str = "octo-org/octo-repo",
    *,
    context: str = "ref:refs/heads/main",
    owner_id: str = "123456",
    repository_id: str = "456789",
    old: bool = False,
    workflow: str | None = None,
    **changed: Any,
) -> dict[str, Any]:
    """The claims of a token of GitHub.

    `old`: `sub` has no ids, as in tokens of repositories created before 2026-07-15. `workflow` is the reusable workflow
    that the job calls; without one, `job_workflow_ref` is the workflow itself.
    """
    owner, _, name = repository.partition("/")
    ref = context.removeprefix("ref:").partition(":")[0] if context.startswith("ref:") else "refs/heads/main"
    named = repository if old else f"{owner}@{owner_id}/{name}@{repository_id}"
    claims = {
        "iss": GITHUB,
        "aud": "sts.amazonaws.com",
        "sub": f"repo:{named}:{context}",
        "repository": repository,
        "repository_id": repository_id,
        "repository_owner": owner,
        "repository_owner_id": owner_id,
        "ref": ref,
        "ref_type": "tag" if ref.startswith("refs/tags/") else "branch",
        "event_name": "pull_request" if context == "pull_request" else "push",
        "workflow_ref": f"{repository}/.github/workflows/ci.yml@{ref}",
        "job_workflow_ref": workflow or f"{repository}/.github/workflows/ci.yml@{ref}",
    }
    if context.startswith("environment:"):
        claims["environment"] = context.removeprefix("environment:").replace("%3A", ":")
    return {**claims, **changed}


def gitlab(
    project: str = "mygroup/myproject",
    *,
    ref: str = "main",
    ref_type: str = "branch",
    host: str = "gitlab.com",
    protected: bool = True,
    **changed: Any,
) -> dict[str, Any]:
    """The claims of an ID token of a GitLab job."""
    return {
        "iss": f"https://{host}",
        "aud": f"https://{host}",
        "sub": f"project_path:{project}:ref_type:{ref_type}:ref:{ref}",
        "project_path": project,
        "namespace_path": project.rpartition("/")[0],
        "ref": ref,
        "ref_type": ref_type,
        "ref_protected": str(protected).lower(),
        "pipeline_source": "push",
        **changed,
    }
