"""The md5 in an ETag."""

from __future__ import annotations

import pytest

from chaninfra.channel.objects import md5_in

MD5 = "900150983cd24fb0d6963f7d28e17f72"


@pytest.mark.parametrize(
    ("etag", "md5"),
    [(f'"{MD5}"', MD5), (MD5, MD5), (f'"{MD5}-2"', None), (f'"{MD5.upper()}"', None), ("", None)],
    ids=["quoted", "plain", "multipart", "upper case", "empty"],
)
def test_md5_in_an_etag(etag: str, md5: str | None) -> None:
    assert md5_in(etag) == md5
