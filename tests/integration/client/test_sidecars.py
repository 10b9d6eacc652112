"""Attestations of packages (CEP 50) on real stores: what a client and the reference indexer make of what is published.

The bundles are signed by nobody, since that needs Sigstore: the client finds, reads and parses them, and refuses each.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from support.channels import conda_client
from support.channels.bundles import bundle, digest, sidecar
from support.channels.channel_at import PREFIX, Place, allowed
from support.channels.index_reader import forms
from support.channels.packages import make_package
from support.servers.s3_proxy import proxy

NAME = "hello"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package, with a sidecar of one bundle beside it."""
    path = make_package(tmp_path, NAME, "1.0")
    beside(path).write_bytes(sidecar(bundle(path.name, path.read_bytes())))
    return path


def beside(package: Path) -> Path:
    return package.with_name(f"{package.name}.sigs")


def put(place: Place, name: str, data: bytes) -> None:
    place.server.client().put_object(Bucket=place.bucket, Key=f"{PREFIX}/noarch/{name}", Body=data)


def get(place: Place, name: str) -> Any:
    return place.server.client().get_object(Bucket=place.bucket, Key=f"{PREFIX}/noarch/{name}")


def records(place: Place) -> dict[str, dict[str, Any]]:
    """`noarch/<file>` → record, after checking that all forms of the index agree."""
    json_, zst, shards = forms(place.server, place.bucket, PREFIX, ["noarch"]).values()
    assert json_ == zst == shards
    return json_


def field(place: Place, package: Path) -> str | None:
    found: str | None = records(place)[f"noarch/{package.name}"].get("attestations_sha256")
    return found


def test_a_client_finds_the_attestations_of_a_published_package(place: Place, package: Path, tmp_path: Path) -> None:
    place.done("publish", package)
    data = beside(package).read_bytes()
    for name, caching in ((beside(package).name, "no-cache"), (f"{beside(package).name}.{digest(data)}", "immutable")):
        stored = get(place, name)
        assert stored["Body"].read() == data
        assert stored["ContentType"] == "application/json"
        assert caching in stored["CacheControl"]
    found = conda_client.attestations(place.url, NAME, tmp_path / "client", place.server)
    for said, warnings in found.values():
        assert said == digest(data)
        # The client has read the bundle: it names it, and says why it does not trust it.
        assert len(warnings) == 1
        assert "retriev" not in warnings[0]
        assert "sidecar" not in warnings[0]


def test_the_records_are_those_of_the_reference_indexer(place: Place, package: Path, tmp_path: Path) -> None:
    other = make_package(tmp_path, "unsigned", "1.0")
    place.done("publish", package, other)
    place.done("publish", package)
    ours = records(place)
    for name in ("repodata.json", "repodata.json.zst", "repodata_shards.msgpack.zst"):
        place.server.client().delete_object(Bucket=place.bucket, Key=f"{PREFIX}/noarch/{name}")
    conda_client.index(place.server, place.bucket, PREFIX)
    theirs = records(place)
    for record in (*ours.values(), *theirs.values()):
        del record["indexed_timestamp"]
    assert ours == theirs
    assert ours[f"noarch/{package.name}"]["attestations_sha256"] == digest(beside(package).read_bytes())


def test_reindex_follows_a_sidecar_that_another_tool_put(place: Place, package: Path) -> None:
    place.done("publish", package)
    one = beside(package).read_bytes()
    more = sidecar(*json.loads(one), bundle(package.name, package.read_bytes(), b"another's"))
    put(place, beside(package).name, more)
    checked = place.run("reindex", "--check")
    assert checked.returncode == 1
    assert package.name in checked.stdout
    assert json.loads(place.done("reindex", "--json"))["subdirs"][0]["signed"] == [package.name]
    assert field(place, package) == digest(more)
    assert get(place, f"{beside(package).name}.{digest(more)}")["Body"].read() == more
    # The reference indexer stops where a copy is missing, and takes this one.
    conda_client.index(place.server, place.bucket, PREFIX)
    assert field(place, package) == digest(more)
    assert json.loads(place.done("reindex", "--json"))["subdirs"][0]["signed"] == []
    place.done("reindex", "--check")
    place.server.client().delete_object(Bucket=place.bucket, Key=f"{PREFIX}/noarch/{beside(package).name}")
    place.done("reindex")
    assert field(place, package) is None


