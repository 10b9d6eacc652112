"""What a package says of itself: bounded and safe, and never a reason to refuse it."""

from __future__ import annotations

import bz2
import io
import json
import random
import tarfile
from typing import Any

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from chaninfra.channel.conda.filenames import PACKAGE_SUFFIXES, Suffix
from chaninfra.index.package.about import JOINERS, MAX_ABOUT, MAX_LINE, MAX_TEXT, NOTHING, About, parse_about
from chaninfra.index.package.archive import read_data
from chaninfra.index.package.bz2_stream import Bz2Stream
from support.channels.archives import METADATA, conda, index_json, tar, tar_bz2, zipped
from support.example_counts import MANY

INDEX = json.dumps(index_json()).encode()
SAID = json.dumps({"summary": "Says hello", "home": "https://example.org"}).encode()


def about(**fields: Any) -> About:
    return parse_about(json.dumps(fields).encode())


def test_what_conda_build_writes() -> None:
    found = about(
        channels=["conda-forge"],
        conda_build_version="25.1.0",
        env_vars={"CIO_TEST": "<not set>"},
        root_pkgs=["python 3.12.0 h_0"],
        extra={"recipe-maintainers": ["somebody"]},
        home="https://example.org",
        dev_url="https://example.org/git",
        doc_url="https://docs.example.org",
        license="MIT",
        license_family="MIT",
        license_file="LICENSE",
        summary="Says hello",
        description="Says\nhello.\n",
    )
    assert found == About(
        summary="Says hello",
        description="Says\nhello.",
        license="MIT",
        license_family="MIT",
        home=("https://example.org",),
        doc_url=("https://docs.example.org",),
        dev_url=("https://example.org/git",),
    )


def test_what_rattler_build_writes() -> None:
    found = about(
        home=["https://a.example/", "https://b.example/"], source_url="https://a.example/x.tar.gz", doc_url=[]
    )
    assert found == About(home=("https://a.example/", "https://b.example/"), source_url=("https://a.example/x.tar.gz",))


def test_several_urls_in_one_text_as_older_recipes_have_them() -> None:
    assert about(home="https://a.example, https://b.example; https://a.example").home == (
        "https://a.example",
        "https://b.example",
    )


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JAVASCRIPT:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "ftp://example.org",
        "//example.org",
        "example.org",
        "https://",
        "https:///example.org",
        "https://user:secret@example.org/",
        "https://user@example.org",
        "https://example.org\\@evil.example",
        "https://example.org/t/ab-12345678-1234-1234-1234-123456789012/channel",
        "https://example.org/\x1b[31m",
        "https://example.org/\u202egpj",
        "https://ex\u00e4mple.org",
        'https://example.org/"onload="x',
        "https://example.org/<script>",
        "https://example.org/" + "x" * 500,
    ],
)
def test_urls_that_nobody_should_follow(url: str) -> None:
    for value in (url, [url], [[url]], {"url": url}):
        assert about(home=value, doc_url=value, dev_url=value, source_url=value) == NOTHING


def test_a_list_of_anything_has_few_urls() -> None:
    values = ["https://a.example", None, 3, "https://b.example"]
    assert about(home=values).home == ("https://a.example", "https://b.example")
    assert len(about(home=[f"https://{number}.example" for number in range(1000)]).home) == 4
    assert len(about(home=" ".join(f"https://{number}.example" for number in range(1000))).home) == 4


def test_texts_are_cut_at_a_word() -> None:
    found = about(summary="hello world " * 1000, description="hello world\n" * 1000, license="x" * 1000)
    for text, most in ((found.summary, MAX_LINE), (found.description, MAX_TEXT)):
        assert text is not None
        assert text.endswith(("hello\u2026", "world\u2026"))
        assert most - 12 < len(text) <= most
    assert found.license == "x" * (MAX_LINE - 1) + "\u2026"


def test_control_characters_are_removed() -> None:
    bad = "".join(map(chr, [*range(9), *range(14, 32), *range(127, 160), 0x200B, 0x202E, 0x2066, 0xFEFF, 0x2028]))
    found = about(summary=f" a\n{bad} b\t", description=f"a\r\n{bad}b\tc\r\n\r\n")
    assert found == About(summary="a b", description="a\nb    c")
    assert parse_about(b'{"summary": "a\\ud800b"}').summary in ("ab", None)


