"""A copy that is killed at any request, or whose requests fail, and the next one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from chaninfra.channel.errors import DeniedError, UnreachableError
from chaninfra.index.copy.checked import UnreadableSourceError, bounded, content_of
from chaninfra.index.copy.source import SourcePackage
from chaninfra.index.patches.add import add
from chaninfra.index.reindex import reindex
from support.index_model.copying import MemorySource, copied
from support.index_model.killed import failed_at, killed_at
from support.index_model.memory_store import MemoryStore
from support.index_model.patches import PATCHES
from support.index_model.processes import FOLDER, channel_with, file, publishing, yanking
from support.index_model.rolling_back import DOCUMENT, opened, ran, records, yanked

NAMES = ("a", "b", "c", "d")


def _source(*, tells: bool) -> MemorySource:
    """A source with a package that is patched, and one that is yanked."""
    source = MemorySource(store=channel_with(*NAMES), tells_patches=tells)
    if tells:
        add(opened(source.store), ["a"], {"license": "X"})
    else:
        source.hotfixes[file("a")] = lambda record: record.update(license="X")
    ran(source.store, yanking("b"))
    return source


def _said(store: MemoryStore) -> dict[str, Any]:
    """What the target says, without times and numbers; and that a re-index finds nothing to do."""
    before = dict(store.objects)
    reindex(opened(store, f"reindex-{len(store.log)}"), ["noarch"])
    assert {key: body for key, body in store.objects.items() if "etags" not in key} == {
        key: body for key, body in before.items() if "etags" not in key
    }
    packages = {key: body.data for key, body in store.objects.items() if key.endswith(".conda")}
    found = {name: {**each, "indexed_timestamp": 0} for name, each in records(store).items()}
    return {"packages": packages, "records": found, "yanked": yanked(store)}


@pytest.mark.parametrize("tells", [True, False], ids=["ours", "of another tool"])
def test_killed_at_any_request_the_next_run_goes_on(*, tells: bool) -> None:
    source = _source(tells=tells)
    undisturbed = channel_with("x")
    copied(undisturbed, source)
    expected = _said(undisturbed)
    assert expected["records"][file("a")]["license"] == "X"
    number, killed = 0, True
    while killed:
        store = channel_with("x")
        source.answers.clear()
        killed = killed_at(number, store, partial(copied, store, source))
        copied(store, source, process="again")
        # What lay there was not brought once more; the one that was under way may have been.
        assert sum(each - 1 for each in Counter(source.answers).values()) <= 1
        assert _said(store) == expected
        number += 1
    assert number > 30


@pytest.mark.parametrize("executed", [True, False], ids=["answer lost", "not executed"])
def test_any_request_that_fails_leaves_what_the_next_run_finishes(*, executed: bool) -> None:
    source = _source(tells=False)
    undisturbed = channel_with("x")
    copied(undisturbed, source)
    expected = _said(undisturbed)
    number, failing = 0, True
    while failing:
        store = channel_with("x")
        failing = failed_at(number, store, partial(copied, store, source), executed=executed)
        copied(store, source, process="again")
        assert _said(store) == expected
        number += 1
    assert number > 30


@pytest.mark.parametrize(("document", "tells"), [(PATCHES, True), (PATCHES, False), (DOCUMENT, True)])
def test_whoever_may_not_patch_or_yank_learns_so_before_a_byte_goes(document: str, *, tells: bool) -> None:
    source, store = _source(tells=tells), channel_with("x")

    def denied(kind: str, key: str) -> None:
        if kind == "put" and key == document:
            raise DeniedError("access denied", where=key)

    store.before = denied
    with pytest.raises(DeniedError) as raised:
        copied(store, source)
    assert "maintainer" in (raised.value.remedy or "")
    if document == DOCUMENT:
        assert f"--exclude noarch/{file('b')}" in (raised.value.remedy or "")
    assert source.answers == []
    assert not [key for key in store.objects if key.endswith(".conda") and key != f"{FOLDER}/{file('x')}"]


def test_a_publisher_copies_what_is_not_patched_from_a_channel_of_ours() -> None:
    source, store = MemorySource(store=channel_with("a")), channel_with("x")

    def denied(kind: str, key: str) -> None:
        if kind == "put" and key in (PATCHES, DOCUMENT):
            raise DeniedError("access denied", where=key)

    store.before = denied
    assert len(copied(store, source).packages) == 1
    assert file("a") in records(store)


def test_whoever_may_not_write_packages_learns_so_from_the_first() -> None:
    source, store = MemorySource(store=channel_with("a", "b", "c")), channel_with("x")

    def denied(kind: str, key: str) -> None:
        if kind == "put":
            raise DeniedError("access denied", where=key)

    store.before = denied
    done = copied(store, source)
    assert [each.package for each in done.failed] == [f"noarch/{file('a')}"]
    assert isinstance(done.stopped, DeniedError)
    assert (done.packages, done.size) == ((), 0)


def test_a_source_that_denies_one_package_gives_the_others() -> None:
    source, store = MemorySource(store=channel_with("a", "b", "c")), channel_with("x")
    package = next(iter(source.packages("noarch", {"a"})))

    def of_source() -> Iterator[bytes]:
        raise DeniedError("access denied", where="a")
        yield b""

    with pytest.raises(UnreadableSourceError) as raised:
        [*bounded(package, source.url, content_of(package, source.url), of_source())]
    denied, read = raised.value, source.chunks

    def chunks(each: SourcePackage) -> Iterator[bytes]:
        if each.file == file("a"):
            raise denied
        return read(each)

    source.chunks = chunks  # type: ignore[method-assign]
    done = copied(store, source)
    assert (len(done.packages), len(done.failed), done.stopped) == (2, 1, None)


def test_a_store_that_fails_again_and_again_ends_it() -> None:
    names = [f"p{number:02}" for number in range(30)]
    source, store = MemorySource(store=channel_with()), channel_with("x")
    for name in names:
        ran(source.store, publishing(name))

    def failing(kind: str, key: str) -> None:
        if kind == "put" and key.endswith(".conda") and file("p03") not in key and key > f"{FOLDER}/{file('p02')}":
            raise UnreachableError("no answer", where=key)

    store.before = failing
    done = copied(store, source)
    assert done.stopped is not None
    assert len(done.failed) == 10
    assert {each.package.file for each in done.packages} == {file(f"p{number:02}") for number in range(4)}
    assert file("p03") in records(store)
