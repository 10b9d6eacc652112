"""reindex on real stores: what it finds and writes, and what a client reads afterwards."""

from __future__ import annotations

import json
import os
import re
import shlex
from pathlib import Path
from typing import Any

from chaninfra.channel.outputs.descriptor import parse
from chaninfra.channel.s3.credentials import Credentials
from chaninfra.index.channel import Channel
from chaninfra.index.reindex import Mode, reindex
from chaninfra.index.reindex_plan import Scope
from chaninfra.index.report import SubdirReport
from support.channels import conda_client
from support.channels.archives import conda, index_json, tar_bz2, write
from support.channels.channel_at import PREFIX, Place, allowed
from support.channels.channels import etags, put
from support.channels.cli_runner import chaninfra
from support.channels.packages import make_package
from support.index_model.index_json_corpus import variants
from support.paths import DATA
from support.servers.s3_servers import Server

LARGE = 12 << 20
PAGE = DATA / "pixi-s3-page.txt"
READ = ("s3:GetObject", "s3:ListBucket")


def add(place: Place, folder: Path, data: bytes, name: str) -> str:
    return put(place.server, place.bucket, f"{PREFIX}/noarch", write(folder, data, name))


def delete(place: Place, file: str) -> None:
    place.server.client().delete_object(Bucket=place.bucket, Key=f"{PREFIX}/noarch/{file}")


