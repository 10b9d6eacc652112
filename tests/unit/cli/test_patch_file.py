"""The file that `patch import` is given."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from chaninfra.channel.errors import ConfigurationError
from chaninfra.cli.patch_file import read_file

CONTENT = b'{"packages.conda": {"a-1-0.conda": {"license": "MIT"}}, "revoke": ["b-1-0.conda"]}'


def test_a_file_and_standard_input_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "patch_instructions.json"
    file.write_bytes(CONTENT)
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(CONTENT)))
    read = read_file(str(file))
    assert (read.conda, read.revoke) == ({"a-1-0.conda": {"license": "MIT"}}, ("b-1-0.conda",))
    assert read_file("-") == read


@pytest.mark.parametrize(
    ("name", "message", "remedy"),
    [
        ("nothing.json", "No such file or directory", "give the path of the file, or `-`"),
        (".", "Is a directory", "give the path of the file, or `-`"),
        ("https://example.com/f.json", "No such file or directory", "download it first, and give its path"),
        ("a\0b", "null byte", "give the path of the file, or `-`"),
    ],
)
def test_what_cannot_be_read_is_named(
    name: str, message: str, remedy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError, match=message) as raised:
        read_file(name)
    assert (raised.value.where, raised.value.remedy) == (name, remedy)


def test_standard_input_that_is_no_json_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b"")))
    with pytest.raises(ConfigurationError, match=r"is not a patch_instructions\.json") as raised:
        read_file("-")
    assert raised.value.where == "standard input"
