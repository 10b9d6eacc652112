"""What is beside the index of a source on S3: packages, attestations, channel.json; and how fast it is read."""

from __future__ import annotations

import hashlib
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chaninfra.channel.errors import BucketMissingError, ConfigurationError, SkippedError, StorageError
from chaninfra.channel.objects import ObjectBody
from chaninfra.index.copy.sources.flags import FromFlags
from chaninfra.index.copy.sources.indexed import IndexedSource
from chaninfra.index.copy.sources.open import open_source
from chaninfra.index.copy.sources.s3 import S3Files
from chaninfra.index.copy.sources.web_pace import Pace
from support.channels.sources import LOCATION, FolderStore, source_in, store_of
from support.index_model.memory_store import MemoryStore, SequentialRuntime
from support.index_model.patches import PATCHES
from support.index_model.processes import FOLDER, INDEX, JSON, PREFIX, channel, channel_with, file


def test_no_more_bytes_are_read_in_a_second_than_the_rate() -> None:
    store = store_of(channel_with("a").objects)
    store.objects[f"{FOLDER}/{file('a')}"] = ObjectBody(data=bytes(300_000), content_type="")
    source = IndexedSource(S3Files(LOCATION, PREFIX, None, store, Pace(1_000_000, 1)), SequentialRuntime())
    (package,) = source.packages("noarch")
    start = time.monotonic()
    assert sum(map(len, source.chunks(package))) == 300_000
    assert time.monotonic() - start >= 0.3


@pytest.mark.parametrize("kind", ["get", "list"])
def test_a_bucket_that_is_not_there_has_no_channel(kind: str) -> None:
    """It is a wrong name, as that of a folder without an index is."""
    store = store_of({})

    def missing(request: str, key: str) -> None:
        if request == kind:
            raise BucketMissingError("there is no bucket 'source-bucket'", where="https://source.example.com")

    store.before = missing
    with pytest.raises(ConfigurationError, match="there is no bucket 'source-bucket'") as caught:
        source_in(store).subdirs()
    assert caught.value.where == "https://source.example.com"
    assert "--from-endpoint-url" in str(caught.value.remedy)


def source_with(record: dict[str, Any], files: dict[str, bytes]) -> tuple[FolderStore, IndexedSource]:
    """A channel of another tool with one package, and these files beside it."""
    facts = {"name": "x", "version": "1", "build": "0", "build_number": 0, **record}
    document = {"info": {"subdir": "noarch"}, "packages.conda": {"x-1-0.conda": facts}}
    store = store_of(
        {JSON: json.dumps(document).encode(), **{f"{FOLDER}/{name}": data for name, data in files.items()}}
    )
    return store, source_in(store)


BUNDLES, MORE = b'["one"]', b'["one","two"]'
DIGEST = hashlib.sha256(BUNDLES).hexdigest()


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({f"x-1-0.conda.sigs.{DIGEST}": BUNDLES, "x-1-0.conda.sigs": MORE}, BUNDLES),
        ({"x-1-0.conda.sigs": BUNDLES}, BUNDLES),
        # Whoever lies about a name is not believed.
        ({f"x-1-0.conda.sigs.{DIGEST}": MORE, "x-1-0.conda.sigs": BUNDLES}, BUNDLES),
        ({}, None),
    ],
)
def test_the_sidecar_is_the_one_that_the_record_names(files: dict[str, bytes], found: bytes | None) -> None:
    _, source = source_with({"attestations_sha256": DIGEST}, files)
    (package,) = source.packages("noarch")
    assert source.sidecar(package, 1 << 20) == found


def test_a_package_without_attestations_costs_no_request() -> None:
    store, source = source_with({}, {"x-1-0.conda.sigs": BUNDLES})
    (package,) = source.packages("noarch")
    store.log.clear()
    assert source.sidecar(package, 1 << 20) is None
    assert store.log == []


def test_a_sidecar_that_is_too_large_is_not_read() -> None:
    _, source = source_with({"attestations_sha256": DIGEST}, {"x-1-0.conda.sigs": b" " * 200})
    (package,) = source.packages("noarch")
    with pytest.raises(StorageError) as caught:
        source.sidecar(package, 100)
    assert caught.value.remedy == "whoever writes the source has to index it again"


