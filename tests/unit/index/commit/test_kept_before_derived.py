"""What a derived file is made from was kept before, also by a commit that changes nothing itself."""

from __future__ import annotations

from chaninfra.index.commit.change import Change
from chaninfra.index.commit.commit import commit
from support.index_model.memory_subdir import JSON, ZST, MemoryChannel

HISTORY = "c/.chaninfra/history/noarch"


def test_the_commit_of_a_killed_writer_is_kept_before_files_are_derived_from_it() -> None:
    """The next commit finds such a file, and replaces the index without asking whether it was kept."""
    channel = MemoryChannel().skeleton()
    channel.publish("a")
    before = dict(channel.store.objects)
    channel.publish("b")
    number = channel.number()
    # The writer was killed after its commit.
    del channel.store.objects[f"{HISTORY}/{number}"]
    for key in (JSON, ZST):
        channel.store.objects[key] = before[key]
    channel.store.log.clear()
    done = commit(channel.subdir_index, Change, when="changed", derive="now")
    assert (done.written, len(done.derived)) == (False, 2)
    puts = [key for kind, key in channel.store.log if kind == "put"]
    assert puts[0] == f"{HISTORY}/{number}"
    assert {*puts[1:]} == {JSON, ZST}
    channel.check_formats_agree()


def test_a_commit_that_changes_and_derives_nothing_asks_for_no_history() -> None:
    channel = MemoryChannel().skeleton()
    channel.publish("a")
    channel.store.log.clear()
    commit(channel.subdir_index, Change, when="changed", derive="now")
    assert not [key for _, key in channel.store.log if key.startswith(HISTORY)]
