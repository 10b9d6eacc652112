"""What `delete` does with channeldata.json and with files of run exports, also where the channel has them no more."""

from __future__ import annotations

import json

import pytest

from chaninfra.channel.conda.index_files import FILE_NAMES, compress
from chaninfra.channel.conda.summary import summary_key
from chaninfra.channel.errors import DeniedError, StorageError
from chaninfra.channel.objects import ObjectBody
from chaninfra.channel.outputs.descriptor import DescribedIndex
from chaninfra.index.channeldata.update import write_channeldata
from chaninfra.index.gc import Collected, Garbage, Mode, collect
from chaninfra.index.withdrawal.delete import Deleted, delete
from chaninfra.index.withdrawal.document import read_withdrawn
from chaninfra.index.withdrawal.plan import plan
from support.index_model.memory_store import MemoryStore, SequentialRuntime
from support.index_model.processes import FOLDER, PREFIX, channel, channel_with, file

ASKED, TURNED_OFF = DescribedIndex(run_exports=True, channeldata=True), DescribedIndex()
CHANNELDATA = f"{PREFIX}/channeldata.json"
RUN_EXPORTS = [f"{FOLDER}/{FILE_NAMES[kind]}" for kind in ("run_exports", "run_exports_zst")]


def asking() -> MemoryStore:
    store = channel_with("a", "b", index=ASKED)
    write_channeldata(channel(store, SequentialRuntime("w"), ASKED), "now")
    assert {CHANNELDATA, *RUN_EXPORTS} < store.objects.keys()
    return store


def deleting(store: MemoryStore, index: DescribedIndex) -> Deleted:
    opened = channel(store, SequentialRuntime("d"), index)
    return delete(opened, plan(opened, [f"noarch/{file('a')}"]), "a key leaked")


def stage(store: MemoryStore) -> str | None:
    [told] = read_withdrawn(store, f"{PREFIX}/withdrawn.json")[0].packages
    return told.stage


def told(store: MemoryStore) -> dict[str, object]:
    found: dict[str, object] = json.loads(store.objects[CHANNELDATA].data)["packages"]
    return found


@pytest.fixture(autouse=True)
def no_uploads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Uploads are listed by the client of the store, which is none here."""
    monkeypatch.setattr("chaninfra.index.gc.sweep_uploads", lambda *_: ([], ()))


def collecting(store: MemoryStore, mode: Mode) -> Collected:
    return collect(channel(store, SequentialRuntime("gc"), TURNED_OFF), ["noarch"], mode)


def deny(store: MemoryStore, kind: str) -> None:
    def before(asked: str, key: str) -> None:
        if (asked, key) == (kind, CHANNELDATA):
            raise DeniedError("may not be written", where=key, code="AccessDenied", status=403)

    store.before = before


def test_it_is_written_without_the_package() -> None:
    store = asking()
    done = deleting(store, ASKED)
    assert (done.channeldata, [*told(store)], stage(store)) == (None, ["b"], None)


def test_what_nobody_writes_any_more_goes() -> None:
    store = asking()
    done = deleting(store, TURNED_OFF)
    assert {CHANNELDATA, *RUN_EXPORTS} == {*done.index_files}
    assert not {CHANNELDATA, *RUN_EXPORTS} & store.objects.keys()
    assert stage(store) is None


@pytest.mark.parametrize("kind", ["run_exports", "run_exports_zst"])
def test_run_exports_of_another_tool_go_where_they_name_the_package(kind: str) -> None:
    store = channel_with("a", "b")
    key = f"{FOLDER}/{FILE_NAMES[kind]}"  # type: ignore[index]
    for name, stays in (("b", True), ("a", False)):
        text = json.dumps({"packages.conda": {file(name): {"run_exports": {}}}}).encode()
        store.objects[key] = ObjectBody(data=compress(text, 1) if key.endswith("zst") else text, content_type="")
        assert deleting(store, TURNED_OFF).index_files == ([] if stays else [key])
        assert (key in store.objects) is stays


def test_channeldata_of_another_tool_stays() -> None:
    store = channel_with("a", "b")
    store.objects[CHANNELDATA] = ObjectBody(data=b"{}", content_type="")
    assert deleting(store, TURNED_OFF).channeldata is None
    assert store.objects[CHANNELDATA].data == b"{}"
    assert collecting(store, "write").garbage == ()
    assert store.objects[CHANNELDATA].data == b"{}"


@pytest.mark.parametrize(("index", "kind"), [(ASKED, "put"), (TURNED_OFF, "delete")])
def test_it_has_not_ended_while_channeldata_still_tells_of_the_package(index: DescribedIndex, kind: str) -> None:
    store = asking()
    deny(store, kind)
    done = deleting(store, index)
    assert isinstance(done.channeldata, DeniedError)
    assert ("a" in told(store), stage(store)) == (True, "deleting")
    store.before = lambda kind, key: None
    assert deleting(store, index).channeldata is None
    assert stage(store) is None
    assert CHANNELDATA not in store.objects or [*told(store)] == ["b"]


def test_it_ends_where_channeldata_is_not_there_and_may_not_be_written() -> None:
    store = channel_with("a", "b", index=ASKED)
    deny(store, "put")
    assert deleting(store, ASKED).channeldata is None
    assert stage(store) is None


def test_an_entry_that_another_writer_has_made_of_the_old_summary_is_made_again() -> None:
    store = channel_with("a-1", "a-2", index=ASKED)
    key = f"{FOLDER}/{summary_key('a')}"
    said = {"name": "a", "version": "2", "build-number": 0, "timestamp": 0, "file": file("a-2"), "summary": "leaked"}
    store.objects[key] = ObjectBody(data=json.dumps(said).encode(), content_type="")
    opened = channel(store, SequentialRuntime("d"), ASKED)
    planned = plan(opened, [f"noarch/{file('a-2')}"])
    other = channel(store, SequentialRuntime("w"), ASKED)
    written: list[bool] = []

    def before(kind: str, at: str) -> None:
        # After the commit, and before the summary goes.
        if (kind, at) == ("delete", key):
            store.before = lambda kind, key: None
            written.append(write_channeldata(other, "now"))
            assert b"leaked" in store.objects[CHANNELDATA].data

    store.before = before
    delete(opened, planned, "a key leaked")
    assert written == [True]
    assert b"leaked" not in store.objects[CHANNELDATA].data


def test_gc_deletes_channeldata_that_nobody_asks_for_any_more() -> None:
    store = asking()
    size = len(store.objects[CHANNELDATA].data)
    garbage = Garbage(key=CHANNELDATA, why="not declared", size=size)
    assert garbage in collecting(store, "check").garbage
    assert CHANNELDATA in store.objects
    deny(store, "delete")
    denied = collecting(store, "write")
    assert garbage not in denied.garbage
    assert "delete it with the store's own tools" in denied.notes[0]
    store.before = lambda kind, key: None
    assert garbage in collecting(store, "write").garbage
    assert CHANNELDATA not in store.objects


def test_the_store_that_does_not_answer_stops_it() -> None:
    store = asking()

    def before(kind: str, key: str) -> None:
        if key == CHANNELDATA:
            raise StorageError("the store does not answer", code="InternalError", status=500)

    store.before = before
    with pytest.raises(StorageError):
        deleting(store, ASKED)
    assert stage(store) == "deleting"
