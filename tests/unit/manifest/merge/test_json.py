"""Access keys merged into the file that RATTLER_AUTH_FILE names."""

from __future__ import annotations

import json

import pytest

from chaninfra.channel.errors import ConfigurationError
from chaninfra.manifest.merge.json import merge

ENTRY = {"s3://my-bucket": {"S3Credentials": {"access_key_id": "AKEXAMPLE", "secret_access_key": "the-secret"}}}


def test_other_entries_stay() -> None:
    merged = merge('{"prefix.dev": {"BearerToken": "ünïcode"}, "s3://my-bucket": {}}', ENTRY, "the file")
    assert json.loads(merged) == {"prefix.dev": {"BearerToken": "ünïcode"}, **ENTRY}
    assert "ünïcode" in merged
    assert merge(merged, ENTRY, "the file") == merged


def test_a_file_with_the_entry_is_unchanged() -> None:
    text = json.dumps(ENTRY, indent=7)
    assert merge(text, ENTRY, "the file") == text


@pytest.mark.parametrize("text", ["{", "[]", "1", "[" * 100_000])
def test_a_file_that_is_not_a_json_object_is_refused_without_its_content(text: str) -> None:
    with pytest.raises(ConfigurationError, match="not") as caught:
        merge(text, ENTRY, "the file")
    assert caught.value.where == "the file"
    assert text not in str(caught.value)
