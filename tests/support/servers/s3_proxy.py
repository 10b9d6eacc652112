"""A proxy before an S3 server: it counts, it makes the way long, and it breaks requests where it is told to.

It hands on every byte as it came, the Host header too, which is signed; so a signature for the proxy's address holds at
the server. Plain HTTP/1.1, one request at a time on a connection, as S3 clients do it. All of it runs in one thread of
its own; a request costs it about a tenth of a millisecond.
"""

from __future__ import annotations

import asyncio
import resource
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from urllib.parse import urlsplit

from support.servers.s3_connections import Connection
from support.servers.s3_servers import Server
from support.servers.s3_traffic import Fault, Request, Rule, Traffic

_FILES = 20_000


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
        self._room = asyncio.Semaphore(_most_connections())

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
            listening = [(client, self._listener(client)) for client in self._clients]
        except BaseException as error:
            self._failed = error
            return
        finally:
            self._ready.set()
        accepting = [self._loop.create_task(self._accept(*each)) for each in listening]
        try:
            self._loop.run_forever()
        finally:
            for task in accepting:
                task.cancel()
            for _, listener in listening:
                listener.close()
            for connection in tuple(self.connections):
                connection.abort()
            # The callbacks of the aborts, and the ends of the tasks.
            self._loop.run_until_complete(asyncio.gather(*accepting, return_exceptions=True))
            self._loop.run_until_complete(asyncio.sleep(0))
            self._loop.close()

    def _listener(self, client: str) -> socket.socket:
        listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        listener.setblocking(False)
        port = listener.getsockname()[1]
        self.servers[client] = replace(self._server, endpoint_url=f"http://127.0.0.1:{port}")
        return listener

    async def _accept(self, client: str, listener: socket.socket) -> None:
        address = urlsplit(self._server.endpoint_url)
        upstream = (str(address.hostname), int(address.port or 80))
        while True:
            # Whoever comes when the files of this process are used up waits, as at a busy server.
            await self._room.acquire()
            accepted, _ = await self._loop.sock_accept(listener)
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await self._loop.connect_accepted_socket(lambda: Connection(self, client, upstream), accepted)

    def left(self, connection: Connection) -> None:
        """A client's connection has ended."""
        self.connections.discard(connection)
        self._room.release()

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


def _most_connections() -> int:
    """How many there may be: each takes two files, and the reference indexer opens one for each shard."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(hard, _FILES)
    if resource.RLIM_INFINITY != soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return (wanted - 200) // 2
