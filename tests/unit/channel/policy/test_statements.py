"""Policy documents."""

from __future__ import annotations

import json
import re

import pytest

from chaninfra.channel.errors import RefusedError
from chaninfra.channel.policy.merging import found, marked, merge, same, unmarked
from chaninfra.channel.policy.statements import Statement, deny_insecure_transport, document, public_read
from support.paths import DATA

OTHERS = {
    "Sid": "Others",
    "Effect": "Allow",
    "Principal": "*",
    "Action": "s3:GetObject",
    "Resource": "arn:aws:s3:::b/x",
}


def test_the_public_policy_of_a_whole_bucket_is_that_of_pixis_page() -> None:
    page = (DATA / "pixi-s3-page.txt").read_text()
    found = re.search(r'json title="Bucket policy" (\{.*?\} \] \})', page)
    assert found
    assert document(public_read("my-public-bucket", [""])) == json.loads(found[1])


def test_each_public_channel_is_named() -> None:
    get, list_ = public_read("b", ["stable", "team/dev"])
    assert get["Resource"] == ["arn:aws:s3:::b/stable/*", "arn:aws:s3:::b/team/dev/*"]
    assert list_["Resource"] == "arn:aws:s3:::b"


def test_statements_of_others_are_kept() -> None:
    existing = {"Version": "2008-10-17", "Id": "theirs", "Statement": OTHERS}
    ours = public_read("b", [""])
    merged = merge(existing, ours, [])
    assert merged is not None
    assert (merged["Id"], len(merged["Statement"]), merged["Statement"][0]) == ("theirs", 3, OTHERS)
    assert found(merged, ours) == ours
    taken_out = merge(merged, [], ours)
    assert taken_out is not None
    assert taken_out["Statement"] == [OTHERS]


def test_a_statement_of_somebody_else_with_a_sid_of_ours_is_neither_replaced_nor_taken_out() -> None:
    theirs = {**public_read("b", ["site"])[0]}
    existing = document([theirs, OTHERS])
    with pytest.raises(RefusedError, match="PublicReadGetObject"):
        merge(existing, public_read("b", ["channel"]), [])
    ours = marked(public_read("b", ["channel"]), "team/channel")
    merged = merge(existing, ours, [])
    assert merged is not None
    assert [one["Sid"] for one in merged["Statement"]] == [
        "PublicReadGetObject",
        "Others",
        "PublicReadGetObjectTeamChannel5e6c66",
        "PublicReadListBucketTeamChannel5e6c66",
    ]
    # Nor those of a second stack in the same bucket.
    second = marked(public_read("b", ["second"]), "second")
    both = merge(merged, second, [])
    left = merge(both, [], second)
    assert left == merged


def test_what_was_lost_from_the_state_and_says_the_same_is_taken_up() -> None:
    ours = public_read("b", [""])
    assert merge(document(ours), ours, []) == document(ours)


def test_marks_that_read_the_same_differ() -> None:
    places = [["team-a"], ["team/a"], ["team", "a"], ["teama"], ["TeamA"], ["a", "b"], ["a/b"], ["ab"], ["aB"]]
    assert len({marked(public_read("b", ["x"]), *names)[0]["Sid"] for names in places}) == len(places)
    assert marked([OTHERS], "main")[0]["Sid"] == "OthersMain"
    assert marked([OTHERS], "")[0]["Sid"] == "Others"


@pytest.mark.parametrize("prefix", ["main", "team/channel"])
def test_what_a_lost_stack_put_without_a_mark_is_taken_over(prefix: str) -> None:
    plain = public_read("b", [prefix])
    rewritten = [{**one, "Action": [one["Action"]], "Principal": {"AWS": ["*"]}} for one in plain]
    ours = marked(plain, prefix)
    existing = document([OTHERS, *rewritten])
    assert unmarked(existing, ours) == rewritten
    assert merge(existing, ours, unmarked(existing, ours)) == document([OTHERS, *ours])
    # Beside what has changed since.
    assert unmarked(existing, [*ours, {**OTHERS, "Sid": "ChaninfraMain", "Principal": {"AWS": "me"}}]) == rewritten
    numbered = [{**ours[0], "Sid": f"{ours[0]['Sid']}2"}]
    assert unmarked(document([{**plain[0], "Sid": "PublicReadGetObject2"}]), numbered)


@pytest.mark.parametrize(
    "theirs",
    [
        public_read("b", ["site"]),
        public_read("b", [""]),
        [{**one, "Sid": f"Their{one['Sid']}"} for one in public_read("b", ["main"])],
        [{name: value for name, value in one.items() if name != "Sid"} for one in public_read("b", ["main"])],
        public_read("b", ["main"])[1:],
        marked(public_read("b", ["site"]), "site"),
    ],
)
def test_what_others_say_for_more_than_our_channel_is_not_taken_over(theirs: list[Statement]) -> None:
    assert unmarked(document(theirs), marked(public_read("b", ["main"]), "main")) == []


def test_where_nothing_is_left_there_is_no_policy() -> None:
    ours = public_read("b", [""])
    assert merge(document(ours), [], ours) is None
    assert document([]) is None


def test_what_a_store_rewrites_means_the_same() -> None:
    ours = [*public_read("b", ["a", "c"]), *deny_insecure_transport("b")]
    rewritten = [
        {**one, "Action": [one["Action"]], "Principal": {"AWS": ["*"]}, "Resource": _reversed(one["Resource"])}
        for one in reversed(ours)
    ]
    assert same(ours, rewritten)
    assert not same(ours, ours[1:])
    assert not same(ours, [{**one, "Effect": "Deny"} for one in ours])
    assert not same(public_read("b", ["a"]), public_read("b", ["c"]))


def _reversed(value: str | list[str]) -> list[str]:
    return value[::-1] if isinstance(value, list) else [value]
