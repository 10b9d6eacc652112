"""A server that sends its events, a channel there, and tools that upload into it without an index."""

from __future__ import annotations

import hashlib
import os
import secrets
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from msgspec import structs

from chaninfra.channel.conda.index_files import FILE_NAMES
from chaninfra.channel.conda.index_settings import Follow, Overwrites
from chaninfra.channel.conda.object_names import CHANNEL_JSON
from chaninfra.channel.conda.shard_index import ShardIndex
from chaninfra.channel.outputs.descriptor import dump, parse
from support.channels.archives import conda, index_json
from support.channels.channel_at import PREFIX, Place, new_place
from support.channels.follower_process import FollowerProcess, somebody_listens
from support.servers import s3_servers
from support.servers.s3_servers import Server, Webhook, free_port, notify

RATTLER = os.environ.get("RATTLER_UPLOAD")
"""A program with the command line of `rattler-build upload`, if somebody has one: then it uploads too."""


def package(number: int, names: int, payload: bytes = b"") -> tuple[str, bytes]:
    """(file name, bytes) of a package; several have one of so many names."""
    name = f"name-{number % names:02}"
    version = f"1.{number}"
    # rattler uploads no package without an about.json.
    data = conda(index_json(name, version, noarch="generic"), {"about.json": b"{}"}, payload)
    return f"{name}-{version}-0.conda", data


class Bucket:
    """What is uploaded and deleted in the channel, by several tools in turn, from any thread."""

    def __init__(self, place: Place) -> None:
        from obstore.store import S3Store

        server = place.server
        self.place = place
        self.there: dict[str, str] = {}
        """File name → sha256."""
        self.ever: dict[str, set[str]] = {}
        """File name → the sha256 of each upload."""
        self._client = server.client()
        self._count = 0
        self._lock = threading.Lock()
        self._store = S3Store(
            place.bucket,
            config={
                "endpoint": server.endpoint_url,
                "region": server.region,
                "access_key_id": server.access_key_id,
                "secret_access_key": server.secret_access_key,
                "virtual_hosted_style_request": False,
            },
            client_options={"allow_http": True},
        )

    def put(self, file: str, data: bytes) -> None:
        """Upload, by boto3, by obstore, or by rattler's program."""
        import obstore

        key, sha256 = f"{PREFIX}/noarch/{file}", hashlib.sha256(data).hexdigest()
        with self._lock:
            self._count += 1
            turn = self._count % (3 if RATTLER else 2)
            self.ever.setdefault(file, set()).add(sha256)
        if turn == 0:
            self._client.put_object(Bucket=self.place.bucket, Key=key, Body=data)
        elif turn == 1:
            obstore.put(self._store, key, data)
        else:
            self._by_rattler(file, data)
        with self._lock:
            self.there[file] = sha256

    def _by_rattler(self, file: str, data: bytes) -> None:
        server = self.place.server
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, file)
            path.write_bytes(data)
            given = ["--endpoint-url", server.endpoint_url, "--region", server.region, "--addressing-style", "path"]
            keys = {"S3_ACCESS_KEY_ID": server.access_key_id, "S3_SECRET_ACCESS_KEY": server.secret_access_key}
            command = [str(RATTLER), "s3", "--channel", self.place.url, *given, "--force", str(path)]
            subprocess.run(command, env={"HOME": folder, **keys}, check=True, timeout=60)

    def delete(self, file: str) -> None:
        """Delete by hand."""
        self._client.delete_object(Bucket=self.place.bucket, Key=f"{PREFIX}/noarch/{file}")
        with self._lock:
            self.there.pop(file, None)

    def number(self) -> int:
        """The number of the last commit."""
        key = f"{PREFIX}/noarch/{FILE_NAMES['shards']}"
        index = ShardIndex.parse(self._client.get_object(Bucket=self.place.bucket, Key=key)["Body"].read())
        assert index is not None
        assert index.stamp is not None
        return index.stamp.number

    def indexed(self) -> dict[str, str]:
        """File name → sha256, as the index says."""
        return {file: record["sha256"] for file, record in self.records().items()}

    def records(self) -> dict[str, Any]:
        """File name → record."""
        found: dict[str, Any] = self.place.repodata("noarch")["packages.conda"]
        return found


class Sending:
    """A server that sends its events, a channel there, and followers of it.

    MinIO sends each event to two followers; versitygw has one address, so there the second one lists the channel.
    """

    def __init__(self, server: Server, bucket: str, hooks: tuple[Webhook, Webhook], logs: Path) -> None:
        self.server = server
        self.place = new_place(server, bucket)
        notify(server, bucket, second=True)
        self.bucket = Bucket(self.place)
        self._hooks = hooks
        self._logs = logs

    def set_index(self, overwrites: Overwrites) -> None:
        """What becomes of overwritten packages. Clients ask for the index each time."""
        client, key = self.server.client(), f"{PREFIX}/{CHANNEL_JSON}"
        found = parse(client.get_object(Bucket=self.place.bucket, Key=key)["Body"].read(), where=key)
        index = structs.replace(found.index, follow=Follow(overwrites=overwrites), cache_control="no-cache")
        client.put_object(Bucket=self.place.bucket, Key=key, Body=dump(structs.replace(found, index=index)))

    def follower(self, number: int, server: Server | None = None) -> FollowerProcess:
        """The first (0) or second (1) follower. `server`: as it is seen by the follower, through a proxy for one."""
        by_listing = number == 1 and self.server.name != "minio"
        return FollowerProcess(
            server or self.server,
            self.place.url,
            self._logs / f"{number}.log",
            *(("--every", "10s") if by_listing else ()),
            hook=None if by_listing else self._hooks[number],
        )


@contextmanager
def sending(name: str, folder: Path, bucket: str) -> Iterator[Sending]:
    """A new server of this name, and a channel in a new bucket."""
    hooks = tuple(Webhook(free_port(), secrets.token_hex(16)) for _ in range(2))
    first, second = hooks
    both = {"second": second} if name == "minio" else {}
    with ExitStack() as opened:
        with somebody_listens(first.port):
            server = opened.enter_context(getattr(s3_servers, name)(folder / "server", webhook=first, **both))
        yield Sending(server, bucket, (first, second), folder)
