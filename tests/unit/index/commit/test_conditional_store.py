"""Conditions of PUTs on a store that may not honour them."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from chaninfra.channel.conda.index_settings import ConditionalWrites, Writers
from chaninfra.channel.errors import ConfigurationError, ConflictError, UnsupportedError
from chaninfra.channel.objects import Condition, IfAbsent, IfMatch, ObjectBody
from chaninfra.channel.outputs.descriptor import DescribedIndex, Descriptor
from chaninfra.index.commit.conditional_store import conditional_store
from support.index_model.memory_store import MemoryStore, SequentialRuntime, etag
from support.index_model.processes import channel


class Ignoring(MemoryStore):
    """A store that ignores conditions."""

    def put(self, key: str, body: ObjectBody, condition: Condition | None = None) -> str:
        return super().put(key, body)


class Rejecting(MemoryStore):
    """A store that answers 501 to conditions."""

    def put(self, key: str, body: ObjectBody, condition: Condition | None = None) -> str:
        if condition is not None:
            raise UnsupportedError("the store does not support this request to write (501)")
        return super().put(key, body)


ONE, TWO = (ObjectBody(data=data, content_type="") for data in (b"one", b"two"))
ALL = ConditionalWrites(create=True, replace=True, multipart=True)
NONE = ConditionalWrites(create=False, replace=False, multipart=False)


def described(provider: str, writes: ConditionalWrites | None = None, writers: Writers = "many") -> Descriptor:
    found = channel(MemoryStore(), SequentialRuntime()).descriptor
    return replace(found, provider=provider, index=DescribedIndex(conditional_writes=writes, writers=writers))


@pytest.mark.parametrize("descriptor", [described("minio"), described("custom", ALL), described("custom")])
def test_a_store_with_conditional_writes_gets_the_conditions(descriptor: Descriptor) -> None:
    store = MemoryStore()
    writer = conditional_store(store, descriptor)
    writer.put("a", ONE, IfAbsent())
    with pytest.raises(ConflictError):
        writer.put("a", TWO, IfAbsent())
    writer.put("a", TWO, IfMatch(etag(b"one")))
    with pytest.raises(ConflictError):
        writer.put("a", ONE, IfMatch(etag(b"one")))
    assert store.objects == {"a": TWO}


def test_a_known_store_is_not_tested() -> None:
    store = MemoryStore()
    conditional_store(store, described("minio")).put("a", ONE, IfAbsent())
    assert store.log == [("put", "a")]


@pytest.mark.parametrize("kind", [Ignoring, Rejecting])
@pytest.mark.parametrize("condition", [IfAbsent(), IfMatch(etag(b"one"))])
def test_missing_conditional_writes_are_detected_at_the_first_write(
    kind: type[MemoryStore], condition: Condition
) -> None:
    store = kind()
    if not isinstance(condition, IfAbsent):
        store.objects["a"] = ONE
    with pytest.raises(ConfigurationError, match="no conditional writes"):
        conditional_store(store, described("custom")).put("a", TWO, condition)


def test_the_test_overwrites_no_object_of_another_writer() -> None:
    store = Ignoring()
    store.objects["a"] = ONE
    for condition in (IfAbsent(), IfMatch(etag(b"other"))):
        with pytest.raises(ConflictError):
            conditional_store(store, described("custom")).put("a", TWO, condition)
    assert store.objects == {"a": ONE}


def test_the_test_uses_the_smallest_object() -> None:
    store = MemoryStore()
    store.objects["large"] = ONE
    writer = conditional_store(store, described("custom"))
    writer.put("small", ObjectBody(data=b"", content_type=""))
    writer.put("large", TWO, IfMatch(etag(b"one")))
    assert store.log == [("put", "small"), ("head", "large"), ("put", "large"), ("put", "small")]


@pytest.mark.parametrize("kind", [Ignoring, Rejecting])
@pytest.mark.parametrize("writes", [NONE, None])
def test_a_store_without_conditional_writes_works_for_a_single_writer(
    kind: type[MemoryStore], writes: ConditionalWrites | None
) -> None:
    if writes:
        with pytest.raises(ConfigurationError, match="no conditional writes"):
            conditional_store(kind(), described("custom", writes))
    store = kind()
    writer = conditional_store(store, described("custom", writes, "single"))
    writer.put("a", ONE, IfAbsent())
    with pytest.raises(ConflictError):
        writer.put("a", TWO, IfAbsent())
    writer.put("a", TWO, IfMatch(etag(b"one")))
    assert store.objects == {"a": TWO}


def test_a_write_whose_failure_does_not_matter_does_not_let_the_next_one_through() -> None:
    """A summary may be the first write with a condition; that it fails is only a note."""
    store = Ignoring()
    store.objects |= {"summary": ONE, "index": ONE}
    writer = conditional_store(store, described("custom"))
    for key in ("summary", "index"):
        with pytest.raises(ConfigurationError, match="no conditional writes"):
            writer.put(key, TWO, IfMatch(etag(b"one")))
    assert store.objects["index"] == ONE
