"""Other tools in every order on a channel of ours: nothing that the last index of ours said is lost.

`rattler.index` is the reference indexer. It takes a repodata.json that it finds for the truth, and without one reads
all packages anew: then only chaninfra knows since when a package is in the index.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from support.channels import conda_client
from support.channels.channel_at import PREFIX, Place, new_place
from support.channels.channels import put
from support.channels.index_reader import forms, unpacked
from support.channels.packages import make_package
from support.channels.sick_channels import copy
from support.servers.s3_servers import Server

# By what the last command before the other tool did there.
PUBLISHED, YANKED, FORCED = SUBDIRS = ("noarch", "linux-64", "osx-64")
CLIENT_SUBDIRS = SUBDIRS[:2]
"""Those that `conda_client` reads."""


@pytest.fixture(scope="module")
def untouched(minio: Server, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A channel with packages a, b and c in each subdir, whose last commits differ."""
    tmp_path = tmp_path_factory.mktemp("packages")
    made = new_place(minio, f"test-{secrets.token_hex(6)}", "linux-64", "osx-64")
    made.done("publish", *(package(tmp_path, name, subdir) for subdir in SUBDIRS for name in "ab"))
    made.done("yank", f"{PUBLISHED}/b-1.0-0.conda")
    made.done("publish", "--force", *(package(tmp_path / "2", "a", subdir, b"forced") for subdir in SUBDIRS[:2]))
    made.done("publish", *(package(tmp_path, "c", subdir) for subdir in SUBDIRS))
    made.done("yank", f"{YANKED}/b-1.0-0.conda")
    made.done("publish", "--force", package(tmp_path / "2", "a", FORCED, b"forced"))
    return made


@pytest.fixture
def place(untouched: Place, bucket_name: str) -> Place:
    """A copy of it."""
    return copy(untouched, bucket_name)


def package(folder: Path, name: str, subdir: str, payload: bytes = b"") -> Path:
    return make_package(folder / subdir, name, "1.0", subdir=subdir, payload=payload)


def records(place: Place) -> dict[str, dict[str, Any]]:
    """`<subdir>/<file>` → record, after checking that all forms of the index agree."""
    json_, zst, shards = forms(place.server, place.bucket, PREFIX, SUBDIRS).values()
    assert json_ == zst == shards
    return json_


def number(place: Place, subdir: str) -> int:
    """The number of the last commit."""
    key = f"{PREFIX}/{subdir}/repodata_shards.msgpack.zst"
    data = place.server.client().get_object(Bucket=place.bucket, Key=key)["Body"].read()
    document = msgspec.msgpack.decode(unpacked(data))
    found: int = document["chaninfra"]["number"]
    return found


def delete(place: Place, subdir: str, file: str) -> None:
    place.server.client().delete_object(Bucket=place.bucket, Key=f"{PREFIX}/{subdir}/{file}")


def write(place: Place, subdir: str, document: dict[str, Any]) -> None:
    """Put a repodata.json as a person does who edited it."""
    key = f"{PREFIX}/{subdir}/repodata.json"
    place.server.client().put_object(Bucket=place.bucket, Key=key, Body=json.dumps(document).encode())


def index(place: Place) -> None:
    """Index the channel with the reference indexer."""
    conda_client.index(place.server, place.bucket, PREFIX)


def publishes(place: Place, folder: Path) -> set[str]:
    place.done("publish", *(package(folder, "new", subdir) for subdir in SUBDIRS))
    return {f"{subdir}/new-1.0-0.conda" for subdir in SUBDIRS}


def reindexes(place: Place, _: Path) -> set[str]:
    place.done("reindex")
    return set()


def forces(place: Place, _: Path) -> set[str]:
    place.done("reindex", "--force")
    return set()


def yanks(place: Place, _: Path) -> set[str]:
    place.done("yank", "c")
    return set()


@pytest.mark.parametrize("json_", ["kept", "deleted"])
@pytest.mark.parametrize("then", [publishes, reindexes, forces, yanks])
def test_after_the_reference_indexer_nothing_of_ours_is_lost(
    place: Place, tmp_path: Path, json_: str, then: Callable[[Place, Path], set[str]]
) -> None:
    before = records(place)
    numbers = {subdir: number(place, subdir) for subdir in SUBDIRS}
    if json_ == "deleted":
        for subdir in SUBDIRS:
            delete(place, subdir, "repodata.json")
    index(place)
    added = then(place, tmp_path)
    if then is yanks:
        before = {file: record for file, record in before.items() if "/c-" not in file}
    after = records(place)
    assert {file: record for file, record in after.items() if file not in added} == before
    assert after.keys() - before.keys() == added
    gone = {PUBLISHED: ["b"], YANKED: ["b"], FORCED: []}
    for subdir in SUBDIRS:
        names = [*gone[subdir], *("c" if then is yanks else "")]
        assert place.repodata(subdir)["removed"] == [f"{name}-1.0-0.conda" for name in names]
        assert number(place, subdir) > numbers[subdir]
    read = conda_client.read(place.url, ["a", "b", "c", "new"], tmp_path / "client", place.server)
    assert read["shards"] == read["zst"] == read["json"]
    assert [f"{subdir}/{file}" for subdir, file, *_ in read["json"]] == sorted(
        file for file in after if file.startswith(CLIENT_SUBDIRS)
    )
    assert place.done("reindex", "--check").count("(as before)") == len(SUBDIRS)


