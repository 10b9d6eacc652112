"""A proxy before an S3 server: it counts, it makes the way long, and it breaks requests where it is told to.

It hands on every byte as it came, the Host header too, which is signed; so a signature for the proxy's address holds at
the server. Plain HTTP/1.1, one request at a time on a connection, as S3 clients do it. All of it runs in one thread of
its own; a request costs it about a tenth of a millisecond.
"""

from __future__ import annotations

import asyncio
import re
import resource
import socket
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Literal
from urllib.parse import urlsplit

from s3_servers import Server

_FILES = 20_000
_HEAD_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:", re.IGNORECASE)
_EXPECT = re.compile(rb"\r\nexpect: *100-continue", re.IGNORECASE)


@dataclass
class Request:
    """A request as it was seen: `status` is what the client was answered, None while nothing was.

    `client` is the name of the listener that it came in by; `up` and `down` are bytes, heads included.
    """

    client: str
    method: str
    target: str
    condition: bool = False
    status: int | None = None
    up: int = 0
    down: int = 0

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]


@dataclass(frozen=True)
class Answer:
    """The proxy answers in the server's place, and the server sees nothing."""

    status: int
    code: str


@dataclass(frozen=True)
class Reset:
    """The connection breaks: `before` the server saw the request, or `after` it did the work (a lost answer)."""

    when: Literal["before", "after"]


@dataclass(frozen=True)
class Delay:
    """The request reaches the server so many seconds later."""

    seconds: float


@dataclass(frozen=True)
class Hold:
    """The request is never answered; `reached` is called (in the proxy's thread) once it hangs.

    `before`: the server has not seen it. `after`: the server has done it.
    """

    when: Literal["before", "after"]
    reached: Callable[[], None]


Fault = Answer | Reset | Delay | Hold
Rule = Callable[[Request], Fault | None]
"""Called for each request in the order of their arrival, in the proxy's thread; None: it goes through."""


@dataclass
class Traffic:
    """What went through since the last `take`."""

    log: list[Request] = field(default_factory=list)

    @property
    def requests(self) -> int:
        """How many requests there were, those that failed included."""
        return len(self.log)

    @property
    def up(self) -> int:
        """Bytes from clients."""
        return sum(request.up for request in self.log)

    @property
    def down(self) -> int:
        """Bytes to clients."""
        return sum(request.down for request in self.log)

    def lines(self) -> str:
        """A line a request, for messages."""
        return "\n".join(f"{each.method} {each.target} -> {each.status}" for each in self.log)


class Proxy:
    """A running proxy; see `proxy`. `round_trip` (seconds) and `rule` may be set at any time."""

    def __init__(self, server: Server, clients: Sequence[str]) -> None:
        self.round_trip = 0.0
        self.rule: Rule | None = None
        self.servers: dict[str, Server] = {}
        self._server = server
        self._clients = tuple(clients)
        self._traffic = Traffic()
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._failed: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="s3-proxy", daemon=True)
        self._connections: set[_Client] = set()
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
            for connection in tuple(self._connections):
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
            await self._loop.connect_accepted_socket(lambda: _Client(self, client, upstream), accepted)

    def left(self, connection: _Client) -> None:
        """A client's connection has ended."""
        self._connections.discard(connection)
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


