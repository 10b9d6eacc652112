"""run_exports.json (CEP 12), derived from the index like repodata.json."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from chaninfra.channel.conda.commit_stamp import Origin
from chaninfra.channel.conda.index_files import compress, decompress
from chaninfra.channel.conda.index_settings import AtMostEvery, IndexSettings, Monolith
from chaninfra.channel.conda.patch import Patch
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.objects import ObjectBody
from chaninfra.index.commit.change import Change
from chaninfra.index.commit.commit import commit
from chaninfra.index.commit.index_record import IndexRecord
from chaninfra.index.follow.compare import Compared, _compare
from chaninfra.index.patches.document import update_patches
from chaninfra.index.reindex import reindex_subdir
from support.channels.archives import conda, index_json, tar_bz2
from support.channels.conda_index_reference import SUBDIRS, packages, reference
from support.index_model.memory_subdir import JSON, MemoryChannel, package

RUN_EXPORTS, ZST = "c/noarch/run_exports.json", "c/noarch/run_exports.json.zst"
WEAK = {"weak": ["lib >=1.0,<2.0a0"]}


def asking(monolith: Monolith = "each-commit") -> MemoryChannel:
    return MemoryChannel(IndexSettings(monolith=monolith, run_exports=True)).skeleton()


def exporting(name: str, exports: Any, content: bytes = b"1") -> tuple[str, IndexRecord]:
    """A package whose record has these run exports."""
    file, made = package(name, content)

    def encode(indexed: int) -> msgspec.Raw:
        record = msgspec.json.decode(made.encode(indexed))
        return msgspec.Raw(msgspec.json.encode(record | {"run_exports": exports}))

    return file, replace(made, encode=encode)


def publish(channel: MemoryChannel, *records: tuple[str, IndexRecord]) -> None:
    for file, _ in records:
        channel.put(file, b"1")
    commit(channel.subdir_index, lambda: Change(records=dict(records)))


def read(channel: MemoryChannel) -> dict[str, Any]:
    """What both files say, and that they are of the last commit."""
    data = channel.store.objects[RUN_EXPORTS].data
    assert decompress(channel.store.objects[ZST].data, 1 << 20) == data
    for key in (RUN_EXPORTS, ZST):
        assert channel.store.objects[key].metadata == Origin.of(channel.number(), data).metadata()
    found: dict[str, Any] = json.loads(data)
    return found


def test_a_new_channel_has_empty_ones() -> None:
    assert read(asking()) == {"info": {"subdir": "noarch", "version": 1}, "packages": {}, "packages.conda": {}}


def test_each_commit_writes_them() -> None:
    channel = asking()
    publish(channel, exporting("lib", WEAK), package("none"))
    assert read(channel) == {
        "info": {"subdir": "noarch", "version": 1},
        "packages": {},
        "packages.conda": {"lib-1.0-0.conda": {"run_exports": WEAK}, "none-1.0-0.conda": {"run_exports": {}}},
    }
    commit(channel.subdir_index, lambda: Change(missing=["lib-1.0-0.conda"]))
    del channel.store.objects["c/noarch/lib-1.0-0.conda"]
    commit(channel.subdir_index, lambda: Change(missing=["lib-1.0-0.conda"]))
    assert [*read(channel)["packages.conda"]] == ["none-1.0-0.conda"]
    channel.check_formats_agree()
    headers = channel.store.objects[RUN_EXPORTS], channel.store.objects[ZST]
    assert [each.content_type for each in headers] == ["application/json", "application/zstd"]
    assert {each.cache_control for each in headers} == {"max-age=300"}


def test_who_does_not_ask_makes_no_request_more() -> None:
    asked, plain = asking(), MemoryChannel().skeleton()
    for channel in (asked, plain):
        channel.store.log.clear()
        channel.publish("a")
    assert not [each for each in plain.store.log if "run_exports" in each[1]]
    more = Counter(kind for kind, _ in asked.store.log) - Counter(kind for kind, _ in plain.store.log)
    # The patches once more, since CEP 12 wants no patch.
    assert more == {"head": 2, "put": 2, "get": 1}


def test_at_most_every_so_often() -> None:
    channel = asking(AtMostEvery(at_most_every="10m"))
    channel.publish("a")
    before = channel.store.objects[RUN_EXPORTS]
    channel.publish("b")
    assert channel.store.objects[RUN_EXPORTS] is before
    commit(channel.subdir_index, Change, when="changed", derive="now")
    assert [*read(channel)["packages.conda"]] == ["a-1.0-0.conda", "b-1.0-0.conda"]


def test_with_never_a_re_index_writes_them_and_no_publish_asks_for_them() -> None:
    channel = asking("never")
    channel.store.log.clear()
    channel.put("lib-1.0-0.conda", conda(index_json("lib", "1.0"), {"run_exports.json": json.dumps(WEAK).encode()}))
    publish(channel, package("a"))
    assert not [key for _, key in channel.store.log if "run_exports" in key]
    assert json.loads(channel.store.objects[RUN_EXPORTS].data)["packages.conda"] == {}
    assert JSON not in channel.store.objects
    # As a yank does, which reads no shard of another package for it.
    commit(channel.subdir_index, Change, derive="now")
    assert not [key for _, key in channel.store.log if "run_exports" in key]
    channel.put("a-1.0-0.conda", conda(index_json("a", "1.0")))
    reindex_subdir(channel.subdir_index)
    found = {"a-1.0-0.conda": {"run_exports": {}}, "lib-1.0-0.conda": {"run_exports": WEAK}}
    assert read(channel)["packages.conda"] == found
    assert JSON not in channel.store.objects


def test_with_never_the_hourly_comparison_of_a_follower_writes_them() -> None:
    channel = asking("never")
    channel.publish("a")
    compared = Compared()
    # Only what it needs of a channel is asked for.
    commit_number = channel.number()
    _compare(_OfNoarch(channel), channel.subdir_index, {}, compared)  # type: ignore[arg-type]
    assert channel.number() == commit_number
    assert [*read(channel)["packages.conda"]] == ["a-1.0-0.conda"]


class _OfNoarch:
    """The descriptor of the channel in memory, as far as a comparison asks for it."""

    def __init__(self, channel: MemoryChannel) -> None:
        self.descriptor = self
        self.subdirs, self.prefix = channel.layout.subdirs, channel.layout.prefix
        self.key = channel.layout.key


@pytest.mark.parametrize("lost", [[RUN_EXPORTS], [ZST], [RUN_EXPORTS, ZST]])
@pytest.mark.parametrize("monolith", ["each-commit", "never"])
def test_a_re_index_makes_those_that_are_lost_again(lost: list[str], monolith: Monolith) -> None:
    channel = asking(monolith)
    channel.put("lib-1.0-0.conda", conda(index_json("lib", "1.0"), {"run_exports.json": json.dumps(WEAK).encode()}))
    reindex_subdir(channel.subdir_index)
    for key in lost:
        del channel.store.objects[key]
    assert reindex_subdir(channel.subdir_index).files == tuple(key.rpartition("/")[2] for key in lost)
    assert read(channel)["packages.conda"] == {"lib-1.0-0.conda": {"run_exports": WEAK}}


@pytest.mark.parametrize("data", [b"", b"none", b'{"packages": {"x": 1}}'])
def test_those_of_another_tool_are_replaced_without_a_re_index(data: bytes) -> None:
    channel = asking()
    for key in (RUN_EXPORTS, ZST):
        channel.put(key.removeprefix("c/noarch/"), data)
    publish(channel, exporting("lib", WEAK))
    assert read(channel)["packages.conda"] == {"lib-1.0-0.conda": {"run_exports": WEAK}}


def test_a_channel_that_asks_for_them_later_gets_them_by_the_next_commit() -> None:
    channel = MemoryChannel().skeleton()
    publish(channel, exporting("lib", WEAK))
    later = MemoryChannel(IndexSettings(run_exports=True))
    later.store.objects, later.store.modified = channel.store.objects, channel.store.modified
    publish(later, package("a"))
    assert [*read(later)["packages.conda"]] == ["a-1.0-0.conda", "lib-1.0-0.conda"]


def test_a_patch_of_run_exports_is_not_in_them() -> None:
    channel = asking()
    for name, data in (
        ("lib-1.0-0.conda", conda(index_json("lib", "1.0"), {"run_exports.json": json.dumps(WEAK).encode()})),
        ("other-1.0-0.conda", conda(index_json("other", "1.0"))),
    ):
        channel.put(name, data)
    patched = {"run_exports": {"weak": ["patched"]}}
    patches = {
        file: Patch(changes=patched, when="2026-01-01T00:00:00Z") for file in ("lib-1.0-0.conda", "other-1.0-0.conda")
    }
    update_patches(channel.subdir_index, lambda _: patches)
    reindex_subdir(channel.subdir_index)
    assert channel.repodata()["packages.conda"]["lib-1.0-0.conda"]["run_exports"] == patched["run_exports"]
    packages = {"lib-1.0-0.conda": {"run_exports": WEAK}, "other-1.0-0.conda": {"run_exports": {}}}
    assert read(channel)["packages.conda"] == packages
    channel.publish("a")
    assert read(channel)["packages.conda"] == packages | {"a-1.0-0.conda": {"run_exports": {}}}


def packed(exports: Any, version: str = "1.0") -> bytes:
    return conda(index_json("lib", version), {"run_exports.json": json.dumps(exports).encode()})


def patched(channel: MemoryChannel, *files: str, exports: Any = {"weak": ["patched"]}) -> None:  # noqa: B006
    """Patch them, and lay the patches."""
    patch = Patch(changes={"run_exports": exports}, when="2026-01-01T00:00:00Z")
    update_patches(channel.subdir_index, lambda before: {**before, **dict.fromkeys(files, patch)})
    reindex_subdir(channel.subdir_index, scope="all")


def was_read(channel: MemoryChannel, change: Callable[[], object]) -> list[str]:
    """The packages that are read meanwhile."""
    channel.store.log.clear()
    change()
    suffixes = (".conda", ".tar.bz2")
    return [key.rpartition("/")[2] for kind, key in channel.store.log if kind != "put" and key.endswith(suffixes)]


LIB = "lib-1.0-0.conda"


@pytest.mark.parametrize("monolith", ["each-commit", "never"])
def test_a_patched_package_is_read_once(monolith: Monolith) -> None:
    channel = asking(monolith)
    bz2 = "old-1.0-0.tar.bz2"
    channel.put(LIB, packed(WEAK))
    channel.put(bz2, tar_bz2(index_json("old", "1.0")))
    patched(channel, LIB, bz2)

    def publish_them(*names: str) -> None:
        for name in names:
            channel.publish(name)
        commit(channel.subdir_index, Change, derive="always")

    assert was_read(channel, lambda: publish_them("a")) == []
    assert was_read(channel, lambda: publish_them("b", "c")) == []
    told = read(channel)
    assert told["packages.conda"][LIB] == {"run_exports": WEAK}
    assert told["packages"] == {}
    # Nor with another one of its name: by the commit that was replaced; where they were made from an earlier one, by
    # the history.
    other = "lib-2.0-0.conda"
    channel.put(other, b"2")

    def publish_other() -> None:
        commit(channel.subdir_index, lambda: Change(records={other: replace(package("lib", b"2")[1], key=other)}))
        publish_them("d")

    assert was_read(channel, publish_other) == []
    assert {*read(channel)["packages.conda"]} == {LIB, "lib-2.0-0.conda", *(f"{n}-1.0-0.conda" for n in "abcd")}
    assert read(channel)["packages.conda"][LIB] == {"run_exports": WEAK}


def test_a_patched_package_is_read_again_when_it_is_another_one() -> None:
    channel = asking()
    channel.put(LIB, packed(WEAK))
    patched(channel, LIB)
    channel.put(LIB, packed({"weak": ["other"]}))
    assert LIB in was_read(channel, lambda: reindex_subdir(channel.subdir_index))
    assert read(channel)["packages.conda"][LIB] == {"run_exports": {"weak": ["other"]}}
    # Then with another patch.
    patched(channel, LIB, exports={"weak": None, "strong": ["patched"]})
    assert was_read(channel, lambda: channel.publish("a")) == []
    assert read(channel)["packages.conda"][LIB] == {"run_exports": {"weak": ["other"]}}
    assert channel.repodata()["packages.conda"][LIB]["run_exports"] == {"strong": ["patched"]}


@pytest.mark.parametrize("how", ["gone", "another tool's", "damaged", "nested", "another type"])
def test_what_is_not_known_from_before_is_read_again(how: str) -> None:
    channel = asking()
    channel.put(LIB, packed(WEAK))
    patched(channel, LIB)
    good = channel.store.objects[ZST]
    evil = b'{"packages.conda": {"lib-1.0-0.conda": {"run_exports": {"weak": ["evil"]}}}}'
    other = evil.replace(b'["evil"]', b"1")
    evil = {"nested": b"[" * 100_000, "another type": other}.get(how, evil)
    of_it = Origin.of(channel.number(), evil).metadata()
    data = compress(evil, 1)
    if how == "gone":
        del channel.store.objects[ZST]
    elif how == "another tool's":
        channel.store.objects[ZST] = ObjectBody(data=data, content_type="")
    elif how == "damaged":
        channel.store.objects[ZST] = replace(good, data=data)
    else:
        channel.store.objects[ZST] = replace(good, data=data, metadata=of_it)
    assert LIB in was_read(channel, lambda: channel.publish("a"))
    assert read(channel)["packages.conda"][LIB] == {"run_exports": WEAK}


def test_what_could_not_be_read_is_read_when_it_can_be() -> None:
    channel = asking()
    channel.put(LIB, packed(WEAK))
    patched(channel, LIB)
    body = channel.store.objects.pop(f"c/noarch/{LIB}")
    del channel.store.objects[ZST]
    channel.publish("a")
    assert read(channel)["packages.conda"][LIB] == {"run_exports": {"weak": ["patched"]}}
    channel.store.objects[f"c/noarch/{LIB}"] = body
    channel.publish("b")
    assert read(channel)["packages.conda"][LIB] == {"run_exports": WEAK}


@pytest.mark.parametrize("exports", [None, "weak", ["lib"], {"weak": "lib"}, {"weak": [1]}, {"weak": None}])
def test_what_another_tool_wrote_wrong_is_none(exports: Any) -> None:
    channel = asking()
    publish(channel, exporting("lib", exports))
    assert read(channel)["packages.conda"] == {"lib-1.0-0.conda": {"run_exports": {}}}


def test_each_format_has_its_table() -> None:
    channel = asking("never")
    exports = {"run_exports.json": b'["x >=1"]'}
    channel.put("x-1-0.conda", conda(index_json(), exports))
    # Its record does not tell, since its metadata are read up to index.json only, so neither does the file.
    channel.put("x-1-0.tar.bz2", tar_bz2(index_json(), exports))
    # Its record is below `v3`.
    v3 = index_json("v3", depends=['other[when="__win"]'])
    channel.put("v3-1-0.conda", conda(v3, exports))
    reindex_subdir(channel.subdir_index)
    found, weak = read(channel), {"run_exports": {"weak": ["x >=1"]}}
    assert found["packages"] == {}
    assert found["packages.conda"] == {"v3-1-0.conda": weak, "x-1-0.conda": weak}


def test_a_record_of_a_tar_bz2_that_tells_is_told() -> None:
    channel = asking()
    file, made = exporting("x", WEAK)
    old = file.replace(".conda", ".tar.bz2")
    channel.put(old, b"1")
    commit(channel.subdir_index, lambda: Change(records={old: replace(made, table="packages", key=old)}))
    assert read(channel)["packages"] == {old: {"run_exports": WEAK}}


@pytest.mark.parametrize("subdir", SUBDIRS)
def test_they_are_those_of_conda_index(subdir: Subdir) -> None:
    channel = MemoryChannel(IndexSettings(run_exports=True))
    for path, data in packages().items():
        channel.store.objects[f"c/{path}"] = ObjectBody(data=data, content_type="")
    reindex_subdir(replace(channel.subdir_index, subdir=subdir))
    theirs = reference(f"{subdir}/run_exports.json")
    # conda-index decompresses a `.tar.bz2` to its end; one that is not told is read by who needs it.
    told = {file: exports for file, exports in theirs["packages"].items() if exports["run_exports"]}
    assert json.loads(channel.store.objects[f"c/{subdir}/run_exports.json"].data) == theirs | {"packages": told}


def test_eight_writers_at_once_leave_those_of_the_last_commit() -> None:
    channel = asking()
    writers = [channel.other(f"writer-{number}") for number in range(8)]
    for number, writer in enumerate(writers):
        writer.subdir_index = replace(writer.subdir_index, layout=channel.layout)
        publish(writer, exporting(f"p{number}", {"weak": [f"p{number}"]}))
    assert len(read(channel)["packages.conda"]) == 8
