"""Merging our statements into a bucket policy that holds statements of others, and comparing statements."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from itertools import chain, product
from typing import Any

from chaninfra.channel.errors import RefusedError
from chaninfra.channel.policy.statements import Statement, document, one_or_list


def merge(
    existing: dict[str, Any] | None, ours: Iterable[Statement], before: Iterable[Statement]
) -> dict[str, Any] | None:
    """The policy `existing` with our statements `ours` instead of the statements with the Sids of `before`.

    `before` are the statements that this stack put earlier. Other elements of the policy (`Id`, `Version`) are kept.
    None if no statement is left: then the policy must be deleted.

    Raises RefusedError if somebody else's statement has one of our Sids and another content.
    """
    replaced = {statement["Sid"] for statement in before}
    others = [statement for statement in _statements(existing) if statement.get("Sid") not in replaced]
    wanted = list(ours)
    for statement in wanted:
        namesakes = [other for other in others if other.get("Sid") == statement["Sid"]]
        if not all(equivalent([other], [statement]) for other in namesakes):
            raise RefusedError(
                f"another statement in the bucket policy already has the Sid {statement['Sid']!r}",
                where="bucket policy",
                remedy="give that statement another Sid, or remove it",
            )
        others = [other for other in others if other not in namesakes]
    merged = document([*others, *wanted])
    return {**(existing or {}), **merged} if merged else None


def with_sids_of(existing: dict[str, Any] | None, ours: Iterable[Statement]) -> list[Statement]:
    """The statements of a policy that have the Sids of ours, with the content that they have there."""
    sids = {statement["Sid"] for statement in ours}
    return [statement for statement in _statements(existing) if statement.get("Sid") in sids]


def with_stack_suffix(statements: Iterable[Statement], *prefixes: str) -> list[Statement]:
    """The statements with a suffix on their Sids that stands for the stack, made from the prefixes of its channels.

    For an adopted bucket, to whose policy other stacks add statements too: `PublicReadGetObject` becomes
    `PublicReadGetObjectMain` for the prefix `main`. A single prefix of lower-case letters and digits is its own suffix
    (`main` → `Main`; the empty prefix gives none). Any other prefix, and several prefixes, also get six hex digits of a
    hash, because `team-a` and `team/a` would otherwise be equal. Sids may contain only letters and digits.
    """
    suffix = "".join(part.capitalize() for prefix in prefixes for part in re.split(r"[^A-Za-z0-9]+", prefix))
    if len(prefixes) != 1 or not re.fullmatch("[a-z0-9]*", prefixes[0]):
        suffix += hashlib.sha256("\n".join(prefixes).encode()).hexdigest()[:6]
    return [{**statement, "Sid": f"{statement['Sid']}{suffix}"} for statement in statements]


def left_by_lost_state(existing: dict[str, Any] | None, ours: Iterable[Statement]) -> list[Statement]:
    """Statements that this stack wrote before its state was lost.

    It then owned the bucket and used no suffix; now it adopts the bucket, so the Sids in `ours` have one. A statement
    matches if it has the same content and its Sid, without a trailing number, is the start of ours.

    They are adopted only if the whole group of `ours` with the same effect, principal and condition is there. Otherwise
    they may belong to somebody else: the statement by which everybody may list the bucket is the same for any channel.
    """
    groups: dict[str, list[Statement]] = {}
    for statement in ours:
        group_key = [statement.get(element) for element in ("Effect", "Principal", "Condition")]
        groups.setdefault(_canonical(group_key), []).append(statement)
    adopted: list[Statement] = []
    for group in groups.values():
        matches = [[other for other in _statements(existing) if _lacks_only_suffix(other, one)] for one in group]
        if all(matches):
            adopted += chain.from_iterable(matches)
    return adopted


def _lacks_only_suffix(other: Statement, ours: Statement) -> bool:
    # A number that makes equal Sids unique comes after the suffix.
    stem = str(other.get("Sid", "")).rstrip("0123456789")
    return bool(stem) and ours["Sid"].startswith(stem) and equivalent([{**other, "Sid": ours["Sid"]}], [ours])


def minimized(statements: Iterable[Statement], sid: str) -> list[Statement]:
    """Fewer statements with the same meaning; their Sids are `sid` and a number.

    versitygw stores the bucket policy in a file attribute, which on ext4 has 4 KB. Each of `statements` must allow a
    list of actions on a list of resources to one AWS principal, without a condition.
    """
    principals_of: dict[tuple[str, str], set[str]] = {}
    for statement in statements:
        for action, resource in product(statement["Action"], statement["Resource"]):
            principals_of.setdefault((action, resource), set()).add(statement["Principal"]["AWS"])
    resources_of: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (action, resource), principals in principals_of.items():
        resources_of.setdefault((action, tuple(sorted(principals))), []).append(resource)
    actions_of: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for (action, names), listed in resources_of.items():
        actions_of.setdefault((names, tuple(listed)), []).append(action)
    return [
        {
            "Sid": f"{sid}{number}",
            "Effect": "Allow",
            "Principal": {"AWS": one_or_list([*names])},
            "Action": one_or_list(actions),
            "Resource": one_or_list([*resources]),
        }
        for number, ((names, resources), actions) in enumerate(actions_of.items(), 1)
    ]


def equivalent(one: Iterable[Statement], other: Iterable[Statement]) -> bool:
    """Whether two lists of statements mean the same: stores reorder lists and turn a single value into a list."""
    return sorted(map(_canonical, one)) == sorted(map(_canonical, other))


def _canonical(value: Any) -> str:
    def plain(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            if key == "Principal" and set(value) == {"AWS"} and value["AWS"] in ("*", ["*"]):
                return "*"
            return {name: plain(item, name) for name, item in value.items()}
        if isinstance(value, list):
            return plain(value[0]) if len(value) == 1 else sorted((plain(item) for item in value), key=str)
        return value

    return json.dumps(plain(value), sort_keys=True)


def _statements(policy: dict[str, Any] | None) -> list[Statement]:
    value = (policy or {}).get("Statement", [])
    return [value] if isinstance(value, dict) else list(value)