class _Line:
    """One direction of a connection: what is written comes out half a round trip later, in order."""

    def __init__(self, proxy: Proxy, loop: asyncio.AbstractEventLoop) -> None:
        self._proxy = proxy
        self._loop = loop
        self._waiting: deque[tuple[float, bytes | None]] = deque()
        self._transport: asyncio.Transport | None = None
        # Nothing comes out before: the handshake of a new connection is a round trip too.
        self.not_before = 0.0

    def attach(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._deliver()

    def write(self, data: bytes | None) -> None:
        """None: the end."""
        delay = self._proxy.round_trip / 2
        if not delay and not self._waiting and self._transport:
            self._send(data)
            return
        due = max(self._loop.time() + delay, self.not_before)
        if self._waiting:
            due = max(due, self._waiting[-1][0])
        self._waiting.append((due, data))
        if len(self._waiting) == 1:
            self._loop.call_at(due, self._deliver)

    def _deliver(self) -> None:
        if not self._transport:
            return
        while self._waiting and self._waiting[0][0] <= self._loop.time():
            self._send(self._waiting.popleft()[1])
        if self._waiting:
            self._loop.call_at(self._waiting[0][0], self._deliver)

    def _send(self, data: bytes | None) -> None:
        assert self._transport
        if data is None:
            self._transport.close()
        elif not self._transport.is_closing():
            self._transport.write(data)


class _Side(asyncio.Protocol):
    """One of the two ends; when one cannot take more, the other is not read."""

    transport: asyncio.Transport | None = None
    other: _Side | None = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def pause_writing(self) -> None:
        if self.other and self.other.transport:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.other and self.other.transport:
            self.other.transport.resume_reading()

    def abort(self) -> None:
        for side in (self, self.other):
            if side and side.transport:
                side.transport.abort()


class _Upstream(_Side):
    """The connection to the server."""

    def __init__(self, client: _Client) -> None:
        self.other = self.client = client

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.client.to_server.attach(transport)

    def data_received(self, data: bytes) -> None:
        self.client.answered(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.client.to_client.write(None)


class _Client(_Side):
    """The connection of a client: it reads the heads of requests, and says where their bytes go."""

    def __init__(self, proxy: Proxy, name: str, address: tuple[str, int]) -> None:
        self._proxy = proxy
        self._name = name
        self._address = address
        self._loop = asyncio.get_running_loop()
        self.to_server = _Line(proxy, self._loop)
        self.to_client = _Line(proxy, self._loop)
        self._head = b""
        self._left = 0
        self._request: Request | None = None
        self._fault: Fault | None = None
        self._opening: asyncio.Task[Any] | None = None
        self._interim = False

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._proxy._connections.add(self)
        self.to_client.attach(transport)
        if trip := self._proxy.round_trip:
            self.to_server.not_before = self._loop.time() + 1.5 * trip
        self.other = _Upstream(self)
        self._opening = self._loop.create_task(self._open(self.other))

    async def _open(self, upstream: _Upstream) -> None:
        try:
            await self._loop.create_connection(lambda: upstream, *self._address)
        except OSError:
            self.abort()
        if self.transport and self.transport.is_closing():
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._proxy.left(self)
        if self.other and self.other.transport:
            self.other.transport.abort()

    def data_received(self, data: bytes) -> None:
        while data:
            if not self._left:
                self._head += data
                end = self._head.find(_HEAD_END)
                if end < 0:
                    return
                end += len(_HEAD_END)
                head, data, self._head = self._head[:end], self._head[end:], b""
                self._begin(head)
            if self._left:
                body, data = data[: self._left], data[self._left :]
                self._left -= len(body)
                if body:
                    self._pass(body)
            if self.transport and self.transport.is_closing():
                return
            if not self._left:
                self._complete()

    def _begin(self, head: bytes) -> None:
        method, target, _ = head[: head.index(b"\r\n")].decode("ascii").split(" ")
        if _CHUNKED.search(head):
            raise NotImplementedError(f"a request with Transfer-Encoding: {method} {target}")
        length = _LENGTH.search(head)
        self._left = int(length[1]) if length else 0
        conditional = b"\r\nif-match:" in head.lower() or b"\r\nif-none-match:" in head.lower()
        self._request = Request(self._name, method, target, conditional)
        self._interim = False
        self._fault = self._proxy.seen(self._request)
        if self._held_back and self._left and _EXPECT.search(head):
            self.to_client.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        if isinstance(self._fault, Delay):
            self.to_server.not_before = self._loop.time() + self._fault.seconds
        if self._fault == Reset("before"):
            self._left = 0
            self.abort()
            return
        self._pass(head)

    @property
    def _held_back(self) -> bool:
        """Whether the server does not see the request."""
        fault = self._fault
        return isinstance(fault, Answer) or (isinstance(fault, Hold | Reset) and fault.when == "before")

    def _pass(self, data: bytes) -> None:
        assert self._request
        self._request.up += len(data)
        if not self._held_back:
            self.to_server.write(data)

    def _complete(self) -> None:
        """The whole request is here."""
        if isinstance(self._fault, Answer):
            assert self._request
            body = b"" if self._request.method == "HEAD" else _error_body(self._fault)
            head = f"HTTP/1.1 {self._fault.status} Fault\r\nContent-Type: application/xml\r\n"
            head += f"Content-Length: {len(body)}\r\n\r\n"
            self._count(head.encode() + body, self._fault.status)
        elif isinstance(self._fault, Hold) and self._fault.when == "before":
            self._fault.reached()

    def answered(self, data: bytes) -> None:
        """The server says something."""
        request = self._request
        if request is None:
            return
        if request.status is None and not self._interim and data.startswith(b"HTTP/1.1 100 "):
            self._interim = True
            end = data.index(_HEAD_END) + len(_HEAD_END)
            self.to_client.write(data[:end])
            data = data[end:]
            if not data:
                return
        fault = self._fault
        if isinstance(fault, Reset | Hold) and fault.when == "after":
            if isinstance(fault, Reset):
                self.abort()
            elif request.status is None:
                request.status = 0
                fault.reached()
            return
        self._count(data, int(data[9:12]) if request.status is None else request.status)

    def _count(self, data: bytes, status: int) -> None:
        assert self._request
        self._request.status = status
        self._request.down += len(data)
        self.to_client.write(data)


def _most_connections() -> int:
    """How many there may be: each takes two files, and the reference indexer opens one for each shard."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(hard, _FILES)
    if resource.RLIM_INFINITY != soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return (wanted - 200) // 2


def _error_body(fault: Answer) -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{fault.code}</Code>'
        f"<Message>said by the test's proxy</Message></Error>"
    ).encode()
