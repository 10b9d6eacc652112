"""What yank and unyank write when something goes wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from msgspec import Raw

from chaninfra.channel.errors import ConfigurationError, DeniedError, RefusedError, StorageError
from chaninfra.channel.objects import ObjectBody
from chaninfra.index.commit.change import Change
from chaninfra.index.commit.commit import commit
from chaninfra.index.yank import unyank, yank
from support.index_model.memory_store import MemoryStore, SequentialRuntime
from support.index_model.memory_subdir import JSON
from support.index_model.processes import FOLDER, PREFIX, channel, channel_with, file, package, yanking

DOCUMENT = f"{PREFIX}/yanked.json"
HELLO = file("hello")


def document(store: MemoryStore, key: str) -> dict[str, Any]:
    """The content of a JSON object."""
    found: dict[str, Any] = json.loads(store.objects[key].data)
    return found


def put(store: MemoryStore, key: str, content: dict[str, Any]) -> None:
    """Put a JSON object."""
    store.objects[key] = ObjectBody(data=json.dumps(content).encode(), content_type="application/json")


@pytest.mark.parametrize(
    "reason", ["x" * 1001, "two\nlines", "\x1b[2J", "##vso[x]", "a \udcff"], ids=lambda value: ascii(value)[:20]
)
def test_a_reason_that_is_no_line_is_refused(reason: str) -> None:
    store = channel_with("hello")
    before = dict(store.objects)
    with pytest.raises(ConfigurationError, match="the reason has") as raised:
        yank(channel(store, SequentialRuntime()), ["hello"], reason)
    assert raised.value.where == "--reason"
    assert store.objects == before


def yanked_without_sha256(store: MemoryStore) -> None:
    """Yank the package, whose record has no sha256: records of other tools may lack it."""
    opened = channel(store, SequentialRuntime("before"))
    etag = store.entry(f"{FOLDER}/{HELLO}").etag
    record = package("hello").package.index_record(HELLO, "noarch", etag)
    fields = json.loads(bytes(record.encode(0)))
    del fields["sha256"]
    patched = replace(record, encode=lambda _: Raw(json.dumps(fields).encode()), patched=True)
    commit(opened.subdir_index("noarch"), lambda: Change(records={HELLO: patched}))
    yank(opened, ["hello"], None)
    assert "sha256" not in document(store, DOCUMENT)["packages"][f"noarch/{HELLO}"]["record"]


def test_a_record_without_sha256_is_made_from_the_package() -> None:
    store = channel_with("hello")
    before = document(store, JSON)["packages.conda"]
    yanked_without_sha256(store)
    done = unyank(channel(store, SequentialRuntime("unyank")), ["hello"])
    assert done.changed == (f"noarch/{HELLO}",)
    assert document(store, JSON)["packages.conda"] == before


def yanked_with(store: MemoryStore, **fields: Any) -> None:
    """Yank the package, whose record has these fields: another tool wrote them, and an earlier version took them over.

    The record fits the package otherwise.
    """
    opened = channel(store, SequentialRuntime("before"))
    etag = store.entry(f"{FOLDER}/{HELLO}").etag
    record = package("hello").package.index_record(HELLO, "noarch", etag)
    patched = {**json.loads(bytes(record.encode(0))), **fields}
    told = replace(record, encode=lambda _: Raw(json.dumps(patched).encode()), patched=True)
    commit(opened.subdir_index("noarch"), lambda: Change(records={HELLO: told}))
    yank(opened, ["hello"], None)
    assert document(store, DOCUMENT)["packages"][f"noarch/{HELLO}"]["record"].items() >= fields.items()


@pytest.mark.parametrize(
    "fields", [{"depends": "b"}, {"build_number": 1.5}, {"noarch": 5}, {"timestamp": "x"}], ids=str
)
def test_a_record_that_clients_cannot_read_is_made_from_the_package(fields: dict[str, Any]) -> None:
    store = channel_with("hello")
    before = document(store, JSON)["packages.conda"]
    yanked_with(store, **fields)
    unyank(channel(store, SequentialRuntime("unyank")), ["hello"])
    assert document(store, JSON)["packages.conda"] == before


def test_a_record_that_somebody_patched_comes_back() -> None:
    store = channel_with("hello")
    yanked_with(store, depends=["b <2"])
    unyank(channel(store, SequentialRuntime("unyank")), ["hello"])
    assert document(store, JSON)["packages.conda"][HELLO]["depends"] == ["b <2"]


@pytest.mark.parametrize(
    "error",
    [DeniedError("no", code="AccessDenied", status=403), StorageError("no", code="InvalidObjectState", status=403)],
    ids=["no right", "archived"],
)
def test_a_package_that_the_store_does_not_give_stays_yanked(error: StorageError) -> None:
    store = channel_with("hello")
    yanked_without_sha256(store)
    before = dict(store.objects)

    def refuse(kind: str, key: str) -> None:
        if key.endswith(HELLO) and kind == "get":
            raise error

    store.before = refuse
    with pytest.raises(type(error)):
        unyank(channel(store, SequentialRuntime("unyank")), ["hello"])
    assert store.objects == before


def test_a_package_that_cannot_be_read_stays_yanked() -> None:
    store = channel_with("hello")
    yanked_without_sha256(store)
    before = dict(store.objects)

    def refuse(kind: str, key: str) -> None:
        if key.endswith(HELLO) and kind == "get":
            raise StorageError("the store is ill")

    store.before = refuse
    with pytest.raises(StorageError, match="the store is ill"):
        unyank(channel(store, SequentialRuntime("unyank")), ["hello"])
    assert store.objects == before


def test_a_package_replaced_during_unyank_gets_a_record_of_its_bytes() -> None:
    store = channel_with("hello")
    yanking("hello").run(store, SequentialRuntime("yank"))
    other = package("hello", b"other")
    heads: list[str] = []

    def force(kind: str, key: str) -> None:
        if kind == "head" and key.endswith(HELLO):
            heads.append(key)
            if len(heads) == 2:
                # After its record was chosen, and before the commit looks at it again.
                store.objects[key] = ObjectBody(data=other.path.read_bytes(), content_type="")

    store.before = force
    unyank(channel(store, SequentialRuntime("unyank")), ["hello"])
    assert document(store, JSON)["packages.conda"][HELLO]["sha256"] == other.sha256
    assert len(heads) > 2
    assert document(store, DOCUMENT)["packages"] == {}


def test_a_package_deleted_during_unyank_is_reported_and_no_longer_yanked() -> None:
    store = channel_with("hello")
    yanking("hello").run(store, SequentialRuntime("yank"))
    heads: list[str] = []

    def delete(kind: str, key: str) -> None:
        if kind == "head" and key.endswith(HELLO):
            heads.append(key)
            if len(heads) == 2:
                del store.objects[key]

    store.before = delete
    done = unyank(channel(store, SequentialRuntime("unyank")), ["hello"])
    assert [(each.package, each.reason) for each in done.report.left_out] == [(f"noarch/{HELLO}", "was deleted")]
    assert done.changed == ()
    assert document(store, DOCUMENT)["packages"] == {}
    assert document(store, JSON)["packages.conda"] == {}


@pytest.mark.parametrize(
    ("name", "content"),
    [("repodata_from_packages.json", {}), ("repodata.json", {"info": {"base_url": "https://x.org/noarch"}})],
)
@pytest.mark.parametrize("back", [False, True])
def test_nothing_is_written_if_the_index_must_not_be_written(name: str, content: dict[str, Any], *, back: bool) -> None:
    store = channel_with("hello", "other")
    if back:
        yanking("hello").run(store, SequentialRuntime("yank"))
    there = document(store, JSON)
    if name != "repodata.json":
        # conda-index writes it, and repodata.json.
        put(store, JSON, there)
        there["packages.conda"][file("other")]["depends"] = ["unpatched"]
    put(store, f"{FOLDER}/{name}", {**there, **content})
    before = dict(store.objects)
    opened = channel(store, SequentialRuntime("refused"))
    with pytest.raises(RefusedError):
        unyank(opened, [HELLO]) if back else yank(opened, [HELLO], None)
    assert store.objects == before


def test_the_report_has_what_the_reindex_before_the_yank_skipped() -> None:
    store = channel_with("hello")
    document_ = document(store, JSON)
    document_["info"] = {"subdir": "noarch"}
    put(store, JSON, document_)
    store.objects[f"{FOLDER}/bad-1-0.conda"] = ObjectBody(data=b"none", content_type="")
    store.objects[f"{FOLDER}/{file('more')}"] = ObjectBody(data=package("more").path.read_bytes(), content_type="")
    report = yank(channel(store, SequentialRuntime("yank")), [HELLO], None).report
    assert [each.package for each in report.left_out] == ["noarch/bad-1-0.conda"]
    assert (report.subdirs[0].added, report.subdirs[0].yanked) == ((file("more"),), (HELLO,))
