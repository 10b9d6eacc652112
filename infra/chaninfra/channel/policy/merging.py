"""Merging our statements into a policy that holds statements of others."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from itertools import chain, product
from typing import Any

from chaninfra.channel.errors import RefusedError
from chaninfra.channel.policy.statements import Statement, document, one_or_all


def condensed(statements: Iterable[Statement], sid: str) -> list[Statement]:
    """The same said in few statements, `sid` and a number their Sids: some servers hold a policy in 4 KB.

    Each of `statements` allows lists of actions and resources to one AWS principal, on no condition.
    """
    who: dict[tuple[str, str], set[str]] = {}
    for statement in statements:
        for action, resource in product(statement["Action"], statement["Resource"]):
            who.setdefault((action, resource), set()).add(statement["Principal"]["AWS"])
    where: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (action, resource), principals in who.items():
        where.setdefault((action, tuple(sorted(principals))), []).append(resource)
    what: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}
    for (action, names), places in where.items():
        what.setdefault((names, tuple(places)), []).append(action)
    return [
        {
            "Sid": f"{sid}{number}",
            "Effect": "Allow",
            "Principal": {"AWS": one_or_all([*names])},
            "Action": one_or_all(actions),
            "Resource": one_or_all([*resources]),
        }
        for number, ((names, resources), actions) in enumerate(what.items(), 1)
    ]


def marked(statements: Iterable[Statement], *names: str) -> list[Statement]:
    """The statements with Sids that say whose they are: those of a bucket that others have statements for, too."""
    mark = "".join(part.capitalize() for name in names for part in re.split(r"[^A-Za-z0-9]+", name))
    if len(names) != 1 or not re.fullmatch("[a-z0-9]*", names[0]):
        # Another name may read the same: `team-a` and `team/a`.
        mark += hashlib.sha256("\n".join(names).encode()).hexdigest()[:6]
    return [{**statement, "Sid": f"{statement['Sid']}{mark}"} for statement in statements]


def merge(
    existing: dict[str, Any] | None, ours: Iterable[Statement], before: Iterable[Statement]
) -> dict[str, Any] | None:
    """The existing policy with our statements in place of those that we put `before`, known by their Sids; None where
    nothing is left.

    Raises RefusedError where a statement of somebody else has one of our Sids and says something else.
    """
    replaced = {statement["Sid"] for statement in before}
    others = [statement for statement in _statements(existing) if statement.get("Sid") not in replaced]
    wanted = list(ours)
    for statement in wanted:
        namesakes = [other for other in others if other.get("Sid") == statement["Sid"]]
        if not all(same([other], [statement]) for other in namesakes):
            raise RefusedError(
                f"the bucket's policy has a statement {statement['Sid']!r} that says something else",
                where="the policy of the bucket",
                remedy="give that statement another Sid, or take it out",
            )
        others = [other for other in others if other not in namesakes]
    merged = document([*others, *wanted])
    return {**(existing or {}), **merged} if merged else None


def found(existing: dict[str, Any] | None, ours: Iterable[Statement]) -> list[Statement]:
    """Those statements of a policy that have the Sids of ours, as they are there."""
    sids = {statement["Sid"] for statement in ours}
    return [statement for statement in _statements(existing) if statement.get("Sid") in sids]


def unmarked(existing: dict[str, Any] | None, ours: Iterable[Statement]) -> list[Statement]:
    """Those statements of a policy that say what ours say by a Sid without their mark, as a stack put them whose state
    was lost.

    What ours say of the same principals on the same conditions is there as a whole, or counts as somebody else's: that
    everybody may list the bucket is said for other channels, too.
    """
    groups: dict[str, list[Statement]] = {}
    for statement in ours:
        named = [statement.get(key) for key in ("Effect", "Principal", "Condition")]
        groups.setdefault(_canonical(named), []).append(statement)
    taken: list[Statement] = []
    for group in groups.values():
        alike = [[other for other in _statements(existing) if _is_unmarked(other, one)] for one in group]
        if all(alike):
            taken += chain.from_iterable(alike)
    return taken


def _is_unmarked(other: Statement, ours: Statement) -> bool:
    # The number that tells equal Sids apart stands behind the mark.
    stem = str(other.get("Sid", "")).rstrip("0123456789")
    return bool(stem) and ours["Sid"].startswith(stem) and same([{**other, "Sid": ours["Sid"]}], [ours])


def same(one: Iterable[Statement], other: Iterable[Statement]) -> bool:
    """Whether two lists of statements mean the same: stores reorder them and rewrite a value as a list of one."""
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
    found = (policy or {}).get("Statement", [])
    return [found] if isinstance(found, dict) else list(found)
