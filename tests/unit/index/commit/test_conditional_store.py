"""What becomes of a condition at a store that may not honour it."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from chaninfra.channel.conda.index_settings import ConditionalWrites, Writers
from chaninfra.channel.errors import ConfigurationError, ConflictError, UnsupportedError
from chaninfra.channel.objects import Condition, IfMatch, ObjectBody
from chaninfra.channel.outputs.descriptor import DescribedIndex, Descriptor
from chaninfra.index.commit.conditional_store import conditional_store
from support.index_model.memory_store import MemoryStore, SequentialRuntime, etag
from support.index_model.processes import channel


class Deaf(MemoryStore):
    """A store that takes no notice of conditions."""

    def put(self, key: str, body: ObjectBody, condition: Condition | IfMatch | None = None) -> str:
        return super().put(key, body)


class Refusing(MemoryStore):
    """A store that answers conditions with 501."""

    def put(self, key: str, body: ObjectBody, condition: Condition | IfMatch | None = None) -> str:
        if condition is not None:
            raise UnsupportedError("cannot write in the way it was asked to (501)")
        return super().put(key, body)


ONE, TWO = (ObjectBody(data=data, content_type="") for data in (b"one", b"two"))
ALL = ConditionalWrites(create=True, replace=True, multipart=True)
NONE = ConditionalWrites(create=False, replace=False, multipart=False)


def described(provider: str, writes: ConditionalWrites | None = None, writers: Writers = "many") -> Descriptor:
    found = channel(MemoryStore(), SequentialRuntime()).descriptor
    return replace(found, provider=provider, index=DescribedIndex(conditional_writes=writes, writers=writers))


@pytest.mark.parametrize("descriptor", [described("minio"), described("custom", ALL), described("custom")])
def test_a_store_with_conditional_writes_is_given_them(descriptor: Descriptor) -> None:
    store = MemoryStore()
    made = conditional_store(store, descriptor)
    made.put("a", ONE, Condition.CREATE)
    with pytest.raises(ConflictError):
        made.put("a", TWO, Condition.CREATE)
    made.put("a", TWO, IfMatch(etag(b"one")))
    with pytest.raises(ConflictError):
        made.put("a", ONE, IfMatch(etag(b"one")))
    assert store.objects == {"a": TWO}


def test_a_store_that_is_known_is_not_tried() -> None:
    store = MemoryStore()
    conditional_store(store, described("minio")).put("a", ONE, Condition.CREATE)
    assert store.log == [("put", "a")]


@pytest.mark.parametrize("kind", [Deaf, Refusing])
@pytest.mark.parametrize("condition", [Condition.CREATE, IfMatch(etag(b"one"))])
def test_a_store_without_them_is_found_out_at_the_first_write(
    kind: type[MemoryStore], condition: Condition | IfMatch
) -> None:
    store = kind()
    if condition is not Condition.CREATE:
        store.objects["a"] = ONE
    with pytest.raises(ConfigurationError, match="no conditional writes"):
        conditional_store(store, described("custom")).put("a", TWO, condition)


def test_what_is_there_is_not_overwritten_to_find_out() -> None:
    store = Deaf()
    store.objects["a"] = ONE
    for condition in (Condition.CREATE, IfMatch(etag(b"other"))):
        with pytest.raises(ConflictError):
            conditional_store(store, described("custom")).put("a", TWO, condition)
    assert store.objects == {"a": ONE}


def test_what_is_tried_is_small() -> None:
    store = MemoryStore()
    store.objects["large"] = ONE
    made = conditional_store(store, described("custom"))
    made.put("small", ObjectBody(data=b"", content_type=""))
    made.put("large", TWO, IfMatch(etag(b"one")))
    assert store.log == [("put", "small"), ("head", "large"), ("put", "large"), ("put", "small")]


@pytest.mark.parametrize("kind", [Deaf, Refusing])
@pytest.mark.parametrize("writes", [NONE, None])
def test_a_store_without_them_has_one_writer_at_a_time(
    kind: type[MemoryStore], writes: ConditionalWrites | None
) -> None:
    if writes:
        with pytest.raises(ConfigurationError, match="no conditional writes"):
            conditional_store(kind(), described("custom", writes))
    store = kind()
    made = conditional_store(store, described("custom", writes, "single"))
    made.put("a", ONE, Condition.CREATE)
    with pytest.raises(ConflictError):
        made.put("a", TWO, Condition.CREATE)
    made.put("a", TWO, IfMatch(etag(b"one")))
    assert store.objects == {"a": TWO}
