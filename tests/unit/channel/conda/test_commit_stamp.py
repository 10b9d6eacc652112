"""The commit stamp in `info` of repodata.json."""

from __future__ import annotations

from chaninfra.channel.conda.commit_stamp import CommitStamp, read_stamp
from chaninfra.channel.conda.repodata import Repodata

FIRST = CommitStamp(revision="1")
SECOND = FIRST.next("2", ["b", "a"])
THIRD = SECOND.next("3", ["c"])


def test_a_stamp_is_read_until_another_tool_changes_the_file() -> None:
    data = Repodata.empty("noarch").encode(SECOND)
    stamp = read_stamp(data)
    assert stamp is not None
    assert (stamp.revision, stamp.log) == ("2", (("1", ("a", "b")),))
    assert read_stamp(data + b" ") is None
    assert read_stamp(data.replace(b'"removed":[]', b'"removed":{}')) is None


def test_a_file_without_a_stamp() -> None:
    assert read_stamp(Repodata.empty("noarch").encode()) is None
    assert read_stamp(b"not json") is None


def test_the_log_tells_which_names_were_touched() -> None:
    assert THIRD.touched_since("3") == set()
    assert THIRD.touched_since("2") == {"c"}
    assert THIRD.touched_since("1") == {"a", "b", "c"}
    assert THIRD.touched_since("0") is None
    assert THIRD.touched_since(None) is None


def test_the_log_is_bounded() -> None:
    stamp = FIRST
    for number in range(100):
        stamp = stamp.next(str(number), [str(number)])
    assert len(stamp.log) == 32
    assert stamp.next("large", [f"p{number}" for number in range(1000)]).log == ()
