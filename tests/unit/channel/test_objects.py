"""The md5 in an ETag."""

from __future__ import annotations

import hashlib

import pytest

from chaninfra.channel.objects import is_etag_of, md5_in

MD5 = "900150983cd24fb0d6963f7d28e17f72"


@pytest.mark.parametrize(
    ("etag", "md5"),
    [(f'"{MD5}"', MD5), (MD5, MD5), (f'"{MD5}-2"', None), (f'"{MD5.upper()}"', None), ("", None)],
    ids=["quoted", "plain", "multipart", "upper case", "empty"],
)
def test_md5_in_an_etag(etag: str, md5: str | None) -> None:
    assert md5_in(etag) == md5


@pytest.mark.parametrize(
    ("etag", "same"),
    [
        (f'"{MD5}"', True),
        # hashlib.md5(bytes.fromhex(MD5)).hexdigest()
        ('"ONE-1"', True),
        ("ONE-1", True),
        ('"ONE-2"', False),
        ('"ONE"', False),
        (f'"{MD5}-1"', False),
        ("", False),
    ],
    ids=["md5", "one part", "unquoted", "two parts", "md5 of the md5", "one part of another", "empty"],
)
def test_the_etags_of_bytes_with_an_md5(etag: str, same: bool) -> None:
    one = hashlib.md5(bytes.fromhex(MD5), usedforsecurity=False).hexdigest()
    assert is_etag_of(etag.replace("ONE", one), MD5) == same


def test_no_etag_is_that_of_an_unknown_md5() -> None:
    assert not is_etag_of("", None)
    assert not is_etag_of("x-1", "x")
