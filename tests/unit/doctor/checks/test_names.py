"""Lists of package names for --names-from."""

from __future__ import annotations

import json

import msgspec
import pytest

from chaninfra.channel.conda.index_files import compress
from chaninfra.channel.errors import ConfigurationError
from chaninfra.doctor.checks.names import read_names

RECORDS = {"a-1-0.conda": {"name": "a"}, "b-1-0.conda": {"name": "b"}}


@pytest.mark.parametrize(
    "data",
    [
        b"a\n# c\n\nb # d\n",
        b'["a", "b"]',
        json.dumps({"packages.conda": RECORDS}).encode(),
        compress(json.dumps({"packages.conda": RECORDS}).encode(), 1),
    ],
    ids=["lines", "json", "repodata", "zst"],
)
def test_names_are_read(data: bytes) -> None:
    assert read_names(data, "names") == {"a", "b"}


def test_names_are_read_from_a_shard_index() -> None:
    document = {"version": 1, "info": {"subdir": "noarch"}, "shards": {"a": b"1" * 32, "b": b"2" * 32}}
    assert read_names(compress(msgspec.msgpack.encode(document), 1), "names") == {"a", "b"}


@pytest.mark.parametrize(
    "data", [b"", b"# nothing\n", b"{", b"[1]", b"\xff\xfe", b"two words\n", b"\x28\xb5\x2f\xfd?", b"{}"]
)
def test_a_document_without_names_is_refused(data: bytes) -> None:
    with pytest.raises(ConfigurationError, match="holds no package names"):
        read_names(data, "names")
