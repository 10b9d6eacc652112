"""The server of a follower, on the loopback interface: what it takes and what it refuses."""

from __future__ import annotations

import http.client
import io
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from email.message import Message
from typing import Any

import pytest
import uvicorn

from chaninfra.channel.errors import ChaninfraError, ConfigurationError, DeniedError, UnreachableError
from chaninfra.follow import follower as loop
from chaninfra.follow import webhook
from chaninfra.follow.events import MAX_BODY
from chaninfra.follow.follower import Follower
from chaninfra.follow.log import Log
from chaninfra.follow.metrics import Metrics
from chaninfra.follow.secret import Secret
from chaninfra.follow.webhook import Server
from chaninfra.serving import connection
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
        status, _, told = self.answer(method, path, body, **headers)
        return status, told

    def answer(
        self, method: str, path: str, body: bytes | Iterator[bytes] | None = None, **headers: str
    ) -> tuple[int, Message, bytes]:
        """Status, headers and body of the answer to a request."""
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)) as connection:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()

    def post(self, body: bytes, **headers: str) -> int:
        """The status of the answer to a POST with the secret."""
        return self.ask("POST", "/", body, **{**SHOWN, **headers})[0]

    def count(self, metric: str) -> float:
        """The value of a metric."""
        lines = self.follower.metrics.text().decode().splitlines()
        return next((float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"{metric} ")), 0.0)


@contextmanager
def asking(served: Served, head: str) -> Iterator[socket.socket]:
    """A connection to the server, on which so much of a request was sent."""
    with socket.create_connection(("127.0.0.1", served.port), timeout=30) as sender:
        sender.sendall(head.encode())
        yield sender


def is_closed_on(sender: socket.socket) -> bool:
    """Whether the server closes the connection of one who sends byte by byte."""
    for _ in range(100):
        try:
            sender.sendall(b"x")
        except OSError:
            return True
        time.sleep(0.02)
    return False


@pytest.fixture
def served() -> Iterator[Served]:
    running = Served(FollowedChannel("a"))
    running.server.start()
    yield running
    running.server.stop()


def until(true: Callable[[], bool], seconds: float = 20) -> None:
    """Wait for it. A commit may be halfway when it is asked."""
    end = time.monotonic() + seconds
    while True:
        with suppress(RuntimeError, AssertionError):
            if true():
                return
        assert time.monotonic() < end
        time.sleep(0.02)


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


@pytest.mark.parametrize("error", [UnreachableError("no connection"), DeniedError("access denied")])
def test_what_the_server_says_in_each_state(monkeypatch: pytest.MonkeyPatch, error: ChaninfraError) -> None:
    """While the store cannot be used no event is acknowledged, and yet it is kept: some stores send it again, others
    do not."""
    monkeypatch.setattr(loop, "_WINDOW_S", 0.02)
    monkeypatch.setattr(loop, "_LONGEST_BACK_OFF_S", 0.05)
    channel = FollowedChannel("a")
    served = Served(channel)
    served.server.follower = None
    served.server.start()
    follower, bucket = served.follower, served.follower.bucket
    running = threading.Thread(target=follower.run)
    try:
        # Before the store could be reached.
        status, headers, _ = served.answer("POST", "/", event(f"{FOLDER}/{file('b')}", bucket=bucket), **SHOWN)
        assert (status, headers["Retry-After"], served.ask("GET", "/healthz")[0]) == (503, "5", 503)
        assert served.count("chaninfra_follow_not_acknowledged_total") == 1
        served.server.follower = follower
        running.start()
        until(lambda: served.ask("GET", "/healthz")[0] == 200)
        assert served.post(event(channel.upload("b"), bucket=bucket)) == 200
        until(lambda: channel.files() == {file("a"), file("b")})
        # It looks at the package again after the commit.
        until(lambda: served.count("chaninfra_follow_pending") == 0)
        success = served.count("chaninfra_follow_last_success_timestamp_seconds")
        assert success > 0

        def before(kind: str, key: str) -> None:
            raise error

        # The store cannot be used.
        channel.store.before = before
        assert served.post(event(channel.upload("c"), bucket=bucket)) == 200
        until(lambda: follower.failing)
        body = event(channel.upload("d"), bucket=bucket)
        status, headers, told = served.answer("POST", "/", body, **SHOWN)
        assert (status, headers["Retry-After"]) == (503, "5")
        assert b"send it again" in told
        assert served.count("chaninfra_follow_not_acknowledged_total") == 2
        # What names no package waits for nothing.
        assert served.post(event("c/noarch/repodata.json", bucket=bucket)) == 200
        assert served.post(event("k", bucket="other")) == 200
        assert served.post(b"none") == 400
        until(lambda: served.ask("GET", "/healthz")[0] == 503)
        assert served.count("chaninfra_follow_failures_total") >= 3
        assert served.count("chaninfra_follow_pending") == 2
        # It can again: nothing was lost, and what is sent again costs a look.
        channel.store.before = lambda kind, key: None
        until(lambda: channel.files() == {file(name) for name in "abcd"})
        until(lambda: served.ask("GET", "/healthz")[0] == 200)
        number = channel.content_number()
        assert served.post(body) == 200
        until(lambda: served.count("chaninfra_follow_pending") == 0)
        assert channel.content_number() == number
        assert served.count("chaninfra_follow_last_success_timestamp_seconds") > success
    finally:
        channel.store.before = lambda kind, key: None
        served.server.stop()
        follower.stop()
        running.join(30)


