"""`chaninfra browse` on MinIO: a private channel is read with the reader's credentials, and only its index."""

from __future__ import annotations

import json
import random
import signal
import socket
from pathlib import Path

from chaninfra.channel.conda.index_files import MAX_SHARD_INDEX
from chaninfra.channel.conda.shard_index import ShardIndex
from support.channels.browsing import Browsing
from support.channels.channel_at import PREFIX, Place, allowed
from support.channels.cli_runner import chaninfra
from support.channels.follower_process import until
from support.channels.packages import make_package
from support.servers.s3_servers import Server

INDEX = "noarch/repodata_shards.msgpack.zst"


def browsing(place: Place, folder: Path, *args: str, env: dict[str, str] | None = None) -> Browsing:
    where = (place.url, "--endpoint-url", place.server.endpoint_url)
    return Browsing(folder / "told", *where, *args, env=env or place.server.environment())


def stored(place: Place, key: str) -> bytes:
    data: bytes = place.server.client().get_object(Bucket=place.bucket, Key=f"{PREFIX}/{key}")["Body"].read()
    return data


def test_a_reader_browses_a_private_channel(on_minio: Place, tmp_path: Path) -> None:
    place = on_minio
    one, two = make_package(tmp_path, "one", "1.0"), make_package(tmp_path, "two", "1.0")
    place.done("publish", one, two)
    place.done("snapshot create", "v1")
    place.done("yank", two.name, "--reason", "broken")
    reader = allowed(place.server, place.bucket, "s3:GetObject", "s3:ListBucket")
    with browsing(place, tmp_path, "--no-open", "--snapshot", "v1", env=reader) as running:
        assert running.url.endswith("#/?snapshot=v1")
        assert running.get("/")[0] == 403
        running.come_in()
        status, _, page = running.get("/")
        assert (status, b'<meta name="generator" content="chaninfra page">' in page) == (200, True)
        assert json.loads(running.get("/channel.json")[2]) == json.loads(stored(place, "channel.json"))
        for key in (INDEX, "snapshots/index.json", f"snapshots/v1/{INDEX}"):
            status, headers, data = running.get(f"/{key}")
            assert (status, data) == (200, stored(place, key)), key
            assert headers["Content-Type"] == "application/octet-stream"
        index = ShardIndex.parse(stored(place, INDEX))
        assert index is not None
        assert index.hashes.keys() == {"one", "two"}
        for key in sorted(index.keys()):
            assert running.get(f"/noarch/{key}")[2] == stored(place, f"noarch/{key}")
        # There, and not shown: what no page reads, and the packages.
        for key in ("yanked.json", "noarch/repodata.json", "noarch/one-1.0-0.conda"):
            assert stored(place, key)
            assert running.get(f"/{key}")[0] == 404
        assert running.get("/notices.json")[0] == 404
        assert running.stop() == 0
        assert running.told() == f"showing {place.url} until Ctrl-C; this URL works once, in one browser:\n"
        assert all(secret not in running.told() + running.url for secret in reader.values())


def test_what_a_reader_may_not_read_is_denied_and_not_absent(on_minio: Place, tmp_path: Path) -> None:
    place = on_minio
    place.server.client().put_object(Bucket=place.bucket, Key=f"{PREFIX}/snapshots/index.json", Body=b"{}")
    few = allowed(
        place.server, place.bucket, "s3:ListBucket", GetObject=(f"{PREFIX}/channel.json", f"{PREFIX}/{INDEX}")
    )
    with browsing(place, tmp_path, "--no-open", env=few) as running:
        running.come_in()
        assert running.get(f"/{INDEX}")[0] == 200
        status, _, told = running.get("/snapshots/index.json")
        assert status == 403
        assert b"these credentials may not read" in told
        # The page says no more than the status, so the terminal does, once.
        assert running.get("/snapshots/index.json")[0] == 403
        assert running.told().count("warning: ") == 1
        assert f"may not read s3://{place.bucket}/{PREFIX}/snapshots/index.json" in running.told()


