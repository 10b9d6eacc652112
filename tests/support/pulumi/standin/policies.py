"""Policy documents: when two are equivalent, and when one is public."""

import json
from typing import Any

# "The meaning of public" in the Amazon S3 User Guide, chapter "Blocking public access to your Amazon S3 storage": a
# statement open to everyone is not public if a condition holds one of these to a value without a wildcard.
_NARROWING = {
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:principalaccount",
    "aws:principalarn",
    "aws:sourceaccount",
    "aws:sourcearn",
    "aws:sourceip",
    "aws:sourceorgid",
    "aws:sourceowner",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:userid",
    "s3:dataaccesspointaccount",
    "s3:dataaccesspointarn",
}


def equivalent(one: object, other: object) -> bool:
    """Equivalence as in the provider (hashicorp/awspolicyequivalence): any order, and `x` equals `[x]`."""
    if not isinstance(one, str) or not isinstance(other, str):
        return one == other
    try:
        return _normal(json.loads(one)) == _normal(json.loads(other))
    except json.JSONDecodeError:
        return one == other


def as_written(before: object, now: object) -> object:
    """verify.PolicyToSet: if two policies are equivalent, the state keeps the program's text."""
    return before if equivalent(before, now) else now


def is_public(policy: str) -> bool:
    """True if S3 calls `policy` public, and so refuses it under BlockPublicPolicy."""
    return any(_is_public(statement) for statement in _listed(json.loads(policy).get("Statement")))


def _is_public(statement: dict[str, Any]) -> bool:
    if statement.get("Effect") != "Allow":
        return False
    if "NotPrincipal" in statement:
        return True
    principal = statement.get("Principal")
    names = _listed(principal.get("AWS")) if isinstance(principal, dict) else _listed(principal)
    if "*" not in names:
        return False
    return not any(
        key.lower() in _NARROWING and not any(mark in str(value) for value in _listed(values) for mark in ("*", "${"))
        for operator, keys in statement.get("Condition", {}).items()
        # A condition that holds if the key is missing (…IfExists), or for all values but one, does not restrict.
        if not operator.endswith("IfExists") and "Not" not in operator and not operator.startswith("ForAllValues")
        for key, values in keys.items()
    )


def _normal(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _normal(_listed(part) if key not in ("Version", "Id", "Sid", "Effect") else part)
            for key, part in value.items()
        }
    if isinstance(value, list):
        return sorted((_normal(part) for part in value), key=lambda part: json.dumps(part, sort_keys=True))
    return value


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
