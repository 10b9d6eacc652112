"""Packages that pass through here: what comes to be there is what the record tells, or nothing."""

from __future__ import annotations

import hashlib
import os
import re
from typing import Any

import pytest

from chaninfra.channel.errors import ConflictError, SkippedError
from chaninfra.channel.objects import ObjectBody
from chaninfra.index.copy.brought import Brought
from chaninfra.index.copy.source import SourcePackage
from chaninfra.index.copy.transfer import Transfer
from chaninfra.index.package.archive import read_data
from support.channels.archives import conda, index_json, tar_bz2
from support.channels.stored_source import StoredSource
from support.index_model.memory_store import MemoryStore, SequentialRuntime
from support.index_model.processes import FOLDER, channel

FILE = "x-1-0.conda"
KEY = f"{FOLDER}/{FILE}"
DATA = conda(index_json(), payload=b"one")
OTHER = conda(index_json(), payload=b"two")


class Pair:
    """A source and a target, both in memory."""

    def __init__(self, *, tells_patches: bool = True) -> None:
        self.target = MemoryStore()
        self.source = StoredSource(MemoryStore(), tells_patches=tells_patches)
        self.advanced: list[int] = []

    def bring(self, package: SourcePackage, *, there: bool = False) -> Brought:
        transfer = Transfer(self.source, channel(self.target, SequentialRuntime()))
        return transfer.bring(package, self.advanced.append, there=there)

    def skipped(self, package: SourcePackage) -> str:
        """Why the package is not brought; nothing was written."""
        with pytest.raises(SkippedError) as raised:
            self.bring(package)
        # As the chunks of a source name it.
        assert raised.value.where == f"{self.source.url}/{package.path_in_channel}"
        assert not self.target.objects
        assert sum(self.advanced) == 0
        return raised.value.message


@pytest.fixture
def pair() -> Pair:
    return Pair()


@pytest.mark.parametrize("data", [DATA, tar_bz2(index_json())], ids=["conda", "tar.bz2"])
def test_a_package_is_uploaded_as_publish_does(pair: Pair, data: bytes) -> None:
    file = FILE if data is DATA else "x-1-0.tar.bz2"
    brought = pair.bring(pair.source.add(file, data))
    stored = pair.target.objects[f"{FOLDER}/{file}"]
    assert (stored.data, stored.content_type, stored.metadata) == (data, "application/octet-stream", {})
    assert (brought.way, brought.etag) == ("streamed", pair.target.entry(f"{FOLDER}/{file}").etag)
    assert brought.made is not None
    assert brought.made.fields["name"] == "x"
    assert pair.advanced == [len(data)]
    # One PUT, with its condition.
    assert pair.target.requests == {"put": 1}


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"sha256": "0" * 64}, f"other bytes than its record tells: the sha256 .* instead of {'0' * 64}"),
        ({"md5": "0" * 32, "sha256": None}, f"other bytes than its record tells: the md5 .* instead of {'0' * 32}"),
        ({"size": len(DATA) + 1}, f"{len(DATA):,} bytes instead of {len(DATA) + 1:,}"),
        ({"size": len(DATA) - 1}, f"more than {len(DATA) - 1:,} bytes"),
        ({"size": 0}, "the size 0 bytes"),
        ({"size": 1 << 60}, "the size .* which no package has"),
        ({"sha256": None, "md5": None}, "without sha256 and md5"),
        ({"sha256": "x" * 64}, "the sha256 .* which is none"),
        ({"sha256": "0" * 64 + "\n"}, "the sha256 .* which is none"),
        ({"md5": "../x"}, "the md5 .* which is none"),
        ({"sha256": 7}, "a record that is not valid"),
    ],
)
def test_a_source_that_lies_is_named_and_nothing_is_written(pair: Pair, told: dict[str, Any], says: str) -> None:
    why = pair.skipped(pair.source.add(FILE, DATA, **told))
    assert re.search(says, why), why


@pytest.mark.parametrize("file", [FILE, "x-1-0.tar.bz2"])
def test_an_md5_that_is_a_lie_is_found_by_that_of_the_store(pair: Pair, file: str) -> None:
    """It is not computed here beside the sha256: that would take more time than all else."""
    data = DATA if file == FILE else tar_bz2(index_json())
    with pytest.raises(SkippedError, match=f"another md5 than its record tells, {'0' * 32}; its bytes, .* were put"):
        pair.bring(pair.source.add(file, data, md5="0" * 32))
    # The store encrypts: its ETag is no md5.
    again = Pair()
    again.target.etags[f"{FOLDER}/{file}"] = '"0123456789abcdef0123456789abcdef"'
    brought = again.bring(again.source.add(file, data))
    assert brought.made is not None
    assert brought.made == read_data(data, ".conda" if file == FILE else ".tar.bz2")
    assert sum(again.advanced) == len(data)


