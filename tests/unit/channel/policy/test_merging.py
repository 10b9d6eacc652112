"""Merging statements into a policy that holds statements of others, and comparing statements."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaninfra.channel.errors import RefusedError
from chaninfra.channel.policy.merging import (
    equivalent,
    left_by_lost_state,
    merge,
    minimized,
    with_sids_of,
    with_stack_suffix,
)
from chaninfra.channel.policy.permissions import statements
from chaninfra.channel.policy.statements import Statement, deny_insecure_transport, document, public_read

OTHERS = {
    "Sid": "Others",
    "Effect": "Allow",
    "Principal": "*",
    "Action": "s3:GetObject",
    "Resource": "arn:aws:s3:::b/x",
}


def test_statements_of_others_are_kept() -> None:
    existing = {"Version": "2008-10-17", "Id": "theirs", "Statement": OTHERS}
    ours = public_read("b", [""])
    merged = merge(existing, ours, [])
    assert merged is not None
    assert (merged["Id"], len(merged["Statement"]), merged["Statement"][0]) == ("theirs", 3, OTHERS)
    assert with_sids_of(merged, ours) == ours
    without_ours = merge(merged, [], ours)
    assert without_ours is not None
    assert without_ours["Statement"] == [OTHERS]


def test_a_statement_of_somebody_else_with_one_of_our_sids_is_neither_replaced_nor_removed() -> None:
    theirs = {**public_read("b", ["site"])[0]}
    existing = document([theirs, OTHERS])
    with pytest.raises(RefusedError, match="already has the Sid 'PublicReadGetObject'"):
        merge(existing, public_read("b", ["channel"]), [])
    ours = with_stack_suffix(public_read("b", ["channel"]), "team/channel")
    merged = merge(existing, ours, [])
    assert merged is not None
    assert [statement["Sid"] for statement in merged["Statement"]] == [
        "PublicReadGetObject",
        "Others",
        "PublicReadGetObjectTeamChannel5e6c66",
        "PublicReadListBucketTeamChannel5e6c66",
    ]
    # The same holds for the statements of a second stack in the bucket.
    second = with_stack_suffix(public_read("b", ["second"]), "second")
    both = merge(merged, second, [])
    assert merge(both, [], second) == merged


def test_equivalent_statements_with_our_sids_are_adopted_after_the_state_was_lost() -> None:
    ours = public_read("b", [""])
    assert merge(document(ours), ours, []) == document(ours)


def test_the_policy_is_deleted_with_its_last_statement() -> None:
    ours = public_read("b", [""])
    assert merge(document(ours), [], ours) is None


def test_stack_suffixes_differ_for_prefixes_with_the_same_letters() -> None:
    stacks = [["team-a"], ["team/a"], ["team", "a"], ["teama"], ["TeamA"], ["a", "b"], ["a/b"], ["ab"], ["aB"]]
    sids = {with_stack_suffix(public_read("b", ["x"]), *prefixes)[0]["Sid"] for prefixes in stacks}
    assert len(sids) == len(stacks)
    assert with_stack_suffix([OTHERS], "main")[0]["Sid"] == "OthersMain"
    assert with_stack_suffix([OTHERS], "")[0]["Sid"] == "Others"


@pytest.mark.parametrize("prefix", ["main", "team/channel"])
def test_statements_of_a_lost_stack_without_a_suffix_are_adopted(prefix: str) -> None:
    plain = public_read("b", [prefix])
    rewritten = [{**each, "Action": [each["Action"]], "Principal": {"AWS": ["*"]}} for each in plain]
    ours = with_stack_suffix(plain, prefix)
    existing = document([OTHERS, *rewritten])
    assert left_by_lost_state(existing, ours) == rewritten
    assert merge(existing, ours, left_by_lost_state(existing, ours)) == document([OTHERS, *ours])
    # Also if the stack has other statements by now.
    changed = [*ours, {**OTHERS, "Sid": "ChaninfraMain", "Principal": {"AWS": "me"}}]
    assert left_by_lost_state(existing, changed) == rewritten
    numbered = [{**ours[0], "Sid": f"{ours[0]['Sid']}2"}]
    assert left_by_lost_state(document([{**plain[0], "Sid": "PublicReadGetObject2"}]), numbered)


@pytest.mark.parametrize(
    "theirs",
    [
        public_read("b", ["site"]),
        public_read("b", [""]),
        [{**each, "Sid": f"Their{each['Sid']}"} for each in public_read("b", ["main"])],
        [{name: value for name, value in each.items() if name != "Sid"} for each in public_read("b", ["main"])],
        public_read("b", ["main"])[1:],
        with_stack_suffix(public_read("b", ["site"]), "site"),
    ],
)
def test_statements_that_may_be_somebody_elses_are_not_adopted(theirs: list[Statement]) -> None:
    assert left_by_lost_state(document(theirs), with_stack_suffix(public_read("b", ["main"]), "main")) == []


def test_statements_that_a_store_rewrote_are_equivalent() -> None:
    ours = [*public_read("b", ["a", "c"]), *deny_insecure_transport("b")]
    rewritten = [
        {**each, "Action": [each["Action"]], "Principal": {"AWS": ["*"]}, "Resource": _reversed(each["Resource"])}
        for each in reversed(ours)
    ]
    assert equivalent(ours, rewritten)
    assert not equivalent(ours, ours[1:])
    assert not equivalent(ours, [{**each, "Effect": "Deny"} for each in ours])
    assert not equivalent(public_read("b", ["a"]), public_read("b", ["c"]))


def _reversed(value: str | list[str]) -> list[str]:
    return value[::-1] if isinstance(value, list) else [value]


PEOPLE = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from(["reader", "publisher", "maintainer"]),
        st.sampled_from(["one", "two/three"]),
        st.sets(st.sampled_from(["noarch", "linux-64", "win-64"]), min_size=1),
    ),
    max_size=6,
)


@given(PEOPLE)
def test_minimized_statements_allow_the_same(people: list[Any]) -> None:
    many = [
        {**statement, "Principal": {"AWS": name}}
        for name, role, prefix, subdirs in people
        for statement in statements(role, bucket="my-bucket", prefix=prefix, subdirs=sorted(subdirs))
    ]
    few = minimized(many, "Keys")
    assert _allowed(few) == _allowed(many)
    assert len(few) <= max(1, len(many))
    assert len({statement["Sid"] for statement in few}) == len(few)


def _allowed(statements: list[Statement]) -> set[tuple[str, str, str]]:
    """(principal, action, resource) of each permission."""

    def several(value: str | list[str]) -> list[str]:
        return [value] if isinstance(value, str) else value

    return {
        permission
        for each in statements
        for permission in product(several(each["Principal"]["AWS"]), several(each["Action"]), several(each["Resource"]))
    }
