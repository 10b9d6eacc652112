"""conda's patch_instructions.json: what an import does, and what is exported."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from msgspec import Raw

from chaninfra.channel.conda.filenames import table_and_key
from chaninfra.channel.errors import ConfigurationError
from chaninfra.index.channel import Channel
from chaninfra.index.commit.change import Change
from chaninfra.index.commit.commit import commit
from chaninfra.index.commit.index_record import IndexRecord
from chaninfra.index.patches.add import add
from chaninfra.index.patches.importing import export_instructions, import_instructions
from chaninfra.index.patches.instructions import parse
from chaninfra.index.patches.listing import list_patches
from chaninfra.index.yank import yank
from support.index_model.memory_store import MemoryStore, SequentialRuntime
from support.index_model.processes import JSON, channel, channel_with

SAVED: dict[str, Any] = json.loads(Path("tests/data/patches/conda-index.json").read_bytes())
CASES = {case["case"]: case for case in SAVED["cases"]}


class Saved:
    """A channel in memory with the saved records."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.store.objects.update(channel_with().objects)
        records = {}
        for table in ("packages", "packages.conda"):
            for file, record in SAVED[table].items():
                records[file] = IndexRecord(
                    name=record["name"],
                    table=table,
                    key=table_and_key(file, v3=False)[1],
                    sha256=record["sha256"],
                    encode=partial(_raw, record),
                )
        commit(self.open().subdir_index("noarch"), lambda: Change(records=records))

    def open(self) -> Channel:
        opened = channel(self.store, SequentialRuntime(f"s{len(self.store.objects)}"))
        vars(opened).update(store=lambda: self.store)
        return opened

    def run(self, instructions: dict[str, Any], reason: str = "why") -> Any:
        data = json.dumps(instructions).encode()
        return import_instructions(self.open(), "noarch", parse(data, "f"), reason)

    def tables(self) -> dict[str, Any]:
        document = json.loads(self.store.objects[JSON].data)
        return {key: document[key] for key in ("packages", "packages.conda")}


def _raw(record: dict[str, Any], _: int) -> Raw:
    return Raw(json.dumps(record).encode())


def _without_null(patched: dict[str, Any]) -> dict[str, Any]:
    """Without `null`, which conda-index writes for a key that the record has not."""
    return {
        table: {
            file: {key: value for key, value in record.items() if value is not None}
            for file, record in patched[table].items()
        }
        for table in ("packages", "packages.conda")
    }


@pytest.mark.parametrize("case", CASES)
def test_an_import_makes_the_records_that_conda_index_makes(case: str) -> None:
    """`_apply_instructions` of conda-index 0.13.0 has made these: see tests/data/README.md."""
    saved = Saved()
    saved.run(CASES[case]["instructions"])
    assert saved.tables() == _without_null(CASES[case]["patched"])


@pytest.mark.parametrize("case", CASES)
def test_what_is_exported_makes_the_same_records_of_the_same_packages(case: str) -> None:
    saved, other = Saved(), Saved()
    saved.run(CASES[case]["instructions"])
    exported = export_instructions(saved.open(), "noarch")
    assert exported.document["patch_instructions_version"] == 1
    other.run(dict(exported.document))
    assert other.tables() == saved.tables()


def test_a_patch_of_a_tar_bz2_alone_does_not_change_the_conda_by_way_of_an_export() -> None:
    saved, other = Saved(), Saved()
    add(saved.open(), ["a-1-0.tar.bz2"], {"depends": ["q"], "constrains": ["z"], "run_exports": {"noarch": ["n"]}})
    add(saved.open(), ["b-1-0.tar.bz2", "b-1-0.conda"], {"license": "L"})
    add(saved.open(), ["b-1-0.conda"], {"license": "M"})
    exported = export_instructions(saved.open(), "noarch")
    assert exported.both == ()
    other.run(dict(exported.document))
    assert other.tables() == saved.tables()
    # An export of the export is the same.
    assert export_instructions(other.open(), "noarch").document["packages"] == exported.document["packages"]


