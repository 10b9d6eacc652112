"""The checks of permissions, on a store in memory."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from chaninfra.channel.conda.index_files import MAX_SHARD_INDEX
from chaninfra.channel.conda.index_settings import ConditionalWrites
from chaninfra.channel.errors import ChecksumRequiredError, DeniedError, StorageError, UnsupportedError
from chaninfra.channel.objects import ObjectBody
from chaninfra.channel.outputs.descriptor import DescribedIndex
from chaninfra.channel.roles import Role
from chaninfra.channel.s3.credentials import Credentials
from chaninfra.doctor.checks.permissions import listing, publishing, reading
from chaninfra.doctor.examination import Examination
from support.channels.examination import examination
from support.index_model.memory_store import MemoryStore

KEYS = Credentials("AKIA1", "a-secret")
ALL = DescribedIndex(conditional_writes=ConditionalWrites(create=True, replace=True, multipart=True))
Denies = Callable[[str, str], bool]


def channel(denies: Denies, *, role: Role | None = None, credentials: Credentials | None = KEYS) -> Examination:
    """An examination of a channel with a package, an index and yanked.json; `denies(kind, key)` denies a request."""

    def before(kind: str, key: str) -> None:
        if denies(kind, key):
            raise DeniedError("403")

    store = MemoryStore(before)
    patches = ".chaninfra/patches/noarch.json"
    for name in ("noarch/a-1-0.conda", "noarch/repodata_shards.msgpack.zst", "yanked.json", patches):
        store.objects[f"my-channel/{name}"] = ObjectBody(data=b"{}", content_type="")
    index = DescribedIndex(conditional_writes=ALL.conditional_writes)
    cached = {"store": store, "subdirs": ("noarch",), "credentials": credentials, "role": role}
    return examination(index=index, cached=cached)


def nothing(_: str, __: str) -> bool:
    return False


def test_all_permissions() -> None:
    exam = channel(nothing, role="maintainer")
    assert [found.state for check in (reading, listing, publishing) for found in check(exam)] == ["ok"] * 3
    (found,) = publishing(exam)
    assert found.found == "may add files, change the index of noarch, patch noarch, yank; nothing was written"


def test_reading_is_denied() -> None:
    (found,) = reading(channel(lambda kind, _: kind == "get"))
    assert (found.state, found.found) == ("failed", "may not read objects (s3:GetObject)")
    assert "`readers` in the stack config" in str(found.remedy)


@pytest.mark.parametrize("missing", ["repodata.json", "repodata_shards.msgpack.zst"])
def test_an_index_file_that_is_not_there_may_be_answered_403(missing: str) -> None:
    """As by AWS, to those who may not list: a channel of shards alone has no repodata.json."""
    (found,) = reading(channel(lambda kind, key: kind == "get" and key.endswith(missing)))
    assert found.state == "ok"


def test_states_of_the_index_may_not_be_kept() -> None:
    """Then every commit fails."""
    exam = channel(lambda kind, key: kind == "put" and "/history/" in key, role="publisher")
    exam.store.objects["my-channel/.chaninfra/history/noarch/1"] = ObjectBody(data=b"{}", content_type="")  # type: ignore[attr-defined]
    (found,) = publishing(exam)
    assert (found.state, found.found) == ("failed", "may not keep the states of the index (.chaninfra/history/)")
    (found,) = publishing(channel(nothing, role="publisher"))
    assert "states" not in found.found


def test_an_index_file_of_any_size_is_not_sent_back() -> None:
    exam = channel(nothing)
    exam.store.objects["my-channel/noarch/repodata_shards.msgpack.zst"] = ObjectBody(  # type: ignore[attr-defined]
        data=bytes(MAX_SHARD_INDEX + 1), content_type=""
    )
    (found,) = publishing(exam)
    assert "change the index" not in found.found


def test_listing_is_denied() -> None:
    (found,) = listing(channel(lambda kind, _: kind == "list"))
    assert (found.state, found.found) == ("failed", "may not list the bucket (s3:ListBucket)")
    (found,) = listing(channel(lambda kind, _: kind == "list", credentials=None))
    assert (found.state, found.found) == ("skipped", "anyone may read the channel, but not list it")


def test_a_missing_object_is_answered_403() -> None:
    (found,) = listing(channel(lambda kind, key: key.endswith("/absent")))
    assert found.state == "failed"
    assert found.found.startswith("the store answers 403 for a missing object")


@pytest.mark.parametrize(
    ("role", "denied", "state", "words"),
    [
        (None, "", "ok", "may read but not publish"),
        ("reader", "", "ok", "may read but not publish"),
        ("publisher", "", "failed", "may not add files, change the index of noarch"),
        (None, "repodata_shards.msgpack.zst", "failed", "may not change the index of noarch"),
        ("publisher", "yanked.json", "ok", "may add files, change the index of noarch; nothing was written"),
        ("maintainer", "yanked.json", "failed", "may not yank"),
        (
            "promoter",
            "yanked.json",
            "ok",
            "may add files, change the index of noarch, patch noarch; nothing was written",
        ),
        ("promoter", "patches/noarch.json", "failed", "may not patch noarch"),
        ("maintainer", "patches/noarch.json", "failed", "may not patch noarch"),
        ("publisher", "patches/noarch.json", "ok", "may add files, change the index of noarch; nothing was written"),
    ],
)
def test_denied_writes_are_compared_with_the_role(role: Role | None, denied: str, state: str, words: str) -> None:
    (found,) = publishing(channel(lambda kind, key: kind == "put" and key.endswith(denied), role=role))
    assert (found.state, found.found) == (state, words)
    if state == "failed":
        assert f"`{role or 'publisher'}s` in the stack config" in str(found.remedy)


def test_publishing_needs_credentials() -> None:
    (found,) = publishing(channel(nothing, credentials=None))
    assert (found.state, found.found) == ("skipped", "publishing needs credentials")


def test_writes_are_not_tried_on_a_store_without_conditional_writes() -> None:
    none = ConditionalWrites(create=False, replace=False, multipart=False)
    cached = {"credentials": KEYS, "dry_writes": None}
    exam = examination(index=DescribedIndex(conditional_writes=none), cached=cached)
    (found,) = publishing(exam)
    assert found.state == "skipped"


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (UnsupportedError("501", code="NotImplemented", status=501), "the store rejects the writes with a condition"),
        (StorageError("400", code="InvalidArgument", status=400), "change the index of noarch"),
    ],
)
def test_a_write_that_is_rejected_is_no_right(answer: StorageError, says: str) -> None:
    exam = channel(nothing)
    store = exam.store

    def put(key: str, *_: object) -> str:
        raise answer

    store.put = put  # type: ignore[method-assign, assignment]
    vars(exam)["dry_writes"] = None
    (found,) = publishing(exam)
    assert found.state == "failed"
    assert says in found.found
    assert found.remedy == "chaninfra doctor s3://b/c --probe"


def test_a_write_that_is_answered_otherwise_is_no_right_either() -> None:
    exam = channel(nothing)

    def put(key: str, *_: object) -> str:
        raise ChecksumRequiredError("wants a checksum", code="InvalidRequest", status=400)

    exam.store.put = put  # type: ignore[method-assign, assignment]
    vars(exam)["dry_writes"] = None
    with pytest.raises(ChecksumRequiredError):
        list(publishing(exam))
