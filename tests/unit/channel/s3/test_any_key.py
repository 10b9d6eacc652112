"""Listings that do not have all that S3's have."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from chaninfra.channel.objects import ObjectMeta
from chaninfra.channel.s3.any_key import with_etag

LISTED = ObjectMeta(key="a/b", size=3, etag="", modified=datetime(2026, 1, 1, tzinfo=UTC))


def test_an_object_that_is_listed_without_an_etag_is_asked_for() -> None:
    there = replace(LISTED, etag='"0123"')
    asked: list[str] = []

    def head(key: str) -> ObjectMeta | None:
        asked.append(key)
        return there if key == "a/b" else None

    assert with_etag(LISTED, head) is there
    assert with_etag(replace(LISTED, key="gone"), head) is None
    assert asked == ["a/b", "gone"]
    # S3's own listings cost no request more.
    assert with_etag(there, head) is there
    assert asked == ["a/b", "gone"]