def test_what_instructions_cannot_say_is_told() -> None:
    saved = Saved()
    add(saved.open(), ["a-1-0.tar.bz2"], {}, revoke=True)
    yank(saved.open(), ["b-1-0.tar.bz2"], None)
    assert export_instructions(saved.open(), "noarch").both == ("a-1-0.tar.bz2", "b-1-0.tar.bz2")


def test_instructions_for_what_is_not_there_are_kept_and_told() -> None:
    saved = Saved()
    done = saved.run(CASES["what is not there"]["instructions"])
    states = {each.package: each.state for each in done.packages}
    assert states == {
        "noarch/zz-1-0.tar.bz2": "absent",
        "noarch/zz-1-0.conda": "absent",
        "noarch/zz-3-0.conda": "absent",
    }
    assert done.not_there == ("noarch/zz-2-0.conda",)
    assert {each.package for each in list_patches(saved.open())} == states.keys()


def test_what_is_removed_is_yanked_with_the_reason() -> None:
    saved = Saved()
    done = saved.run({"remove": ["e-1-0.conda"], "external_dependencies": {}})
    assert done.yanked == ("noarch/e-1-0.conda",)
    assert done.unknown == ("external_dependencies",)
    assert b'"why"' in saved.store.objects["c/yanked.json"].data
    # Again: it is yanked already.
    assert saved.run({"remove": ["e-1-0.conda"]}).yanked == ()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is not a patch_instructions.json"),
        (b"[]", "is not a patch_instructions.json"),
        (b'{"packages": []}', "is not a patch_instructions.json"),
        (b'{"packages": {"a-1-0.tar.bz2": 1}}', "is not a patch_instructions.json"),
        (b'{"packages": {"../a-1-0.tar.bz2": {}}}', "is not the file name of a package"),
        (b'{"packages": {"a\\u001b-1-0": {}}}', "is not the file name of a package"),
        (b'{"packages.conda": {"a-1-0.tar.bz2": {}}}', "which is no .conda"),
        (b'{"remove": ["repodata.json"]}', "is not the file name of a package"),
        (b'{"patch_instructions_version": 2}', "has the `patch_instructions_version` 2"),
        (b'{"patch_instructions_version": -1}', "has the `patch_instructions_version` -1"),
        (b'{"patch_instructions_version": "1"}', "is not a patch_instructions.json"),
        (b'{"packages": {"a-1-0.conda": {"x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}}}", "is not a patch_instruct"),
        (b"\xff", "is not a patch_instructions.json"),
        (b" " * ((32 << 20) + 1), "is larger than 32 MiB"),
    ],
)
def test_a_file_that_is_none_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        parse(data, "f.json")
    assert message in str(raised.value)
    assert raised.value.where == "f.json"


@pytest.mark.parametrize(
    "instructions",
    [
        {"packages": {"c-1-0.tar.bz2": {"sha256": "0" * 64}}},
        {"packages": {"zz-1-0.tar.bz2": {"depends": None}}},
        {"packages.conda": {"e-1-0.conda": {"depends": ["a >=<1"]}}},
        {"packages.conda": {"e-1-0.conda": {"license": ["MIT"]}}},
        {"packages.conda": {"e-1-0.conda": {"revoked": True}}},
    ],
)
def test_instructions_that_make_an_unreadable_record_are_refused_whole(instructions: dict[str, Any]) -> None:
    saved = Saved()
    before = dict(saved.store.objects)
    with pytest.raises(ConfigurationError, match="clients cannot read"):
        saved.run({"packages.conda": {"f-1-0.conda": {"license": "L"}}, "remove": ["a-1-0.conda"], **instructions})
    assert saved.store.objects == before


def test_a_subdir_that_the_channel_has_not_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="the channel has no subdir linux-64"):
        export_instructions(Saved().open(), "linux-64")


@pytest.mark.parametrize(
    "instructions", [{"packages.conda": {"a-1-0.conda": {"license": "X"}}}, {"remove": ["a-1-0.conda"]}]
)
def test_a_reason_that_nobody_could_read_again_is_refused(instructions: dict[str, Any]) -> None:
    saved = Saved()
    before = dict(saved.store.objects)
    with pytest.raises(ConfigurationError, match="the reason has 1,001 characters; at most 1,000 are possible"):
        saved.run(instructions, "x" * 1001)
    assert saved.store.objects == before
