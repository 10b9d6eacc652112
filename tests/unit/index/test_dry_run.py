"""The store of a dry run answers like a store that is written to, and writes nothing."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaninfra.channel.errors import ConflictError
from chaninfra.channel.objects import IfAbsent, IfMatch, ObjectBody, ObjectMeta, StoredObject, TooLargeError
from chaninfra.index.channel import Channel
from chaninfra.index.dry_run import DryStore
from support.channels.channels import descriptor
from support.example_counts import EXAMPLES
from support.index_model.memory_store import MemoryStore, etag

KEYS = st.sampled_from(["a/1", "a/2", "ab/1", "b"])
DATA = st.sampled_from([b"", b"one", b"two", b"three"])
CONDITIONS = st.none() | st.just(IfAbsent()) | DATA.map(lambda data: IfMatch(etag(data)))
STEPS = st.lists(
    st.tuples(st.just("put"), KEYS, DATA, CONDITIONS)
    | st.tuples(st.just("delete"), KEYS)
    | st.tuples(st.just("get"), KEYS, st.integers(0, 4))
    | st.tuples(st.just("head"), KEYS)
    | st.tuples(st.just("range"), KEYS, DATA, st.integers(0, 3))
    | st.tuples(st.just("list"), st.sampled_from(["", "a", "ab", "c"])),
    max_size=20,
)


def plain(found: Any) -> Any:
    """What can be compared: the time of a change differs."""
    if isinstance(found, StoredObject):
        return found.data, found.content_type, plain(found.entry)
    return (found.key, found.size, found.etag) if isinstance(found, ObjectMeta) else found


def answer(store: Any, step: Any) -> Any:
    kind, key, *more = step
    try:
        match kind:
            case "put":
                return store.put(key, ObjectBody(data=more[0], content_type="x"), more[1])
            case "delete":
                return store.delete([key])
            case "get":
                return plain(store.get(key, more[0]))
            case "head":
                return plain(store.head(key))
            case "range":
                return store.get_range(key, etag(more[0]), more[1], 2)
            case _:
                return sorted(map(plain, store.list(key)))
    except (ConflictError, TooLargeError) as error:
        return type(error)


@EXAMPLES
@given(there=st.dictionaries(KEYS, DATA), steps=STEPS)
def test_it_answers_like_the_store_itself(there: dict[str, bytes], steps: list[Any]) -> None:
    store = MemoryStore()
    store.objects = {key: ObjectBody(data=data, content_type="x") for key, data in there.items()}
    before = copy.deepcopy(store.objects)
    real = copy.deepcopy(store)
    dry = DryStore(store)
    assert [answer(dry, step) for step in steps] == [answer(real, step) for step in steps]
    assert store.objects == before


def test_worker_processes_have_no_part_in_it() -> None:
    """They have a store of their own, which would be written to."""
    real = Channel(descriptor=descriptor(), credentials=None)
    assert real.subdir_index("noarch").workers is not None
    dry = Channel(descriptor=descriptor(), credentials=None, dry_run=True)
    assert isinstance(dry.subdir_index("noarch").store, DryStore)
    assert dry.subdir_index("noarch").workers is None


def test_a_file_is_there_with_its_bytes_and_is_not_kept_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "a.conda"
    path.write_bytes(b"0123456789")
    dry = DryStore(MemoryStore())
    tag = dry.put_file("c/a.conda", path, 10, "0" * 32, IfAbsent())
    assert tag == f'"{"0" * 32}"'
    found = dry.get("c/a.conda")
    assert found is not None
    assert found.data == b"0123456789"
    assert dry.get_range("c/a.conda", tag, 3, 4) == b"3456"
    assert [entry.size for entry in dry.list("c")] == [10]
    with pytest.raises(ConflictError):
        dry.put_file("c/a.conda", path, 10, "0" * 32, IfAbsent())