def test_a_large_object_comes_whole_and_one_that_is_too_large_not_at_all(on_minio: Place, tmp_path: Path) -> None:
    def put(data: bytes) -> None:
        on_minio.server.client().put_object(Bucket=on_minio.bucket, Key=f"{PREFIX}/{INDEX}", Body=data)

    whole = random.Random(0).randbytes(MAX_SHARD_INDEX)
    with browsing(on_minio, tmp_path, "--no-open") as running:
        running.come_in()
        put(whole)
        assert running.get(f"/{INDEX}")[2] == whole
        put(whole + b"x")
        assert running.get(f"/{INDEX}")[0] == 502
        assert "is larger than 32 MiB, so it was not read" in running.told()


def test_the_browser_is_opened_and_sigterm_stops_it(on_minio: Place, tmp_path: Path) -> None:
    opened = tmp_path / "opened"
    script = tmp_path / "browser"
    script.write_text(f'#!/bin/sh\necho "$1" > {opened}.new && mv {opened}.new {opened}\n')
    script.chmod(0o755)
    env = {**on_minio.server.environment(), "BROWSER": f"{script} %s"}
    with browsing(on_minio, tmp_path, env=env) as running:
        until(opened.exists, running.told)
        assert opened.read_text() == f"{running.url}\n"
        assert running.stop(signal.SIGTERM) == 0
        assert "browser could be opened" not in running.told()


def test_without_a_screen_it_says_that_no_browser_opens(on_minio: Place, tmp_path: Path) -> None:
    with browsing(on_minio, tmp_path) as running:
        until(lambda: "no browser could be opened here: open the URL yourself" in running.told(), running.told)
        running.come_in()


def test_a_channel_of_another_tool(minio: Server, on_minio: Place, tmp_path: Path) -> None:
    """Without a channel.json the page gets what the options say, and the subdirs that are there."""
    minio.client().delete_object(Bucket=on_minio.bucket, Key=f"{PREFIX}/channel.json")
    with browsing(on_minio, tmp_path, "--no-open") as running:
        running.come_in()
        described = json.loads(running.get("/channel.json")[2])
        assert (described["subdirs"], described["url"]) == (["noarch"], on_minio.url)
        assert described["endpoint-url"] == minio.endpoint_url
        assert running.get(f"/{INDEX}")[2] == stored(on_minio, INDEX)


def test_what_is_wrong_is_said_before_it_serves(minio: Server, on_minio: Place, tmp_path: Path) -> None:
    def fails(code: int, said: str, *args: str, url: str = on_minio.url, env: dict[str, str] | None = None) -> None:
        where = (url, "--endpoint-url", minio.endpoint_url)
        done = chaninfra("browse", *where, *args, "--no-open", env=minio.environment() if env is None else env)
        assert (done.returncode, done.stdout) == (code, ""), done.stderr
        assert said in done.stderr
        assert "Traceback" not in done.stderr

    fails(5, "there are no credentials", env={})
    fails(5, "these credentials may not read", env=minio.stranger())
    fails(5, "it does not know this access key", env={**minio.environment(), "AWS_ACCESS_KEY_ID": "nobody"})
    fails(1, "there is no bucket", url="s3://no-such-bucket/c")
    fails(2, "there is no channel", url=f"s3://{on_minio.bucket}/no/channel")
    fails(2, "there is no snapshot v1", "--snapshot", "v1")
    fails(2, "is not the name of a snapshot", "--snapshot", "../v1")
    fails(2, "Input should be greater than or equal to 1", "--port", "0")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        fails(2, f"cannot listen at 127.0.0.1:{port}: another program listens there", "--port", str(port))
    minio.client().delete_object(Bucket=on_minio.bucket, Key=f"{PREFIX}/{INDEX}")
    fails(2, f"`chaninfra reindex {on_minio.url}", env=minio.environment())
