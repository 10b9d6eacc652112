"""Makes the channels in `tests/data/channels` again, with the tools that made them, and lays one into a bucket.

    PYTHONPATH=tests:tools .venv/bin/python -m support.channels.saved_channels chaninfra PATH/TO/chaninfra
    PYTHONPATH=tests:tools .venv/bin/python -m support.channels.saved_channels rattler
    PYTHONPATH=tests:tools .venv/bin/python -m support.channels.saved_channels conda-index PATH/TO/python
    PYTHONPATH=tests:tools .venv/bin/python -m support.channels.saved_channels chaninfra-0.1 PATH/TO/chaninfra

`chaninfra` is the program of a checkout of commit 07aa423, and for `chaninfra-0.1` that of version 0.1. `python` is
that of an environment with conda-index 0.13.0. conda itself cannot be installed from a package index, and conda-index
takes two names from it: a stand-in has these.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from support.channels.archives import conda, index_json, write
from support.channels.channel_at import PREFIX, Place
from support.channels.channels import put
from support.channels.conda_client import index
from support.channels.packages import ArchiveType, make_package
from support.paths import DATA
from support.servers import s3_servers
from support.servers.s3_servers import Server

CHANNELS = DATA / "channels"
_HEADERS = "headers.json"
_BUCKET, _ENDPOINT = "saved-channel", "http://127.0.0.1:9000"
NOARCH = f"{PREFIX}/noarch"

_STAND_IN = {
    "conda/__init__.py": "",
    "conda/base/__init__.py": "",
    "conda/base/constants.py": 'PLATFORM_DIRECTORIES = ("noarch",)\n',
    "conda/models/__init__.py": "",
    # It only sorts the versions of one package in current_repodata.json, which is not written.
    "conda/models/version.py": "class VersionOrder(str):\n    pass\n",
}


def lay(name: str, place: Place) -> dict[str, bytes]:
    """Put a saved channel into the bucket of a place, byte for byte; only channel.json gets the place's own address.

    Returns the bytes of all objects by key.
    """
    folder = CHANNELS / name
    headers: dict[str, dict[str, Any]] = json.loads((folder / _HEADERS).read_text())
    laid: dict[str, bytes] = {}
    for key, given in headers.items():
        data = (folder / key).read_bytes()
        if key == f"{PREFIX}/channel.json":
            for old, new in ((_BUCKET, place.bucket), (_ENDPOINT, place.server.endpoint_url)):
                data = data.replace(old.encode(), new.encode())
        place.server.client().put_object(Bucket=place.bucket, Key=key, Body=data, **given)
        laid[key] = data
    return laid


def packages(folder: Path) -> dict[str, Path]:
    """The packages of the saved channels, the same for each tool."""
    return {
        "kept": make_package(folder, "kept", "1.0", depends=["other >=1,<2"]),
        "old format": make_package(folder, "kept", "0.9", archive=ArchiveType.TarBz2),
        "forced": make_package(folder, "forced", "1.0", payload=b"first"),
        "forced again": make_package(folder / "again", "forced", "1.0", payload=b"second"),
        "yanked": make_package(folder, "yanked", "1.0"),
        "gone": make_package(folder, "gone", "1.0"),
        "v3": write(folder, conda(index_json("v3", depends=['other[when="__win"]'])), "v3-1-0.conda"),
    }


def made_by_chaninfra(place: Place, folder: Path, program: str) -> None:
    """By commit 07aa423: a forced overwrite, a yank, a package that was deleted, and keys that it does not know."""
    files = packages(folder)

    def run(command: str, *words: str | Path) -> None:
        where = ("-c", place.url) if command in ("publish", "yank") else (place.url,)
        line = [program, command, *where, *map(str, words), "--endpoint-url", place.server.endpoint_url]
        subprocess.run(line, env={**os.environ, **place.server.environment()}, check=True)

    run("init")
    for name in ("kept", "old format", "forced", "gone", "v3"):
        run("publish", files[name])
    _patch(place)
    run("reindex")
    run("publish", files["yanked"])
    run("yank", "yanked", "--reason", "broken")
    run("publish", "--force", files["forced again"])
    _delete_gone(place, files)


def made_by_version_0_1(place: Place, folder: Path, program: str) -> None:
    """By version 0.1: a forced overwrite, a yank, and what it keeps beside the index: the history, marks of gc, and
    ETags that were seen, of a package that was uploaded in parts and has no md5 for an ETag.
    """
    files = packages(folder)

    def run(command: str, *words: str | Path) -> None:
        line = [program, command, *map(str, words), "-c", place.url, "--endpoint-url", place.server.endpoint_url]
        subprocess.run(line, env={**os.environ, **place.server.environment()}, check=True)

    run("init", "--subdir", "linux-64")
    for name in ("kept", "old format", "forced", "v3", "yanked"):
        run("publish", files[name])
    run("yank", "yanked", "--reason", "broken")
    run("publish", "--force", files["forced again"])
    client, where = place.server.client(), {"Bucket": place.bucket, "Key": f"{NOARCH}/parts-1.0-0.conda"}
    upload = client.create_multipart_upload(**where)["UploadId"]
    body = make_package(folder, "parts", "1.0").read_bytes()
    part = client.upload_part(**where, UploadId=upload, PartNumber=1, Body=body)
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    client.complete_multipart_upload(**where, UploadId=upload, MultipartUpload=parts)
    run("reindex")
    # As a writer leaves it that was killed before its commit: gc marks it.
    stray = f"{NOARCH}/shards/{'0' * 64}.msgpack.zst"
    client.put_object(Bucket=place.bucket, Key=stray, Body=b"a shard that nothing names")
    run("gc")


def made_by_rattler(place: Place, folder: Path) -> None:
    """By the reference indexer of py-rattler, after somebody has patched repodata.json."""
    files = packages(folder)
    for name in ("kept", "old format", "forced", "gone", "v3", "yanked"):
        put(place.server, place.bucket, NOARCH, files[name])
    index(place.server, place.bucket, PREFIX)
    _patch(place)
    put(place.server, place.bucket, NOARCH, files["forced again"])
    index(place.server, place.bucket, PREFIX)
    _delete_gone(place, files)


def made_by_conda_index(place: Place, folder: Path, python: str) -> None:
    """By conda-index, in a folder whose files are then put into the bucket."""
    files = packages(folder)
    made, stand_in = folder / "made", folder / "stand-in"
    (made / "noarch").mkdir(parents=True)
    for name in ("kept", "old format", "forced", "gone", "yanked"):
        shutil.copy(files[name], made / "noarch")
    for file, text in _STAND_IN.items():
        (stand_in / file).parent.mkdir(parents=True, exist_ok=True)
        (stand_in / file).write_text(text)
    options = ("--write-shards", "--zst", "--run-exports", "--no-current-repodata", "--threads", "1")
    line = [python, "-m", "conda_index", *options, str(made)]
    subprocess.run(line, env={**os.environ, "PYTHONPATH": str(stand_in)}, check=True)
    for path in sorted((made / "noarch").rglob("*")):
        if path.is_file() and ".cache" not in path.parts and path.suffix != ".html":
            put(place.server, place.bucket, str(Path(PREFIX, "noarch", path.relative_to(made / "noarch")).parent), path)
    _delete_gone(place, files)


def _patch(place: Place) -> None:
    """Change repodata.json by hand: a patched record, and keys that no tool knows."""
    document = place.repodata("noarch")
    record = document["packages.conda"]["kept-1.0-0.conda"]
    record["depends"], record["x-record"] = ["patched >=1"], {"a": [1, None]}
    document["x-top"], document["info"]["x-info"] = {"b": 2}, "c"
    place.server.client().put_object(
        Bucket=place.bucket,
        Key=f"{NOARCH}/repodata.json",
        Body=json.dumps(document).encode(),
        ContentType="application/json",
    )


def _delete_gone(place: Place, files: dict[str, Path]) -> None:
    place.server.client().delete_object(Bucket=place.bucket, Key=f"{NOARCH}/{files['gone'].name}")


def _save(place: Place, name: str) -> None:
    folder, client = CHANNELS / name, place.server.client()
    shutil.rmtree(folder, ignore_errors=True)
    headers: dict[str, dict[str, Any]] = {}
    for entry in client.list_objects_v2(Bucket=place.bucket)["Contents"]:
        key, got = entry["Key"], client.get_object(Bucket=place.bucket, Key=entry["Key"])
        data = got["Body"].read()
        if key == f"{PREFIX}/channel.json":
            data = data.replace(place.server.endpoint_url.encode(), _ENDPOINT.encode())
        (folder / key).parent.mkdir(parents=True, exist_ok=True)
        (folder / key).write_bytes(data)
        headers[key] = {name: got[name] for name in ("ContentType", "CacheControl", "Metadata") if got.get(name)}
    (folder / _HEADERS).write_text(json.dumps(headers, indent=1) + "\n")


def main(tool: str, program: str = "") -> None:
    """Make one of them again."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        with s3_servers.minio(folder / "server") as server:
            place = _new(server)
            if tool == "chaninfra":
                made_by_chaninfra(place, folder / "packages", program)
            elif tool == "chaninfra-0.1":
                made_by_version_0_1(place, folder / "packages", program)
            elif tool == "rattler":
                made_by_rattler(place, folder / "packages")
            else:
                made_by_conda_index(place, folder / "packages", program)
            _save(place, tool)


def _new(server: Server) -> Place:
    server.client().create_bucket(Bucket=_BUCKET)
    return Place(server, _BUCKET, f"s3://{_BUCKET}/{PREFIX}")


if __name__ == "__main__":
    main(*sys.argv[1:])
