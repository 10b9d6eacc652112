"""repodata.json: parsed and encoded again."""

from __future__ import annotations

import json

import pytest

from chaninfra.channel.conda.repodata import Repodata
from chaninfra.channel.errors import StorageError


def test_unknown_keys_are_kept() -> None:
    document = {
        "info": {"subdir": "noarch", "revision": "x"},
        "repodata_version": 1,
        "packages": {"b-1-0.tar.bz2": {"name": "b", "new-field": {"deep": [1]}}},
        "packages.conda": {},
        "removed": ["z-1-0.conda", "a-1-0.conda"],
        "v3": {"whl": {}},
    }
    encoded = Repodata.parse(json.dumps(document).encode(), where="x").encode()
    assert json.loads(encoded) == {**document, "removed": ["a-1-0.conda", "z-1-0.conda"]}
    assert Repodata.parse(encoded, where="x").encode() == encoded


@pytest.mark.parametrize(
    "data",
    [b"", b"<html>", b"[]", b'{"packages": []}', b'{"removed": {}}', b'{"info": 1}', b'{"packages": {"\xff": {}}}'],
)
def test_an_invalid_repodata_is_an_error_with_its_key(data: bytes) -> None:
    with pytest.raises(StorageError, match=r"noarch/repodata\.json: is not a valid repodata\.json"):
        Repodata.parse(data, where="noarch/repodata.json")
