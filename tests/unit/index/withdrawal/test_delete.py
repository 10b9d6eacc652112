"""What `delete` leaves: nothing of the package but its entry in withdrawn.json, and all else as it was."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from chaninfra.channel.conda.index_files import decompress
from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.conda.shards import shard_key
from chaninfra.channel.errors import ChaninfraError, DeniedError, StorageError
from chaninfra.channel.objects import ObjectBody
from chaninfra.channel.outputs.descriptor import DescribedIndex
from chaninfra.index.commit.change import Change
from chaninfra.index.commit.commit import commit
from chaninfra.index.commit.history import history_key, kept_index, kept_numbers
from chaninfra.index.commit.replaced import read_replaced
from chaninfra.index.commit.shard_reader import ShardReader
from chaninfra.index.gc import collect_subdir
from chaninfra.index.patches.add import add
from chaninfra.index.snapshots.create import create
from chaninfra.index.snapshots.document import read_snapshots
from chaninfra.index.withdrawal.delete import Deleted, delete
from chaninfra.index.withdrawal.document import read_withdrawn
from chaninfra.index.withdrawal.plan import Plan, plan
from support.index_model.memory_store import MemoryStore, SequentialRuntime
from support.index_model.memory_subdir import MemoryChannel
from support.index_model.memory_subdir import package as described
from support.index_model.patches import PATCHES, patching
from support.index_model.processes import (
    DAY,
    FOLDER,
    NOW,
    PREFIX,
    channel,
    channel_with,
    collecting,
    file,
    package,
    publishing,
    reindexing,
    unyanking,
    yanking,
)
from support.index_model.scenarios import NEVER

WITHDRAWN = f"{PREFIX}/withdrawn.json"
LIST = f"{PREFIX}/snapshots/index.json"
DEFAULT = DescribedIndex()
LEAKED = file("a-2")
SHA256 = hashlib.sha256(package("a-2").path.read_bytes()).hexdigest()
WRITES = 24
"""How many writes a deletion from `long_lived` makes: a kill before each of them is tried."""
TIME = datetime(2026, 1, 1, tzinfo=UTC)


def planned(store: MemoryStore, *words: str, index: DescribedIndex = DEFAULT) -> Plan:
    return plan(channel(store, SequentialRuntime("plan"), index), words)


def deleting(
    store: MemoryStore, *words: str, reason: str = "a key leaked", index: DescribedIndex = DEFAULT, process: str = "d"
) -> Deleted:
    opened = channel(store, SequentialRuntime(process), index)
    return delete(opened, plan(opened, words), reason)


def long_lived(*, index: DescribedIndex = DEFAULT) -> MemoryStore:
    """A channel with a leaked package in its index, its history and two snapshots; it has been indexed once more, has
    been yanked and brought back since, is patched, and has attestations.
    """
    store = channel_with("a-1", "a-2", "b", index=index)
    create(channel(store, SequentialRuntime("s1"), index), "v1")
    store.now += timedelta(hours=1)
    publishing("a-3", index=index).run(store, SequentialRuntime("p"))
    yanking("a-2", index=index).run(store, SequentialRuntime("y"))
    create(channel(store, SequentialRuntime("s2"), index), "v2")
    unyanking("a-2", index=index).run(store, SequentialRuntime("u"))
    patching("a-2", index=index).run(store, SequentialRuntime("patch"))
    for name in (f"{LEAKED}.sigs", f"{LEAKED}.sigs.{'0' * 64}"):
        store.objects[f"{FOLDER}/{name}"] = ObjectBody(data=b"[]", content_type="application/json")
    store.now += timedelta(hours=1)
    return store


def traces(store: MemoryStore, leaked: str = LEAKED, sha256: str = SHA256) -> set[str]:
    """The keys of the objects that have the file's name or sha256, packed or not, or are named so."""
    marks = (leaked.encode(), leaked.removesuffix(".conda").encode(), sha256.encode(), bytes.fromhex(sha256))
    found = {key for key in store.objects if leaked in key}
    for key, body in store.objects.items():
        texts = (body.data, bytes(decompress(body.data, 1 << 30) or b""))
        if any(mark in text for mark in marks for text in texts) or hashlib.sha256(body.data).hexdigest() == sha256:
            found.add(key)
    return found - {WITHDRAWN}


