"""The statements that several policies share."""

from __future__ import annotations

import json
import re

from chaninfra.channel.policy.statements import deny_insecure_transport, document, one_or_list, public_read
from support.paths import DATA


def test_the_public_policy_of_a_whole_bucket_is_that_of_pixis_documentation() -> None:
    page = (DATA / "pixi-s3-page.txt").read_text()
    match = re.search(r'json title="Bucket policy" (\{.*?\} \] \})', page)
    assert match
    assert document(public_read("my-public-bucket", [""])) == json.loads(match[1])


def test_the_public_policy_names_each_channel() -> None:
    get, list_ = public_read("b", ["stable", "team/dev"])
    assert get["Resource"] == ["arn:aws:s3:::b/stable/*", "arn:aws:s3:::b/team/dev/*"]
    assert list_["Resource"] == "arn:aws:s3:::b"


def test_requests_without_tls_are_denied_for_the_bucket_and_its_objects() -> None:
    (statement,) = deny_insecure_transport("b", partition="aws-cn")
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert statement["Resource"] == ["arn:aws-cn:s3:::b", "arn:aws-cn:s3:::b/*"]
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_without_statements_there_is_no_document() -> None:
    assert document([]) is None


def test_a_single_value_needs_no_list() -> None:
    assert one_or_list(["a"]) == "a"
    assert one_or_list(["a", "b"]) == ["a", "b"]
