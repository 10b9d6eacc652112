"""The rule for access of accounts, organizations and tokens that the config does not list."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from chaninfra.channel.spec.token_claims import GITHUB
from chaninfra.guard_rails import resource_types, statements
from chaninfra.guard_rails.statements import Resource, Statement
from chaninfra.guard_rails.tokens import Token, repository, tokens

_KEYS = "`publishers`, `readers`, `maintainers` or `promoters`"
_GITLAB = "gitlab.com"
# Condition keys that limit the principal `*` to named principals (IAM User Guide, "AWS global condition context keys"),
# and the operators that are false if the request lacks the key.
_PRINCIPAL_KEYS = {"aws:principalorgid", "aws:principalaccount", "aws:principalarn"}
_EXACT_OPERATORS = {"StringEquals", "ArnEquals"}
# Condition keys that limit the account on whose behalf a service acts.
_SOURCE_KEYS = {"aws:sourcearn", "aws:sourceaccount"}


def check(resource: Resource, config: Mapping[str, Any]) -> Iterator[str]:
    """A violation for each principal with access that the config does not list."""
    for violation in _foreign(resource, config):
        yield f"{resource.name}: {violation}"


def limited_to_principals(statement: Statement) -> bool:
    """Whether a condition limits a statement for everybody to named principals."""
    return any(True for _ in _exact_values(statement, _PRINCIPAL_KEYS))


def _foreign(resource: Resource, config: Mapping[str, Any]) -> Iterator[str]:
    if resource.type in (resource_types.AWS_POLICY, resource_types.POLICY) and statements.on_aws(resource):
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
        # Roles of AWS services are common; tokens are checked below.
        if of_role and kind in ("Service", "Federated"):
            continue
        for name in names:
            if kind == "Service":
                yield from _service(name, statement, config)
            elif kind != "AWS":
                yield f"{kind} {name} has access, and its account is not known"
            elif name != "*":
                yield from _account(name, config)
            elif limited_to_principals(statement):
                for key, value in _exact_values(statement, _PRINCIPAL_KEYS):
                    yield from _organization(value, config) if key.endswith("orgid") else _account(value, config)
            elif of_role:
                yield "everybody may assume this role; name its principals"
            # A bucket that everybody may read is left to the rule `public-channels`.


def _exact_values(statement: Statement, keys: set[str]) -> Iterator[tuple[str, str]]:
    """(lower-case key, value) for each value that a condition demands of one of the keys."""
    for operator, key, values in statements.conditions(statement):
        if operator in _EXACT_OPERATORS and key.lower() in keys:
            yield from ((key.lower(), value) for value in values)


def _service(name: str, statement: Statement, config: Mapping[str, Any]) -> Iterator[str]:
    sources = [value for _, value in _exact_values(statement, _SOURCE_KEYS)]
    if not sources:
        yield f"{name} has access on behalf of any account; a condition on aws:SourceArn is missing"
    for value in sources:
        yield from _account(value, config)


def _account(name: str, config: Mapping[str, Any]) -> Iterator[str]:
    allowed = set(config.get("accounts", ()))
    match = re.fullmatch(r"arn:[^:]*:[^:]+:[^:]*:(\d{12}):.+|(\d{12})", name)
    account = (match[1] or match[2]) if match else None
    if name not in allowed and account not in allowed:
        yield (
            f"{name} has access and is not allowed; remove it from {_KEYS}, or add {account or 'its ARN'} to "
            "`accounts` of this rule"
        )


def _organization(name: str, config: Mapping[str, Any]) -> Iterator[str]:
    if name not in config.get("organizations", ()):
        yield (
            f"every principal of the organization {name} has access; correct `aws.organization-id`, set `visibility` "
            "to private, or add the organization to `organizations` of this rule"
        )


def _token(token: Token, config: Mapping[str, Any]) -> Iterator[str]:
    if token.issuer in config.get("issuers", ()):
        return
    if token.issuer not in (GITHUB, _GITLAB):
        yield f"tokens of {token.issuer} have access; remove them from {_KEYS}, or add it to `issuers` of this rule"
        return
    allowed = config.get("repositories", ())
    # A subject without the full name of a repository is compared as it is, and no pattern for repositories matches it.
    for name in dict.fromkeys(repository(subject) or subject for subject in token.subjects):
        if not any(fnmatchcase(name, pattern) for pattern in allowed):
            yield f"tokens of {name} have access; remove it from {_KEYS}, or add it to `repositories` of this rule"
