"""A folder as a git repository that is cloned by https, through git's own server side."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from support.servers import oidc_issuer

_AUTHOR = {f"GIT_{who}_{what}": f"tests@{what}" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


@dataclass(frozen=True)
class Repository:
    """A repository at `url`; `authority` is the certificate that its clients must trust."""

    url: str
    authority: Path


@contextmanager
def serving(source: Path, folder: Path, name: str = "acme/chaninfra") -> Iterator[Repository]:
    """A repository `name` with one commit, in which `source` lies under its own name; `folder` is scratch."""
    root, work = folder / "served", folder / "work"
    shutil.copytree(source, work / source.name)
    bare = root / f"{name}.git"
    for command in (
        ["init", "-q", "-b", "main", str(work)],
        ["-C", str(work), "add", "--force", source.name],
        ["-C", str(work), "commit", "-q", "-m", "All"],
        ["clone", "-q", "--bare", str(work), str(bare)],
    ):
        subprocess.run(["git", *command], check=True, capture_output=True, env={**os.environ, **_AUTHOR}, timeout=60)
    authority, chain = oidc_issuer.certificates(folder, ["localhost"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(root))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield Repository(f"https://localhost:{server.server_address[1]}/{name}", authority)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(root: Path) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Hands requests to `git http-backend`, which speaks CGI (RFC 3875)."""

        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            variables = {
                "GIT_PROJECT_ROOT": str(root),
                "GIT_HTTP_EXPORT_ALL": "1",
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "REQUEST_METHOD": self.command,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "REMOTE_ADDR": self.client_address[0],
                "PATH": os.environ["PATH"],
            }
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            done = subprocess.run(
                ["git", "http-backend"], env=variables, input=body, capture_output=True, check=True, timeout=60
            )
            head, _, content = done.stdout.partition(b"\r\n\r\n")
            fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
            self.send_response(int(fields.pop("Status", "200").split()[0]))
            for field, value in fields.items():
                self.send_header(field, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler
