"""left-out.json: what it says, and what is none."""

from __future__ import annotations

import pytest

from chaninfra.channel.errors import ConflictError, StorageError
from chaninfra.channel.objects import IfAbsent, ObjectBody
from chaninfra.index.left_out_json import MOST, left_out_package, read_left_out, update_left_out
from support.index_model.memory_store import MemoryStore, SequentialRuntime

KEY = "c/.chaninfra/left-out.json"
BROKEN = left_out_package("is broken", "mend it", "unreadable", 5, '"1"', "ab")


def stored(data: bytes) -> MemoryStore:
    store = MemoryStore()
    store.objects[KEY] = ObjectBody(data=data, content_type="")
    return store


def test_what_is_found_is_added_and_what_is_fine_is_taken_out() -> None:
    store, runtime = MemoryStore(), SequentialRuntime()
    assert read_left_out(store, KEY)[1] == IfAbsent()
    update_left_out(store, runtime, KEY, {"noarch/a-1-0.conda": BROKEN, "noarch/b-1-0.conda": BROKEN}, ())
    # The time is when it was found first.
    later = left_out_package("is broken", "mend it", "unreadable", 9, '"1"', "ab")
    update_left_out(store, runtime, KEY, {"noarch/a-1-0.conda": later}, {"noarch/b-1-0.conda", "noarch/c-1-0.conda"})
    assert read_left_out(store, KEY)[0].packages == {"noarch/a-1-0.conda": BROKEN}
    before = store.requests["put"]
    update_left_out(store, runtime, KEY, {"noarch/a-1-0.conda": later}, {"noarch/b-1-0.conda"})
    assert store.requests["put"] == before


def test_two_writers_lose_nothing() -> None:
    store, runtime = MemoryStore(), SequentialRuntime()
    others = [{"noarch/b-1-0.conda": BROKEN}]

    def before(kind: str, key: str) -> None:
        if kind == "put" and others:
            update_left_out(store, runtime, KEY, others.pop(), ())

    store.before = before
    update_left_out(store, runtime, KEY, {"noarch/a-1-0.conda": BROKEN}, ())
    assert read_left_out(store, KEY)[0].packages.keys() == {"noarch/a-1-0.conda", "noarch/b-1-0.conda"}


def test_a_writer_that_always_loses_gives_up() -> None:
    store = MemoryStore()

    def before(kind: str, key: str) -> None:
        if kind == "put":
            raise ConflictError("lost")

    store.before = before
    with pytest.raises(ConflictError, match=r"changed \.chaninfra/left-out\.json first"):
        update_left_out(store, SequentialRuntime(), KEY, {"noarch/a-1-0.conda": BROKEN}, ())


def test_it_has_an_end() -> None:
    store = MemoryStore()
    found = {f"noarch/a-{number}-0.conda": BROKEN for number in range(MOST + 10)}
    assert len(update_left_out(store, SequentialRuntime(), KEY, found, ()).packages) == MOST


def test_long_texts_do_not_make_it_too_large_to_be_read() -> None:
    store, wide = MemoryStore(), "\U00020000" * 1000
    long = left_out_package(wide, wide, "unreadable", 5, '"1"', "ab")
    update_left_out(store, SequentialRuntime(), KEY, {f"noarch/a-{number}-0.conda": long for number in range(MOST)}, ())
    assert 2_000 - 100 < len(read_left_out(store, KEY)[0].packages) < 2_100
    assert len(store.objects[KEY].data) > 7 << 20


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"{", "writes a new one"),
        (b"[]", "writes a new one"),
        (b'{"packages": {"../x": {"reason": "y"}}}', "writes a new one"),
        (b'{"packages": {"noarch/a\\u001b": {"reason": "y"}}}', "writes a new one"),
        (b'{"packages": {"noarch/a": {}}}', "writes a new one"),
        (b'{"a": ' + b"[" * 100_000, "writes a new one"),
        (b'{"version": 2, "packages": []}', "upgrade chaninfra"),
    ],
)
def test_what_is_no_such_document_is_an_error_with_its_remedy(data: bytes, says: str) -> None:
    with pytest.raises(StorageError) as error:
        read_left_out(stored(data), KEY)
    assert says in str(error.value)
    assert str(error.value).startswith(KEY)


def test_keys_of_a_later_version_are_passed_over() -> None:
    data = b'{"version": 1, "more": 1, "packages": {"noarch/a": {"reason": "y", "more": 2}}}'
    assert read_left_out(stored(data), KEY)[0].packages["noarch/a"].reason == "y"
