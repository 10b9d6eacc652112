"""Records equal those of py-rattler's indexer for the same packages."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rattler import MatchSpec, Version

from chaninfra.index.package.archive import IndexedPackage, read_file
from chaninfra.index.package.index_json import PLAIN_VERSION, PackageError
from chaninfra.index.package.record import PLAIN_SPEC
from support.channels import conda_client
from support.channels.archives import conda, index_json, tar_bz2, write
from support.index_model.index_json_corpus import RUN_EXPORTS, variants

NOW = 1_800_000_000_000

# Cases where chaninfra differs on purpose: this spec crashes the reference indexer.
STRICTER = {"depends=['a ((((("}


def cases() -> dict[str, bytes]:
    """Label → package. The last word of the label is the suffix of the file name."""
    found = {f"{label} .conda": conda(index) for label, index in variants().items()}
    full = index_json(flags=["cuda"], depends=["A 1"])
    found |= {
        f"run_exports {label} .conda": conda(full, {"run_exports.json": each}) for label, each in RUN_EXPORTS.items()
    }
    found |= {
        f"run_exports {label} .tar.bz2": tar_bz2(full, {"run_exports.json": each})
        for label, each in RUN_EXPORTS.items()
    }
    found["v3 .tar.bz2"] = tar_bz2(index_json(depends=['a[when="b"]']))
    return found


def ours(package: IndexedPackage, suffix: str) -> dict[str, Any]:
    new = package.index_record(f"x-1-0{suffix}", "noarch")
    found = {new.key: json.loads(bytes(new.encode(NOW)))}
    return {"v3": {new.table.removeprefix("v3."): found}} if new.table.startswith("v3") else {new.table: found}


def theirs(repodata: dict[str, Any]) -> dict[str, Any]:
    """The records of the reference indexer, with NOW as their indexed_timestamp."""
    found = {table: repodata[table] for table in ("packages", "packages.conda", "v3") if repodata.get(table)}
    tables = [found.get("packages", {}), found.get("packages.conda", {}), *found.get("v3", {}).values()]
    for each in (each for table in tables for each in table.values()):
        assert each["indexed_timestamp"] > 0
        each["indexed_timestamp"] = NOW
    return found


def test_records_equal_the_reference_indexers(tmp_path: Path) -> None:
    every = cases()
    for number, (label, data) in enumerate(every.items()):
        write(tmp_path / str(number) / "noarch", data, "x-1-0" + label.rsplit(" ", 1)[-1])
    given = [str(number) for number, label in enumerate(every) if not label.startswith(tuple(STRICTER))]
    indexed = conda_client.index_folders(tmp_path, given)
    wrong = []
    for number, label in enumerate(every):
        suffix = label.rsplit(" ", 1)[-1]
        expected = indexed.get(str(number))
        try:
            found = ours(read_file(tmp_path / str(number) / "noarch" / f"x-1-0{suffix}", suffix), suffix)
        except PackageError as error:
            found = f"error: {error}"
        if expected is None or isinstance(expected, str):
            if not isinstance(found, str):
                wrong.append((label, "indexed", expected, found))
        elif found != theirs(expected):
            wrong.append((label, "differs", theirs(expected), found))
    assert not wrong, "\n".join(map(str, wrong))


@given(st.from_regex(PLAIN_SPEC, fullmatch=True))
@settings(max_examples=60, deadline=None)
def test_rattler_prints_plain_specs_as_they_are_written(spec: str) -> None:
    assert str(MatchSpec(spec)) == spec
    assert str(MatchSpec(spec, extras=False, conditionals=False, flags=False)) == spec


@given(st.from_regex(PLAIN_VERSION, fullmatch=True))
@settings(max_examples=60, deadline=None)
def test_plain_versions_are_valid(version: str) -> None:
    Version(version)


def test_a_package_without_a_subdir_belongs_to_its_folder(tmp_path: Path) -> None:
    least = index_json()
    del least["subdir"]
    package = read_file(write(tmp_path, conda(least)), ".conda")
    assert ours(package, ".conda")["packages.conda"]["x-1-0.conda"]["subdir"] == "noarch"


@pytest.mark.parametrize("exports", [[], ["a >=1", "b"]])
def test_run_exports_that_are_a_list_are_weak_ones(tmp_path: Path, exports: list[str]) -> None:
    """CEP 34; the reference indexer takes the list for something else."""
    data = conda(index_json(), {"run_exports.json": json.dumps(exports).encode()})
    record = ours(read_file(write(tmp_path, data), ".conda"), ".conda")["packages.conda"]["x-1-0.conda"]
    assert record["run_exports"] == ({"weak": exports} if exports else {})


@pytest.mark.parametrize("exports", [b"[1]", b'["a", null]', b'[["a"]]', b"5"])
def test_run_exports_of_another_form_are_refused(tmp_path: Path, exports: bytes) -> None:
    with pytest.raises(PackageError, match=r"has an info/run_exports\.json that is not valid"):
        read_file(write(tmp_path, conda(index_json(), {"run_exports.json": exports})), ".conda")


def test_two_threads_can_import_rattler_at_once(tmp_path: Path) -> None:
    """One thread imports rattler's modules while another one is still importing the package."""
    write(tmp_path / "0", conda(index_json(depends=["A 1"])))
    write(tmp_path / "1", conda(index_json(purls=["pkg:pypi/x"])))
    script = f"""
        import sys
        from concurrent.futures import ThreadPoolExecutor
        from pathlib import Path
        from chaninfra.index.package.archive import read_file

        first, second = (Path({str(tmp_path)!r}, number, "x-1-0.conda") for number in "01")
        with ThreadPoolExecutor(2) as pool:
            started = pool.submit(read_file, first, ".conda")
            while "rattler" not in sys.modules and not started.done():
                pass
            pool.submit(read_file, second, ".conda").result()
            started.result()
    """
    ran = subprocess.run([sys.executable, "-c", dedent(script)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