def listed(store: MemoryStore, folder: str = FOLDER) -> dict[str, set[str]]:
    """The file names that each form of an index lists."""
    index = ShardIndex.parse(store.objects[f"{folder}/repodata_shards.msgpack.zst"].data)
    assert index is not None
    found: dict[str, set[str]] = {"shards": records(store, index)}
    for form, name in (("json", "repodata.json"), ("zst", "repodata.json.zst")):
        if f"{folder}/{name}" in store.objects:
            data = store.objects[f"{folder}/{name}"].data
            plain = data if form == "json" else decompress(data, 1 << 20)
            found[form] = {*json.loads(plain or b"")["packages.conda"]}
    return found


def records(store: MemoryStore, index: ShardIndex) -> set[str]:
    found: set[str] = set()
    for digest in index.hashes.values():
        data = store.objects[f"{FOLDER}/{shard_key(digest)}"].data
        found |= msgspec.msgpack.decode(decompress(data, 1 << 20) or b"")["packages.conda"].keys()
    return found


def states(store: MemoryStore) -> dict[int, tuple[set[str], int]]:
    """Number of each commit in the history → the files that its state lists, and how many its stamp says."""
    target = channel(store, SequentialRuntime("r")).subdir_index("noarch")
    found = {}
    for number, _ in kept_numbers(target):
        index = kept_index(target, number)
        assert index is not None
        assert index.stamp is not None
        found[number] = records(store, index), index.stamp.count
    return found


@pytest.mark.parametrize("index", [DEFAULT, NEVER], ids=["each-commit", "never"])
@pytest.mark.parametrize("word", ["a==2", LEAKED, f"noarch/{LEAKED}"])
def test_nothing_is_left_of_it(word: str, index: DescribedIndex) -> None:
    store = long_lived(index=index)
    assert len(traces(store)) > 6
    before = states(store)
    done = deleting(store, word, index=index)
    assert traces(store) == set()
    assert sorted(done.snapshots) == ["snapshots/v1", "snapshots/v2"]
    assert (done.back, done.unreadable) == ([], set())
    others = {file("a-1"), file("a-3"), file("b")}
    assert {frozenset(each) for each in listed(store).values()} == {frozenset(others)}
    assert {frozenset(each) for each in listed(store, f"{PREFIX}/snapshots/v1/noarch").values()} == {
        frozenset(others - {file("a-3")})
    }
    after = states(store)
    assert {number: after[number][0] for number in before} == {
        number: files - {LEAKED} for number, (files, _) in before.items()
    }
    assert all(len(files) == count for files, count in after.values())


def test_it_is_told() -> None:
    store = long_lived()
    deleting(store, "a==2", reason="a key leaked")
    told = json.loads(store.objects[WITHDRAWN].data)
    assert told == {
        "version": 1,
        "packages": [
            {
                "path": f"noarch/{LEAKED}",
                "sha256": [SHA256],
                "when": "2026-01-01T00:00:00Z",
                "reason": "a key leaked",
            }
        ],
    }
    assert store.objects[WITHDRAWN].cache_control == "no-cache"


def test_states_of_the_history_keep_their_bytes_and_their_time() -> None:
    store = long_lived()
    start = f"{PREFIX}/.chaninfra/history/"
    before = {key: (body, store.entry(key).modified) for key, body in store.objects.items() if key.startswith(start)}
    deleting(store, "a==2")
    assert {key: (store.objects[key], store.entry(key).modified) for key in before} == before
    create(channel(store, SequentialRuntime("at", NOW + DAY)), "then", TIME + timedelta(minutes=1))
    assert listed(store, f"{PREFIX}/snapshots/then/noarch")["shards"] == {file("a-1"), file("b")}
    assert traces(store) == set()


