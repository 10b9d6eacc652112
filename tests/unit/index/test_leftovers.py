"""Index files of other indexers that clients read in place of ours: named, and deleted by gc once they are old."""

from __future__ import annotations

from datetime import timedelta

import pytest

from chaninfra.channel.conda.index_settings import IndexSettings
from chaninfra.channel.objects import ObjectBody
from chaninfra.cli.output.reports import report_json
from chaninfra.index.gc import collect_subdir
from chaninfra.index.reindex import reindex_subdir
from chaninfra.index.report import Report
from support.index_model.memory_subdir import INDEX, JSON, MemoryChannel

STALE = [
    "current_repodata.json",
    "current_repodata.json.bz2",
    "current_repodata.json.zst",
    "current_repodata.jlap",
    "repodata.json.bz2",
    "repodata.jlap",
]
OTHERS = ["index.html", "run_exports.json", "repodata.json.sig", "repodata_from_packages.json", "x/repodata.json.bz2"]


def channel(settings: IndexSettings | None = None) -> MemoryChannel:
    """A channel of one package; before its last commit another tool has left STALE and OTHERS there."""
    it = MemoryChannel(settings).skeleton()
    for name in (*STALE, *OTHERS):
        leave(it, name)
    it.store.now += timedelta(hours=1)
    it.publish("a")
    return it


def leave(it: MemoryChannel, name: str) -> None:
    it.store.put(f"c/noarch/{name}", ObjectBody(data=b"{}", content_type=""))


def deleted(it: MemoryChannel) -> list[str]:
    found = collect_subdir(it.subdir_index, "write").garbage
    return [each.key.removeprefix("c/noarch/") for each in found if each.why == "of an earlier indexer"]


@pytest.mark.parametrize("monolith", ["each-commit", "never"])
def test_gc_deletes_what_another_indexer_left_before_the_last_commit(monolith: str) -> None:
    it = channel(IndexSettings(monolith=monolith))  # type: ignore[arg-type]
    assert collect_subdir(it.subdir_index, "check").garbage
    assert f"c/noarch/{STALE[0]}" in it.store.objects
    assert deleted(it) == sorted(STALE)
    left = {key.removeprefix("c/noarch/") for key in it.store.objects}
    assert not left & {*STALE}
    assert left >= {*OTHERS}
    assert deleted(it) == []


def test_what_was_written_after_the_last_commit_may_still_be_written() -> None:
    it = channel()
    it.store.now += timedelta(hours=1)
    leave(it, STALE[0])
    assert deleted(it) == sorted(STALE[1:])
    it.store.now += timedelta(hours=1)
    it.publish("b")
    assert deleted(it) == [STALE[0]]


@pytest.mark.parametrize("kind", ["json", "shards", "none"])
def test_what_another_indexer_wrote_stays_until_its_index_is_taken_over(kind: str) -> None:
    it = channel()
    if kind == "json":
        it.put("repodata.json", it.store.objects[JSON].data)
    elif kind == "shards":
        it.put("repodata_shards.msgpack.zst", b"of another tool")
    else:
        del it.store.objects[INDEX]
    assert deleted(it) == []
    assert f"c/noarch/{STALE[0]}" in it.store.objects


@pytest.mark.parametrize("mode", ["write", "check"])
def test_a_reindex_names_them(mode: str) -> None:
    it = channel()
    report = reindex_subdir(it.subdir_index, mode=mode)  # type: ignore[arg-type]
    assert report.stale == tuple(sorted(STALE))
    assert report.files == (), "nothing is written because of them"
    whole = Report.of([report])
    assert whole.stale == tuple(f"noarch/{name}" for name in sorted(STALE))
    assert report_json(whole)["stale"] == [*whole.stale]
    collect_subdir(it.subdir_index, "write")
    assert reindex_subdir(it.subdir_index).stale == ()


def test_gc_deletes_run_exports_that_chaninfra_has_made_and_nobody_asks_for_any_more() -> None:
    it = MemoryChannel(IndexSettings(run_exports=True)).skeleton()
    it.publish("a")
    keys = {"c/noarch/run_exports.json", "c/noarch/run_exports.json.zst"}
    assert not collect_subdir(it.subdir_index, "write").garbage
    plain = MemoryChannel()
    plain.store.objects, plain.store.modified = it.store.objects, it.store.modified
    assert {each.key for each in collect_subdir(plain.subdir_index, "write").garbage} == keys
    assert not keys & it.store.objects.keys()
