"""Policy documents."""

from __future__ import annotations

import json
import re
from pathlib import Path

from chaninfra.channel.policies import (
    deny_insecure_transport,
    document,
    merge,
    our_statements,
    public_read,
    same,
)

OTHERS = {
    "Sid": "Others",
    "Effect": "Allow",
    "Principal": "*",
    "Action": "s3:GetObject",
    "Resource": "arn:aws:s3:::b/x",
}


def test_the_public_policy_of_a_whole_bucket_is_that_of_pixis_page() -> None:
    page = (Path(__file__).parents[1] / "data" / "pixi-s3-page.txt").read_text()
    found = re.search(r'json title="Bucket policy" (\{.*?\} \] \})', page)
    assert found
    assert document(public_read("my-public-bucket", [""])) == json.loads(found[1])


def test_each_public_channel_is_named() -> None:
    get, list_ = public_read("b", ["stable", "team/dev"])
    assert get["Resource"] == ["arn:aws:s3:::b/stable/*", "arn:aws:s3:::b/team/dev/*"]
    assert list_["Resource"] == "arn:aws:s3:::b"


def test_statements_of_others_are_kept() -> None:
    existing = {"Version": "2008-10-17", "Id": "theirs", "Statement": OTHERS}
    merged = merge(existing, public_read("b", [""]))
    assert merged is not None
    assert (merged["Id"], len(merged["Statement"]), merged["Statement"][0]) == ("theirs", 3, OTHERS)
    assert our_statements(merged) == public_read("b", [""])
    taken_out = merge(merged, [])
    assert taken_out is not None
    assert taken_out["Statement"] == [OTHERS]


def test_where_nothing_is_left_there_is_no_policy() -> None:
    assert merge(document(public_read("b", [""])), []) is None
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
