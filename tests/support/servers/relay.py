"""A relay before an http server that adds headers to each request, as a proxy or a name of its own does for a host."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit


@contextmanager
def relay(url: str, headers: Mapping[str, str]) -> Iterator[str]:
    """The URL at which everybody reads what is below `url`, until the end of the block."""
    to = urlsplit(url)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            given = {name: value for name, value in self.headers.items() if name.lower() != "host"}
            upstream = HTTPConnection(str(to.hostname), to.port, timeout=60)
            upstream.request(self.command, f"{to.path}{self.path}", headers={**given, **headers})
            answer = upstream.getresponse()
            body = answer.read()
            upstream.close()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("transfer-encoding", "content-length", "connection", "server", "date"):
                    self.send_header(name, value)
            size = str(answer.getheader("Content-Length") or "0") if self.command == "HEAD" else str(len(body))
            self.send_header("Content-Length", size)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_HEAD = _answer  # noqa: N815 (names of http.server)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
