"""Trust policies: which tokens of an OIDC issuer may become a role. Pure functions that return dicts.

Every policy checks `aud` and `sub`; values without a wildcard by StringEquals. A pattern that somebody else's token
could match is refused: in the part that names the owner there is never a wildcard. ForAllValues is never used, since it
holds where the claim is missing.

Sources: GitHub docs, "OpenID Connect reference" (subject claims, immutable subject claims, `%3A` in environments);
GitLab docs, "OpenID Connect in AWS" (`sub`); AWS IAM User Guide, "IAM and AWS STS condition context keys".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from chaninfra.channel.config.principals import GitHub, GitLab, Oidc, PrincipalConfig
from chaninfra.channel.errors import ConfigurationError

_GITHUB_REPOSITORY = r"[A-Za-z0-9_-]+/[A-Za-z0-9._-]+"

GITHUB = "token.actions.githubusercontent.com"


@dataclass(frozen=True, kw_only=True)
class TokenClaims:
    """What a token must hold: `issuer` is a URL without its scheme, `claims` claim → the values that may be there."""

    issuer: str
    audience: str
    claims: dict[str, tuple[str, ...]]

    def statement(self, provider_arn: str) -> dict[str, Any]:
        """The statement of a trust policy that lets such tokens in."""
        conditions: dict[str, dict[str, Any]] = {}
        for claim, values in {"aud": (self.audience,), **self.claims}.items():
            operator = "StringLike" if any("*" in value for value in values) else "StringEquals"
            found = values[0] if len(values) == 1 else list(values)
            conditions.setdefault(operator, {})[f"{self.issuer}:{claim}"] = found
        return {
            "Effect": "Allow",
            "Principal": {"Federated": provider_arn},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": conditions,
        }


def claims_of(principal: PrincipalConfig, *, where: str, by_sub: str | None = None) -> TokenClaims | None:
    """What the principal's tokens hold; None for one that has none (an ARN, a key).

    `by_sub` names who judges them, where that one knows no claim but `aud` and `sub`.
    Raises ConfigurationError for a principal of no kind or of several, and for what somebody else's token could match.
    """
    kind = kind_of(principal, where)
    make = _KINDS.get(kind)
    found = make(getattr(principal, kind), f"{where}.{kind}") if make else None
    return _sub_only(found, principal, where, by_sub) if found and by_sub else found


def _sub_only(found: TokenClaims, principal: PrincipalConfig, where: str, judge: str) -> TokenClaims:
    """The same for one who knows `aud` and `sub` only, so that a condition on another claim never holds."""
    if set(found.claims) == {"sub"}:
        return found
    who = principal.github
    if who is None or who.repository_id is None or who.workflow is not None:
        raise ConfigurationError(
            f"{judge} knows `aud` and `sub` of a token and nothing else",
            where=f"{where}.github",
            remedy="give owner-id and repository-id, which newer repositories have in `sub`, and no `workflow`",
        )
    pinned = tuple(subject for subject in found.claims["sub"] if f"@{who.repository_id}:" in subject)
    return replace(found, claims={"sub": pinned})


def kind_of(principal: PrincipalConfig, where: str) -> str:
    """The one key that says who it is. Raises ConfigurationError where there is none, or more."""
    kinds = [field.name for field in msgspec.structs.fields(PrincipalConfig)]
    given = [kind for kind in kinds if getattr(principal, kind) is not None]
    if len(given) != 1:
        raise ConfigurationError(
            f"says {' and '.join(given) or 'nothing'} of who it is",
            where=where,
            remedy=f"give exactly one of {', '.join(kinds)}",
        )
    return given[0]


def _github(who: GitHub, where: str) -> TokenClaims:
    owner, repository = _owned(who.repository, _GITHUB_REPOSITORY, f"{where}.repository").split("/")
    if (who.owner_id is None) != (who.repository_id is None):
        raise ConfigurationError("owner-id and repository-id go together", where=where, remedy="give both, or neither")
    context = _github_context(who, where)
    names = [f"{owner}/{repository}"]
    claims: dict[str, tuple[str, ...]] = {}
    if who.owner_id and who.repository_id:
        names.append(f"{owner}@{who.owner_id}/{repository}@{who.repository_id}")
        # The older form of `sub` has names only; with this it is pinned as well.
        claims["repository_id"] = (who.repository_id,)
    else:
        # No name holds an @, so the owner is this one. What follows could be found further on in the `sub` of another
        # repository of the owner's, which may compose it as it likes ("Customizing the subject claims").
        names.append(f"{owner}@*/{repository}@*")
        claims["repository"] = (who.repository,)
    if who.workflow is not None:
        claims["job_workflow_ref"] = (_workflow(who.workflow, f"{where}.workflow"),)
    _full(who.audience, f"{where}.audience")
    subjects = tuple(f"repo:{name}:{context}" for name in names)
    return TokenClaims(issuer=GITHUB, audience=who.audience, claims={"sub": subjects, **claims})


def _github_context(who: GitHub, where: str) -> str:
    contexts = {
        "branch": f"ref:refs/heads/{who.branch}" if who.branch else None,
        "tag": f"ref:refs/tags/{who.tag}" if who.tag else None,
        "ref": f"ref:{who.ref}" if who.ref else None,
        "environment": f"environment:{who.environment.replace(':', '%3A')}" if who.environment else None,
        "pull-request": "pull_request" if who.pull_request else None,
    }
    given = {key: value for key, value in contexts.items() if value is not None}
    if len(given) > 1 or not (given or who.workflow):
        raise ConfigurationError(
            f"names {' and '.join(given) or 'no part'} of the repository's runs",
            where=where,
            remedy=f"give exactly one of {', '.join(contexts)}"
            + ("" if given else "; or a reusable `workflow`, which alone may then get in from any of them"),
        )
    if who.environment:
        _full(who.environment, f"{where}.environment")
    for key, name in {"branch": who.branch, "tag": who.tag}.items():
        if name and name.startswith("refs/"):
            raise ConfigurationError(
                f"{name!r} is a ref in full", where=f"{where}.{key}", remedy=f"write the {key}'s name, or use `ref`"
            )
    for key in ("branch", "tag", "ref"):
        value = given.get(key, "").removeprefix("ref:")
        _ref(value, f"{where}.{key}")
        if value and not value.startswith("refs/"):
            raise ConfigurationError(
                f"{value!r} is no ref in full", where=f"{where}.{key}", remedy="write refs/heads/… or refs/tags/…"
            )
    return next(iter(given.values()), "*")


def _workflow(value: str, where: str) -> str:
    path, _, ref = value.partition("@")
    _owned(path, _GITHUB_REPOSITORY + r"/\.github/workflows/[A-Za-z0-9._-]+\.ya?ml", where)
    if not ref or ref.startswith("*"):
        raise ConfigurationError(
            "has no ref", where=where, remedy="write OWNER/REPO/.github/workflows/FILE.yml@refs/heads/BRANCH"
        )
    _ref(ref, where)
    return value


def _gitlab(who: GitLab, where: str) -> TokenClaims:
    project = _owned(who.project, r"[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)+", f"{where}.project")
    given = {"branch": who.branch, "tag": who.tag}
    chosen = [(kind, ref) for kind, ref in given.items() if ref is not None]
    if len(chosen) != 1:
        raise ConfigurationError(
            "names no ref of the project, or two", where=where, remedy="give exactly one of branch, tag"
        )
    kind, ref = chosen[0]
    _ref(ref, f"{where}.{kind}")
    if not re.fullmatch(r"[A-Za-z0-9.-]+(/[A-Za-z0-9._-]+)*", who.host):
        raise ConfigurationError(
            f"{who.host!r} is no host",
            where=f"{where}.host",
            remedy="write its name, without https:// and without a port",
        )
    if who.audience is not None:
        _full(who.audience, f"{where}.audience")
    subject = f"project_path:{project}:ref_type:{kind}:ref:{ref}"
    return TokenClaims(issuer=who.host, audience=who.audience or f"https://{who.host}", claims={"sub": (subject,)})


def _oidc(who: Oidc, where: str) -> TokenClaims:
    _full(who.subject, f"{where}.subject")
    _full(who.audience, f"{where}.audience")
    issuer = who.issuer.removeprefix("https://")
    return TokenClaims(issuer=issuer, audience=who.audience, claims={"sub": (who.subject,)})


_KINDS: dict[str, Callable[[Any, str], TokenClaims]] = {"github": _github, "gitlab": _gitlab, "oidc": _oidc}


def _full(value: str, where: str) -> None:
    """Raises ConfigurationError where `value` is not meant as it stands, but as a pattern."""
    for mark, name in {"*": "wildcard", "?": "wildcard", "${": "variable"}.items():
        if mark in value:
            raise ConfigurationError(
                f"{value!r} has a {name}: tokens that are not meant could match it",
                where=where,
                remedy="write it in full; several principals may share a channel",
            )


def _ref(value: str, where: str) -> None:
    """Raises ConfigurationError where `value` is no ref, nor one with `*` for a part of it."""
    # `${` would be a variable of the policy's, `?` a wildcard.
    if re.search(r"[\s:?]|\$\{", value):
        raise ConfigurationError(
            f"{value!r} is no ref", where=where, remedy="take out spaces, colons, ? and ${; `*` stands for any part"
        )


def _owned(value: str, form: str, where: str) -> str:
    """`value`, which names an owner. Raises ConfigurationError for a wildcard in it, or another form."""
    if "*" in value or "?" in value:
        raise ConfigurationError(
            f"{value!r} has a wildcard: a name that another owner takes could match it",
            where=where,
            remedy="name owner and repository in full; several principals may share a channel",
        )
    if not re.fullmatch(form, value):
        raise ConfigurationError(f"{value!r} is not valid", where=where, remedy="write OWNER/NAME")
    return value
