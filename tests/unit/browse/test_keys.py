"""Which paths name an object that is shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaninfra.browse.keys import package, shown
from chaninfra.channel.conda.index_files import MAX_SHARD, MAX_SHARD_INDEX
from chaninfra.channel.conda.summary import MAX_SUMMARY
from support.example_counts import EXAMPLES

HASH = "0123456789abcdef" * 4
INDEX = "repodata_shards.msgpack.zst"
SHOWN = {
    "notices.json": 1 << 20,
    "snapshots/index.json": 8 << 20,
    f"noarch/{INDEX}": MAX_SHARD_INDEX,
    f"linux-64/shards/{HASH}.msgpack.zst": MAX_SHARD,
    "osx-arm64/summaries/_libgcc_mutex.json": MAX_SUMMARY,
    "noarch/summaries/a..b.json": MAX_SUMMARY,
    f"snapshots/v1/noarch/{INDEX}": MAX_SHARD_INDEX,
    f"snapshots/v1/win-64/shards/{HASH}.msgpack.zst": MAX_SHARD,
    "snapshots/2026-01-01/noarch/summaries/a.json": MAX_SUMMARY,
}
# The descriptor is served as the command found it, and is not read.
HIDDEN = [
    "",
    "/",
    "channel.json",
    "yanked.json",
    "withdrawn.json",
    "index.html",
    "assets/page.js",
    "noarch",
    "noarch/",
    ".chaninfra/follow.json",
    f".chaninfra/{INDEX}",
    ".chaninfra/history/noarch/1",
    f".chaninfra/noarch/{INDEX}",
    "noarch/repodata.json",
    "noarch/repodata.json.zst",
    "noarch/a-1.0-0.conda",
    "noarch/a-1.0-0.tar.bz2",
    f"noarch/../noarch/{INDEX}",
    f"../other/noarch/{INDEX}",
    f"noarch//{INDEX}",
    f"/noarch/{INDEX}",
    f"./noarch/{INDEX}",
    f"other/{INDEX}",
    f"NOARCH/{INDEX}",
    f"noarch/{INDEX}/",
    f"noarch/{INDEX}\n",
    f"noarch/{INDEX}\0",
    f"noarch/{INDEX}?",
    f"noarch%2f{INDEX}",
    f"%6eoarch/{INDEX}",
    f"noarch/%2e%2e/noarch/{INDEX}",
    f"noarch\\{INDEX}",
    f"noarch/{INDEX}%00",
    f"noarch/shards/{HASH[1:]}.msgpack.zst",
    f"noarch/shards/{HASH.upper()}.msgpack.zst",
    f"noarch/shards/{HASH}",
    f"noarch/shards/../shards/{HASH}.msgpack.zst",
    f"noarch/shards/{HASH}.msgpack.zst.bak",
    "noarch/summaries/.json",
    "noarch/summaries/..json",
    "noarch/summaries/../a.json",
    "noarch/summaries/a/b.json",
    "noarch/summaries/A.json",
    f"noarch/summaries/{'a' * 129}.json",
    "noarch/summaries/a.json.json/",
    "noarch/summaries/é.json",
    f"snapshots/{INDEX}",
    f"snapshots/v1/{INDEX}",
    f"snapshots/noarch/noarch/{INDEX}",
    f"snapshots/../noarch/{INDEX}",
    f"snapshots/v1/snapshots/v2/noarch/{INDEX}",
    f"snapshots/.chaninfra/noarch/{INDEX}",
    f"snapshots/{'v' * 65}/noarch/{INDEX}",
    "snapshots/v1/channel.json",
    "snapshots/v1/index.json",
    "snapshots/v1/noarch/repodata.json",
    "http://elsewhere/notices.json",
]


@pytest.mark.parametrize(("path", "most"), SHOWN.items())
def test_the_index_is_shown(path: str, most: int) -> None:
    found = shown(path)
    assert found is not None
    assert (found.key, found.most) == (path, most)


@pytest.mark.parametrize("path", HIDDEN)
def test_nothing_else_is(path: str) -> None:
    assert shown(path) is None


@EXAMPLES
@given(st.sampled_from([*SHOWN]), st.integers(0, 200), st.text(max_size=4), st.integers(0, 3))
def test_what_is_shown_is_a_plain_path(path: str, place: int, more: str, gone: int) -> None:
    changed = path[:place] + more + path[place + gone :]
    found = shown(changed)
    if found is not None:
        assert found.key == changed
        assert changed.isascii()
        assert changed.isprintable()
        assert not {*changed} & {*"%?#\\ \"'<>"}
        assert not {*changed.split("/")} & {"", ".", "..", ".chaninfra"}


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("noarch/a-1.0-0.conda", "noarch/a-1.0-0.conda"),
        ("linux-64/a-1%2B2-0.tar.bz2", "linux-64/a-1+2-0.tar.bz2"),
        ("noarch/a-1.0-0.conda.sigs", None),
        ("noarch/x/a-1.0-0.conda", None),
        ("noarch/..%2Fa-1.0-0.conda", None),
        ("noarch/a-1.0-0%0a.conda", None),
        ("noarch/<b>-1.0-0.conda", None),
        ("noarch/a-1.0-%E2%80%AE0.conda", None),
        (".chaninfra/a-1.0-0.conda", None),
        (f"noarch/{'a' * 2000}-1-0.conda", None),
    ],
)
def test_a_package_is_told_apart(path: str, named: str | None) -> None:
    assert package(path) == named