def report(place: Place, scope: Scope = "changed", mode: Mode = "write", **keys: str) -> SubdirReport:
    """The report of a re-index of noarch, run in this process.

    `keys` are the AWS_… variables of another user; without them, the server's own are used.
    """
    stored = place.server.client().get_object(Bucket=place.bucket, Key=f"{PREFIX}/channel.json")
    keys = keys or place.server.environment()
    credentials = Credentials(keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"], keys.get("AWS_SESSION_TOKEN"))
    channel = Channel(descriptor=parse(stored["Body"].read(), where="channel.json"), credentials=credentials)
    (made,) = reindex(channel, ["noarch"], scope, mode).subdirs
    return made


def found(made: SubdirReport) -> dict[str, list[str]]:
    """The fields of the report that list a difference."""
    kinds = ("added", "replaced", "remade", "dropped", "yanked", "files")
    return {kind: [*getattr(made, kind)] for kind in kinds if getattr(made, kind)}


def test_check_reports_what_differs_and_reindex_repairs_it(place: Place, tmp_path: Path) -> None:
    """In each step, --check reports the difference and writes nothing, reindex repairs it, a second run writes nothing,
    and a client reads the same from all three forms of the index.
    """
    big = os.urandom(LARGE)
    names = ["a", "b", "large"]

    def step(name: str, expected: dict[str, list[str]], files: list[str]) -> None:
        before = etags(place.server, place.bucket)
        assert found(report(place, mode="check")) == expected
        assert etags(place.server, place.bucket) == before
        assert found(report(place)) == expected
        settled = etags(place.server, place.bucket)
        assert found(report(place)) == {}
        assert etags(place.server, place.bucket) == settled
        read = conda_client.read(place.url, names, tmp_path / name, place.server)
        assert [each[1] for each in read["json"]] == files
        assert read["shards"] == read["zst"] == read["json"]

    add(place, tmp_path, conda(index_json("a")), "a-1-0.conda")
    add(place, tmp_path, tar_bz2(index_json("b")), "b-1-0.tar.bz2")
    large = write(tmp_path, conda(index_json("large"), payload=big), "large-1-0.conda")
    place.server.client().upload_file(str(large), place.bucket, f"{PREFIX}/noarch/{large.name}")
    assert "-" in etags(place.server, place.bucket)[f"{PREFIX}/noarch/{large.name}"], (
        "uploaded in parts, so that its ETag is not its md5"
    )
    step("new", {"added": ["a-1-0.conda", "b-1-0.tar.bz2", large.name]}, ["a-1-0.conda", "b-1-0.tar.bz2", large.name])

    # Uploaded again with another size; then with the same size, in parts.
    again = conda(index_json("a"), payload=b"other")
    add(place, tmp_path, again, "a-1-0.conda")
    step("again", {"replaced": ["a-1-0.conda"]}, ["a-1-0.conda", "b-1-0.tar.bz2", large.name])
    write(tmp_path, conda(index_json("large"), payload=big[::-1]), large.name)
    place.server.client().upload_file(str(large), place.bucket, f"{PREFIX}/noarch/{large.name}")
    step("in parts", {"replaced": [large.name]}, ["a-1-0.conda", "b-1-0.tar.bz2", large.name])

    delete(place, "b-1-0.tar.bz2")
    step("gone", {"dropped": ["b-1-0.tar.bz2"]}, ["a-1-0.conda", large.name])


def test_missing_or_damaged_index_files_are_rewritten(on_minio: Place, tmp_path: Path) -> None:
    place = on_minio
    add(place, tmp_path, conda(index_json("a")), "a-1-0.conda")
    report(place)
    client = place.server.client()
    key = f"{PREFIX}/noarch"
    breaks = {
        "repodata.json.zst": lambda: client.put_object(Bucket=place.bucket, Key=f"{key}/repodata.json.zst", Body=b"x"),
        "repodata_shards.msgpack.zst": lambda: delete(place, "repodata_shards.msgpack.zst"),
        "repodata.json": lambda: delete(place, "repodata.json"),
    }
    for file, damage in breaks.items():
        damage()
        assert file in report(place, mode="check").files
        assert file in report(place).files
        assert found(report(place)) == {}
    for shard in etags(place.server, place.bucket, f"{key}/shards/"):
        client.delete_object(Bucket=place.bucket, Key=shard)
    assert report(place).files == ("shards",)
    read = conda_client.read(place.url, ["a"], tmp_path / "client", place.server)
    assert read["shards"] == read["json"] != []


def test_files_that_are_not_packages_are_listed_and_skipped(on_minio: Place, tmp_path: Path) -> None:
    place = on_minio
    bad = {
        "zero-1-0.conda": b"",
        "zero-1-0.tar.bz2": b"",
        "cut-1-0.conda": conda(index_json("cut"))[:-30],
        "named-1-0.conda": conda(index_json("other")),
        "mac-1-0.conda": conda(index_json("mac", subdir="osx-64")),
        "huge-1-0.conda": conda(index_json("huge", license="x" * (5 << 20))),
        "odd.conda": b"PK\x03\x04 and so on",
    }
    for name, data in bad.items():
        add(place, tmp_path, data, name)
    add(place, tmp_path, conda(index_json("a")), "a-1-0.conda")
    done = place.run("reindex")
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert "panicked" not in done.stderr
    for name in bad:
        assert f"noarch/{name}: " in done.stderr
    assert [*place.repodata("noarch")["packages.conda"]] == ["a-1-0.conda"]
    # A package in the index that was overwritten with other bytes loses its record.
    add(place, tmp_path, b"no package", "a-1-0.conda")
    checked = place.run("reindex", "--check", "--json")
    assert checked.returncode == 1, checked.stderr
    assert json.loads(checked.stdout)["subdirs"][0]["dropped"] == ["a-1-0.conda"]
    assert report(place).dropped == ("a-1-0.conda",)
    assert place.repodata("noarch")["packages.conda"] == {}
    # Nothing differs any more, but the skipped files are still listed.
    assert len(report(place, mode="check").left_out) == len(bad) + 1
    assert place.run("reindex", "--check").returncode == 3


def test_force_rewrites_records_but_keeps_indexed_timestamp(on_minio: Place, tmp_path: Path) -> None:
    place = on_minio
    key = add(place, tmp_path, conda(index_json("a", depends=["b"])), "a-1-0.conda")
    report(place)
    repodata = place.repodata("noarch")
    before = dict(repodata["packages.conda"]["a-1-0.conda"])
    repodata["packages.conda"]["a-1-0.conda"]["depends"] = ["patched"]
    client = place.server.client()
    client.put_object(Bucket=place.bucket, Key=key.replace("a-1-0.conda", "repodata.json"), Body=json.dumps(repodata))
    assert report(place).remade == ("a-1-0.conda",), "a record that somebody patched replaces that of the package"
    assert found(report(place)) == {}
    assert place.repodata("noarch")["packages.conda"]["a-1-0.conda"]["depends"] == ["patched"]
    assert report(place, "all").remade == ("a-1-0.conda",)
    assert place.repodata("noarch")["packages.conda"]["a-1-0.conda"] == before


def test_records_equal_those_of_the_reference_indexer(minio: Server, bucket_name: str, tmp_path: Path) -> None:
    """Two channels with the same packages, one indexed by chaninfra, one by rattler."""
    minio.client().create_bucket(Bucket=bucket_name)
    place = Place(minio, bucket_name, f"s3://{bucket_name}/{PREFIX}")
    wanted = ("v3 by its revision", "everything", "least", "noarch='python'", "license='Ünï")
    chosen = [data for label, data in variants().items() if label.startswith(wanted)]
    assert len(chosen) == len(wanted)
    for number, index in enumerate(chosen):
        fields = {**json.loads(index), "version": str(number)}
        for suffix, make in ((".conda", conda), (".tar.bz2", tar_bz2)):
            file = write(tmp_path, make(fields, {"run_exports.json": b'{"weak":["x"]}'}), f"x-{number}-0{suffix}")
            for channel in (PREFIX, "reference"):
                put(minio, bucket_name, f"{channel}/noarch", file)
    place.done("reindex")
    conda_client.index(minio, bucket_name, "reference")
    theirs = json.loads(
        minio.client().get_object(Bucket=bucket_name, Key="reference/noarch/repodata.json")["Body"].read()
    )
    ours = place.repodata("noarch")
    for table in ("packages", "packages.conda"):
        assert timeless(ours[table]) == timeless(theirs[table])
    assert {kind: timeless(records) for kind, records in ours["v3"].items()} == {
        kind: timeless(records) for kind, records in theirs["v3"].items()
    }
    revision = ours["info"]["repodata_revisions"]["v3"]
    assert revision.keys() == theirs["info"]["repodata_revisions"]["v3"].keys()
    assert revision["n_packages"] == 2


def timeless(records: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {file: {**record, "indexed_timestamp": 0} for file, record in records.items()}


def test_the_command_line_of_pixis_s3_page(server: Server, bucket_name: str, tmp_path: Path) -> None:
    """As on pixi's page about S3, with `chaninfra reindex` in place of `rattler-index s3` and real names."""
    page = PAGE.read_text("utf-8")
    command = re.search(r"pixi exec rattler-index s3 (.*?) ```", page)
    assert command is not None
    names = {
        "s3://my-s3-bucket/my-channel": f"s3://{bucket_name}/my-channel",
        "https://my-s3-host": server.endpoint_url,
        "us-east-1": server.region,
        "<access-key-id>": server.access_key_id,
        "<secret-access-key>": server.secret_access_key,
    }
    words = [names.get(word, word) for word in shlex.split(command[1].replace("\\ ", " "))]
    server.client().create_bucket(Bucket=bucket_name)
    put(server, bucket_name, "my-channel/noarch", make_package(tmp_path, "hello", "1.0"))
    done = chaninfra("reindex", *words)
    assert done.returncode == 0, done.stderr
    assert "noarch: 1 package (new index)" in done.stdout


def test_a_publisher_reindexes_without_the_etag_cache(on_minio: Place, tmp_path: Path) -> None:
    place, minio, bucket_name = on_minio, on_minio.server, on_minio.bucket
    large = write(tmp_path, conda(index_json("large"), payload=os.urandom(LARGE)), "large-1-0.conda")
    minio.client().upload_file(str(large), bucket_name, f"{PREFIX}/noarch/{large.name}")
    keys = allowed(minio, bucket_name, *READ, PutObject=(f"{PREFIX}/noarch/*", f"{PREFIX}/.chaninfra/history/*"))
    assert found(report(place, **keys)) == {"added": [large.name]}
    assert found(report(place, **keys)) == {}
    assert not etags(minio, bucket_name, f"{PREFIX}/.chaninfra/seen")
    assert found(report(place)) == {}
    assert etags(minio, bucket_name, f"{PREFIX}/.chaninfra/seen")
