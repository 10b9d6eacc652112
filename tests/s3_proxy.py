"""A proxy before an S3 server: it counts, it makes the way long, and it breaks requests where it is told to.

It hands on every byte as it came, the Host header too, which is signed; so a signature for the proxy's address holds at
the server. Plain HTTP/1.1, one request at a time on a connection, as S3 clients do it. All of it runs in one thread of
its own; a request costs it about a tenth of a millisecond.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import urlsplit

from s3_connections import Connection
from s3_servers import Server
from s3_traffic import Fault, Request, Rule, Traffic


class Proxy:
    """A running proxy; see `proxy`. `round_trip` (seconds) and `rule` may be set at any time."""

    def __init__(self, server: Server, clients: Sequence[str]) -> None:
        self.round_trip = 0.0
        self.rule: Rule | None = None
        self.servers: dict[str, Server] = {}
        self.connections: set[Connection] = set()
        self._server = server
        self._clients = tuple(clients)
        self._traffic = Traffic()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._failed: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="s3-proxy", daemon=True)

    @property
    def server(self) -> Server:
        """The server as it is seen through the proxy, by the first listener."""
        return self.servers[self._clients[0]]

    def take(self) -> Traffic:
        """What went through since the last call."""
        taken, self._traffic = self._traffic, Traffic()
        return taken

    def start(self) -> None:
        """Returns when it listens."""
        self._thread.start()
        self._ready.wait()
        if self._failed:
            raise self._failed

    def stop(self) -> None:
        """Every connection breaks."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            listening = self._loop.run_until_complete(self._listen())
        except BaseException as error:
            self._failed = error
            return
        finally:
            self._ready.set()
        try:
            self._loop.run_forever()
        finally:
            for one in listening:
                one.close()
            for connection in tuple(self.connections):
                connection.abort()
            # The callbacks of the aborts.
            self._loop.run_until_complete(asyncio.sleep(0))
            self._loop.close()

    async def _listen(self) -> list[asyncio.Server]:
        address = urlsplit(self._server.endpoint_url)
        listening = []
        for client in self._clients:
            made = await self._loop.create_server(
                lambda client=client: Connection(self, client, (str(address.hostname), int(address.port or 80))),
                "127.0.0.1",
                backlog=1024,
            )
            port = made.sockets[0].getsockname()[1]
            self.servers[client] = replace(self._server, endpoint_url=f"http://127.0.0.1:{port}")
            listening.append(made)
        return listening

    def seen(self, request: Request) -> Fault | None:
        """Counts a request; what is to happen to it."""
        self._traffic.log.append(request)
        return self.rule(request) if self.rule else None


@contextmanager
def proxy(server: Server, clients: Sequence[str] = ("client",)) -> Iterator[Proxy]:
    """A proxy before `server`, with one listener, and so one address, for each of `clients`."""
    running = Proxy(server, clients)
    running.start()
    try:
        yield running
    finally:
        running.stop()
