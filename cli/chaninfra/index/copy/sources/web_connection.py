"""Connections of urllib3 that go to no address which a source must not reach, and that no server can hold for ever."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import Lock, Thread
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.util import make_headers
from urllib3.util.connection import create_connection

from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.s3.trust import context
from chaninfra.channel.text import shown
from chaninfra.index.copy.sources.reference import OPTION
from chaninfra.index.copy.sources.web_origin import Kind, Origin, Reach, kind_of

CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 30.0
"""The longest wait for a piece of an answer."""
_HEADER_SECONDS = 60.0
"""The limit for TLS, and for the headers of an answer, however slowly they come."""
_LOOK_SECONDS = 0.25


class Watch:
    """Ends connections whose time is up: the time limit of a socket is for one piece, and a server may send each byte
    just before it.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._ends: dict[int, tuple[float, socket.socket]] = {}
        self._running = False

    @contextmanager
    def within(self, seconds: float, sock: socket.socket | None) -> Iterator[None]:
        """Within the block the socket is shut down after so many seconds, which is a TimeoutError: an answer that ends
        there may look whole.
        """
        if sock is None:
            yield
            return
        end = time.monotonic() + seconds
        with self._lock:
            self._ends[id(sock)] = end, sock
            if not self._running:
                self._running = True
                Thread(target=self._run, daemon=True).start()
        try:
            yield
        finally:
            with self._lock:
                self._ends.pop(id(sock), None)
        if time.monotonic() > end:
            raise TimeoutError("it took too long")

    def _run(self) -> None:
        while True:
            time.sleep(_LOOK_SECONDS)
            with self._lock:
                if not self._ends:
                    self._running = False
                    return
                now = time.monotonic()
                late = [sock for end, sock in self._ends.values() if end < now]
            for sock in late:
                # Not the method of a TLS socket, which would change it under the thread that reads.
                with _ignored():
                    socket.socket.shutdown(sock, socket.SHUT_RDWR)


@contextmanager
def _ignored() -> Iterator[None]:
    try:
        yield
    except OSError:
        return


class Door:
    """Opens connections to the addresses that a source may reach."""

    def __init__(self, reach: Reach) -> None:
        self.reach = reach
        self.watch = Watch()
        self._source_kind: Kind | None = None
        self._lock = Lock()

    def addresses(self, origin: Origin) -> list[str]:
        """The addresses of its host that may be connected to. Raises OSError if it has none, ConfigurationError if
        none may be.
        """
        found = socket.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
        addresses = list(dict.fromkeys(str(each[4][0]) for each in found))
        with self._lock:
            if origin == self.reach.source and self._source_kind is None and "public" in map(kind_of, addresses):
                # Whoever is public does not become private by one more address.
                self._source_kind = "public"
            refusals = [self.reach.refusal(origin, kind_of(each), self._source_kind) for each in addresses]
            allowed = [each for each, refusal in zip(addresses, refusals, strict=True) if refusal is None]
            if origin == self.reach.source and allowed and self._source_kind is None:
                self._source_kind = kind_of(allowed[0])
        if not allowed:
            raise refused(origin, next((each for each in refusals if each), f"{origin} has no address"))
        return allowed

    def check_unresolved(self, origin: Origin) -> None:
        """The same for what a proxy is asked for, which resolves the name itself: as far as the host tells."""
        kind: Kind | None = "loopback" if origin.is_local else kind_of(origin.address) if origin.address else None
        if kind is not None and (refusal := self.reach.refusal(origin, kind, None)):
            raise refused(origin, refusal)


def refused(origin: Origin, why: str) -> ConfigurationError:
    """The error for a server that a source names and must not reach."""
    return ConfigurationError(
        f"leads to a server that is not asked: {why}",
        remedy=f"if that server is meant: {OPTION} {origin}",
    )


class _Connection:
    """What the two kinds of connections have in common: a part of urllib3's own, whose methods it extends."""

    door: ClassVar[Door]
    scheme: ClassVar[str]

    def connect(self) -> None:
        with ExitStack() as self.opening:
            super().connect()  # type: ignore[misc]

    def _new_conn(self) -> socket.socket:
        made = self._connected()
        # TLS takes the socket over. This one is of the same connection.
        twin = self.opening.enter_context(made.dup())
        self.opening.enter_context(self.door.watch.within(_HEADER_SECONDS, twin))
        return made

    def _connected(self) -> socket.socket:
        connection: Any = self
        if connection.proxy is not None:
            return super()._new_conn()  # type: ignore[misc, no-any-return]
        origin = Origin(self.scheme, connection.host.strip("[]").lower().rstrip("."), connection.port)
        error: OSError | None = None
        for address in self.door.addresses(origin):
            try:
                return create_connection(
                    (address, connection.port), connection.timeout, socket_options=connection.socket_options
                )
            except OSError as each:
                error = each
        raise error or OSError("there is no address")

    def getresponse(self) -> Any:
        connection: Any = self
        sock = connection.sock
        with self.door.watch.within(_HEADER_SECONDS, sock):
            answer: Any = super().getresponse()  # type: ignore[misc]
        answer.watched = sock
        return answer


def pools(door: Door, proxy: str | None, connections: int) -> urllib3.PoolManager:
    """The connections of a source, through a proxy if there is one. Raises ConfigurationError."""

    class Plain(_Connection, HTTPConnection):
        pass

    class Secure(_Connection, HTTPSConnection):
        pass

    Plain.door = Secure.door = door
    Plain.scheme, Secure.scheme = "http", "https"

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    options: dict[str, Any] = {
        "num_pools": 64,
        "maxsize": connections,
        "ssl_context": context(),
        "timeout": urllib3.Timeout(connect=CONNECT_SECONDS, read=SILENCE_SECONDS),
    }
    manager = urllib3.PoolManager(**options) if proxy is None else _through(proxy, options)
    manager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}
    return manager


def _through(proxy: str, options: dict[str, Any]) -> urllib3.ProxyManager:
    parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigurationError(
            f"the proxy {shown(proxy)} is none of http or https",
            remedy="set https_proxy to http://HOST:PORT, or no_proxy to the host of the channel",
        )
    login = f"{unquote(parts.username)}:{unquote(parts.password or '')}" if parts.username else None
    headers = make_headers(proxy_basic_auth=login) if login else {}
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    url = f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port else "")
    return urllib3.ProxyManager(url, proxy_headers=headers, **options)