def test_the_list_of_the_snapshots_counts_again() -> None:
    store = long_lived()
    before = read_snapshots(store, LIST)[0].snapshots
    deleting(store, "a==2")
    after = read_snapshots(store, LIST)[0].snapshots
    counts = {name: (before[name].packages, after[name].packages) for name in before}
    # When v2 was made it was yanked.
    assert counts == {"v1": (3, 2), "v2": (3, 3)}
    assert {name: (each.at, each.created, each.stage) for name, each in before.items()} == {
        name: (each.at, each.created, each.stage) for name, each in after.items()
    }


@pytest.mark.parametrize("index", [DEFAULT, NEVER], ids=["each-commit", "never"])
def test_the_only_package_of_its_name(index: DescribedIndex) -> None:
    store = channel_with("b", "leak", index=index)
    create(channel(store, SequentialRuntime("s"), index), "v1")
    sha256 = hashlib.sha256(package("leak").path.read_bytes()).hexdigest()
    deleting(store, "leak", index=index)
    assert traces(store, file("leak"), sha256) == set()
    publishing("c", index=index).run(store, SequentialRuntime("later"))
    reindexing(index=index).run(store, SequentialRuntime("r"))
    assert listed(store)["shards"] == {file("b"), file("c")}
    assert listed(store, f"{PREFIX}/snapshots/v1/noarch")["shards"] == {file("b")}
    assert traces(store, file("leak"), sha256) == set()


def test_the_only_packages_of_two_names() -> None:
    store = channel_with("b", "leak", "other")
    deleting(store, "leak", "other")
    publishing("c").run(store, SequentialRuntime("later"))
    assert {frozenset(each) for each in listed(store).values()} == {frozenset({file("b"), file("c")})}


def test_a_yanked_package() -> None:
    store = channel_with("a-1", "a-2")
    yanking("a-2").run(store, SequentialRuntime("y"))
    deleting(store, "a==2")
    assert traces(store) == set()
    assert json.loads(store.objects[f"{PREFIX}/yanked.json"].data)["packages"] == {}


def test_files_that_are_in_no_index() -> None:
    store = channel_with("a-1")
    store.objects[f"{FOLDER}/{LEAKED}"] = ObjectBody(data=package("a-2").path.read_bytes(), content_type="")
    deleting(store, f"noarch/{LEAKED}")
    assert traces(store) == set()
    with pytest.raises(ChaninfraError, match="there is no such package") as caught:
        planned(store, file("c"))
    assert "give the path, such as noarch/my-package-1.0-0.conda" in str(caught.value.remedy)
    with pytest.raises(ChaninfraError, match="there is no such package: noarch/c-1-0") as by_path:
        planned(store, f"noarch/{file('c')}")
    assert "give the path" not in str(by_path.value.remedy)


def test_files_of_which_only_the_history_knows() -> None:
    store = channel_with("a-1", "a-2")
    del store.objects[f"{FOLDER}/{LEAKED}"]
    reindexing().run(store, SequentialRuntime("r"))
    assert LEAKED not in listed(store)["shards"]
    [only] = planned(store, f"noarch/{LEAKED}").packages
    assert (only.listed, only.objects, only.sha256) == ("in no index", {}, (SHA256,))
    deleting(store, f"noarch/{LEAKED}")
    assert traces(store) == set()


def test_a_plan_writes_nothing() -> None:
    store = long_lived()
    before = dict(store.objects)
    found = planned(store, "a==2")
    assert store.objects == before
    [only] = found.packages
    assert (only.path, only.listed, only.sha256) == (f"noarch/{LEAKED}", "in the index", (SHA256,))
    assert [key.removeprefix(f"{FOLDER}/{LEAKED}") for key in only.objects] == ["", ".sigs", f".sigs.{'0' * 64}"]
    assert found.snapshots == ["snapshots/v1", "snapshots/v2"]


def patched(store: MemoryStore) -> set[str]:
    """The files that have a patch."""
    return {*json.loads(store.objects[PATCHES].data)["files"]}


