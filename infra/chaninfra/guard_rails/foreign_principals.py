"""Who has access by name: accounts, organizations, and the tokens of issuers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from chaninfra.channel.spec.token_claims import GITHUB
from chaninfra.guard_rails import statements
from chaninfra.guard_rails.statements import Resource, Statement
from chaninfra.guard_rails.tokens import Token, repository, tokens

_KEYS = "`publishers`, `readers` or `maintainers`"
_GITLAB = "gitlab.com"
# Conditions that say by name who of everybody is meant (IAM User Guide, "AWS global condition context keys"), and that
# do not hold where there is no such key in the request.
_BY_NAME = {"aws:principalorgid", "aws:principalaccount", "aws:principalarn"}
_EXACT = {"StringEquals", "ArnEquals"}
_OF_SERVICE = {"aws:sourcearn", "aws:sourceaccount"}


def check(resource: Resource, config: Mapping[str, Any]) -> Iterator[str]:
    """Who has access and is not named in the config."""
    for found in _foreign(resource, config):
        yield f"{resource.name}: {found}"


def narrowed(statement: Statement) -> bool:
    """Whether a statement about everybody means only who is named by a condition."""
    return any(True for _ in _named(statement, _BY_NAME))


def _foreign(resource: Resource, config: Mapping[str, Any]) -> Iterator[str]:
    if resource.type in (statements.AWS_POLICY, statements.POLICY) and statements.on_aws(resource):
        for statement in statements.bucket_statements(resource):
            yield from _principals(statement, config, of_role=False)
    for statement in statements.role_statements(resource):
        yield from _principals(statement, config, of_role=True)
    for token in tokens(resource):
        yield from _token(token, config)


def _principals(statement: Statement, config: Mapping[str, Any], *, of_role: bool) -> Iterator[str]:
    if statement["Effect"] != "Allow":
        return
    for kind, names in statements.principals(statement).items():
        # Roles of services are everyday; tokens are looked at below.
        if of_role and kind in ("Service", "Federated"):
            continue
        for name in names:
            if kind == "Service":
                yield from _service(name, statement, config)
            elif kind != "AWS":
                yield f"{kind} {name} has access, whose account cannot be told"
            elif name != "*":
                yield from _account(name, config)
            elif narrowed(statement):
                for key, value in _named(statement, _BY_NAME):
                    yield from _organization(value, config) if key.endswith("orgid") else _account(value, config)
            elif of_role:
                yield "everybody may become this role; name who may"
            # A bucket that everybody reads is for the rule of public channels to judge.


def _named(statement: Statement, keys: set[str]) -> Iterator[tuple[str, str]]:
    for operator, key, values in statements.conditions(statement):
        if operator in _EXACT and key.lower() in keys:
            yield from ((key.lower(), value) for value in values)


def _service(name: str, statement: Statement, config: Mapping[str, Any]) -> Iterator[str]:
    asked = [value for _, value in _named(statement, _OF_SERVICE)]
    if not asked:
        yield f"{name} has access on behalf of whichever account asks it to; a condition on aws:SourceArn is missing"
    for value in asked:
        yield from _account(value, config)


def _account(name: str, config: Mapping[str, Any]) -> Iterator[str]:
    allowed = set(config.get("accounts", ()))
    found = re.fullmatch(r"arn:[^:]*:[^:]+:[^:]*:(\d{12}):.+|(\d{12})", name)
    account = (found[1] or found[2]) if found else None
    if name not in allowed and account not in allowed:
        yield f"{name} is no principal of yours; take it out of {_KEYS}, or name {_accounts(account)} of this rule"


def _accounts(account: str | None) -> str:
    return f"{account} in `accounts`" if account else "its ARN in `accounts`"


def _organization(name: str, config: Mapping[str, Any]) -> Iterator[str]:
    if name not in config.get("organizations", ()):
        yield (
            f"all of the organization {name} has access; mend `aws.organization-id`, set `visibility` to private, or "
            "name it in `organizations` of this rule"
        )


def _token(token: Token, config: Mapping[str, Any]) -> Iterator[str]:
    if token.issuer in config.get("issuers", ()):
        return
    if token.issuer not in (GITHUB, _GITLAB):
        yield f"tokens of {token.issuer} get in; take them out of {_KEYS}, or name it in `issuers` of this rule"
        return
    allowed = config.get("repositories", ())
    # A subject that names no repository in full is matched as it stands, which no pattern for repositories is like.
    for name in dict.fromkeys(repository(subject) or subject for subject in token.subjects):
        if not any(fnmatchcase(name, pattern) for pattern in allowed):
            yield (f"tokens of {name} get in; take it out of {_KEYS}, or name it in `repositories` of this rule")
