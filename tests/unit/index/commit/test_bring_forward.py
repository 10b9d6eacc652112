"""The derived files are brought forward beside other writers that do the same."""

from __future__ import annotations

from chaninfra.channel.conda.commit_stamp import Origin
from chaninfra.index.commit.authority import read_our_authority
from chaninfra.index.commit.derived_files import bring_forward
from chaninfra.index.commit.shard_reader import ShardReader
from chaninfra.index.reindex import reindex_subdir
from support.index_model.memory_subdir import JSON, ZST, MemoryChannel


def numbers(channel: MemoryChannel) -> list[int]:
    """The numbers of the commits that repodata.json and its zst are of."""
    origins = [Origin.read(channel.store.objects[key].metadata) for key in (JSON, ZST)]
    return [origin.number for origin in origins if origin]


def test_a_writer_that_finds_one_file_of_a_later_commit_and_one_of_an_earlier_brings_the_other_forward() -> None:
    # Another writer committed after it, and was killed between the two files.
    channel = MemoryChannel().skeleton()
    zst = channel.store.objects[ZST]
    channel.publish("a")
    ours = read_our_authority(channel.subdir_index)
    channel.publish("b")
    channel.store.objects[ZST] = zst
    assert numbers(channel) == [3, 1]
    bring_forward(channel.subdir_index, ours, ShardReader(channel.subdir_index), None, lambda: None, replaced=None)
    assert numbers(channel) == [3, 3]
    channel.check_formats_agree()


def test_a_reindex_replaces_no_file_of_another_tool_that_it_has_not_read() -> None:
    channel = MemoryChannel().skeleton()
    channel.publish("a")
    document = channel.repodata()
    del document["chaninfra"]
    document["first"] = True
    channel.put("repodata.json", document)
    done: list[str] = []

    def overwrite(kind: str, key: str) -> None:
        # The other tool writes once more, after the re-index has read what it wrote first.
        if kind == "put" and "/shards/" not in key and not done:
            done.append(key)
            channel.put("repodata.json", {**document, "second": True})

    channel.store.before = overwrite
    reindex_subdir(channel.subdir_index)
    assert done
    assert {"first", "second"} <= channel.repodata().keys()


def test_a_derived_file_of_the_current_number_shows_that_it_was_kept() -> None:
    channel = MemoryChannel().skeleton()
    channel.publish("a")
    channel.store.log.clear()
    channel.publish("b")
    assert [request for request in channel.store.log if "/history/" in request[1]] == [
        ("put", "c/.chaninfra/history/noarch/3")
    ]
