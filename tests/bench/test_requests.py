"""What one package more costs in requests, kind by kind, however many packages are there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from fnmatch import fnmatch
from pathlib import Path
from types import MappingProxyType

import pytest

import pictures
from bench import lay
from bench.costs import Side
from bench.generator import SUBDIR, Channel, Shape
from chaninfra.channel.conda.index_settings import IndexSettings
from support.channels.cli_runner import chaninfra
from support.channels.new_channel import create_channel
from support.servers.s3_proxy import proxy
from support.servers.s3_servers import Server
from support.servers.s3_traffic import Traffic

_SHARDS = {
    "GET channel.json": 1,
    "PUT *.conda": 1,
    "GET *.conda.sigs": 1,
    "GET repodata_shards.msgpack.zst": 1,
    "GET shards/*": 1,
    "GET patches/*": 1,
    "PUT shards/*": 1,
    "PUT repodata_shards.msgpack.zst": 1,
    "PUT history/*": 1,
}
_MONOLITH = {
    "GET repodata.json.zst": 1,
    "HEAD repodata.json": 1,
    "PUT repodata.json.zst": 1,
    "PUT repodata.json": 1,
}
# The patches twice, since CEP 12 wants no patch.
_RUN_EXPORTS = {
    "GET patches/*": 2,
    "HEAD run_exports.json": 1,
    "HEAD run_exports.json.zst": 1,
    "PUT run_exports.json": 1,
    "PUT run_exports.json.zst": 1,
}
# The index of each of the two subdirs; and a summary, that the entry is made of.
_CHANNELDATA = {
    "GET channeldata.json": 1,
    "GET repodata_shards.msgpack.zst": 2,
    "GET shards/*": 1,
    "GET summaries/*": 2,
    "PUT summaries/*": 1,
    "PUT channeldata.json": 1,
}
# A derived file shows that the authoritative index was kept.
_KINDS: dict[Side, dict[str, int]] = {"never": _SHARDS | {"HEAD history/*": 1}, "each-commit": _SHARDS | _MONOLITH}


@pytest.mark.parametrize("monolith", _KINDS)
@pytest.mark.parametrize("shape", [Shape(20, 10), Shape(1000, 300)], ids=str)
def test_one_package_more_takes_these_requests(
    server: Server, bucket_name: str, tmp_path: Path, shape: Shape, monolith: Side
) -> None:
    traffic = _published(server, bucket_name, tmp_path, shape, monolith)
    assert Counter(_kind(each.method, each.path) for each in traffic.log) == _KINDS[monolith], traffic.lines()
    # In the order that docs/upload.svg shows, and on a condition where it says so.
    puts = [(_drawn(each.path), each.condition) for each in traffic.log if each.method == "PUT"]
    drawn = [(put.kind, put.header.startswith("If-")) for put in pictures.PUTS]
    assert list(dict.fromkeys(puts)) == (drawn[:-1] if monolith == "never" else drawn)


@pytest.mark.parametrize("monolith", _KINDS)
def test_run_exports_take_these_more(server: Server, bucket_name: str, tmp_path: Path, monolith: Side) -> None:
    traffic = _published(server, bucket_name, tmp_path, Shape(20, 10), monolith, {"run-exports": True}, before=1)
    # With `never` no publish writes them.
    more = {} if monolith == "never" else _RUN_EXPORTS
    found = Counter(_kind(each.method, each.path) for each in traffic.log)
    assert found == _KINDS[monolith] | more, traffic.lines()


def test_a_page_costs_two_requests_of_a_summary_more(minio: Server, bucket_name: str, tmp_path: Path) -> None:
    traffic = _published(minio, bucket_name, tmp_path, Shape(20, 10), "never", page=True)
    found = Counter(_kind(each.method, each.path) for each in traffic.log)
    more = found - Counter(_KINDS["never"])
    assert more == {"GET summaries/*": 1, "PUT summaries/*": 1}, traffic.lines()
    assert found.total() == sum(_KINDS["never"].values()) + 2
    # They run beside the commit.
    kinds = [_kind(each.method, each.path) for each in traffic.log]
    assert kinds.index("GET summaries/*") < kinds.index("PUT repodata_shards.msgpack.zst")


def test_channeldata_takes_these_more(server: Server, bucket_name: str, tmp_path: Path) -> None:
    asked = {"channeldata": True}
    traffic = _published(server, bucket_name, tmp_path, Shape(20, 10), "each-commit", asked, before=1)
    found = Counter(_kind(each.method, each.path) for each in traffic.log)
    found.subtract(_KINDS["each-commit"])
    assert {kind: count for kind, count in found.items() if count} == _CHANNELDATA, traffic.lines()


def _published(
    server: Server,
    bucket_name: str,
    tmp_path: Path,
    shape: Shape,
    monolith: Side,
    asked: Mapping[str, object] = MappingProxyType({}),
    *,
    before: int = 0,
    **keys: object,
) -> Traffic:
    """The requests of a publish of one package, into a channel with these keys in `index`, and in channel.json; after
    so many others: the first one makes the files that are not there.
    """
    server.client().create_bucket(Bucket=bucket_name)
    place = lay.Place(server, bucket_name, "channel", None)
    channel = Channel(shape)
    create_channel(server, place.url, SUBDIR, provider=lay.PROVIDER)
    place.set_keys(index={"monolith": monolith, **asked}, **keys)
    place.clear_subdir()
    settings = IndexSettings(monolith="never" if monolith == "never" else "each-commit")
    lay.put_index(place, lay.our_files(lay.packages(place, channel), settings))
    with proxy(server) as between:
        store = ["--endpoint-url", between.server.endpoint_url]
        for package in map(channel.more, range(before + 1)):
            file = tmp_path / package.file
            file.write_bytes(package.data)
            between.take()
            done = chaninfra("publish", file, "-c", place.url, *store, server=server)
            assert done.returncode == 0, done.stderr
        traffic = between.take()
    assert package.file in place.records_of([package.index["name"]])
    return traffic


def _kind(method: str, path: str) -> str:
    """The method and the last parts of the path, names that differ from package to package as `*`."""
    folder, name = path.rsplit("/", 2)[-2:]
    if folder == "shards":
        return f"{method} shards/*"
    if folder in ("patches", "summaries"):
        return f"{method} {folder}/*"
    if "/history/" in path:
        return f"{method} history/*"
    return f"{method} {re.sub(r'^.*[.]conda', '*.conda', name)}"


def _drawn(path: str) -> str:
    """What the picture of an upload has for the PUT of such a path."""
    kind = _kind("", path).strip()
    (found,) = [put.kind for put in pictures.PUTS if fnmatch(kind, put.kind)]
    return found
