"""The fields that are read from records, whether or not the record is valid."""

from __future__ import annotations

import msgspec
import pytest

from chaninfra.channel.conda.record_facts import RecordFacts, facts_in, read_facts


def test_fields_that_are_missing_have_their_default() -> None:
    assert read_facts(b'{"name": "a", "other": [1]}') == RecordFacts(name="a")


def test_a_wrong_field_is_an_error_only_if_it_is_needed() -> None:
    record = b'{"name": "a", "size": "large", "sha256": "00"}'
    assert read_facts(record, "name", "sha256") == RecordFacts(name="a", sha256="00")
    with pytest.raises(msgspec.ValidationError, match="size"):
        read_facts(record, "name", "size")


@pytest.mark.parametrize("record", [b"null", b"[]", b"{", b""])
def test_a_record_that_is_not_an_object(record: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        read_facts(record)


def test_the_identity_of_a_record() -> None:
    assert facts_in({"name": "a", "version": "1", "build": "0"}, "name", "version", "build").identity() == (
        "a",
        "1",
        "0",
    )
    with pytest.raises(msgspec.ValidationError, match="version"):
        RecordFacts(name="a", build="0").identity()
