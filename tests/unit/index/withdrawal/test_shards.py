"""What shards tell of the bytes of a package."""

from __future__ import annotations

import pytest

from chaninfra.channel.conda.shards import Shard
from chaninfra.channel.conda.yank import Yank
from chaninfra.index.withdrawal.shards import Telling
from support.index_model.processes import file


@pytest.mark.parametrize(
    ("digest", "told"),
    [("A" * 64, {"a" * 64}), ("z" * 64, set()), ("0" * 63, set()), ("0" * 64 + "\n", set()), ("\u0660" * 64, set())],
    ids=lambda value: ascii(value)[:20],
)
def test_what_is_no_digest_is_not_told(digest: str, told: set[str]) -> None:
    """A record in a yank may have any."""
    yank = Yank(when="", record={"name": "a", "version": "1", "build": "0", "sha256": digest})
    shard = Shard(records={}, yanks={file("a"): yank.packed()})
    assert Telling("a", shard).sha256([file("a")]) == told
