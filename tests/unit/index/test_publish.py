"""What a publish reports when something goes wrong."""

from __future__ import annotations

import bz2
import dataclasses
import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chaninfra.channel.conda.index_settings import Monolith
from chaninfra.channel.errors import ConflictError, DeniedError, RefusedError
from chaninfra.channel.objects import ObjectBody
from chaninfra.cli.output.reports import finish, published_json, published_text
from chaninfra.doctor.remedies import Remedies
from chaninfra.index.package.local_file import read
from chaninfra.index.progress import Silent
from chaninfra.index.publish import publish
from chaninfra.index.published import Published
from chaninfra.index.reindex import reindex
from support.channels.archives import index_json, tar_bz2, write
from support.index_model.memory_store import MemoryStore, SequentialRuntime
from support.index_model.memory_subdir import INDEX, JSON
from support.index_model.processes import FOLDER, channel, channel_with, file, package, yanking


def repodata_json(store: MemoryStore) -> dict[str, Any]:
    """The content of repodata.json."""
    found: dict[str, Any] = json.loads(store.objects[JSON].data)
    return found


def published(store: MemoryStore, *names: str) -> Published:
    """Publish these packages."""
    return publish(channel(store, SequentialRuntime("p")), [package(name) for name in names], "refuse", Silent())


def test_the_report_has_what_the_reindex_before_the_commit_found() -> None:
    store = channel_with("a")
    store.objects[JSON] = ObjectBody(
        data=json.dumps({**repodata_json(store), "info": {"subdir": "noarch"}}).encode(), content_type=""
    )
    store.objects[f"{FOLDER}/bad-1-0.conda"] = ObjectBody(data=b"none", content_type="")
    store.objects[f"{FOLDER}/{file('more')}"] = ObjectBody(data=package("more").path.read_bytes(), content_type="")
    report = published(store, "b").report
    assert [each.package for each in report.left_out] == ["noarch/bad-1-0.conda"]
    (noarch,) = report.subdirs
    assert (noarch.before, noarch.after, noarch.added) == (1, 3, (file("more"),))


def test_a_yanked_package_is_reported_as_not_in_the_index() -> None:
    store = channel_with("a")
    yanking("a").run(store, SequentialRuntime("yank"))
    done = published(store, "a")
    assert published_text(done, Remedies(source="stack")).splitlines()[0] == (
        "noarch/a-1-0.conda: already there; yanked, so not in the index. "
        "To add it: `chaninfra unyank noarch/a-1-0.conda`"
    )
    assert [each["yanked"] for each in published_json(done)["packages"]] == [True]


def test_an_index_that_must_not_be_written_stops_a_publish_or_is_reported() -> None:
    store = channel_with("a")
    # conda-index writes it, and repodata.json.
    store.objects[JSON] = dataclasses.replace(store.objects[JSON], metadata={})
    store.objects[f"{FOLDER}/repodata_from_packages.json"] = ObjectBody(
        data=store.objects[JSON].data.replace(b'"depends":[]', b'"depends":["more"]'), content_type=""
    )
    before = dict(store.objects)
    with pytest.raises(RefusedError):
        published(store, "b", "c")
    assert store.objects == before
    with pytest.raises(RefusedError, match=r"noarch/b-1-0\.conda is in the bucket, but not in the index"):
        published(store, "b")


@pytest.mark.parametrize(("monolith", "requests"), [("each-commit", 11), ({"at-most-every": "10m"}, 9), ("never", 8)])
@pytest.mark.parametrize("packages", [1, 40])
def test_requests_of_a_publish(monolith: Any, requests: int, packages: int) -> None:
    """With GET channel.json, which finds the channel, and without that of the sidecar. One more for a package that has
    a shard already.
    """
    store = channel_with("a", *(f"p{number}" for number in range(packages - 1)))
    publisher = channel(store, SequentialRuntime("p"))
    index = msgspec.structs.replace(publisher.descriptor.index, monolith=msgspec.convert(monolith, Monolith))
    object.__setattr__(publisher, "descriptor", msgspec.structs.replace(publisher.descriptor, index=index))
    store.requests.clear()
    store.log.clear()
    publish(publisher, [package("b")], "refuse", Silent())
    assert [key for _, key in store.log if key.endswith(".sigs")] == [f"{FOLDER}/{file('b')}.sigs"]
    assert store.requests.total() == requests
    store.requests.clear()
    publish(publisher, [package("b", b"other")], "overwrite", Silent())
    # Also the refused upload, HEAD before the second one, GET of the old shard, and HEAD of the package, twice.
    # The derived files of an earlier commit do not tell whether the index that is replaced was kept.
    assert store.requests.total() == requests + (5 if isinstance(monolith, str) else 6)