def test_the_patches_of_others_stay_also_of_what_is_not_there() -> None:
    store = channel_with("a-1", "a-2")
    add(channel(store, SequentialRuntime("patch")), ["a", f"noarch/{file('a-3')}"], {"license": "X"})
    assert patched(store) == {file("a-1"), LEAKED, file("a-3")}
    assert [each.patched for each in planned(store, "a==2").packages] == [True]
    assert deleting(store, "a==2").back == []
    assert patched(store) == {file("a-1"), file("a-3")}
    assert traces(store) == set()
    with pytest.raises(ChaninfraError, match="there is no such package"):
        planned(store, f"noarch/{file('a-3')}")


def test_a_patch_that_was_made_before_the_package_came_goes_too() -> None:
    store = channel_with("a-1")
    patching("a-2").run(store, SequentialRuntime("patch"))
    publishing("a-2").run(store, SequentialRuntime("p"))
    deleting(store, "a==2")
    assert patched(store) == set()
    assert traces(store) == set()


def test_patches_without_one_of_it_are_not_written() -> None:
    store = channel_with("a-1", "a-2", "b")
    patching("b").run(store, SequentialRuntime("patch"))
    before = store.objects[PATCHES]
    store.log.clear()
    assert [each.patched for each in planned(store, "a==2").packages] == [False]
    deleting(store, "a==2")
    assert store.objects[PATCHES] == before
    assert ("put", PATCHES) not in store.log


def test_who_publishes_it_again_meanwhile_lays_no_patch_that_is_gone_then() -> None:
    store = channel_with("a-1", "a-2")
    patching("a-2").run(store, SequentialRuntime("patch"))
    begun = [1]

    def before(kind: str, key: str) -> None:
        if kind == "put" and key == PATCHES and begun and LEAKED not in listed(store)["shards"]:
            begun.clear()
            publishing("a-2").run(store, SequentialRuntime("again"))

    store.before = before
    deleting(store, "a==2")
    assert not begun
    assert patched(store) == set()
    document = json.loads(store.objects[f"{FOLDER}/repodata.json"].data)
    assert document["packages.conda"][LEAKED].get("license") != "patched"


@pytest.mark.parametrize("document", [b"", b"[]", b'{"version": 1, "files": {"../x.conda": {}}}'])
def test_patches_that_are_not_valid_stop_it_before_anything_is_deleted(document: bytes) -> None:
    store = channel_with("a-1", "a-2")
    store.objects[PATCHES] = ObjectBody(data=document, content_type="")
    before = dict(store.objects)
    with pytest.raises(StorageError, match="is not valid") as caught:
        planned(store, "a==2")
    assert caught.value.where == PATCHES
    assert "restore an older version of it; or delete it" in str(caught.value.remedy)
    assert store.objects == before


def test_a_package_of_a_similar_name_stays() -> None:
    """Its file name ends with that of the deleted one."""
    store = channel_with("a-2", "xa-2")
    deleting(store, LEAKED)
    assert listed(store) == {form: {file("xa-2")} for form in ("shards", "json", "zst")}
    assert f"{FOLDER}/{file('xa-2')}" in store.objects


def writes(store: MemoryStore) -> int:
    """How many writes a deletion makes."""
    copy = MemoryStore()
    copy.objects, copy.modified, copy.now = dict(store.objects), dict(store.modified), store.now
    deleting(copy, "a==2")
    return sum(kind in ("put", "delete") for kind, _ in copy.log)


@pytest.mark.parametrize("at", range(WRITES))
def test_whoever_goes_on_after_a_kill_finishes(at: int) -> None:
    store = long_lived()
    count = [0]

    def before(kind: str, key: str) -> None:
        if kind in ("put", "delete"):
            count[0] += 1
            if count[0] > at:
                raise KeyboardInterrupt

    store.before = before
    with pytest.raises(KeyboardInterrupt):
        deleting(store, "a==2")
    store.before = lambda kind, key: None
    document = read_withdrawn(store, WITHDRAWN)[0]
    assert [each.stage for each in document.packages] == (["deleting"] if at else [])
    for name in ("v1", "v2"):
        # No reader of a snapshot misses a shard at any moment.
        listed(store, f"{PREFIX}/snapshots/{name}/noarch")
    deleting(store, "a==2", reason="again", process="d2")
    assert traces(store) == set()
    [told] = read_withdrawn(store, WITHDRAWN)[0].packages
    assert (told.sha256, told.stage) == ([SHA256], None)
    assert told.reason == ("a key leaked" if at else "again")
    assert all(len(files) == count for files, count in states(store).values())
    counts = {name: each.packages for name, each in read_snapshots(store, LIST)[0].snapshots.items()}
    assert counts == {"v1": 2, "v2": 3}


