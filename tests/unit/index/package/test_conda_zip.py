"""The zip table parser returns what zipfile returns, and leaves all other zips to zipfile."""

from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaninfra.index.package.conda_zip import NotAZipError, ZipEntry, contents, plain_contents
from support.channels.archives import conda, index_json, zipped
from support.example_counts import MANY

PLAIN = conda(index_json())


def by_zipfile(data: bytes) -> list[ZipEntry]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return [ZipEntry(*(getattr(entry, name) for name in ZipEntry._fields)) for entry in archive.infolist()]


def changed(**more: bytes) -> bytes:
    """A zip that does not have the simple form."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        entry = zipfile.ZipInfo("a")
        entry.extra = more.get("extra", b"")
        archive.writestr(entry, b"")
        archive.comment = more.get("comment", b"")
    return more.get("before", b"") + out.getvalue()


def test_a_package_is_read_without_zipfile() -> None:
    assert plain_contents(io.BytesIO(PLAIN)) == by_zipfile(PLAIN)
    assert next(entry.filename for entry in contents(io.BytesIO(PLAIN))) == "metadata.json"


@pytest.mark.parametrize(
    "data",
    [
        changed(comment=b"a comment"),
        changed(extra=b"UT\5\0\1\0\0\0\0"),
        changed(before=b"a program that unpacks itself"),
        zipped({"\u00fc": b""}),
        zipped({"PK\6\7": b""}),
    ],
    ids=["comment", "extra field", "something before", "name", "zip64 locator"],
)
def test_other_zips_are_read_by_zipfile(data: bytes) -> None:
    assert plain_contents(io.BytesIO(data)) is None
    assert contents(io.BytesIO(data)) == by_zipfile(data)


@MANY
@given(st.lists(st.tuples(st.integers(1, 400), st.binary(min_size=1, max_size=4)), min_size=1, max_size=3))
def test_damaged_zips_are_read_by_zipfile_or_with_the_same_result(changes: list[tuple[int, bytes]]) -> None:
    data = bytearray(PLAIN)
    for back, new in changes:
        at = max(len(data) - back, 0)
        data[at : at + len(new)] = new
    found = plain_contents(io.BytesIO(bytes(data)))
    if found is not None:
        assert found == by_zipfile(bytes(data))


@pytest.mark.parametrize("data", [b"", b"no zip", bytes(22), PLAIN[:-1]])
def test_files_that_are_not_zips(data: bytes) -> None:
    with pytest.raises(NotAZipError):
        contents(io.BytesIO(data))
