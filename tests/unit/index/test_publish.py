"""What a publish says where not all goes well."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chaninfra.channel.errors import ConflictError, DeniedError, RefusedError
from chaninfra.channel.objects import ObjectBody
from chaninfra.cli.output.reports import finish, published_json, published_text
from chaninfra.doctor.remedies import Remedies
from chaninfra.index.publish import Published, publish
from support.index_model.index_processes import FOLDER, TRUTH, channel, file, made, package, yanking
from support.index_model.memory_store import Alone, MemoryStore


class Silent:
    """A Progress that nobody sees."""

    def package(self, label: str) -> None: ...
    def advance(self, size: int) -> None: ...
    def indexing(self) -> None: ...


def truth(store: MemoryStore) -> dict[str, Any]:
    """The repodata.json."""
    found: dict[str, Any] = json.loads(store.objects[TRUTH].data)
    return found


def published(store: MemoryStore, *names: str) -> Published:
    """These packages are published."""
    return publish(channel(store, Alone("p")), [package(name) for name in names], "refuse", Silent())


def test_what_a_reindex_before_it_found_is_reported() -> None:
    store = made("a")
    store.objects[TRUTH] = ObjectBody(
        data=json.dumps({**truth(store), "info": {"subdir": "noarch"}}).encode(), content_type=""
    )
    store.objects[f"{FOLDER}/bad-1-0.conda"] = ObjectBody(data=b"none", content_type="")
    store.objects[f"{FOLDER}/{file('more')}"] = ObjectBody(data=package("more").path.read_bytes(), content_type="")
    report = published(store, "b").report
    assert [each.package for each in report.left_out] == ["noarch/bad-1-0.conda"]
    (noarch,) = report.subdirs
    assert (noarch.before, noarch.after, noarch.added) == (1, 3, (file("more"),))


def test_a_package_that_is_yanked_is_said_not_to_be_in_the_index() -> None:
    store = made("a")
    yanking("a").run(store, Alone("yank"))
    done = published(store, "a")
    assert published_text(done, Remedies(source="stack")).splitlines()[0] == (
        "noarch/a-1-0.conda: already there; yanked, so not in the index. "
        "To add it: `chaninfra unyank noarch/a-1-0.conda`"
    )
    assert [each["yanked"] for each in published_json(done)["packages"]] == [True]


def test_where_the_index_is_another_tools_no_package_is_put_or_it_is_said() -> None:
    store = made("a")
    store.objects[f"{FOLDER}/repodata_from_packages.json"] = ObjectBody(data=b"{}", content_type="")
    before = dict(store.objects)
    with pytest.raises(RefusedError):
        published(store, "b", "c")
    assert store.objects == before
    with pytest.raises(RefusedError, match=r"noarch/b-1-0\.conda is in the bucket, and not in the index"):
        published(store, "b")


class Counting(Silent):
    """It adds up the bytes."""

    size = 0

    def advance(self, size: int) -> None:
        self.size += size


@pytest.mark.parametrize("names", ["b", "abc"])
def test_neither_a_listing_nor_a_package_is_read_and_every_byte_is_told_of(names: str) -> None:
    store = made("a")
    store.log.clear()
    progress = Counting()
    packages = [package(name) for name in names]
    publish(channel(store, Alone("p")), packages, "refuse", progress)
    assert progress.size == sum(each.size for each in packages)
    assert not [kind for kind, _ in store.log if kind == "list"]
    assert not [key for kind, key in store.log if kind in ("get", "get_range") and key.endswith(".conda")]


def test_what_was_done_is_said_where_one_of_several_packages_fails() -> None:
    store = made("a")
    taken = f"{FOLDER}/{file('b')}"

    def another(kind: str, key: str) -> None:
        if (kind, key) == ("put", taken):
            store.objects[taken] = ObjectBody(data=b"other", content_type="")

    store.before = another
    done = published(store, "b", "c")
    assert [each.package.label for each in done.packages] == ["noarch/c-1-0.conda"]
    assert truth(store)["packages.conda"].keys() == {file("a"), file("c")}
    assert [each["reason"] for each in published_json(done)["failed"]] == [
        "already there with other bytes: noarch/b-1-0.conda"
    ]
    assert isinstance(done.error, ConflictError)
    with pytest.raises(ConflictError, match="other bytes"):
        finish(done.report, done.error)


def test_failures_of_several_packages_are_all_named() -> None:
    store = made("a")

    def denied(kind: str, key: str) -> None:
        if kind == "put" and key.endswith((file("b"), file("c"))):
            raise DeniedError("the store says no", where=key)

    store.before = denied
    done = published(store, "b", "c", "d")
    assert [each.package.label for each in done.packages] == ["noarch/d-1-0.conda"]
    assert [each.package.label for each in done.failed] == ["noarch/b-1-0.conda", "noarch/c-1-0.conda"]
    assert isinstance(done.error, DeniedError)
    with pytest.raises(DeniedError):
        published(store, "b", "c")


def test_where_the_index_cannot_be_written_it_is_said_that_the_packages_are_there() -> None:
    store = made("a")

    def denied(kind: str, key: str) -> None:
        if (kind, key) == ("put", TRUTH):
            raise DeniedError("the store says no", where=key)

    store.before = denied
    with pytest.raises(DeniedError, match=r"noarch/b-1-0\.conda is in the bucket, and perhaps not in the index"):
        published(store, "b", "c")