@pytest.mark.parametrize("command", ["reindex", "publish"])
def test_a_broken_sidecar_is_named_and_left_out(place: Place, package: Path, tmp_path: Path, command: str) -> None:
    place.done("publish", package)
    before = field(place, package)
    put(place, beside(package).name, b"[" * 100_000)
    beside(package).unlink()
    ran = place.run(command, *([package] if command == "publish" else []))
    assert ran.returncode == 3
    assert f"noarch/{package.name}.sigs: is not a JSON array of Sigstore bundles" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert field(place, package) == before


def test_a_wrong_sidecar_beside_the_package_is_refused_before_the_first_write(on_minio: Place, package: Path) -> None:
    beside(package).write_bytes(sidecar(bundle(package.name, b"other")))
    ran = on_minio.run("publish", package)
    assert ran.returncode == 2
    assert f"{beside(package)}: its attestations are about other bytes" in " ".join(ran.stderr.split())
    listed = on_minio.server.client().list_objects_v2(Bucket=on_minio.bucket, Prefix=f"{PREFIX}/noarch/{NAME}")
    assert "Contents" not in listed


def test_yank_and_a_forced_overwrite(place: Place, package: Path, tmp_path: Path) -> None:
    place.done("publish", package)
    data = beside(package).read_bytes()
    place.done("yank", package.name)
    assert records(place) == {}
    assert get(place, beside(package).name)["Body"].read() == data
    place.done("unyank", package.name)
    assert field(place, package) == digest(data)
    beside(package).unlink()
    (tmp_path / "new").mkdir()
    new = make_package(tmp_path / "new", NAME, "1.0", payload=b"new")
    place.done("publish", "--force", new)
    assert field(place, new) is None
    assert get(place, beside(package).name)["Body"].read() == data
    place.done("publish", "--force", package)
    assert field(place, package) == digest(data)


@pytest.mark.parametrize(
    ("signed", "monolith", "most"),
    [(False, "each-commit", 13), (True, "each-commit", 14), (False, "never", 9), (True, "never", 10)],
)
def test_the_requests_of_a_publish(
    on_minio: Place, package: Path, tmp_path: Path, signed: bool, monolith: str, most: int
) -> None:
    key = f"{PREFIX}/channel.json"
    client = on_minio.server.client()
    document = json.loads(client.get_object(Bucket=on_minio.bucket, Key=key)["Body"].read())
    document["index"]["monolith"] = monolith
    client.put_object(Bucket=on_minio.bucket, Key=key, Body=json.dumps(document))
    if not signed:
        beside(package).unlink()
    on_minio.done("publish", make_package(tmp_path, "another", "1.0"))
    with proxy(on_minio.server) as between:
        at = Place(between.server, on_minio.bucket, on_minio.url)
        at.done("publish", package)
        traffic = between.take()
    about = [request for request in traffic.log if ".sigs" in request.path]
    assert [(request.method, request.condition) for request in about] == (
        [("PUT", True), ("PUT", True)] if signed else [("GET", False)]
    )
    assert traffic.requests <= most, traffic.lines()


def test_a_publisher_puts_sidecars_and_a_reader_gets_them(on_minio: Place, package: Path) -> None:
    given = allowed(on_minio.server, on_minio.bucket, "s3:GetObject", "s3:ListBucket", PutObject=f"{PREFIX}/*")
    assert on_minio.run("publish", package, **given).returncode == 0
    reader = allowed(on_minio.server, on_minio.bucket, "s3:GetObject", "s3:ListBucket")
    assert on_minio.run("reindex", "--check", **reader).returncode == 0
