"""The commit stamp of the authoritative index, and what the metadata of a derived file say of it."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaninfra.channel.conda.commit_stamp import METADATA, CommitStamp, Origin, first_stamp

FIRST = first_stamp(1, "one", ["z"], 1)
SECOND = FIRST.next("two", ["b", "a"], 3)
THIRD = SECOND.next("three", ["c"], 4)


def test_a_stamp_is_one_greater_than_the_one_before_it() -> None:
    assert (FIRST.number, SECOND.number, THIRD.number) == (1, 2, 3)
    assert (SECOND.revision, SECOND.count, SECOND.log) == ("two", 3, ((1, ("z",)), (2, ("a", "b"))))
    assert first_stamp(7, "adopted", [], 0).number == 7


def test_the_log_tells_which_names_were_touched() -> None:
    assert THIRD.touched_since(3) == set()
    assert THIRD.touched_since(2) == {"c"}
    assert THIRD.touched_since(1) == {"a", "b", "c"}
    # The first entry says what commit 1 touched, so it reaches back to the state before it.
    assert THIRD.touched_since(0) == {"a", "b", "c", "z"}


def test_the_log_does_not_reach_back_before_its_first_entry_or_into_the_future() -> None:
    adopted = first_stamp(7, "adopted", ["x"], 1).next("next", ["y"], 2)
    assert adopted.touched_since(7) == {"y"}
    assert adopted.touched_since(6) == {"x", "y"}
    assert adopted.touched_since(5) is None
    assert adopted.touched_since(9) is None
    assert CommitStamp(number=5, revision="without a log").touched_since(4) is None
    assert CommitStamp(number=5, revision="without a log").touched_since(5) == set()


def test_a_log_with_a_gap_does_not_bridge_it() -> None:
    gap = CommitStamp(number=9, revision="r", log=((5, ("a",)), (9, ("b",))))
    assert gap.touched_since(8) == {"b"}
    assert gap.touched_since(7) is None


def test_the_log_is_bounded() -> None:
    stamp = FIRST
    for number in range(300):
        stamp = stamp.next(str(number), [str(number)], number)
    assert [number for number, _ in stamp.log] == [*range(stamp.number - 127, stamp.number + 1)]
    assert stamp.next("large", [f"p{number}" for number in range(1025)], 0).log == ()
    assert len(stamp.next("fits", [f"p{number}" for number in range(1024)], 0).log) == 1
    # Names of other tools may be of any length, and a stamp of more than 1 MiB is not read.
    assert stamp.next("long", ["x" * (1 << 16), "y"], 0).log == ()
    assert first_stamp(1, "first index", [f"p{number}" for number in range(5000)], 5000).log == ()


@settings(deadline=None)
@given(st.lists(st.sets(st.sampled_from("abcdefgh")) | st.just({*map(str, range(400))}), max_size=200), st.data())
def test_what_the_log_tells_is_true_and_what_it_does_not_tell_is_old(
    touched: list[set[str]], data: st.DataObject
) -> None:
    stamp = first_stamp(1, "r", [], 0)
    for names in touched:
        stamp = stamp.next("r", names, 0)
    since = data.draw(st.integers(1, stamp.number))
    told = stamp.touched_since(since)
    if told is None:
        assert stamp.number - since > 128 or sum(map(len, touched[since - 1 :])) > 1024
    else:
        assert told == {name for names in touched[since - 1 :] for name in names}


@pytest.mark.parametrize("number", [0, -1, 10**16, 1 << 64, 1.5, "1", None])
def test_a_number_that_is_none_is_not_read(number: object) -> None:
    with pytest.raises((msgspec.ValidationError, OverflowError)):
        msgspec.msgpack.decode(msgspec.msgpack.encode({"number": number, "revision": "r"}), type=CommitStamp)


def test_unknown_keys_of_a_later_version_do_not_matter() -> None:
    packed = msgspec.msgpack.encode({"number": 3, "revision": "r", "later": {"deep": [1]}})
    assert msgspec.msgpack.decode(packed, type=CommitStamp) == CommitStamp(number=3, revision="r")


def test_the_metadata_of_a_derived_file() -> None:
    origin = Origin.of(12, b"{}")
    assert origin.metadata() == {METADATA: f"12 {origin.crc} 2"}
    assert Origin.read(origin.metadata()) == origin
    assert Origin.read({**origin.metadata(), "others": "stay"}) == origin
    assert origin.is_of(b"{}")
    assert origin.is_of(bytearray(b"{}"))
    assert not origin.is_of(b"{} ")
    assert not origin.is_of(b"[]")


@settings(deadline=None)
@given(st.integers(1, 10**16 - 1), st.binary(max_size=200))
def test_the_metadata_survive_a_round_trip(number: int, data: bytes) -> None:
    assert Origin.read(Origin.of(number, data).metadata()) == Origin.of(number, data)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12",
        "12 00000000",
        "0 00000000 2",
        "-1 00000000 2",
        "012 00000000 2",
        "12 0000000 2",
        "12 0000000G 2",
        "12 0000000A 2",
        "12 00000000 -2",
        "12 00000000 2 more",
        "12 00000000 2\n",
        " 12 00000000 2",
        "12  00000000 2",
        f"{10**16} 00000000 2",
        f"1 00000000 {10**12}",
        "\u0661 00000000 2",
    ],
)
def test_metadata_of_another_form_are_another_tools(text: str) -> None:
    assert Origin.read({METADATA: text}) is None


def test_an_object_without_the_metadata_is_another_tools() -> None:
    assert Origin.read({}) is None
