"""Claims that the token of a principal must carry: the input of its trust policy.

Every `TokenClaims` names `aud` and `sub`. A value without `*` must match exactly. A pattern that the token of another
owner could match is refused: the part of a value that names the owner never has a wildcard.

Sources: GitHub docs, "OpenID Connect reference" (subject claims, immutable subject claims, `%3A` in environments);
GitLab docs, "OpenID Connect in AWS" (`sub`); AWS IAM User Guide, "IAM and AWS STS condition context keys".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import msgspec

from chaninfra.channel.config.principals import GitHub, GitLab, Oidc, PrincipalConfig
from chaninfra.channel.errors import ConfigurationError

_FULL_REF = "refs/(?:heads|tags)/"
_GITHUB_REPOSITORY = r"[A-Za-z0-9_-]+/[A-Za-z0-9._-]+"

GITHUB = "token.actions.githubusercontent.com"
"""The issuer of GitHub's tokens, without https://."""


@dataclass(frozen=True, kw_only=True)
class TokenClaims:
    """The claims that a token must carry to assume a role."""

    issuer: str
    """The issuer's URL without https://, for example `gitlab.com`."""
    audience: str
    """The value of `aud`."""
    claims: dict[str, tuple[str, ...]]
    """Claim → the values that it may have; `sub` is always there. `*` in a value stands for any text."""

    @property
    def by_name(self) -> bool:
        """Whether a repository is trusted by its name only, which another owner can take over."""
        return "repository" in self.claims


class _Place(NamedTuple):
    """Where in a document a principal or a part of it is: the document, and the path of the key."""

    where: str
    key: tuple[str, ...]

    def below(self, key: str) -> _Place:
        return _Place(self.where, (*self.key, key))

    def error(self, message: str, *, remedy: str) -> ConfigurationError:
        return ConfigurationError(message, where=self.where, key=self.key, remedy=remedy)


def claims_of(
    principal: PrincipalConfig, *, where: str, key: tuple[str, ...] = (), sub_only_verifier: str | None = None
) -> TokenClaims | None:
    """The claims that the principal's tokens must carry; None for a principal without tokens (`arn`, `key`).

    `where` and `key` say where the principal is configured. `sub_only_verifier` is the name of the token's verifier if
    it evaluates no claim but `aud` and `sub` (see `spec.principals.sub_only_verifier`).
    Raises ConfigurationError for a principal of no kind or of several, and for claims that somebody else's token could
    carry.
    """
    place = _Place(where, key)
    kind = kind_of(principal, where, key)
    build = _BUILDERS.get(kind)
    if build is None:
        return None
    claims = build(getattr(principal, kind), place.below(kind))
    return _sub_only(claims, principal, place, sub_only_verifier) if sub_only_verifier else claims


def _sub_only(claims: TokenClaims, principal: PrincipalConfig, place: _Place, verifier: str) -> TokenClaims:
    """Claims for verifiers that see only `aud` and `sub` (MinIO, IAM outside the partition aws).

    Owner id and repository id must then be in `sub` itself, where GitHub puts them for newer repositories. Raises
    ConfigurationError if the config does not give them.
    """
    if set(claims.claims) == {"sub"}:
        return claims
    github = principal.github
    if github is None or github.repository_id is None or github.workflow is not None:
        raise place.below("github").error(
            f"{verifier} evaluates only the claims aud and sub of a token",
            remedy="set `owner-id` and `repository-id`, which the sub of newer repositories contains, and remove "
            "`workflow`",
        )
    pinned = tuple(subject for subject in claims.claims["sub"] if f"@{github.repository_id}:" in subject)
    return replace(claims, claims={"sub": pinned})


