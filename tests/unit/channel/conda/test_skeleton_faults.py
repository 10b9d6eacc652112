"""The skeleton never replaces the index of a channel with an empty one, whatever the store answers."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chaninfra.channel.conda.index_files import FILE_NAMES
from chaninfra.channel.conda.layout import ChannelLayout
from chaninfra.channel.conda.skeleton import write_missing
from chaninfra.channel.errors import (
    BucketMissingError,
    ChaninfraError,
    CredentialsError,
    DeniedError,
    StorageError,
    UnreachableError,
)
from chaninfra.channel.objects import ObjectBody
from support.channels.skeletons import LAYOUT, SETTINGS, Memory, indexed, plain, records_of

ERRORS = (BucketMissingError, CredentialsError, DeniedError, StorageError, UnreachableError)


@pytest.mark.parametrize("value", [b"1" * 30, b"[" * 200 + b"]" * 200], ids=["too large a number", "too deep"])
def test_a_repodata_json_that_no_shard_index_can_hold_is_an_error_and_nothing_is_written(value: bytes) -> None:
    store = Memory({"team/main/noarch/repodata.json": plain(b'{"more":%s}' % value)})
    with pytest.raises(StorageError, match=r"team/main/noarch/repodata\.json") as caught:
        write_missing(store, ChannelLayout("team/main", ("noarch",), SETTINGS))
    assert caught.value.remedy
    assert store.puts == []


def test_an_invalid_repodata_json_is_an_error_and_nothing_is_written() -> None:
    store = Memory({"team/main/noarch/repodata.json": plain(b"<html>")})
    with pytest.raises(StorageError, match="is not a valid repodata"):
        write_missing(store, ChannelLayout("team/main", ("noarch",), SETTINGS))
    assert store.puts == []


def test_files_that_another_writer_creates_meanwhile_stay() -> None:
    store = Memory({})
    theirs = indexed("noarch")

    def appear(doing: str, key: str) -> None:
        if doing == "put" and key not in store.objects:
            store.objects.update({name: stored for name, stored in theirs.items() if name == key})

    store.before = appear
    written = write_missing(store, LAYOUT)
    assert not set(written.keys) & set(theirs)
    assert {key: store.objects[key] for key in theirs if key in store.objects}.items() <= theirs.items()


@settings(deadline=None)
@given(
    populated=st.sets(st.sampled_from(["noarch", "linux-64"])),
    lost=st.sets(st.sampled_from(sorted(FILE_NAMES.values()))),
    error=st.sampled_from(ERRORS),
    at=st.integers(0, 40),
)
def test_a_channel_with_packages_never_gets_an_empty_index(
    populated: set[str], lost: set[str], error: type[ChaninfraError], at: int
) -> None:
    before: dict[str, ObjectBody] = {}
    for subdir in populated:
        before |= {key: stored for key, stored in indexed(subdir).items() if key.rsplit("/", 1)[1] not in lost}
    asked = 0

    def fail(doing: str, key: str) -> None:
        nonlocal asked
        asked += 1
        if asked > at:
            raise error("injected")

    store = Memory(before, fail)
    failed = False
    try:
        write_missing(store, LAYOUT)
    except error:
        failed = True
        puts = len(store.puts)
        # Nothing is put after a failure.
        assert asked == at + 1
        assert puts <= at
    # Existing files are unchanged, and no new file says that a subdir with packages is empty.
    assert store.objects.items() >= before.items()
    for subdir in populated:
        assert all(files == {"hello-1.0-0.conda"} for files in records_of(store, subdir).values())
    if not failed:
        assert asked <= at


def test_nothing_is_written_if_reading_is_denied() -> None:
    def denied(doing: str, key: str) -> None:
        if doing in ("get", "list"):
            raise DeniedError("403")

    store = Memory({}, denied)
    with pytest.raises(DeniedError):
        write_missing(store, LAYOUT)
    assert store.puts == []
