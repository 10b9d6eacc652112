"""The rules of CEP 26, and the file names that rattler reads."""

from __future__ import annotations

import asyncio
import json
import tempfile
from pathlib import Path

import pytest
import rattler
from hypothesis import given, settings
from hypothesis import strategies as st
from rattler.exceptions import GatewayError

from chaninfra.channel.conda.name_rules import breaks_index, broken_rule, client_name, unreadable


@pytest.mark.parametrize(
    "name", ["a", "_a", "_", "0ad", "r-base", "_libgcc_mutex", "a.b_c-d", "zlib-ng", "a" * 64, "python_abi", "a_"]
)
def test_names_that_are_allowed(name: str) -> None:
    assert broken_rule(name, "1!2.0.post1+cu12_1", "py312H_0.a+b") is None


@pytest.mark.parametrize(
    "name",
    ["", "A", "Camel_Case", "__glibc", "-a", ".a", "a--b", "a._b", "a b", "a\n", "a" * 65, "é", "a/b", "a~", "_-a"],
)
def test_names_that_are_not(name: str) -> None:
    assert broken_rule(name, "1", "0")


@pytest.mark.parametrize("version", ["", "1RC", "1-1", "1 ", "1\n", "1~", "1" * 65, "1é", "1:1"])
def test_versions_that_are_not(version: str) -> None:
    assert "version" in (broken_rule("a", version, "0") or "")


@pytest.mark.parametrize("build", ["", "h~1", 'h"1', "h\\1", "{{ x }}_0", "h-1", "0\n", "0" * 65, "hé", "\x1b"])
def test_build_strings_that_are_not(build: str) -> None:
    assert "build string" in (broken_rule("a", "1", build) or "")


def test_an_upper_case_name_is_told_as_clients_know_it() -> None:
    assert "clients look for camel_case" in (broken_rule("Camel_Case", "1", "0") or "")
    assert client_name("Camel_Case") == "camel_case"
    assert client_name("\u212a") == "\u212a"


@pytest.mark.parametrize(
    "file",
    [
        'a-1-h"1',
        "a-1-h\\1",
        "a-1-h'1",
        "a-1-{{ x }}",
        "a-1-h 1",
        "a-1-h/1",
        "a-1-h%41",
        "a-1-h#1",
        "a-1-h?1",
        "a-1-h:1",
    ],
)
def test_file_names_that_no_client_reads(file: str) -> None:
    assert unreadable(f"{file}.conda")


@pytest.mark.parametrize("file", ["a-1-h:1", "a-1-é", "a-1-\x1b", "a-1-h\n", "a-1-\u202e", "a-1", "a", ""])
def test_more_file_names_that_no_client_reads(file: str) -> None:
    assert unreadable(f"{file}.conda")


@pytest.mark.parametrize("file", ["a-1-0", "Camel_Case-1.0RC-0", "tilde-1.0-h~1", "a-1-", "a-1!1.0+b-h,=@$&;()*!1"])
def test_file_names_that_clients_read(file: str) -> None:
    assert unreadable(f"{file}.tar.bz2") is None


HEALTHY = "healthy-1-0.conda"
FILES = st.builds(
    "{}{}".format,
    st.one_of(
        st.text(st.sampled_from('a1-_.~"\\\x01 {é'), max_size=8),
        st.builds("a-1-{}".format, st.text(st.characters(codec="utf-8"), max_size=3)),
    ),
    st.sampled_from([".conda", ".tar.bz2", ""]),
)


@settings(deadline=None, derandomize=True, max_examples=60)
@given(FILES)
def test_rattler_reads_an_index_exactly_if_no_file_name_breaks_it(file: str) -> None:
    record = {"name": "a", "version": "1", "build": "0", "build_number": 0, "depends": [], "subdir": "noarch"}
    records = {HEALTHY: {**record, "name": "healthy"}, file: record}
    document = {"info": {"subdir": "noarch"}, "packages": {}, "packages.conda": records, "removed": [file]}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "noarch").mkdir()
        Path(folder, "noarch/repodata.json").write_text(json.dumps(document, ensure_ascii=False), "utf-8")
        gateway = rattler.Gateway(cache_dir=Path(folder, "cache"))
        try:
            found = asyncio.run(gateway.query([folder], ["noarch"], ["healthy"], recursive=False))
        except GatewayError:
            found = []
    assert bool(found) is not breaks_index(file)