def kind_of(principal: PrincipalConfig, where: str, key: tuple[str, ...] = ()) -> str:
    """The kind of a principal: the one key that is set (`github`, `gitlab`, `oidc`, `key` or `arn`).

    Raises ConfigurationError if none or several are set.
    """
    kinds = [field.name for field in msgspec.structs.fields(PrincipalConfig)]
    given = [kind for kind in kinds if getattr(principal, kind) is not None]
    if len(given) != 1:
        raise _Place(where, key).error(
            f"has {_quoted(given, ' and ') or 'no kind of principal'}", remedy=f"set exactly one of {_quoted(kinds)}"
        )
    return given[0]


def _github(github: GitHub, place: _Place) -> TokenClaims:
    _check_name(github.repository, _GITHUB_REPOSITORY, place.below("repository"))
    owner, repository = github.repository.split("/")
    if (github.owner_id is None) != (github.repository_id is None):
        raise place.error("`owner-id` and `repository-id` go together", remedy="set both, or neither")
    context = _github_context(github, place)
    names = [f"{owner}/{repository}"]
    claims: dict[str, tuple[str, ...]] = {}
    if github.owner_id and github.repository_id:
        names.append(f"{owner}@{github.owner_id}/{repository}@{github.repository_id}")
        # The older form of `sub` has names only; this claim pins the repository for it too.
        claims["repository_id"] = (github.repository_id,)
    else:
        # No GitHub name contains an @, so the first part is this owner. The rest of the pattern could match the end of
        # the `sub` of another repository of the same owner, since a repository may customize its `sub` ("Customizing
        # the subject claims"); the claim `repository` excludes that.
        names.append(f"{owner}@*/{repository}@*")
        claims["repository"] = (github.repository,)
    if github.workflow is not None:
        _check_workflow(github.workflow, place.below("workflow"))
        claims["job_workflow_ref"] = (github.workflow,)
    _check_literal(github.audience, place.below("audience"))
    subjects = tuple(f"repo:{name}:{context}" for name in names)
    return TokenClaims(issuer=GITHUB, audience=github.audience, claims={"sub": subjects, **claims})


def _github_context(github: GitHub, place: _Place) -> str:
    """The last part of `sub`, for example `ref:refs/heads/main`."""
    contexts = {
        "branch": f"ref:refs/heads/{github.branch}" if github.branch else None,
        "tag": f"ref:refs/tags/{github.tag}" if github.tag else None,
        "ref": f"ref:{github.ref}" if github.ref else None,
        "environment": f"environment:{github.environment.replace(':', '%3A')}" if github.environment else None,
        "pull-request": "pull_request" if github.pull_request else None,
    }
    given = {key: value for key, value in contexts.items() if value is not None}
    if len(given) > 1:
        raise place.error(f"has {_quoted(given, ' and ')}", remedy=f"set exactly one of {_quoted(contexts)}")
    if not given:
        # A reusable workflow can be called by a run for a pull request, and on any branch.
        raise place.error(
            "does not say which workflow runs of the repository"
            + (": a pull request or any branch could call `workflow`" if github.workflow else ""),
            remedy=f"set exactly one of {_quoted(contexts)}",
        )
    if github.environment:
        _check_literal(github.environment, place.below("environment"))
    for key, name in {"branch": github.branch, "tag": github.tag}.items():
        if name and name.startswith("refs/"):
            raise place.below(key).error(f"{name!r} is a full ref", remedy=f"write the {key}'s name, or use `ref`")
    for key in ("branch", "tag", "ref"):
        value = given.get(key, "").removeprefix("ref:")
        _check_ref(value, place.below(key))
        if value and not re.match(_FULL_REF, value):
            raise place.below(key).error(f"{value!r} is not a full ref", remedy="write refs/heads/… or refs/tags/…")
    return next(iter(given.values()))