def test_what_people_read_keeps_its_joiners() -> None:
    text = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 \U0001f469\u200d\U0001f4bb"
    bare = text.replace("\u200c", "").replace("\u200d", "")
    found = about(summary=f" {text}\u200b\u200e", description=f"{text}\u202e\n{text}", license=text, tags=[text])
    assert found == About(summary=text, description=f"{text}\n{text}", license=bare, tags=(bare,))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b'"text"',
        b"{",
        b"\xff\xfe",
        b'{"summary": 3, "description": ["a"], "home": {}, "license": false, "doc_url": 1e400}',
        b'{"summary": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"other": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"summary": "' + b"x" * (64 << 10) + b'"}',
        b'{"summary": "x"' + b" " * MAX_ABOUT + b"}",
        None,
    ],
)
def test_what_says_nothing(data: bytes | None) -> None:
    assert parse_about(data) == NOTHING


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(st.dictionaries(st.sampled_from([*About.__annotations__]), JSON))
@settings(MANY)
def test_any_json_is_read(fields: dict[str, Any]) -> None:
    found = about(**fields)
    for text in (found.summary, found.license, found.license_family):
        assert text is None or (seen(text) and 0 < len(text) <= MAX_LINE)
    assert found.description is None or seen(found.description.replace("\n", ""))


def seen(text: str) -> bool:
    """Whether it has nothing invisible but joiners."""
    return "".join(char for char in text if char not in JOINERS).isprintable()


@pytest.mark.parametrize("suffix", PACKAGE_SUFFIXES)
def test_a_package_tells_it(suffix: Suffix) -> None:
    """In the `.tar.bz2` it is before index.json."""
    make = conda if suffix == ".conda" else tar_bz2
    for more, said in (({"about.json": SAID}, "Says hello"), ({}, None), ({"about.json": b"{"}, None)):
        assert read_data(make(index_json(), more), suffix).about.summary == said


BEHIND = {"info/index.json": INDEX, "info/files": bytes(1000), "info/recipe/x": b"", "info/about.json": SAID}


def test_it_is_behind_the_index_json_of_a_tar_bz2() -> None:
    assert read_data(bz2.compress(tar(BEHIND)), ".tar.bz2").about.summary == "Says hello"


def test_little_of_a_tar_bz2_is_read_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only files in `info/`, and few bytes."""
    read: list[int] = []
    real = Bz2Stream.read

    def counted(stream: Bz2Stream, size: int, /) -> bytes:
        data = real(stream, size)
        read.append(len(data))
        return data

    monkeypatch.setattr(Bz2Stream, "read", counted)
    noise = random.Random(1).randbytes(2 << 20)
    for between, most in (({"lib/x": noise}, 3000), ({"info/files": noise}, 300 << 10)):
        read.clear()
        data = bz2.compress(tar({"info/index.json": INDEX, **between, "info/about.json": SAID}))
        assert read_data(data, ".tar.bz2").about == NOTHING
        assert sum(read) < most


@pytest.mark.parametrize("cut", [1, 100, 511, 512, 513, 1024, 1100])
def test_what_is_damaged_behind_the_index_json_of_a_tar_bz2_does_not_matter(cut: int) -> None:
    """As before: nobody looked there."""
    whole = tar(BEHIND)
    end = tar({"info/index.json": INDEX}).index(b"{") + 512
    package = read_data(bz2.compress(whole[: end + cut]), ".tar.bz2")
    assert (package.index.name, package.about) == ("x", NOTHING)
    assert read_data(bz2.compress(whole[:end]) + b"BZh9 damaged", ".tar.bz2").index.name == "x"


@pytest.mark.parametrize("suffix", PACKAGE_SUFFIXES)
@pytest.mark.parametrize("order", [1, -1])
def test_an_about_json_that_is_a_link_or_too_large_is_passed_over(suffix: Suffix, order: int) -> None:
    for size, kind in ((0, tarfile.SYMTYPE), (MAX_ABOUT + 1, tarfile.REGTYPE)):
        data = io.BytesIO()
        with tarfile.open(fileobj=data, mode="w") as archive:
            members = [("info/index.json", len(INDEX), tarfile.REGTYPE), ("info/about.json", size, kind)]
            for name, length, type_ in members[::order]:
                info = tarfile.TarInfo(name)
                info.size, info.type, info.linkname = length, type_, "elsewhere"
                content = INDEX if name.endswith("index.json") else bytes(length)
                archive.addfile(info, io.BytesIO(content))
        raw = data.getvalue()
        whole = (
            bz2.compress(raw)
            if suffix == ".tar.bz2"
            else zipped({"metadata.json": METADATA, "info-x-1-0.tar.zst": zstandard.compress(raw)})
        )
        package = read_data(whole, suffix)
        assert (package.index.name, package.about) == ("x", NOTHING)
