"""A web server on the loopback interface with files, as a CDN has them: strong ETags, ranges, and whatever it is
made to do wrong. With `certificates` it speaks TLS.
"""

from __future__ import annotations

import hashlib
import re
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from urllib.parse import unquote


@dataclass(frozen=True)
class Request:
    """A request: its path as it came, and its headers, whose names are in lower case."""

    path: str
    headers: Mapping[str, str]

    @property
    def file(self) -> str:
        """The path without its query, and decoded."""
        return unquote(self.path.partition("?")[0])


@dataclass(frozen=True)
class Answer:
    """An answer. `cut`: the connection ends after so many bytes of the body; `pause`: seconds before each piece of
    `piece` bytes; `told_size` False: the body is chunked.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    cut: int | None = None
    pause: float = 0.0
    piece: int = 1 << 16
    told_size: bool = True


Behaviour = Callable[[Request], Answer | None]
"""What the server does with a request; None: what it else does."""


@dataclass
class WebServer:
    """A running server. `behaviours` come before `files` (path from the root → bytes), the last one first."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    behaviours: list[Behaviour] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    open_at_once: int = 0
    """The most requests that were being answered at once."""
    _open: int = 0
    _lock: Lock = field(default_factory=Lock)

    def paths(self) -> list[str]:
        """The paths of the requests until now."""
        return [request.path for request in self.requests]

    def answer(self, request: Request) -> Answer:
        """The answer of the first behaviour that has one, else the file."""
        for behaviour in reversed(self.behaviours):
            if (found := behaviour(request)) is not None:
                return found
        body = self.files.get(request.file)
        return Answer(404, body=b"no such file") if body is None else ranged(request, served(body))

    def on(self, path: str, answer: Answer | Behaviour) -> None:
        """Answer requests for this path so."""

        def behaviour(request: Request) -> Answer | None:
            if request.file != path:
                return None
            return answer if isinstance(answer, Answer) else answer(request)

        self.behaviours.append(behaviour)

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Within the block a request is being answered."""
        with self._lock:
            self._open += 1
            self.open_at_once = max(self.open_at_once, self._open)
        try:
            yield
        finally:
            with self._lock:
                self._open -= 1


def served(body: bytes) -> Answer:
    """A file, with its ETag."""
    return Answer(headers={"ETag": f'"{hashlib.md5(body).hexdigest()}"', "Accept-Ranges": "bytes"}, body=body)  # noqa: S324


def ranged(request: Request, answer: Answer) -> Answer:
    """The part of the file that the request asks for (RFC 9110)."""
    asked = re.fullmatch(r"bytes=([0-9]+)-([0-9]*)", request.headers.get("range", ""))
    condition = request.headers.get("if-range")
    if asked is None or answer.status != 200 or (condition is not None and condition != answer.headers.get("ETag")):
        return answer
    start, size = int(asked[1]), len(answer.body)
    if start >= size:
        return Answer(416, {"Content-Range": f"bytes */{size}"})
    end = min(int(asked[2] or size - 1), size - 1)
    headers = {**answer.headers, "Content-Range": f"bytes {start}-{end}/{size}"}
    return replace(answer, status=206, headers=headers, body=answer.body[start : end + 1])


def redirect(to: str, status: int = 302) -> Answer:
    """A redirect."""
    return Answer(status, {"Location": to})


@contextmanager
def web_server(certificate: Path | None = None, host: str = "127.0.0.1") -> Iterator[WebServer]:
    """A server without files. `certificate`: of a server with TLS, in PEM, with its key."""
    server = WebServer()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            request = Request(self.path, {name.lower(): value for name, value in self.headers.items()})
            server.requests.append(request)
            with server.counted():
                self._send(server.answer(request))

        def _send(self, answer: Answer) -> None:
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.told_size:
                self.send_header("Content-Length", str(len(answer.body)))
            else:
                self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            body = answer.body if answer.cut is None else answer.body[: answer.cut]
            try:
                for start in range(0, len(body), answer.piece):
                    time.sleep(answer.pause)
                    piece = body[start : start + answer.piece]
                    self.wfile.write(piece if answer.told_size else b"%x\r\n%b\r\n" % (len(piece), piece))
                if not answer.told_size and answer.cut is None:
                    self.wfile.write(b"0\r\n\r\n")
            except OSError:
                self.close_connection = True
            self.close_connection |= answer.cut is not None

    class Listening(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A client that goes away is none."""

    listening = Listening((host, 0), Handler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        listening.socket = context.wrap_socket(listening.socket, server_side=True, do_handshake_on_connect=False)
    Thread(target=listening.serve_forever, args=(0.02,), daemon=True).start()
    scheme = "http" if certificate is None else "https"
    server.url = f"{scheme}://{host}:{listening.server_port}"
    try:
        yield server
    finally:
        listening.shutdown()
        listening.server_close()