def _check_workflow(value: str, place: _Place) -> None:
    """Raise ConfigurationError if `value` is not a reusable workflow with its ref."""
    path, _, ref = value.partition("@")
    _check_name(path, _GITHUB_REPOSITORY + r"/\.github/workflows/[A-Za-z0-9._-]+\.ya?ml", place)
    remedy = "write OWNER/REPO/.github/workflows/FILE.yml@refs/heads/BRANCH, or @refs/tags/TAG, or @COMMIT"
    if not ref or ref.startswith("*"):
        raise place.error("has no ref", remedy=remedy)
    _check_ref(ref, place)
    if not re.fullmatch(rf"{_FULL_REF}[^*].*|[0-9a-f]{{40}}", ref):
        # refs/* would match the refs of pull requests, refs/heads/* every branch that somebody pushes.
        raise place.error(f"{ref!r} is not one ref, or names that begin alike", remedy=remedy)


def _gitlab(gitlab: GitLab, place: _Place) -> TokenClaims:
    _check_name(gitlab.project, r"[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)+", place.below("project"))
    given = [(kind, ref) for kind, ref in (("branch", gitlab.branch), ("tag", gitlab.tag)) if ref is not None]
    if len(given) != 1:
        raise place.error(
            f"has {'both' if given else 'neither'} `branch` {'and' if given else 'nor'} `tag`",
            remedy="set exactly one of `branch`, `tag`",
        )
    kind, ref = given[0]
    _check_ref(ref, place.below(kind))
    if not re.fullmatch(r"[A-Za-z0-9.-]+(/[A-Za-z0-9._-]+)*", gitlab.host):
        raise place.below("host").error(
            f"{gitlab.host!r} is not a host name", remedy="write the name, without https:// and without a port"
        )
    if gitlab.audience is not None:
        _check_literal(gitlab.audience, place.below("audience"))
    subject = f"project_path:{gitlab.project}:ref_type:{kind}:ref:{ref}"
    audience = gitlab.audience or f"https://{gitlab.host}"
    return TokenClaims(issuer=gitlab.host, audience=audience, claims={"sub": (subject,)})


def _oidc(oidc: Oidc, place: _Place) -> TokenClaims:
    _check_literal(oidc.subject, place.below("subject"))
    _check_literal(oidc.audience, place.below("audience"))
    issuer = oidc.issuer.removeprefix("https://")
    return TokenClaims(issuer=issuer, audience=oidc.audience, claims={"sub": (oidc.subject,)})


_BUILDERS: dict[str, Callable[[Any, _Place], TokenClaims]] = {"github": _github, "gitlab": _gitlab, "oidc": _oidc}


def _check_literal(value: str, place: _Place) -> None:
    """Raise ConfigurationError if IAM would read `value` as a pattern or a policy variable."""
    for mark, name in {"*": "wildcard", "?": "wildcard", "${": "variable"}.items():
        if mark in value:
            raise place.error(
                f"{value!r} has a {name}: tokens of others could match it",
                remedy="write the value in full; for several values, add several principals",
            )


def _check_ref(value: str, place: _Place) -> None:
    """Raise ConfigurationError if `value` is neither a ref nor a ref with `*` for a part of it."""
    # In a policy, `${` starts a variable and `?` is a wildcard; a colon separates the parts of `sub`.
    if re.search(r"[\s:?\x00-\x1f\x7f]|\$\{", value):
        raise place.error(
            f"{value!r} is not a ref", remedy="remove spaces, colons, ? and ${; * stands for any part of the name"
        )


def _check_name(value: str, form: str, place: _Place) -> None:
    """Raise ConfigurationError if `value`, which names an owner, has a wildcard or does not match the regex `form`."""
    if "*" in value or "?" in value:
        raise place.error(
            f"{value!r} has a wildcard: names of other owners could match it",
            remedy="write owner and repository in full; for several repositories, add several principals",
        )
    if not re.fullmatch(form, value):
        raise place.error(f"{value!r} is not valid", remedy="write OWNER/NAME")


def _quoted(keys: Any, separator: str = ", ") -> str:
    return separator.join(f"`{key}`" for key in keys)
