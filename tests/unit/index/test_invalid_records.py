"""Records of other tools that clients cannot read, or no shard can hold: named, and made again from their packages."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest
from msgspec import Raw

from chaninfra.channel.errors import InvalidRepodataError
from chaninfra.channel.objects import ObjectBody
from chaninfra.index.contents import contents_of
from chaninfra.index.reindex import reindex
from chaninfra.index.report import SubdirReport
from chaninfra.index.valid_records import why_invalid
from chaninfra.index.whole import check_writable
from chaninfra.index.yank import yank
from support.cases.invalid_records import INVALID, ODD
from support.index_model.memory_store import MemoryStore, SequentialRuntime
from support.index_model.processes import FOLDER, INDEX, JSON, ZST, channel, channel_with, file, package, publishing

A = file("a")


FIELDS = {"name": "a", "version": "1", "build": "0", "build_number": 0, "sha256": "0" * 64, "subdir": "noarch"}


def raw(field: str, value: str) -> Raw:
    return Raw(json.dumps({**FIELDS, field: "@"}).replace('"@"', value).encode())


@pytest.mark.parametrize(("field", "value"), INVALID)
def test_a_record_that_clients_cannot_read_is_known(field: str, value: str) -> None:
    assert why_invalid(raw(field, value))


@pytest.mark.parametrize(("field", "value"), ODD)
def test_a_record_that_looks_odd_is_valid(field: str, value: str) -> None:
    assert why_invalid(raw(field, value)) is None


@pytest.mark.parametrize("field", ["name", "version", "build", "build_number"])
def test_a_record_without_a_field_that_clients_need_is_invalid(field: str) -> None:
    rest = {key: value for key, value in FIELDS.items() if key != field}
    assert field in (why_invalid(Raw(json.dumps(rest).encode())) or "")


@pytest.fixture(scope="module")
def sound() -> dict[str, ObjectBody]:
    """The objects of a channel with a in two versions, and b."""
    return dict(channel_with("a", "a-2", "b").objects)


def written(sound: dict[str, ObjectBody], field: str, value: str, *, alone: bool) -> MemoryStore:
    """The channel after another tool has written repodata.json with this value in the record of a; `alone`: and there
    is nothing else of an index.
    """
    store = MemoryStore()
    store.objects = dict(sound)
    document = json.loads(store.objects[JSON].data)
    del document["chaninfra"]
    document["packages.conda"][A][field] = "@"
    if alone:
        store.objects = {key: body for key, body in store.objects.items() if key.endswith(".conda")}
    data = json.dumps(document).replace('"@"', value).encode()
    store.objects[JSON] = ObjectBody(data=data, content_type="")
    return store


def reindexed(store: MemoryStore, mode: Any, scope: Any = "changed") -> SubdirReport:
    on = channel(store, SequentialRuntime(f"{mode}{len(store.objects)}"))
    vars(on)["store"] = lambda: store
    return reindex(on, ["noarch"], scope, mode).subdirs[0]


def records(store: MemoryStore) -> dict[str, Any]:
    """File → record of repodata.json, which must be that of the shards."""
    found: dict[str, Any] = json.loads(store.objects[JSON].data)["packages.conda"]
    assert not reindexed(store, "check").differed
    assert {INDEX, JSON, ZST} <= {*store.objects}
    return found


def timeless(record: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key != "indexed_timestamp"}


SOME = [
    ("legacy_bz2_md5", '"xxx"'),
    ("build_number", "1.5"),
    ("build_number", str(1 << 64)),
    ("timestamp", "1e3"),
    ("depends", '"x"'),
    ("depends", "[1]"),
    ("noarch", "5"),
    ("license", "5"),
    ("size", '"5"'),
    ("name", "5"),
    ("version", "5"),
    ("x-more", "1" + "0" * 30),
    ("sha256", '"xxx"'),
]


@pytest.mark.parametrize("alone", [False, True], ids=["beside ours", "alone"])
@pytest.mark.parametrize(("field", "value"), SOME)
def test_it_is_named_and_made_again_from_the_package(
    sound: dict[str, ObjectBody], field: str, value: str, *, alone: bool
) -> None:
    store = written(sound, field, value, alone=alone)
    before = dict(store.objects)
    for mode in ("check", "write"):
        report = reindexed(store, mode)
        assert [each.package for each in report.invalid] == [f"noarch/{A}"], mode
        assert report.invalid[0].reason
        assert report.differed
        assert report.left_out == ()
        if mode == "check":
            assert store.objects == before
    ours = json.loads(sound[JSON].data)["packages.conda"]
    assert {name: timeless(record) for name, record in records(store).items()} == {
        name: timeless(record) for name, record in ours.items()
    }
    assert not reindexed(store, "check").invalid
    publishing("a-3").run(store, SequentialRuntime("publish"))
    assert len(records(store)) == 4


@pytest.mark.parametrize("alone", [False, True], ids=["beside ours", "alone"])
def test_a_record_whose_package_nobody_can_read_is_left_out_and_named(
    sound: dict[str, ObjectBody], *, alone: bool
) -> None:
    """Those of the same name stay."""
    store = written(sound, "legacy_bz2_md5", '"xxx"', alone=alone)
    store.objects[f"{FOLDER}/{A}"] = ObjectBody(data=b"no package", content_type="")
    report = reindexed(store, "write")
    assert [each.package for each in report.invalid] == [f"noarch/{A}"]
    assert [each.package for each in report.left_out] == [f"noarch/{A}"]
    assert {*records(store)} == {file("a-2"), file("b")}


# The size and the digest of the package are others, so it is read again.
@pytest.mark.parametrize(("field", "value"), [odd for odd in ODD if odd[0] not in ("size", "md5")])
def test_odd_values_of_another_tool_stay(sound: dict[str, ObjectBody], field: str, value: str) -> None:
    store = written(sound, field, value, alone=True)
    assert not reindexed(store, "write").invalid
    assert json.loads(store.objects[JSON].data)["packages.conda"][A][field] == json.loads(value)


def test_a_forced_reindex_says_that_records_are_made_again(sound: dict[str, ObjectBody]) -> None:
    store = written(sound, "depends", '["patched"]', alone=True)
    first = reindexed(store, "write")
    assert (first.replaced, first.remade) == ((), ())
    again = reindexed(store, "write", "all")
    assert (again.replaced, again.remade) == ((), (A,)), "its bytes are the same"
    other = package("a", b"other").path.read_bytes()
    store.objects[f"{FOLDER}/{A}"] = ObjectBody(data=other, content_type="")
    overwritten = reindexed(store, "write", "all")
    assert (overwritten.replaced, overwritten.remade) == ((A,), ())


DAMAGED: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda _: b"",
    "no JSON": lambda data: data[:-5],
    "compressed with gzip": gzip.compress,
    "half a surrogate in a record": lambda data: data.replace(b'"name": "a"', b'"x": "\\ud800", "name": "a"', 1),
    "too large a number in info": lambda data: data.replace(b'"info": {', b'"info": {"x":1%s,' % (b"0" * 30), 1),
}
"""What makes of a repodata.json one that cannot be read."""
UNUSABLE: dict[str, Callable[[bytes], bytes]] = {
    **DAMAGED,
    "too large a number beside the records": lambda data: data.replace(b"{", b'{"x-more":1%s,' % (b"0" * 30), 1),
}
"""And of one whose keys no shard index can have."""


def spoilt(sound: dict[str, ObjectBody], case: str, *, alone: bool) -> MemoryStore:
    store = written(sound, "depends", "[]", alone=alone)
    changed = UNUSABLE[case](store.objects[JSON].data)
    assert changed != store.objects[JSON].data
    store.objects[JSON] = ObjectBody(data=changed, content_type="")
    return store


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_repodata_json_beside_our_shards_is_made_again(sound: dict[str, ObjectBody], case: str) -> None:
    """The shards decide, and have all that it had."""
    store = spoilt(sound, case, alone=False)
    damaged = dict(store.objects)
    assert reindexed(store, "check").files == ("repodata.json",)
    on = channel(store, SequentialRuntime("l"))
    vars(on)["store"] = lambda: store
    assert {each.file for each in contents_of(on).packages} == {A, file("a-2"), file("b")}
    check_writable(on.subdir_index("noarch"))
    assert store.objects == damaged
    publishing("a-3").run(store, SequentialRuntime("publish"))
    assert {*records(store)} == {A, file("a-2"), file("a-3"), file("b")}
    for run in (lambda: reindexed(store, "write"), lambda: yank(channel(store, SequentialRuntime("y")), ["b"], None)):
        store.objects = dict(damaged)
        run()
        assert {*records(store)} >= {A, file("a-2")}


@pytest.mark.parametrize(
    ("case", "alone"), [*((case, True) for case in UNUSABLE), ("too large a number beside the records", False)]
)
def test_a_repodata_json_that_cannot_be_taken_over_stops_before_the_first_put(
    sound: dict[str, ObjectBody], case: str, *, alone: bool
) -> None:
    store = spoilt(sound, case, alone=alone)
    before = dict(store.objects)
    for run in (
        lambda: reindexed(store, "write"),
        # As a publish of several packages does before it uploads them.
        lambda: check_writable(channel(store, SequentialRuntime("p")).subdir_index("noarch")),
        lambda: yank(channel(store, SequentialRuntime("y")), ["b"], None),
    ):
        with pytest.raises(InvalidRepodataError, match=r"repodata\.json") as caught:
            run()
        assert "--force" in (caught.value.remedy or "")
        assert store.objects == before
    reindexed(store, "write", "all")
    assert {*records(store)} == {A, file("a-2"), file("b")}
