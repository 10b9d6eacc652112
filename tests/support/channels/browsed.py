"""The server of `chaninfra browse`, on a channel in memory, and a client of it that sends what it is told."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from email.message import Message

from chaninfra.browse.server import PageServer
from chaninfra.channel.errors import ChaninfraError
from chaninfra.channel.objects import ObjectMeta
from support.channels.channels import descriptor
from support.index_model.memory_store import MemoryStore
from support.index_model.processes import PREFIX, channel_with

INDEX = "/noarch/repodata_shards.msgpack.zst"
DESCRIPTOR = descriptor(prefix=PREFIX)


class PartByPart:
    """A store in memory, whose objects come in parts. `broken`: the error that comes in place of the second one."""

    def __init__(self, store: MemoryStore, broken: list[ChaninfraError]) -> None:
        self.head = store.head
        self._store, self._broken = store, broken

    def stream(self, key: str, most: int) -> tuple[ObjectMeta, Iterator[bytes]] | None:
        found = self._store.get(key, most)
        return found and (found.entry, self._parts(found.data))

    def _parts(self, data: bytes) -> Iterator[bytes]:
        yield data[:10]
        for error in self._broken:
            raise error
        yield data[10:]


class Browsed:
    """A channel with a package, and the server of its page."""

    def __init__(self) -> None:
        self.store: MemoryStore = channel_with("a")
        self.store.log.clear()
        self.fresh = self.store
        """The store as it is opened again."""
        self.broken: list[ChaninfraError] = []
        self.told: list[ChaninfraError] = []
        self.ended = threading.Event()
        self.opened = 0
        self.server = PageServer(DESCRIPTOR, self.open, None, self.ended.set, self.told.append)
        self.port = int(self.server.url.split(":")[2].split("/")[0])
        self.link = self.server.url.partition(f":{self.port}")[2]
        self.cookie = ""

    def open(self) -> PartByPart:
        self.opened += 1
        return PartByPart(self.store if self.opened == 1 else self.fresh, self.broken)

    def ask(self, path: str, method: str = "GET", **headers: str) -> tuple[int, Message, bytes]:
        """Status, headers and body of the answer; `Sec_Fetch_Site` is a header."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        given.setdefault("Host", f"127.0.0.1:{self.port}")
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connected:
            connected.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
            for name, value in given.items():
                connected.putheader(name, value)
            connected.endheaders()
            answer = connected.getresponse()
            return answer.status, answer.headers, answer.read()

    def come_in(self) -> None:
        """Use the URL, and keep the cookie."""
        status, headers, _ = self.ask(self.link)
        assert status == 303
        self.cookie = headers["Set-Cookie"].partition(";")[0]

    def see(self, path: str, method: str = "GET", **headers: str) -> tuple[int, Message, bytes]:
        """As `ask`, with the cookie."""
        return self.ask(path, method, **{"Cookie": self.cookie, **headers})

    def raw(self, request: str) -> bytes:
        """What is answered to these bytes, in which PORT and COOKIE stand for its own."""
        sent = request.replace("PORT", str(self.port)).replace("COOKIE", self.cookie).replace("\n", "\r\n")
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as sender:
            sender.sendall(sent.encode("latin-1"))
            sender.shutdown(socket.SHUT_WR)
            answer = b""
            while more := sender.recv(1 << 16):
                answer += more
            return answer

    def fail(self, error: BaseException) -> None:
        """Let the store raise this error."""

        def before(_kind: str, _key: str) -> None:
            raise error

        self.store.before = before
