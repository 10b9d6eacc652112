"""A conda client, a real one, that asks for a channel's packages again and again."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent
from threading import Thread

from support.channels import conda_client
from support.servers.s3_servers import Server

_WATCH = """
    import asyncio, json, sys, time
    import rattler
    from rattler.networking import AuthenticationMiddleware, S3Middleware
    from rattler.networking.middleware import S3Config

    async def main(channel, options, names, folder):
        client = rattler.Client([
            AuthenticationMiddleware(),
            S3Middleware({bucket: S3Config(**option) for bucket, option in options.items()}),
        ])
        gateway = rattler.Gateway(cache_dir=f"{folder}/cache", default_config=rattler.SourceConfig(), client=client)
        seen = set()
        while True:
            gateway.clear_repodata_cache(channel, clear_disk=True)
            queried = await gateway.query([channel], ["noarch"], names, recursive=False)
            new = {record.file_name for records in queried for record in records} - seen
            seen |= new
            print(json.dumps([time.monotonic(), sorted(new)]), flush=True)
            await asyncio.sleep(0.05)

    asyncio.run(main(*json.loads(sys.argv[1])))
"""


@contextmanager
def watching(channel: str, names: Sequence[str], folder: Path, server: Server) -> Iterator[dict[str, float]]:
    """The client asks for these names, each time without a cache: file name → when it was there first, by the monotonic
    clock of this machine. It fills while the block runs.
    """
    options, environment = conda_client.access(channel, folder, server)
    visible: dict[str, float] = {}
    command = [sys.executable, "-c", dedent(_WATCH), json.dumps([channel, options, names, str(folder)])]
    with subprocess.Popen(
        command, env=conda_client.clean(environment), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as child:
        assert child.stdout is not None
        lines = iter(child.stdout)
        # The first answer: the client has started.
        next(lines)

        def read() -> None:
            for line in lines:
                now, files = json.loads(line)
                visible.update(dict.fromkeys(files, now))

        reader = Thread(target=read, daemon=True)
        reader.start()
        try:
            yield visible
        finally:
            child.kill()
            reader.join()