def test_whoever_may_not_write_withdrawn_json_changes_nothing() -> None:
    store = long_lived()
    before = dict(store.objects)

    def denied(kind: str, key: str) -> None:
        if kind == "put" and key == WITHDRAWN:
            raise DeniedError("the store refuses", where=key)

    store.before = denied
    with pytest.raises(DeniedError) as caught:
        deleting(store, "a==2")
    assert "only maintainers may delete packages" in str(caught.value.remedy)
    assert store.objects == before


def test_again_and_with_others() -> None:
    """A second package of the same name: what stands for a shard is replaced itself."""
    store = long_lived()
    deleting(store, "a==2")
    deleting(store, "a==3", process="e")
    sha256 = hashlib.sha256(package("a-3").path.read_bytes()).hexdigest()
    assert traces(store) == traces(store, file("a-3"), sha256) == set()
    assert all(len(files) == count for files, count in states(store).values())
    with pytest.raises(ChaninfraError, match=f"noarch/{LEAKED} was deleted on 2026-01-01T00:00:00Z already: a key"):
        planned(store, "a==2")
    # Again: nothing is found, and nothing else is told.
    deleting(store, f"noarch/{LEAKED}", reason="again", process="f")
    assert [each.file for each in read_withdrawn(store, WITHDRAWN)[0].packages] == [LEAKED, file("a-3")]


def test_gc_keeps_what_stands_for_shards_as_long_as_a_state_needs_it() -> None:
    store = long_lived()
    deleting(store, "a==2")
    store.now += timedelta(days=1)
    for later in (2, 12, 22):
        collecting(later=later * DAY).run(store, SequentialRuntime("gc", NOW + later * DAY))
        # Each state and each snapshot that is left has its shards.
        assert all(len(files) == count for files, count in states(store).values())
        listed(store, f"{PREFIX}/snapshots/v1/noarch")


def test_it_may_be_published_again() -> None:
    store = long_lived()
    deleting(store, "a==2")
    publishing("a-2").run(store, SequentialRuntime("again"))
    assert LEAKED in listed(store)["shards"]
    deleting(store, "a==2", reason="once more", process="e")
    assert traces(store) == set()
    told = read_withdrawn(store, WITHDRAWN)[0].packages
    assert [each.stage for each in told] == [None]


def test_a_publisher_that_has_put_its_shard_before_the_commit_makes_another_one() -> None:
    """It publishes another version, and has read the index before."""
    store = channel_with("a-1", "a-2")
    begun = [1]

    def before(kind: str, key: str) -> None:
        if kind == "put" and key.endswith("repodata_shards.msgpack.zst") and begun:
            begun.clear()
            deleting(store, "a==2", process="in-between")

    store.before = before
    publishing("a-3").run(store, SequentialRuntime("p"))
    assert listed(store)["shards"] == {file("a-1"), file("a-3")}
    assert traces(store) == set()


def test_a_shard_that_was_put_after_the_shards_were_listed_is_found() -> None:
    store = channel_with("a-1", "a-2")
    begun = [1]

    def before(kind: str, key: str) -> None:
        if kind == "put" and key.endswith("repodata_shards.msgpack.zst") and begun:
            begun.clear()
            # What a publisher that is killed then has put.
            old = next(key for key in store.objects if "/shards/" in key and LEAKED.encode() in unpacked(store, key))
            data = msgspec.msgpack.decode(unpacked(store, old))
            data["chaninfra"]["revision"] = "late"
            from chaninfra.channel.conda.index_files import compress

            late = compress(msgspec.msgpack.encode(data), 1)
            digest = hashlib.sha256(late).digest()
            store.objects[f"{FOLDER}/{shard_key(digest)}"] = ObjectBody(data=late, content_type="")

    store.before = before
    deleting(store, "a==2")
    assert not begun
    assert traces(store) == set()


