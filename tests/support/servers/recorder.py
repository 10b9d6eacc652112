"""An http server on the loopback interface that records each request, for what must not be sent to a foreign host."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

_SIGNED = ("authorization", "x-amz-security-token", "x-amz-credential", "x-amz-signature", "signature=", "awsaccesskey")


@dataclass(frozen=True)
class Request:
    """One request: its first line, its headers in lower case, and the number of bytes in its body."""

    line: str
    headers: Mapping[str, str]
    size: int

    @property
    def has_credentials(self) -> bool:
        """Whether a header or the query holds an access key, a signature or a token."""
        text = " ".join([self.line, *self.headers]).lower()
        return any(word in text for word in _SIGNED)


@dataclass
class Recorder:
    """A running server; `files` are the bodies of GET by path, every other path is 404 NoSuchKey."""

    url: str
    files: dict[str, bytes] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)


@contextmanager
def recording() -> Iterator[Recorder]:
    """The server, until the end of the block."""
    recorder = Recorder("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            self.rfile.read(size)
            headers = {name.lower(): value for name, value in self.headers.items()}
            recorder.requests.append(Request(self.requestline, headers, size))
            found = recorder.files.get(self.path.partition("?")[0])
            body = b"<Error><Code>NoSuchKey</Code></Error>" if found is None else found
            self.send_response(404 if found is None else 200)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("ETag", '"1"')
            self.send_header("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    for method in ("GET", "HEAD", "PUT", "POST", "DELETE"):
        setattr(Handler, f"do_{method}", Handler._answer)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        recorder.url = f"http://127.0.0.1:{server.server_port}"
        yield recorder
        server.shutdown()