def test_where_too_many_names_wait_an_event_is_not_acknowledged(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chaninfra.follow.pending.MOST", 1)
    assert served.post(event(f"{FOLDER}/{file('b')}", bucket=served.follower.bucket)) == 200
    status, headers, told = served.answer(
        "POST", "/", event(f"{FOLDER}/{file('c')}", bucket=served.follower.bucket), **SHOWN
    )
    assert (status, headers["Retry-After"]) == (503, "5")
    assert b"too many" in told


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


@pytest.mark.parametrize(
    "shown",
    [
        [f"Bearer {SECRET}", "Bearer wrong"],
        ["Bearer wrong", f"Bearer {SECRET}"],
        [f"Bearer {SECRET}", f"Bearer {SECRET}"],
        [f"Bearer {SECRET}, Bearer {SECRET}"],
    ],
)
def test_a_secret_that_is_shown_twice_is_none(served: Served, shown: list[str]) -> None:
    body = event(f"{FOLDER}/{file('b')}", bucket=served.follower.bucket).decode()
    lines = "".join(f"Authorization: {each}\r\n" for each in shown)
    with asking(served, f"POST / HTTP/1.1\r\nHost: x\r\n{lines}Content-Length: {len(body)}\r\n\r\n{body}") as sender:
        assert sender.recv(12) == b"HTTP/1.1 401"
    assert served.count("chaninfra_follow_pending") == 0


@pytest.mark.parametrize(
    "key",
    [
        *(f"{FOLDER}/../{file('b')}", f"/{FOLDER}/{file('b')}", f"{FOLDER}//{file('b')}", f"{FOLDER}/x/{file('b')}"),
        *(f"{FOLDER}/b-1-0.conda\x00", f"{FOLDER}/b-1-0.conda\n", f"{FOLDER}/b-1-0.co", f"{FOLDER}/"),
        # Encoded twice.
        f"{FOLDER}%252F{file('b')}",
        f"c/linux-64/{file('b')}",
        # What a follower writes itself, so that no event leads to another one.
        *(f"{FOLDER}/repodata.json", f"{FOLDER}/repodata.json.zst", f"{FOLDER}/repodata_shards.msgpack.zst"),
        *(f"{FOLDER}/shards/{'0' * 64}.msgpack.zst", "c/.chaninfra/history/noarch/1", "c/.chaninfra/left-out.json"),
        *(f"c/.chaninfra/seen/noarch/{file('b')}", f"{FOLDER}/{file('b')}.sigs.{'0' * 64}", "c/channel.json"),
    ],
)
def test_keys_of_no_package_of_the_channel_change_nothing(served: Served, key: str) -> None:
    assert served.post(event(key, bucket=served.follower.bucket)) == 200
    assert served.count("chaninfra_follow_passed_over_total") == 1
    assert served.count("chaninfra_follow_pending") == 0


def test_a_key_is_taken_in_each_spelling_that_stores_send(served: Served) -> None:
    key = f"{FOLDER}/b-1+1~x-0.conda"
    spellings = [key, key.replace("/", "%2F").replace("+", "%2B"), key.replace("+", "%2b").replace("~", "%7E")]
    for spelling in spellings * 3:
        assert served.post(event(spelling, bucket=served.follower.bucket)) == 200
    assert served.count('chaninfra_follow_hints_total{source="webhook"}') == 9
    assert served.count("chaninfra_follow_pending") == 1


def test_events_of_another_bucket_or_channel_are_counted_and_not_taken(served: Served) -> None:
    key = f"{FOLDER}/{file('b')}"
    assert served.post(event(key, key, bucket="other")) == 200
    assert served.count('chaninfra_follow_refused_total{reason="foreign"}') == 2
    # Each bucket is told once: versitygw sends the events of all.
    assert served.post(event(key, bucket="other")) == served.post(event(key, bucket="third")) == 200
    assert [json.loads(line)["buckets"] for line in served.log.getvalue().splitlines()] == [["other"], ["third"]]
    assert served.post(event(f"x{key}", f"other/{key}", bucket=served.follower.bucket)) == 200
    assert served.count("chaninfra_follow_passed_over_total") == 2
    assert served.count("chaninfra_follow_pending") == 0


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"no json", b"{}", b"[" * 100_000, event(*["k"] * 1001), event("k" * 4000)),
        b'{"Records": [{"s3": {"bucket": {"name": "b"}, "object": {"key": "\xff"}}}]}',
        b'{"Records": [{"s3": ' + b'{"s3": ' * 100_000,
    ],
)
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


@pytest.mark.parametrize("sent", ["", "POST / HTTP/1.1\r\nHost: x\r\nAuthoriz"])
def test_a_head_that_does_not_come_is_given_up(served: Served, monkeypatch: pytest.MonkeyPatch, sent: str) -> None:
    monkeypatch.setattr(connection, "_HEAD_S", 0.2)
    with asking(served, sent) as sender:
        assert sender.recv(100) == b""
    # Nor one that comes byte by byte.
    with asking(served, "POST / HTTP/1.1\r\nX: ") as sender:
        assert is_closed_on(sender)


def test_a_body_to_where_none_belongs_is_given_up(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_HEAD_S", 0.2)
    head = "GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
    with asking(served, head) as sender:
        assert is_closed_on(sender)


def test_a_slow_body_may_take_longer_than_a_head(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_HEAD_S", 0.1)
    body = event(f"{FOLDER}/{file('b')}", bucket=served.follower.bucket)
    head = f"POST / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {SECRET}\r\nContent-Length: {len(body)}\r\n\r\n"
    with asking(served, head) as sender:
        time.sleep(0.5)
        sender.sendall(body)
        assert sender.recv(12) == b"HTTP/1.1 200"


def test_where_the_server_ends_by_itself_the_follower_ends_too(monkeypatch: pytest.MonkeyPatch) -> None:
    running, ended = Served(FollowedChannel("a")), threading.Event()

    def ends(server: Any, **_: Any) -> None:
        server.started = True
        ended.wait(10)
        raise OSError("too many open files")

    monkeypatch.setattr(uvicorn.Server, "run", ends)
    running.server.start()
    following = threading.Thread(target=running.follower.run)
    following.start()
    ended.set()
    following.join(10)
    assert not following.is_alive()
    assert running.server.failed
    assert '"webhook-failed"' in running.log.getvalue()


def test_senders_without_a_request_do_not_keep_others_out(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_HEAD_S", 0.5)
    body = event(f"{FOLDER}/{file('b')}", bucket=served.follower.bucket)
    with ExitStack() as opened:
        for _ in range(webhook.MOST):
            opened.enter_context(asking(served, ""))
        # These may have kept an event out.
        until(served.follower._pending.overflowed)
        until(lambda: served.post(body) == 200)


def test_after_a_flood_the_reason_is_told_again(served: Served) -> None:
    """Seconds after it, not after as long as it took."""
    for _ in range(60):
        served.ask("POST", "/", b"", Authorization="Bearer wrong")
    until(lambda: served.ask("POST", "/", b"", Authorization="Bearer wrong")[0] == 401, seconds=2)


def test_a_flood_without_the_secret_is_limited_and_those_with_it_are_served(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    # So that it is a flood on a slow machine too.
    monkeypatch.setattr(webhook, "_REFUSED_PER_S", 1)
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
        for _ in range(webhook.MOST + 10):
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