@pytest.mark.parametrize("name", ["x-1-0.conda.sigs.../../x", "0" * 63, "A" * 64, f"{DIGEST}\n"])
def test_a_name_of_a_sidecar_is_a_digest(name: str) -> None:
    _, source = source_with({"attestations_sha256": name}, {})
    assert list(source.packages("noarch")) == []
    assert "attestations_sha256 in its record is none" in source.refused()[0]


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"[]",
        b"{}",
        b'{"subdirs": "noarch"}',
        b'{"subdirs": [5]}',
        b'{"subdirs": ' + b"[" * 100_000,
        b'{"subdirs": ["../x", "no-such"]}',
        b'{"subdirs": ["noarch"]}' + b" " * (2 << 20),
        b"\xff\xfe",
    ],
)
def test_a_channel_json_that_says_nothing_is_passed_over(said: bytes) -> None:
    store, source = source_with({}, {})
    store.objects[f"{PREFIX}/channel.json"] = ObjectBody(data=said, content_type="")
    assert source.subdirs() == ("noarch",)


def test_a_channel_json_says_which_subdirs_there_are() -> None:
    store, source = source_with({}, {})
    said = b'{"version": 99, "subdirs": ["linux-64", "noarch", "no-such"]}'
    store.objects[f"{PREFIX}/channel.json"] = ObjectBody(data=said, content_type="")
    assert source.subdirs() == ("noarch",)
    assert not [key for kind, key in store.log if kind == "list" or "osx" in key]


def test_several_threads_read_an_index_once() -> None:
    store = store_of(channel_with("a", "b").objects)
    source = source_in(store)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: [package.file for package in source.packages("noarch")], range(8)))
    assert found == [[file("a"), file("b")]] * 8
    assert [key for _, key in store.log].count(PATCHES) == 1
    assert [key for _, key in store.log].count(INDEX) == 2


def based_on(base_url: str, *allowed: str, prefix: str = PREFIX) -> IndexedSource:
    """A channel whose index says that its files are there, beside another one in the bucket."""
    facts = {"name": "x", "version": "1", "build": "0", "build_number": 0}
    info = {"subdir": "noarch", "base_url": base_url}
    document = json.dumps({"info": info, "packages.conda": {"x-1-0.conda": facts}}).encode()
    store = store_of({f"{prefix}/noarch/repodata.json": document, "private/noarch/x-1-0.conda": b"secret"})
    return IndexedSource(S3Files(LOCATION, prefix, None, store, None, allowed), SequentialRuntime())


ELSEWHERE = ["../../private/noarch/", "/private/noarch/", "s3://source-bucket/private/noarch/"]


@pytest.mark.parametrize("base_url", ELSEWHERE)
def test_files_of_another_channel_in_the_bucket_are_not_read(base_url: str) -> None:
    source = based_on(base_url)
    (package,) = source.packages("noarch")
    assert source.s3_object(package) is None
    with pytest.raises(SkippedError, match="which is not in this channel") as caught:
        list(source.chunks(package))
    assert (caught.value.remedy or "").endswith("--allow-origin s3://source-bucket/private")
    # The user may know the place.
    known = based_on(base_url, "private")
    assert b"".join(known.chunks(package)) == b"secret"
    assert known.s3_object(package) is not None
    # Not one that begins with the same letters.
    assert based_on(base_url, "priv").s3_object(package) is None


def test_a_folder_that_is_called_as_those_of_snapshots_is_no_snapshot() -> None:
    source = based_on("/private/noarch/", prefix="snapshots/c")
    (package,) = source.packages("noarch")
    assert source.s3_object(package) is None


@pytest.mark.parametrize("url", ["s3://other/x", "s3://", "s3://source-bucket/a/../b", "s3://k:s@source-bucket/x"])
def test_a_place_that_is_allowed_is_one_of_the_bucket(url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"--allow-origin .* is not a place in the bucket") as caught:
        open_source("s3://source-bucket/c", FromFlags(allow_origin=(url,)), channel(MemoryStore(), SequentialRuntime()))
    assert "k:s@" not in str(caught.value)