def test_a_record_with_an_md5_alone_or_digests_in_capitals_is_enough(pair: Pair) -> None:
    brought = pair.bring(pair.source.add(FILE, DATA, sha256=None, size=None))
    assert brought.way == "streamed"
    again = Pair()
    first = again.source.tell(FILE, DATA).facts.sha256
    assert again.bring(again.source.add(FILE, DATA, sha256=str(first).upper())).way == "streamed"


def test_no_more_is_read_than_the_record_tells(pair: Pair) -> None:
    """A file that never ends."""
    package = pair.source.add(FILE, DATA)
    served: list[int] = []

    def endless(_: SourcePackage) -> Any:
        while True:
            served.append(1)
            yield bytes(1 << 10)

    pair.source.chunks = endless  # type: ignore[method-assign]
    pair.skipped(package)
    assert len(served) < 10


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"no package", "not a conda package"),
        (conda(index_json("other")), "the file name of another package; the package inside is other-1-0"),
        (conda(index_json(subdir="linux-64")), "for the subdir linux-64, but is in the folder noarch"),
    ],
)
def test_what_could_not_be_indexed_is_not_copied(pair: Pair, data: bytes, says: str) -> None:
    assert says in pair.skipped(pair.source.add(FILE, data))


def test_a_file_that_the_source_does_not_have(pair: Pair) -> None:
    assert "is not there" in pair.skipped(pair.source.tell(FILE, DATA))


def test_a_source_that_replaces_the_file_meanwhile_is_not_taken_for_a_conflict_in_the_target(pair: Pair) -> None:
    package = pair.source.add(FILE, DATA)
    store = pair.source.store
    assert isinstance(store, MemoryStore)

    def before(kind: str, key: str) -> None:
        if kind == "get_range":
            store.objects[key] = ObjectBody(data=OTHER, content_type="")

    store.before = before
    assert "was replaced while it was read" in pair.skipped(package)


def test_other_bytes_that_are_there_stay(pair: Pair) -> None:
    pair.target.objects[KEY] = ObjectBody(data=OTHER, content_type="")
    with pytest.raises(ConflictError, match="already there with other bytes") as raised:
        pair.bring(pair.source.add(FILE, DATA))
    assert raised.value.where == f"s3://my-bucket/{KEY}"
    assert "--exclude" in str(raised.value.remedy)
    assert pair.target.objects[KEY].data == OTHER


@pytest.mark.parametrize("tells_patches", [True, False])
def test_a_package_that_is_there_stays(tells_patches: bool) -> None:
    pair = Pair(tells_patches=tells_patches)
    pair.target.objects[KEY] = ObjectBody(data=DATA, content_type="kept")
    brought = pair.bring(pair.source.add(FILE, DATA))
    assert (brought.way, brought.etag) == ("present", pair.target.entry(KEY).etag)
    assert pair.target.objects[KEY].content_type == "kept"
    assert pair.advanced == [len(DATA)]
    # Only where nobody else tells what was patched its metadata are needed.
    assert (brought.made is None) == tells_patches


def test_a_copy_of_one_part_is_seen_to_be_the_package(pair: Pair) -> None:
    """Without reading it: a store that copies gives it an ETag of its own."""
    package = pair.source.add(FILE, DATA)
    pair.target.objects[KEY] = ObjectBody(data=DATA, content_type="")
    digest = hashlib.md5(bytes.fromhex(str(package.facts.md5)), usedforsecurity=False).hexdigest()
    pair.target.etags[KEY] = f'"{digest}-1"'
    assert pair.bring(package).way == "present"
    # One byte, to see that it can be read.
    assert pair.target.requests["get_range"] == 1


def test_a_package_that_comes_and_goes_meanwhile_is_brought(pair: Pair) -> None:
    package = pair.source.add(FILE, DATA)
    pair.target.objects[KEY] = ObjectBody(data=OTHER, content_type="")

    def before(kind: str, key: str) -> None:
        if kind == "head":
            pair.target.objects.pop(KEY, None)

    pair.target.before = before
    assert pair.bring(package).way == "streamed"
    assert pair.target.objects[KEY].data == DATA


def test_a_package_of_unknown_size_up_to_one_put(pair: Pair) -> None:
    data = conda(index_json(), payload=os.urandom(9 << 20))
    assert pair.bring(pair.source.add(FILE, data, size=None)).way == "streamed"
    assert pair.target.objects[KEY].data == data


@pytest.mark.parametrize("tells_patches", [True, False])
def test_a_package_that_was_there_when_it_was_planned_is_not_put_again(tells_patches: bool) -> None:
    pair = Pair(tells_patches=tells_patches)
    package = pair.source.add(FILE, DATA)
    with pytest.raises(SkippedError, match="not there any more") as raised:
        pair.bring(package, there=True)
    assert "chaninfra reindex" in str(raised.value.remedy)
    assert KEY not in pair.target.objects
    pair.target.objects[KEY] = ObjectBody(data=OTHER, content_type="")
    with pytest.raises(ConflictError, match="already there with other bytes"):
        pair.bring(package, there=True)
    pair.target.objects[KEY] = ObjectBody(data=DATA, content_type="")
    assert pair.bring(package, there=True).way == "present"
