"""What a value may look like, in words."""

from __future__ import annotations

import pytest

from chaninfra.channel import patterns


@pytest.mark.parametrize(
    ("value", "pattern", "told"),
    [
        ("my ci", patterns.NAME, "at most 32 letters"),
        ("a b", patterns.CHANNEL, "letters, digits"),
        ("a//b", patterns.PREFIX_TO_TRIM, "single slashes"),
        ("EU West", patterns.REGION, "letters, digits"),
        ("https://x", patterns.DOMAIN, "conda.example.com"),
        ("x", patterns.URL, "https://HOST"),
    ],
)
def test_what_a_pattern_takes_is_told(value: str, pattern: str, told: str) -> None:
    assert patterns.fault(value, pattern).startswith("is not valid; it takes ")
    assert told in patterns.fault(value, pattern)
