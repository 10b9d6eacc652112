"""The tokens of OIDC issuers that have access, and the rule for how they are checked."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from chaninfra.channel.spec.token_claims import GITHUB
from chaninfra.guard_rails import statements
from chaninfra.guard_rails.statements import Resource, Statement

# Names of owner and repository, each perhaps with its id (`acme@1/packages@2`): see `channel.spec.token_claims`.
_GITHUB = re.compile(r"repo:([A-Za-z0-9_-]+)(@\d+|@\*)?/([A-Za-z0-9._-]+)(@\d+|@\*)?:(.*)")
_GITLAB = re.compile(r"project_path:([A-Za-z0-9._/-]+):.*")
_WILDCARD = re.compile(r"[*?]|\$\{")
# Prefix of MinIO's condition keys for the claims of any issuer: `jwt:sub`.
_MINIO = "jwt"
# Claims whose values no other repository can have.
_REPOSITORY = ("repository", "repository_id")


@dataclass(frozen=True)
class Token:
    """The conditions of a statement on a token."""

    issuer: str
    """Without its scheme: `gitlab.com`; empty if the statement accepts any issuer."""
    conditions: tuple[tuple[str, str, tuple[str, ...]], ...]
    """(operator, claim, values)."""
    has_audience: bool
    """Whether the audience is checked."""

    @property
    def subjects(self) -> tuple[str, ...]:
        """The accepted subjects, without duplicates."""
        return tuple(dict.fromkeys(value for _, claim, values in self.conditions if claim == "sub" for value in values))


def check(resource: Resource, config: Mapping[str, Any]) -> Iterator[str]:
    """A violation for each kind of token that is accepted without its audience or its full subject."""
    for token in tokens(resource):
        for violation in _loose(token, set(config.get("subjects", ()))):
            yield f"{resource.name}: {violation}"


def tokens(resource: Resource) -> list[Token]:
    """The kinds of tokens to which the resource gives access, without duplicates."""
    allowed = (each for each in statements.token_statements(resource) if each["Effect"] == "Allow")
    return list(dict.fromkeys(token for statement in allowed for token in _tokens(statement)))


def repository(subject: str) -> str | None:
    """OWNER/NAME of the repository or project in a subject; None if the subject does not have a full name."""
    if github := _GITHUB.fullmatch(subject):
        return f"{github[1]}/{github[3]}"
    gitlab = _GITLAB.fullmatch(subject)
    return gitlab[1] if gitlab else None


def by_name(resource: Resource, config: Mapping[str, Any]) -> Iterator[str]:
    """A violation for each repository of GitHub whose ids are not checked."""
    for token in tokens(resource):
        if token.issuer != GITHUB or any(
            operator == "StringEquals" and claim == "repository_id" for operator, claim, _ in token.conditions
        ):
            continue
        for name in dict.fromkeys(repository(subject) for subject in token.subjects if not _has_ids(subject)):
            if name is not None and not any(fnmatchcase(name, pattern) for pattern in config.get("repositories", ())):
                yield (
                    f"{resource.name}: {name} is trusted by its name; set `owner-id` and `repository-id` (gh api "
                    f"repos/{name} --jq '.id,.owner.id'), or add it to `repositories` of this rule"
                )


def _has_ids(subject: str) -> bool:
    github = _GITHUB.fullmatch(subject)
    return github is not None and "@*" not in (github[2], github[4]) and None not in (github[2], github[4])


def _tokens(statement: Statement) -> Iterator[Token]:
    conditions = [
        (operator, *_issuer_and_claim(key), tuple(values)) for operator, key, values in statements.conditions(statement)
    ]
    for arn in statements.principals(statement).get("Federated", ()):
        issuer = arn.partition(":oidc-provider/")[2] or arn
        yield Token(
            issuer,
            tuple((operator, claim, values) for operator, of, claim, values in conditions if of == issuer),
            any((operator, of, claim) == ("StringEquals", issuer, "aud") for operator, of, claim, _ in conditions),
        )
    # MinIO checks the audience itself, and has the same condition keys for all issuers.
    claims = tuple((operator, claim, values) for operator, of, claim, values in conditions if of == _MINIO)
    if claims:
        issuers = [value for _, claim, values in claims if claim == "iss" for value in values]
        for issuer in issuers or [""]:
            yield Token(issuer.removeprefix("https://"), claims, True)


def _issuer_and_claim(key: str) -> tuple[str, str]:
    issuer, _, claim = key.rpartition(":")
    return issuer, claim


def _loose(token: Token, allowed: set[str]) -> Iterator[str]:
    issuer = token.issuer or "any issuer"
    if not token.has_audience:
        yield f"tokens of {issuer} for any audience have access; a condition on `aud` is missing"
    on_subject = [(operator, values) for operator, claim, values in token.conditions if claim == "sub"]
    if not on_subject:
        yield f"every token of {issuer} has access; a condition on `sub` is missing"
    if any(operator == "StringEquals" for operator, _ in on_subject):
        return
    for operator, values in on_subject:
        if operator != "StringLike":
            # ForAllValues:… and …IfExists are true if the token lacks the claim.
            yield f"`sub` is compared by {operator}; use StringEquals"
            continue
        for subject in values:
            yield from _wildcard(token, subject, allowed)


def _wildcard(token: Token, subject: str, allowed: set[str]) -> Iterator[str]:
    plain = subject
    if github := _GITHUB.fullmatch(subject):
        pinned = any(operator == "StringEquals" and claim in _REPOSITORY for operator, claim, _ in token.conditions)
        # With `*` for an id, full names are enough only if another claim pins the repository.
        if pinned or "@*" not in (github[2], github[4]):
            plain = f"repo:{github[1]}/{github[3]}:{github[5]}"
    if _WILDCARD.search(plain) and plain not in allowed:
        yield (
            f"the subject {plain!r} has a wildcard; write branch, tag, ref or environment in full "
            "(`publishers`, `readers`, `maintainers`, `promoters`), or add the subject to `subjects` of this rule"
        )
