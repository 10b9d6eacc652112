"""The connections of a proxy before an S3 server: bytes go through as they came, late or broken where it is told to."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from typing import TYPE_CHECKING, Any

from support.servers.s3_traffic import Answer, Delay, Fault, Hold, Request, Reset

if TYPE_CHECKING:
    from support.servers.s3_proxy import Proxy


_HEAD_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:", re.IGNORECASE)
_EXPECT = re.compile(rb"\r\nexpect: *100-continue", re.IGNORECASE)


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
        if not delay and not self._waiting and self._transport and self.not_before <= self._loop.time():
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

    def __init__(self, client: Connection) -> None:
        self.other = self.client = client

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.client.to_server.attach(transport)

    def data_received(self, data: bytes) -> None:
        self.client.answered(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.client.to_client.write(None)


class Connection(_Side):
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
        self._proxy.connections.add(self)
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


def _error_body(fault: Answer) -> bytes:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{fault.code}</Code>'
        f"<Message>said by the test's proxy</Message></Error>"
    ).encode()
