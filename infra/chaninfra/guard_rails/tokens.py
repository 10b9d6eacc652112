"""Which tokens of an OIDC issuer get in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chaninfra.guard_rails import statements
from chaninfra.guard_rails.statements import Resource, Statement

# An owner or a repository by its name, and then perhaps its id: see `chaninfra.channel.spec.token_claims`.
_GITHUB = re.compile(r"repo:([A-Za-z0-9_-]+)(@\d+|@\*)?/([A-Za-z0-9._-]+)(@\d+|@\*)?:(.*)")
_GITLAB = re.compile(r"project_path:([A-Za-z0-9._/-]+):.*")
_WILDCARD = re.compile(r"[*?]|\$\{")
_MINIO = "jwt"
# Claims that no other repository can have.
_REPOSITORY = ("repository", "repository_id")


@dataclass(frozen=True)
class Token:
    """What a statement asks of a token: (operator, claim, values) each."""

    issuer: str
    asked: tuple[tuple[str, str, tuple[str, ...]], ...]
    has_audience: bool

    @property
    def subjects(self) -> tuple[str, ...]:
        """The subjects that get in, each once."""
        return tuple(dict.fromkeys(value for _, claim, values in self.asked if claim == "sub" for value in values))


def check(resource: Resource, config: Mapping[str, Any]) -> Iterator[str]:
    """What tokens get in by less than their audience and their whole subject."""
    for token in tokens(resource):
        for found in _loose(token, set(config.get("subjects", ()))):
            yield f"{resource.name}: {found}"


def tokens(resource: Resource) -> list[Token]:
    """The tokens that get in by this resource, those of one kind once."""
    found = (_token(each) for each in statements.token_statements(resource) if each["Effect"] == "Allow")
    return list(dict.fromkeys(token for tokens in found for token in tokens))


def repository(subject: str) -> str | None:
    """OWNER/NAME of the repository or project that a subject names; None where it names none in full."""
    if github := _GITHUB.fullmatch(subject):
        return f"{github[1]}/{github[3]}"
    gitlab = _GITLAB.fullmatch(subject)
    return gitlab[1] if gitlab else None


def _token(statement: Statement) -> Iterator[Token]:
    asked = [
        (operator, *_issuer_and_claim(key), tuple(values)) for operator, key, values in statements.conditions(statement)
    ]
    for arn in statements.principals(statement).get("Federated", ()):
        issuer = arn.partition(":oidc-provider/")[2] or arn
        yield Token(
            issuer,
            tuple((operator, claim, values) for operator, of, claim, values in asked if of == issuer),
            any((operator, of, claim) == ("StringEquals", issuer, "aud") for operator, of, claim, _ in asked),
        )
    # MinIO looks at the audience itself, and calls the claims of every issuer alike.
    claims = tuple((operator, claim, values) for operator, of, claim, values in asked if of == _MINIO)
    if claims:
        issuers = [value for _, claim, values in claims if claim == "iss" for value in values]
        for issuer in issuers or [""]:
            yield Token(issuer.removeprefix("https://"), claims, True)


def _issuer_and_claim(key: str) -> tuple[str, str]:
    issuer, _, claim = key.rpartition(":")
    return issuer, claim


def _loose(token: Token, meant: set[str]) -> Iterator[str]:
    issuer = token.issuer or "any issuer"
    if not token.has_audience:
        yield f"tokens of {issuer} for any audience get in; a condition on `aud` is missing"
    by = [(operator, values) for operator, claim, values in token.asked if claim == "sub"]
    if not by:
        yield f"every token of {issuer} gets in; a condition on `sub` is missing"
    if any(operator == "StringEquals" for operator, _ in by):
        return
    for operator, values in by:
        if operator != "StringLike":
            # ForAllValues and …IfExists hold where there is no such claim.
            yield f"`sub` is compared by {operator}; use StringEquals"
            continue
        for subject in values:
            yield from _wildcard(token, subject, meant)


def _wildcard(token: Token, subject: str, meant: set[str]) -> Iterator[str]:
    plain = subject
    if github := _GITHUB.fullmatch(subject):
        pinned = any(
            operator == "StringEquals" and claim in ("repository", "repository_id")
            for operator, claim, _ in token.asked
        )
        # `*` for an id, the names in full: no other repository, where another claim says so.
        if pinned or "@*" not in (github[2], github[4]):
            plain = f"repo:{github[1]}/{github[3]}:{github[5]}"
    if _WILDCARD.search(plain) and plain not in meant:
        yield (
            f"the subject {plain!r} has a wildcard; name branch, tag, ref or environment in full "
            "(`publishers`, `readers`, `maintainers`), or name it in `subjects` of this rule"
        )