class Counting(Silent):
    """Adds up the bytes."""

    size = 0

    def advance(self, size: int) -> None:
        self.size += size


@pytest.mark.parametrize("names", ["b", "abc"])
def test_publish_lists_and_reads_nothing_and_reports_every_byte_that_is_uploaded(names: str) -> None:
    store = channel_with("a")
    store.log.clear()
    progress = Counting()
    packages = [package(name) for name in names]
    publish(channel(store, SequentialRuntime("p")), packages, "refuse", progress)
    assert progress.size == sum(each.size for each in packages if each.name != "a")
    assert not [kind for kind, _ in store.log if kind == "list"]
    assert not [key for kind, key in store.log if kind == "get" and key.endswith(".conda")]
    # A byte of one that is there already tells that it is not archived.
    there = [f"{FOLDER}/{file(name)}" for name in names if name == "a"]
    assert [key for kind, key in store.log if kind == "get_range" and key.endswith(".conda")] == there


def test_the_other_packages_are_published_if_one_fails() -> None:
    store = channel_with("a")
    taken = f"{FOLDER}/{file('b')}"

    def another(kind: str, key: str) -> None:
        if (kind, key) == ("put", taken):
            store.objects[taken] = ObjectBody(data=b"other", content_type="")

    store.before = another
    done = published(store, "b", "c")
    assert [each.package.path_in_channel for each in done.packages] == ["noarch/c-1-0.conda"]
    assert repodata_json(store)["packages.conda"].keys() == {file("a"), file("c")}
    assert [each["reason"] for each in published_json(done)["failed"]] == [
        "already there with other bytes: noarch/b-1-0.conda"
    ]
    assert isinstance(done.error, ConflictError)
    with pytest.raises(ConflictError, match="other bytes"):
        finish(done.report, done.error)


def test_all_failed_packages_are_reported() -> None:
    store = channel_with("a")

    def denied(kind: str, key: str) -> None:
        if kind == "put" and key.endswith((file("b"), file("c"))):
            raise DeniedError("the store says no", where=key)

    store.before = denied
    done = published(store, "b", "c", "d")
    assert [each.package.path_in_channel for each in done.packages] == ["noarch/d-1-0.conda"]
    assert [each.package.path_in_channel for each in done.failed] == ["noarch/b-1-0.conda", "noarch/c-1-0.conda"]
    assert isinstance(done.error, DeniedError)
    with pytest.raises(DeniedError):
        published(store, "b", "c")


def test_an_error_of_the_commit_says_that_the_packages_are_uploaded() -> None:
    store = channel_with("a")

    def denied(kind: str, key: str) -> None:
        if (kind, key) == ("put", INDEX):
            raise DeniedError("the store says no", where=key)

    store.before = denied
    with pytest.raises(DeniedError, match=r"noarch/b-1-0\.conda is in the bucket, but possibly not in the index"):
        published(store, "b", "c")


def test_a_package_in_several_streams_is_named(tmp_path: Path) -> None:
    """By publish, and by a re-index that reads it."""
    plain = bz2.decompress(tar_bz2(index_json("s")))
    path = write(tmp_path, bz2.compress(plain[:100]) + bz2.compress(plain[100:]), "s-1-0.tar.bz2")
    store = channel_with("a")
    done = publish(channel(store, SequentialRuntime("p")), [read(path), package("b")], "refuse", Silent())
    assert done.report.many_streams == ("noarch/s-1-0.tar.bz2",)
    store = channel_with("a")
    store.objects[f"{FOLDER}/s-1-0.tar.bz2"] = ObjectBody(data=path.read_bytes(), content_type="")
    report = reindex(channel(store, SequentialRuntime("r")), ["noarch"])
    assert report.many_streams == ("noarch/s-1-0.tar.bz2",)
