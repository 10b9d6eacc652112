"""A conda client that reads a channel again and again, in a process of its own, and says what it found wrong.

Each time it knows nothing of what was there before, and it takes another of the three ways in turn: shards, zst, json.
Everything that it is told of must be there: the index as a whole, and the package of each record.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from support.paths import PYTHONPATH
from support.servers.s3_servers import Server

WAYS = {
    "shards": {},
    "zst": {"sharded_enabled": False},
    "json": {"sharded_enabled": False, "zstd_enabled": False, "bz2_enabled": False},
}
SUBDIRS = ("noarch", "linux-64")


@dataclass(frozen=True)
class Seen:
    """How often the channel was read, what was broken then, and the file names at the last reading of each way."""

    polls: int
    broken: list[str]
    last: dict[str, list[str]]


class Reader:
    """Reads from its start until `stop`, then once more in each way, and at least `least` times."""

    def __init__(self, server: Server, channel: str, names: list[str], folder: Path, least: int) -> None:
        folder.mkdir(parents=True)
        keys = {"access_key_id": server.access_key_id, "secret_access_key": server.secret_access_key}
        logins = folder / "credentials.json"
        logins.write_text(json.dumps({channel: {"S3Credentials": keys}}))
        given = [channel, names, str(folder), least, {"endpoint_url": server.endpoint_url, "region": server.region}]
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "S3_"))}
        self._child = subprocess.Popen(
            [sys.executable, "-m", "support.channels.channel_reader", json.dumps(given)],
            env={**clean, **server.environment(), "PYTHONPATH": PYTHONPATH, "RATTLER_AUTH_FILE": str(logins)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._child.poll() is None:
            self._child.kill()
        self._child.wait()

    def stop(self) -> Seen:
        """What was seen."""
        told, _ = self._child.communicate(timeout=180)
        assert self._child.returncode == 0, self._child.returncode
        return Seen(**json.loads(told))


async def _main(channel: str, names: list[str], folder: Path, least: int, options: dict[str, Any]) -> dict[str, Any]:
    from obstore.store import S3Store
    from rattler import Client, Gateway, SourceConfig
    from rattler.networking import AuthenticationMiddleware, S3Middleware
    from rattler.networking.middleware import S3Config

    bucket, _, prefix = channel.removeprefix("s3://").partition("/")
    config = S3Config(**options, addressing_style="path")
    client = Client([AuthenticationMiddleware(), S3Middleware({bucket: config})])
    store = S3Store(
        bucket,
        prefix=prefix,
        config={
            "endpoint": options["endpoint_url"],
            "region": options["region"],
            "access_key_id": os.environ["AWS_ACCESS_KEY_ID"],
            "secret_access_key": os.environ["AWS_SECRET_ACCESS_KEY"],
            "virtual_hosted_style_request": False,
        },
        client_options={"allow_http": True},
    )
    stopped = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), stopped.set()), daemon=True).start()
    polls = 0
    broken: list[str] = []
    there: set[str] = set()
    last: dict[str, list[str]] = {}
    end = None
    while end is None or polls < end:
        if end is None and stopped.is_set():
            # What is there now is read in every way.
            end = max(least, polls + len(WAYS))
        way = [*WAYS][polls % len(WAYS)]
        polls += 1
        cache = folder / "cache"
        gateway = Gateway(cache_dir=cache, default_config=SourceConfig(**WAYS[way]), client=client)
        try:
            found = await gateway.query([channel], [*SUBDIRS], names, recursive=False)
        except Exception as error:
            # Whatever it is: the reader's judgement is what the test asks for.
            broken.append(f"{way}: {type(error).__name__}: {error}")
            continue
        finally:
            shutil.rmtree(cache, ignore_errors=True)
        files = [f"{record.subdir}/{record.file_name}" for records in found for record in records]
        last[way] = sorted(files)
        if len(files) != len(set(files)):
            broken.append(f"{way}: a record is there twice")
        for file in set(files) - there:
            try:
                store.head(file)
            except FileNotFoundError:
                broken.append(f"{way}: {file} is in the index, and the package is not there")
        there.update(files)
    return {"polls": polls, "broken": broken, "last": last}


if __name__ == "__main__":
    _channel, _names, _folder, _least, _options = json.loads(sys.argv[1])
    print(json.dumps(asyncio.run(_main(_channel, _names, Path(_folder), _least, _options))))
    sys.stdout.flush()
    # The async calls of py-rattler can abort the interpreter at its end.
    os._exit(0)