def unpacked(store: MemoryStore, key: str) -> bytes:
    return bytes(decompress(store.objects[key].data, 1 << 20) or b"")


def test_a_snapshot_that_is_made_meanwhile_lists_it_no_more() -> None:
    """Its maker has read the index before, and puts its files after the shards were deleted."""
    store = channel_with("a-1", "a-2")
    begun = [1]

    def before(kind: str, key: str) -> None:
        if kind == "put" and key.endswith("v1/noarch/repodata_shards.msgpack.zst") and begun:
            begun.clear()
            # The monolith of the maker is of the index that it has read, if it has read the shards.
            deleting(store, "a==2", process="in-between")

    store.before = before
    create(channel(store, SequentialRuntime("s"), NEVER), "v1")
    assert not begun
    assert listed(store, f"{PREFIX}/snapshots/v1/noarch")["shards"] == {file("a-1")}
    assert read_snapshots(store, LIST)[0].snapshots["v1"].packages == 1
    assert traces(store) == set()


def test_the_monolith_of_a_snapshot_that_is_made_meanwhile_lists_it_no_more() -> None:
    store = channel_with("a-1", "a-2")
    begun = [1]

    def before(kind: str, key: str) -> None:
        if kind == "put" and key.endswith("v1/noarch/repodata.json") and begun:
            begun.clear()
            deleting(store, "a==2", process="in-between")

    store.before = before
    create(channel(store, SequentialRuntime("s")), "v1")
    assert not begun
    assert listed(store, f"{PREFIX}/snapshots/v1/noarch") == {form: {file("a-1")} for form in ("shards", "json", "zst")}
    assert traces(store) == set()


def test_a_snapshot_whose_maker_was_killed_is_finished_without_it() -> None:
    store = channel_with("a-1", "a-2")

    def killed(kind: str, key: str) -> None:
        if kind == "put" and key.endswith("v1/noarch/repodata.json.zst"):
            raise KeyboardInterrupt

    store.before = killed
    with pytest.raises(KeyboardInterrupt):
        create(channel(store, SequentialRuntime("s")), "v1")
    store.before = lambda kind, key: None
    deleting(store, "a==2")
    assert create(channel(store, SequentialRuntime("s2")), "v1").outcome == "finished"
    assert listed(store, f"{PREFIX}/snapshots/v1/noarch") == {form: {file("a-1")} for form in ("shards", "json", "zst")}
    assert traces(store) == set()
    assert read_snapshots(store, LIST)[0].snapshots["v1"].packages == 1


def test_a_damaged_repodata_json_of_a_snapshot_is_made_again() -> None:
    store = channel_with("a-1", "a-2")
    create(channel(store, SequentialRuntime("s")), "v1")
    key = f"{PREFIX}/snapshots/v1/noarch/repodata.json"
    store.objects[key] = dataclasses.replace(store.objects[key], data=LEAKED.encode())
    assert deleting(store, "a==2").unreadable == set()
    assert traces(store) == set()
    made = listed(store, f"{PREFIX}/snapshots/v1/noarch")
    assert made == {form: {file("a-1")} for form in ("shards", "json", "zst")}
    assert json.loads(store.objects[key].data)["info"]["base_url"] == "../../../noarch/"


def test_a_damaged_shard_index_of_a_snapshot_is_named() -> None:
    store = channel_with("a-1", "a-2")
    create(channel(store, SequentialRuntime("s")), "v1")
    key = f"{PREFIX}/snapshots/v1/noarch/repodata_shards.msgpack.zst"
    store.objects[key] = ObjectBody(data=b"damaged", content_type="")
    assert deleting(store, "a==2").unreadable == {key}
    assert [each.stage for each in read_withdrawn(store, WITHDRAWN)[0].packages] == ["deleting"]
    del store.objects[key]
    deleting(store, "a==2", process="e")
    assert [each.stage for each in read_withdrawn(store, WITHDRAWN)[0].packages] == [None]


