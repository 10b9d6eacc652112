"""Objects that are no packages for clients, or that the store does not give: they are named, the rest is indexed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from support.channels.archives import conda, index_json, write
from support.channels.channel_at import PREFIX, Place, allowed, new_place
from support.servers.fault_server import Answer, Request, error, faulty
from support.servers.s3_servers import Server

GOOD = "good-1-0.conda"


def channel(server: Server, bucket: str, *files: str) -> Place:
    """A channel with packages that are not indexed yet."""
    made = new_place(server, bucket)
    for file in (GOOD, *files):
        add(made, file)
    return made


def add(place: Place, file: str, **options: str) -> None:
    name = file.rpartition("/")[2].split("-")[0]
    data = conda(index_json(name if name.isprintable() else "x"))
    place.server.client().put_object(Bucket=place.bucket, Key=f"{PREFIX}/noarch/{file}", Body=data, **options)


def indexed(place: Place) -> list[str]:
    return [*place.repodata("noarch")["packages.conda"]]


# Key below the folder → how it is named. MinIO and versitygw refuse the last ones, or take them for other keys; moto
# does not find the way for a key with a line end.
KEYS = {
    "a\x1b[31m-1-0.conda": r"noarch/a\x1b[31m-1-0.conda",
    "b\nx-1-0.conda": r"noarch/b\nx-1-0.conda",
    "b\r\nx.txt": r"noarch/b\r\nx.txt",
    "old/t\tx-1-0.conda": r"noarch/old/t\tx-1-0.conda",
    "\x7f-1-0.conda": r"noarch/\x7f-1-0.conda",
    "/beta-1-0.conda": "noarch//beta-1-0.conda",
    "old//beta-1-0.conda": "noarch/old//beta-1-0.conda",
    "./beta-1-0.conda": "noarch/./beta-1-0.conda",
    "../noarch/beta-1-0.conda": "noarch/../noarch/beta-1-0.conda",
}
PLACES = [("aws", file) for file in KEYS if "\n" not in file] + [
    (name, file) for name in ("minio", "versitygw") for file in [*KEYS][:5]
]


@pytest.mark.parametrize(("store", "file"), PLACES, ids=repr)
def test_a_key_that_no_client_can_ask_for_is_named_and_left_out(
    request: pytest.FixtureRequest, bucket_name: str, store: str, file: str
) -> None:
    """`aws` is moto, which takes any key, as S3 does."""
    named = KEYS[file]
    place = channel(request.getfixturevalue(store), bucket_name, "zeta-1-0.conda")
    add(place, file)
    done = place.run("reindex")
    assert done.returncode == 3, done.stderr
    # A store that answers in XML 1.0 cannot say some characters, and names others instead.
    assert named in done.stderr or named.replace(r"\x1b", "\ufffd") in done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    assert "delete the object with the store's own tools" in done.stderr or "delete this one" in done.stderr
    assert "Traceback" not in done.stderr
    assert indexed(place) == [GOOD, "zeta-1-0.conda"]
    # Nothing differs any more, and it is still named.
    checked = place.run("reindex", "--check", "--json")
    assert checked.returncode == 3, checked.stderr
    assert len(json.loads(checked.stdout)["left-out"]) == 1
    for command in ("ls", "gc"):
        place.done(command)


def test_many_keys_around_one_that_the_usual_listing_does_not_know(minio: Server, bucket_name: str) -> None:
    """The listing has several pages, and stops in the middle of the second."""
    place = channel(minio, bucket_name)
    client = minio.client()
    for number in range(1500):
        client.put_object(Bucket=bucket_name, Key=f"{PREFIX}/noarch/n/{number:04}", Body=b"")
    for file in ("a-1-0.conda", "n-1-0.conda", "z-1-0.conda"):
        add(place, file)
    add(place, "n/1200\n")
    done = place.run("reindex")
    assert done.returncode == 3, done.stderr
    assert indexed(place) == ["a-1-0.conda", GOOD, "n-1-0.conda", "z-1-0.conda"]


def test_an_archived_package_is_named_and_keeps_its_record(aws: Server, bucket_name: str, tmp_path: Path) -> None:
    place = channel(aws, bucket_name)
    add(place, "cold-1-0.conda", StorageClass="GLACIER")
    done = place.run("reindex")
    assert done.returncode == 3, done.stderr
    assert "noarch/cold-1-0.conda: is archived" in done.stderr
    assert "restore it" in done.stderr
    assert "may not read" not in done.stderr
    assert indexed(place) == [GOOD]
    # One that is in the index already, and is archived then, stays there.
    add(place, "cool-1-0.conda")
    assert place.run("reindex").returncode == 3
    add(place, "cool-1-0.conda", StorageClass="DEEP_ARCHIVE")
    for arguments in ([], ["--force"]):
        done = place.run("reindex", *arguments)
        assert done.returncode == 3, done.stderr
        assert indexed(place) == ["cool-1-0.conda", GOOD]
    assert "noarch/cool-1-0.conda: is archived" in done.stderr
    # Restored, it is indexed.
    add(place, "cold-1-0.conda")
    add(place, "cool-1-0.conda")
    place.done("reindex")
    assert indexed(place) == ["cold-1-0.conda", "cool-1-0.conda", GOOD]


def test_an_archived_package_is_put_again_with_force(aws: Server, bucket_name: str, tmp_path: Path) -> None:
    """Its bytes are there, and no client gets them; one of a class that is read at once stays as it is."""
    place = channel(aws, bucket_name)
    add(place, "cold-1-0.conda", StorageClass="GLACIER")
    add(place, "rare-1-0.conda", StorageClass="STANDARD_IA")
    cold, rare = (write(tmp_path, conda(index_json(name)), f"{name}-1-0.conda") for name in ("cold", "rare"))
    for given in ((cold, rare), (cold,)):
        done = place.run("publish", *given)
        assert done.returncode == 3, done.stderr
        assert "already there, but archived, so that nobody can read it: noarch/cold-1-0.conda" in done.stderr
        assert "put it again: `chaninfra publish " in done.stderr
        assert " --force FILE " in done.stderr
        assert "cold" not in done.stdout
    assert indexed(place) == ["rare-1-0.conda"]
    done = place.done("publish", "--force", cold, rare)
    assert "noarch/cold-1-0.conda: replaced" in done
    assert "noarch/rare-1-0.conda: already there, with the same bytes" in done
    stored = aws.client().get_object(Bucket=bucket_name, Key=f"{PREFIX}/noarch/{cold.name}")
    assert stored["Body"].read() == cold.read_bytes()
    assert aws.client().head_object(Bucket=bucket_name, Key=f"{PREFIX}/noarch/{rare.name}")["StorageClass"]


def test_an_archived_index_file_is_called_archived(aws: Server, bucket_name: str) -> None:
    place = channel(aws, bucket_name)
    key = f"{PREFIX}/noarch/repodata_shards.msgpack.zst"
    body = aws.client().get_object(Bucket=bucket_name, Key=key)["Body"].read()
    aws.client().put_object(Bucket=bucket_name, Key=key, Body=body, StorageClass="GLACIER")
    done = place.run("reindex")
    assert done.returncode == 1
    assert f"cannot read s3://{bucket_name}/{key}: it is archived" in done.stderr
    assert "may not read" not in done.stderr


def test_folders_with_packages_that_are_not_indexed_are_named(minio: Server, bucket_name: str) -> None:
    place = channel(minio, bucket_name)
    for folder in ("freebsd-64", "linux-64", "linux-32/old", "not-conda"):
        name = "x.txt" if folder == "not-conda" else GOOD
        minio.client().put_object(Bucket=bucket_name, Key=f"{PREFIX}/{folder}/{name}", Body=conda(index_json("good")))
    done = place.run("reindex")
    assert done.returncode == 0, done.stderr
    said = " ".join(done.stderr.split())
    assert f"{place.url}/freebsd-64: has packages, but is no subdir that chaninfra knows" in said
    assert f"{place.url}/linux-64: has packages, but is not declared as a subdir" in said
    assert "add linux-64 to `subdirs`" in said
    assert "linux-32: " not in said
    assert "not-conda" not in said


def refuses(status: int, code: str, of: Callable[[str], bool]) -> Callable[[Request], Answer | None]:
    """These objects are not given to anybody who reads them; their metadata are."""
    return lambda request: (
        error(status, code) if request.method == "GET" and of(request.path.partition("?")[0]) else None
    )


@pytest.mark.parametrize(
    ("status", "code"), [(400, "InvalidRequest"), (400, "KMS.DisabledException"), (403, "AccessDenied")]
)
def test_one_object_that_the_store_does_not_give_is_left_out(
    minio: Server, bucket_name: str, status: int, code: str
) -> None:
    """Encrypted with a key of its own, or of another account."""
    place = channel(minio, bucket_name, "other-1-0.conda")
    with faulty(minio, refuses(status, code, lambda path: path.endswith("/other-1-0.conda"))) as server:
        done = Place(server, bucket_name, place.url).run("reindex")
    assert done.returncode == 3, done.stderr
    assert f"noarch/other-1-0.conda: cannot be read, while others can ({code})" in done.stderr
    assert indexed(place) == [GOOD]
    place.done("reindex")
    assert indexed(place) == [GOOD, "other-1-0.conda"]


def test_who_may_read_no_package_is_told_so(minio: Server, bucket_name: str) -> None:
    place = channel(minio, bucket_name, "other-1-0.conda")
    files = [f"{PREFIX}/noarch/{name}" for name in ("repodata*", "shards/*")]
    keys = allowed(
        minio,
        bucket_name,
        "s3:ListBucket",
        GetObject=(f"{PREFIX}/channel.json", f"{PREFIX}/yanked.json", f"{PREFIX}/.chaninfra/*", *files),
        PutObject=(f"{PREFIX}/noarch/*", f"{PREFIX}/.chaninfra/*"),
    )
    done = place.run("reindex", **keys)
    assert done.returncode == 5, done.stderr
    assert "these credentials may not read" in done.stderr
    assert indexed(place) == []


def test_a_store_that_fails_is_no_reason_to_leave_a_package_out(minio: Server, bucket_name: str) -> None:
    place = channel(minio, bucket_name, "other-1-0.conda")
    with faulty(minio, refuses(500, "InternalError", lambda path: path.endswith("/other-1-0.conda"))) as server:
        done = Place(server, bucket_name, place.url).run("reindex")
    assert done.returncode == 1, done.stderr
    assert indexed(place) == []
