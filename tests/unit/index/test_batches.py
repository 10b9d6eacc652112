"""A long re-index commits what it has read so far."""

from __future__ import annotations

import pytest

from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.conda.shards import shard_key
from chaninfra.channel.objects import ObjectBody
from chaninfra.index import batches
from chaninfra.index.reindex import reindex_subdir
from support.channels.archives import conda, index_json
from support.index_model.memory_subdir import INDEX, JSON, MemoryChannel

NAMES = [f"p{number:02}" for number in range(60)]


class KilledError(Exception):
    """Stands in for a kill of the process."""


@pytest.fixture
def channel() -> MemoryChannel:
    """A channel of packages without an index; reading a package takes twenty seconds of its clock."""
    channel = MemoryChannel()
    for name in NAMES:
        data = conda(index_json(name))
        channel.store.objects[f"c/noarch/{name}-1-0.conda"] = ObjectBody(data=data, content_type="")

    def later(kind: str, key: str) -> None:
        if kind == "get" and key.endswith("-1-0.conda"):
            channel.runtime.time += 20_000

    channel.store.before = later
    return channel


def read(channel: MemoryChannel) -> list[str]:
    return sorted({key for kind, key in channel.store.log if kind == "get" and key.endswith("-1-0.conda")})


def test_a_killed_first_index_goes_on_where_it_was(channel: MemoryChannel, monkeypatch: pytest.MonkeyPatch) -> None:
    later = channel.store.before

    def killed(kind: str, key: str) -> None:
        later(kind, key)
        if key.endswith("p50-1-0.conda"):
            raise KilledError

    monkeypatch.setattr(channel.store, "before", killed)
    with pytest.raises(KilledError):
        reindex_subdir(channel.subdir_index)
    index = ShardIndex.parse(channel.store.objects[INDEX].data)
    assert index is not None
    done = sorted(index.hashes)
    assert 3 <= len(done) < len(NAMES)
    # What a reader sees is complete.
    assert all(f"c/noarch/{shard_key(digest)}" in channel.store.objects for digest in index.hashes.values())
    channel.store.before = later
    channel.store.log.clear()
    report = reindex_subdir(channel.subdir_index)
    assert read(channel) == [f"c/noarch/{name}-1-0.conda" for name in NAMES if name not in done]
    assert report.after == len(NAMES)
    channel.check_formats_agree()


def test_the_report_has_the_packages_of_all_commits(channel: MemoryChannel) -> None:
    report = reindex_subdir(channel.subdir_index)
    assert report.before is None
    assert report.after == len(NAMES)
    assert list(report.added) == [f"{name}-1-0.conda" for name in NAMES]
    puts = [key for kind, key in channel.store.log if (kind, key) == ("put", INDEX)]
    assert len(puts) > 2
    assert [key for kind, key in channel.store.log if (kind, key) == ("put", JSON)] == [JSON]
    assert not reindex_subdir(channel.subdir_index).differed
    channel.check_formats_agree()


def test_nothing_is_committed_before_the_end_where_another_tool_has_an_index(channel: MemoryChannel) -> None:
    record = {"name": "old", "version": "1", "build": "0", "build_number": 0, "sha256": "0" * 64}
    channel.put("repodata.json", {"info": {"subdir": "noarch"}, "packages.conda": {"old-1-0.conda": record}})
    reindex_subdir(channel.subdir_index)
    assert [key for kind, key in channel.store.log if (kind, key) == ("put", INDEX)] == [INDEX]


def test_a_short_reindex_makes_one_commit(channel: MemoryChannel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "EVERY_MS", 3_600_000)
    reindex_subdir(channel.subdir_index)
    assert [key for kind, key in channel.store.log if (kind, key) == ("put", INDEX)] == [INDEX]