@pytest.mark.parametrize(
    "document",
    [
        b"",
        b"[]",
        b'{"version": 1, "packages": [{"path": "../x.conda", "when": "2026-01-01T00:00:00Z", "reason": ""}]}',
        b'{"version": 1, "packages": [{"path": "noarch/a-1-0.conda", "when": "now", "reason": ""}]}',
        b'{"version": 1, "packages": [{"path": "noarch/a-1-0.conda", "when": "2026-01-01T00:00:00Z", '
        b'"reason": "\\u001b[2J"}]}',
        b'{"version": 1, "by": "somebody"}',
    ],
)
def test_a_document_that_is_not_valid_stops_it(document: bytes) -> None:
    store = channel_with("a-1")
    store.objects[WITHDRAWN] = ObjectBody(data=document, content_type="")
    before = dict(store.objects)
    with pytest.raises(StorageError, match="is not valid") as caught:
        deleting(store, "a")
    assert caught.value.where == WITHDRAWN
    assert store.objects == before


@pytest.mark.parametrize("document", [b"", b'{"shards": {"x": {"shard": null}}}', b'{"shards": [], "version": 1}'])
def test_what_is_replaced_must_be_valid(document: bytes) -> None:
    store = long_lived()
    target = channel(store, SequentialRuntime("r")).subdir_index("noarch")
    store.objects[f"{PREFIX}/.chaninfra/replaced/noarch.json"] = ObjectBody(data=document, content_type="")
    with pytest.raises(StorageError, match="is not valid"):
        kept_index(target, 2)
    store.objects[f"{PREFIX}/.chaninfra/replaced/noarch.json"] = ObjectBody(data=b'{"version": 2}', content_type="")
    with pytest.raises(StorageError, match="version 2 of this file is newer"):
        read_replaced(target)


def test_a_state_that_is_compared_is_as_it_was() -> None:
    """What was derived before from it has the record."""
    store = channel_with("b", "leak", "c", index=NEVER)
    deleting(store, "leak", index=NEVER)
    opened = channel(store, SequentialRuntime("r"))
    target = opened.subdir_index("noarch")
    # Shards that are gone are read by nobody.
    for number in states(store):
        index = kept_index(target, number)
        assert index is not None
        assert None not in ShardReader(target).find(index.hashes).values()
    assert history_key(target, 2) in store.objects
    assert not collect_subdir(target, "check").unknown


def test_the_kills_are_at_each_write() -> None:
    assert writes(long_lived()) == WRITES


def test_records_below_v3_are_counted_again() -> None:
    memory = MemoryChannel().skeleton()
    for name in ("a", "b"):
        file_name, record = described(name, table="v3.conda")
        memory.put(file_name, b"1")
        commit(memory.subdir_index, lambda found={file_name: record}: Change(records=found))  # type: ignore[misc]
    opened = channel(memory.store, SequentialRuntime("s"))
    create(opened, "v1")
    delete(opened, plan(opened, ["noarch/a-1.0-0.conda"]), "leaked")
    for folder in (FOLDER, f"{PREFIX}/snapshots/v1/noarch"):
        index = ShardIndex.parse(memory.store.objects[f"{folder}/repodata_shards.msgpack.zst"].data)
        assert index is not None
        repodata = json.loads(memory.store.objects[f"{folder}/repodata.json"].data)
        for info in (index.info, repodata["info"]):
            assert info["repodata_revisions"]["v3"]["n_packages"] == 1, folder
        assert [*repodata["v3"]["conda"]] == ["b-1.0-0"]
    state = kept_index(opened.subdir_index("noarch"), 3)
    assert state is not None
    assert state.info["repodata_revisions"]["v3"]["n_packages"] == 1
    assert traces(memory.store, "a-1.0-0.conda") == set()


def test_where_one_writer_is_declared() -> None:
    single = DescribedIndex(writers="single")
    store = channel_with("a-1", "a-2", index=single)
    deleting(store, "a==2", index=single)
    assert traces(store) == set()
    assert listed(store)["shards"] == {file("a-1")}
