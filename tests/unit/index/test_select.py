"""Words that select packages: what they select, and what they must not."""

from __future__ import annotations

import json

import pytest

from chaninfra.channel.errors import ConfigurationError
from chaninfra.index.select import Candidate, nearest_to, select


def candidate(version: str) -> Candidate:
    record = {"name": "hello", "version": version, "build": "0", "build_number": 0}
    return Candidate("noarch", f"hello-{version}-0.conda", json.dumps(record).encode())


CANDIDATES = [candidate("1.0"), candidate("2.0")]


@pytest.mark.parametrize(
    ("word", "files"),
    [
        ("hello", ["hello-1.0-0.conda", "hello-2.0-0.conda"]),
        ("hello-1.0-0.conda", ["hello-1.0-0.conda"]),
        ("noarch/hello-1.0-0.conda", ["hello-1.0-0.conda"]),
        ("linux-64/hello-1.0-0.conda", []),
        ("hello >1", ["hello-2.0-0.conda"]),
    ],
)
def test_a_word_selects(word: str, files: list[str]) -> None:
    assert [each.file for each in select([word], CANDIDATES)[word]] == files


@pytest.mark.parametrize(
    ("word", "remedy"),
    [
        ("conda-forge::hello", "leave the channel out: hello"),
        ("conda-forge/noarch::hello >1", "leave the channel out: hello >1"),
        ("s3://my-bucket/c::hello", "leave the channel out: hello"),
        ("noarch::hello", "for a subdir write: hello[subdir=noarch]"),
        ("hello[channel=conda-forge]", "leave `channel` out"),
    ],
)
def test_a_spec_with_a_channel_is_refused(word: str, remedy: str) -> None:
    with pytest.raises(ConfigurationError, match="names a channel") as caught:
        select([word], CANDIDATES)
    assert remedy in str(caught.value.remedy)


def test_a_spec_may_name_a_subdir() -> None:
    assert len(select(["hello[subdir=noarch]"], CANDIDATES)["hello[subdir=noarch]"]) == 2
    assert not select(["hello[subdir=linux-64]"], CANDIDATES)["hello[subdir=linux-64]"]


@pytest.mark.parametrize(
    "word",
    [
        "/home/me/hello-1.0-0.conda",
        "/home/me/a b/hello-1.0-0.conda",
        "C:/packages/hello-1.0-0.conda",
        "file:///home/me/hello-1.0-0.conda",
        "hello[url=https://example.com/noarch/hello-1.0-0.conda]",
        "hello[fn=hello-1.0-0.conda]",
    ],
)
def test_a_path_or_a_url_does_not_select_all_versions_of_its_name(word: str) -> None:
    with pytest.raises(ConfigurationError, match="names one file") as caught:
        select([word], CANDIDATES)
    assert caught.value.remedy


def test_a_misspelt_name_is_told() -> None:
    assert nearest_to(["helo"], CANDIDATES).startswith("did you mean 'hello'?")
    assert nearest_to(["other"], CANDIDATES) == "`chaninfra ls` lists the packages of the channel"
