"""`chaninfra follow` as a process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any, Self

from support.channels.cli_runner import PROGRAM
from support.servers.s3_servers import Server, Webhook


class FollowerProcess:
    """A follower of a channel; with `hook` it takes the events that are sent there."""

    def __init__(self, server: Server, url: str, log: Path, *args: str, hook: Webhook | None = None) -> None:
        """`log`: the file that its output goes to; more is added by each process."""
        self.log = log
        self._hook = hook
        if hook is not None:
            args = (*args, "--listen", f"127.0.0.1:{hook.port}")
        with log.open("ab") as out:
            self.process = subprocess.Popen(
                [PROGRAM, "follow", url, "--endpoint-url", server.endpoint_url, *args],
                env={
                    "PATH": os.environ["PATH"],
                    "HOME": os.devnull,
                    "NO_PROXY": "127.0.0.1",
                    "AWS_EC2_METADATA_DISABLED": "true",
                    **server.environment(),
                    **({"CHANINFRA_FOLLOW_SECRET": hook.secret} if hook else {}),
                },
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.kill()

    @property
    def takes_events(self) -> bool:
        """Whether events are sent to it."""
        return self._hook is not None

    def until_compared(self) -> None:
        """Wait until it has compared the channel with its index."""
        if self._hook is not None:
            until(lambda: self.ask("/healthz")[0] == 200, self.told)
        else:
            until(lambda: any(line["event"] == "compared" for line in self.lines()), self.told)

    def ask(self, path: str) -> tuple[int, str]:
        """Status and body of a GET; 0 where nobody answers."""
        assert self._hook is not None
        try:
            with urllib.request.urlopen(f"{self._hook.url.rstrip('/')}{path}", timeout=10) as answer:  # noqa: S310
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, ""
        except OSError:
            return 0, ""

    def metric(self, name: str) -> float:
        """The sum of the values of a metric."""
        lines = [
            line for line in self.ask("/metrics")[1].splitlines() if line.partition("{")[0].partition(" ")[0] == name
        ]
        return sum(float(line.rpartition(" ")[2]) for line in lines)

    def told(self) -> str:
        """What it has written."""
        return self.log.read_text()

    def lines(self) -> list[dict[str, Any]]:
        """The lines of its log, and of those before it."""
        return [json.loads(line) for line in self.told().splitlines() if line.startswith("{") and line.endswith("}")]

    def terminate(self) -> int:
        """Stop it by SIGTERM; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def kill(self) -> None:
        """Kill it."""
        self.process.kill()
        self.process.wait()


def until(true: Callable[[], bool], told: Callable[[], str] = lambda: "", seconds: float = 60) -> None:
    """Wait for it."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, told()
        time.sleep(0.05)


@contextmanager
def somebody_listens(port: int) -> Iterator[None]:
    """A server that takes the test event with which versitygw starts."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield
    server.shutdown()
    server.server_close()
