"""The server of a follower, on the loopback interface: what it takes and what it refuses."""

from __future__ import annotations

import http.client
import io
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing

import pytest

from chaninfra.channel.errors import ConfigurationError
from chaninfra.follow import webhook
from chaninfra.follow.events import MAX_BODY
from chaninfra.follow.follower import Follower
from chaninfra.follow.log import Log
from chaninfra.follow.metrics import Metrics
from chaninfra.follow.secret import Secret
from chaninfra.follow.webhook import Server
from support.channels.followed import FollowedChannel
from support.index_model.processes import FOLDER, file
from support.servers.s3_servers import free_port

SECRET = "0123456789abcdef0123456789abcdef"
SHOWN = {"Authorization": f"Bearer {SECRET}"}


class Served:
    """A follower that does not run, and its server."""

    def __init__(self, channel: FollowedChannel) -> None:
        self.log = io.StringIO()
        self.follower = Follower(channel.channel, Metrics(), Log(self.log), channel=channel.channel())
        self.port = free_port()
        self.server = Server(self.follower.metrics, self.follower.log, Secret(SECRET, "test"), "127.0.0.1", self.port)
        self.server.follower = self.follower

    def ask(
        self, method: str, path: str, body: bytes | Iterator[bytes] | None = None, **headers: str
    ) -> tuple[int, bytes]:
        """Status and body of the answer to a request."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def post(self, body: bytes, **headers: str) -> int:
        """The status of the answer to a POST with the secret."""
        return self.ask("POST", "/", body, **{**SHOWN, **headers})[0]

    def count(self, metric: str) -> float:
        """The value of a metric."""
        lines = self.follower.metrics.text().decode().splitlines()
        return next((float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{metric} ")), 0.0)


@pytest.fixture
def served() -> Iterator[Served]:
    running = Served(FollowedChannel("a"))
    running.server.start()
    yield running
    running.server.stop()


def event(*keys: str, bucket: str = "b") -> bytes:
    return json.dumps(
        {"Records": [{"s3": {"bucket": {"name": bucket}, "object": {"key": key}}} for key in keys]}
    ).encode()


def test_an_event_is_taken(served: Served) -> None:
    bucket = served.follower.bucket
    status, body = served.ask(
        "POST", "/", event(f"{FOLDER}/{file('b')}", "c/noarch/repodata.json", bucket=bucket), **SHOWN
    )
    assert (status, json.loads(body)) == (200, {"taken": 1})
    assert served.count('chaninfra_follow_hints_total{source="webhook"}') == 1
    assert served.count("chaninfra_follow_pending") == 1


def test_before_the_store_can_be_reached_events_are_not_taken(served: Served) -> None:
    served.server.follower = None
    assert served.post(event(f"{FOLDER}/{file('b')}")) == 503
    assert served.ask("GET", "/healthz")[0] == 503


def test_health_and_metrics(served: Served) -> None:
    # It was not compared with its index yet.
    assert served.ask("GET", "/healthz") == (503, b'{"healthy":false}')
    status, text = served.ask("GET", "/metrics")
    assert status == 200
    assert b"chaninfra_follow_commits_total 0.0" in text
    assert SECRET.encode() not in text


@pytest.mark.parametrize("shown", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": SECRET}])
def test_without_the_secret_nothing_is_taken(served: Served, shown: dict[str, str]) -> None:
    assert served.ask("POST", "/", event(f"{FOLDER}/{file('b')}", bucket=served.follower.bucket), **shown)[0] == 401
    assert served.count('chaninfra_follow_refused_total{reason="unauthorized"}') == 1
    assert served.count("chaninfra_follow_pending") == 0


def test_events_of_another_bucket_or_channel_are_counted_and_not_taken(served: Served) -> None:
    key = f"{FOLDER}/{file('b')}"
    assert served.post(event(key, key, bucket="other")) == 200
    assert served.count('chaninfra_follow_refused_total{reason="foreign"}') == 2
    assert served.post(event(f"x{key}", f"other/{key}", bucket=served.follower.bucket)) == 200
    assert served.count("chaninfra_follow_passed_over_total") == 2
    assert served.count("chaninfra_follow_pending") == 0


@pytest.mark.parametrize("body", [b"", b"no json", b"{}", b"[" * 100_000, event(*["k"] * 1001)])
def test_what_is_no_event_is_refused(served: Served, body: bytes) -> None:
    assert served.post(body) == 400
    assert served.count('chaninfra_follow_refused_total{reason="malformed"}') == 1


def test_a_large_body_is_refused_before_it_is_read(served: Served) -> None:
    with socket.create_connection(("127.0.0.1", served.port), timeout=30) as sender:
        head = f"POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {SECRET}\r\nContent-Length: {10 << 20}\r\n\r\n"
        sender.sendall(head.encode())
        assert sender.recv(100).startswith(b"HTTP/1.1 413")


def test_a_large_body_without_a_length_is_refused(served: Served) -> None:
    # http.client sends an iterator in chunks.
    chunks = (b" " * 65536 for _ in range((MAX_BODY >> 16) + 2))
    assert served.ask("POST", "/", chunks, **SHOWN)[0] == 413


def test_a_body_that_does_not_come_is_given_up(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "_BODY_S", 0.1)
    with socket.create_connection(("127.0.0.1", served.port), timeout=30) as sender:
        head = f"POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {SECRET}\r\nContent-Length: 10\r\n\r\n"
        sender.sendall(head.encode())
        assert sender.recv(100).startswith(b"HTTP/1.1 400")


def test_a_flood_without_the_secret_is_limited_and_those_with_it_are_served(served: Served) -> None:
    found = [served.ask("POST", "/", b"", Authorization="Bearer wrong")[0] for _ in range(40)]
    assert set(found) == {401, 429}
    assert served.post(event(f"{FOLDER}/{file('b')}", bucket=served.follower.bucket)) == 200
    assert served.count("chaninfra_follow_pending") == 1
    # Nor does it fill the log.
    assert len(served.log.getvalue().splitlines()) < 30


def test_the_log_has_neither_the_secret_nor_what_was_sent(served: Served) -> None:
    served.post(b"\x1b[31m{}")
    served.post(event("k", bucket="\x1b[31m\n\u202eother"))
    served.ask("POST", "/", b"", Authorization="Bearer another-secret")
    log = served.log.getvalue()
    assert log.isascii()
    assert all(line.isprintable() for line in log.splitlines())
    assert SECRET not in log
    assert "another-secret" not in log


@pytest.mark.parametrize(("method", "path"), [("GET", "/"), ("POST", "/other"), ("PUT", "/"), ("POST", "/metrics")])
def test_other_requests(served: Served, method: str, path: str) -> None:
    assert served.ask(method, path, b"", **SHOWN)[0] in (404, 405)


def test_an_address_that_is_taken(served: Served) -> None:
    other = Server(served.follower.metrics, served.follower.log, Secret(SECRET, "test"), "127.0.0.1", served.port)
    with pytest.raises(ConfigurationError, match="cannot listen there"):
        other.start()


def test_a_sender_that_leaves_its_connections_open_is_served(served: Served) -> None:
    """versitygw does, with a connection for each event."""
    body = event(f"{FOLDER}/{file('b')}", bucket=served.follower.bucket)
    head = f"POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {SECRET}\r\nContent-Length: {len(body)}\r\n\r\n"
    with ExitStack() as opened:
        for _ in range(webhook._CONNECTIONS + 10):
            sender = opened.enter_context(socket.create_connection(("127.0.0.1", served.port), timeout=30))
            sender.sendall(head.encode() + body)
            assert sender.recv(12) == b"HTTP/1.1 200"


def test_many_requests_at_once_become_a_listing(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "_BUSY", 0)
    assert served.post(event("k", bucket=served.follower.bucket)) == 200
    assert served.follower._pending.overflowed()


def test_a_stop_answers_the_requests_that_run() -> None:
    running = Served(FollowedChannel("a"))
    running.server.start()
    codes: list[int] = []

    def slowly() -> Iterator[bytes]:
        body = event(f"{FOLDER}/{file('b')}", bucket=running.follower.bucket)
        yield body[:10]
        time.sleep(0.3)
        yield body[10:]

    def post() -> None:
        codes.append(running.ask("POST", "/", slowly(), **SHOWN)[0])

    thread = threading.Thread(target=post)
    thread.start()
    time.sleep(0.1)
    running.server.stop()
    thread.join()
    assert codes == [200]
