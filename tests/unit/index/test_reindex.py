"""Re-indexes while packages are replaced or deleted, and of records that are not valid."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from chaninfra.channel.conda.index_settings import IndexSettings
from chaninfra.channel.conda.layout import ChannelLayout
from chaninfra.channel.objects import ObjectBody
from chaninfra.cli.output.reports import report_text
from chaninfra.index import package_reader
from chaninfra.index.reindex import reindex_subdir
from chaninfra.index.reindex_plan import Scope
from chaninfra.index.report import Report
from chaninfra.index.runtime import Threads
from chaninfra.index.subdir_index import SubdirIndex
from support.channels.archives import conda, index_json
from support.index_model.memory_store import MemoryStore

AUTHORITATIVE = "ch/noarch/repodata.json"
KEY = "ch/noarch/a-1-0.conda"
FIRST = conda(index_json("a"), payload=b"first")
OTHER = conda(index_json("a"), payload=b"other")


def put(store: MemoryStore, data: bytes) -> None:
    store.put(KEY, ObjectBody(data=data, content_type="application/octet-stream"))


def subdir_index(store: MemoryStore) -> SubdirIndex:
    return SubdirIndex(
        store=store, layout=ChannelLayout("ch", ("noarch",), IndexSettings()), subdir="noarch", runtime=Threads(4)
    )


def records(store: MemoryStore) -> dict[str, Any]:
    stored = store.get("ch/noarch/repodata.json")
    assert stored is not None
    found: dict[str, Any] = json.loads(stored.data)["packages.conda"]
    return found


class Meanwhile:
    """A hook for MemoryStore: calls `done` before the first request of this kind for this key."""

    def __init__(self, kind: str, key: str) -> None:
        self.at: tuple[str, str] | None = (kind, key)
        self.done = lambda: None

    def __call__(self, kind: str, key: str) -> None:
        if self.at == (kind, key):
            self.at = None
            self.done()


def test_a_package_that_the_store_copied_in_one_part_is_not_read_again() -> None:
    store = MemoryStore()
    put(store, FIRST)
    reindex_subdir(subdir_index(store))
    for data, reads in ((FIRST, 0), (OTHER, 1)):
        put(store, data)
        md5 = hashlib.md5(data, usedforsecurity=False).digest()
        store.etags[KEY] = f'"{hashlib.md5(md5, usedforsecurity=False).hexdigest()}-1"'
        store.log.clear()
        reindex_subdir(subdir_index(store))
        assert store.log.count(("get", KEY)) == reads
        assert records(store)["a-1-0.conda"]["md5"] == md5.hex()


def test_a_package_deleted_after_the_listing() -> None:
    meanwhile = Meanwhile("get", KEY)
    store = MemoryStore(meanwhile)
    put(store, FIRST)
    meanwhile.done = lambda: store.delete([KEY])
    report = reindex_subdir(subdir_index(store))
    assert (report.after, report.added, report.left_out) == (0, (), ())


def test_the_files_of_a_new_index_are_not_reported_as_missing() -> None:
    store = MemoryStore()
    put(store, FIRST)
    report = Report.of([reindex_subdir(subdir_index(store))])
    assert report_text(report) == "noarch: 1 package (new index)\n  new: a-1-0.conda"
    store.delete(["ch/noarch/repodata.json.zst"])
    report = Report.of([reindex_subdir(subdir_index(store))])
    assert report_text(report).endswith("index files that were missing or out of date: repodata.json.zst")


def test_each_package_is_read_once_and_bad_ones_are_skipped() -> None:
    store = MemoryStore()
    for number in range(200):
        data = b"none" if number == 77 else conda(index_json(f"p{number}"))
        store.put(f"ch/noarch/p{number}-1-0.conda", ObjectBody(data=data, content_type=""))
    store.log.clear()
    report = reindex_subdir(subdir_index(store))
    assert [each.package for each in report.left_out] == ["noarch/p77-1-0.conda"]
    assert records(store).keys() == {f"p{number}-1-0.conda" for number in range(200) if number != 77}
    assert sum(kind == "get" and key.endswith(".conda") for kind, key in store.log) == 200


def test_a_package_replaced_while_it_is_read_in_parts(monkeypatch: Any) -> None:
    monkeypatch.setattr(package_reader, "PART", 100)
    meanwhile = Meanwhile("get_range", KEY)
    store = MemoryStore(meanwhile)
    put(store, FIRST)
    meanwhile.done = lambda: put(store, OTHER)
    reindex_subdir(subdir_index(store))
    assert meanwhile.at is None
    assert records(store)["a-1-0.conda"]["size"] == len(OTHER)
    found = store.get(KEY)
    assert found is not None
    assert records(store)["a-1-0.conda"]["md5"] == found.entry.etag.strip('"')


def test_a_newer_record_of_another_writer_is_kept() -> None:
    """After the re-index has read the package, another writer replaces and indexes it."""
    meanwhile = Meanwhile("put", "ch/noarch/repodata.json")
    store = MemoryStore(meanwhile)
    put(store, FIRST)

    def others() -> None:
        put(store, OTHER)
        reindex_subdir(subdir_index(store))

    meanwhile.done = others
    reindex_subdir(subdir_index(store))
    found = store.get(KEY)
    assert found is not None
    assert records(store)["a-1-0.conda"]["md5"] == found.entry.etag.strip('"')
    assert reindex_subdir(subdir_index(store)).differed is False


@pytest.mark.parametrize("record", [{"sha256": "0"}, {"name": 5}, None, "old"])
@pytest.mark.parametrize("data", [FIRST, b"none", None])
def test_the_scope_all_drops_records_without_a_name(record: Any, data: bytes | None) -> None:
    """Whether the file is a package, is not a package, or is missing."""
    store = MemoryStore()
    if data is not None:
        put(store, data)
        if record == {"sha256": "0"}:
            record = {"sha256": hashlib.sha256(data).hexdigest()}
    reindex_subdir(subdir_index(store))
    found = store.get(AUTHORITATIVE)
    assert found is not None
    document = json.loads(found.data)
    for file in ("a-1-0.conda", "other", "b-1-0.tar.bz2"):
        document["packages.conda" if file.endswith(".conda") else "packages"][file] = record
    store.objects[AUTHORITATIVE] = ObjectBody(data=json.dumps(document).encode(), content_type="")
    report = reindex_subdir(subdir_index(store), "all")
    assert list(records(store)) == (["a-1-0.conda"] if data is FIRST else [])
    assert report.after == (data is FIRST)
    assert reindex_subdir(subdir_index(store), "all").differed is False


@pytest.mark.parametrize("scope", ["changed", "all"])
def test_a_wheel_record_without_a_name_is_kept(scope: Scope) -> None:
    """chaninfra does not index wheels, and their files may be on another server."""
    store = MemoryStore()
    put(store, FIRST)
    wheels = {"x-1-py3-none-any": {"url": "https://example.com/x-1-py3-none-any.whl"}}
    document = {"info": {"subdir": "noarch"}, "packages": {}, "packages.conda": {}, "v3": {"whl": wheels}}
    store.objects[AUTHORITATIVE] = ObjectBody(data=json.dumps(document).encode(), content_type="")
    report = reindex_subdir(subdir_index(store), scope)
    assert (report.added, report.dropped) == (("a-1-0.conda",), ())
    assert json.loads(store.objects[AUTHORITATIVE].data)["v3"] == {"whl": wheels}
    assert reindex_subdir(subdir_index(store), scope).differed is False