@pytest.mark.parametrize("indexed", [False, True], ids=["by hand", "and by the reference"])
def test_a_patch_in_repodata_json_is_kept(place: Place, tmp_path: Path, indexed: bool) -> None:
    """Also if the indexer wrote the file after that, which takes what is in repodata.json for the truth."""
    before = records(place)["noarch/c-1.0-0.conda"]
    document = place.repodata("noarch")
    document["packages.conda"]["c-1.0-0.conda"]["depends"] = ["patched"]
    write(place, "noarch", document)
    if indexed:
        index(place)
    place.done("publish", package(tmp_path, "new", "noarch"))
    place.done("reindex")
    assert records(place)["noarch/c-1.0-0.conda"] == {**before, "depends": ["patched"]}


def test_a_patch_of_ours_outlives_an_index_made_from_the_packages(place: Place) -> None:
    document = place.repodata("noarch")
    document["packages.conda"]["c-1.0-0.conda"]["depends"] = ["patched"]
    write(place, "noarch", document)
    place.done("reindex")
    before = records(place)
    # Without it, the indexer reads the packages.
    delete(place, "noarch", "repodata.json")
    index(place)
    assert records(place)["noarch/c-1.0-0.conda"]["depends"] == []
    place.done("reindex")
    assert records(place) == before


def test_a_package_that_only_the_other_tool_knows_keeps_its_time(place: Place, tmp_path: Path) -> None:
    put(place.server, place.bucket, f"{PREFIX}/noarch", package(tmp_path, "theirs", "noarch"))
    index(place)
    before = records(place)["noarch/theirs-1.0-0.conda"]
    place.done("reindex", "--force")
    assert records(place)["noarch/theirs-1.0-0.conda"] == before


def test_a_deleted_authority_is_no_empty_channel(place: Place, tmp_path: Path) -> None:
    before = records(place)
    for subdir in SUBDIRS:
        delete(place, subdir, "repodata_shards.msgpack.zst")
    place.done("publish", *(package(tmp_path, "new", subdir) for subdir in SUBDIRS))
    assert {file: record for file, record in records(place).items() if "/new-" not in file} == before


def test_with_no_index_file_left_the_history_still_knows_the_times(place: Place) -> None:
    before = records(place)
    for subdir in SUBDIRS:
        for file in ("repodata_shards.msgpack.zst", "repodata.json", "repodata.json.zst"):
            delete(place, subdir, file)
    place.done("reindex")
    assert records(place) == before


@pytest.mark.parametrize("command", ["publish", "reindex"])
def test_an_older_authority_that_was_put_back_loses_nothing(place: Place, tmp_path: Path, command: str) -> None:
    """As somebody does who restores an old version of the object."""
    client, key = place.server.client(), f"{PREFIX}/noarch/repodata_shards.msgpack.zst"
    old = client.get_object(Bucket=place.bucket, Key=key)["Body"].read()
    place.done("publish", package(tmp_path, "new", "noarch"))
    before, last = records(place), number(place, "noarch")
    client.put_object(Bucket=place.bucket, Key=key, Body=old)
    more = package(tmp_path, "more", "noarch")
    place.done("publish", more) if command == "publish" else place.done("reindex")
    after = records(place)
    assert {file: after[file] for file in before} == before
    assert number(place, "noarch") > last


def test_unyank_after_the_reference_indexer_restores_the_record(place: Place) -> None:
    """Also if the re-index that the other tool's index needs has read the package by then."""
    key = f"{PREFIX}/yanked.json"
    yanked = json.loads(place.server.client().get_object(Bucket=place.bucket, Key=key)["Body"].read())["packages"]
    index(place)
    place.done("unyank", f"{YANKED}/b-1.0-0.conda")
    assert records(place)[f"{YANKED}/b-1.0-0.conda"] == yanked[f"{YANKED}/b-1.0-0.conda"]["record"]
