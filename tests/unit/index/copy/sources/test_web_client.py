"""GET by http(s): redirects, logins, addresses and pauses. The servers are on this machine; where a name or the kind of
an address matters, it is a stand-in.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from chaninfra.channel.errors import (
    ChaninfraError,
    ConfigurationError,
    CredentialsError,
    DeniedError,
    StorageError,
)
from chaninfra.index.copy.sources import web_connection
from chaninfra.index.copy.sources.web_login import Login
from chaninfra.index.copy.sources.web_origin import Kind, Origin, origin_of
from support.copies.web_clients import MOST, client, impatient, kinds, names, read
from support.servers.web_server import Answer, WebServer, redirect, served, web_server

BODY = bytes(range(256)) * 20_000
LOGIN = Login(authorization="Bearer a-secret", source="the entry 'x' of y")


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    impatient(monkeypatch)


@pytest.fixture
def server() -> Iterator[WebServer]:
    with web_server() as running:
        yield running


@pytest.fixture
def other() -> Iterator[WebServer]:
    with web_server(host="127.0.0.2") as running:
        yield running


def test_a_file_and_one_that_is_not_there(server: WebServer) -> None:
    server.files = {"/a": BODY, "/empty": b""}
    server.on("/gone", Answer(410))
    asked = client(server)
    assert (asked.get(f"{server.url}/a", MOST), read(asked, f"{server.url}/a")) == (BODY, BODY)
    assert (asked.get(f"{server.url}/empty", MOST), asked.get(f"{server.url}/no", MOST)) == (b"", None)
    assert asked.get(f"{server.url}/gone", MOST) is None
    assert [asked.exists(f"{server.url}/{name}") for name in ("a", "empty", "no", "gone")] == [True, True, False, False]
    assert server.requests[0].headers["accept-encoding"] == "identity"
    assert "authorization" not in server.requests[0].headers


def test_one_connection_takes_many_requests(server: WebServer) -> None:
    server.files = {"/a": BODY}
    server.on("/b", redirect("/a"))
    asked = client(server, at_once=1)
    opened: list[object] = []
    real = web_connection.create_connection
    web_connection.create_connection = lambda *a, **k: opened.append(a) or real(*a, **k)  # type: ignore[assignment]
    try:
        for path in ("a", "b", "no", "no", "a"):
            asked.get(f"{server.url}/{path}", MOST)
            asked.exists(f"{server.url}/no")
    finally:
        web_connection.create_connection = real
    assert len(opened) == 1


def test_a_redirect_to_another_origin_gets_no_login(server: WebServer, other: WebServer) -> None:
    other.files = {"/a": BODY}
    server.on("/a", redirect(f"{other.url}/a?signature=a-signature"))
    server.on("/b", redirect("/a", 307))
    assert client(server, login=LOGIN).get(f"{server.url}/b", MOST) == BODY
    assert [request.headers.get("authorization") for request in server.requests] == ["Bearer a-secret"] * 2
    assert other.paths() == ["/a?signature=a-signature"]
    assert "a-secret" not in str(other.requests)


def test_another_port_and_the_way_back_get_no_login_either(server: WebServer) -> None:
    with web_server() as other:
        other.on("/a", redirect(f"{server.url}/c"))
        server.on("/a", redirect(f"{other.url}/a"))
        server.files = {"/c": b"c"}
        assert client(server, login=LOGIN).get(f"{server.url}/a", MOST) == b"c"
        assert "a-secret" not in str(other.requests)
    assert "authorization" not in server.requests[-1].headers


def test_a_token_of_conda_is_in_the_path_and_not_in_a_message(server: WebServer) -> None:
    server.files = {"/t/a-token/c/a": b"a"}
    server.on("/t/a-token/c/bad", Answer(403))
    asked = client(server, login=Login(path_token="a-token", source="the entry"))
    assert asked.get(f"{server.url}/c/a", MOST) == b"a"
    with pytest.raises(CredentialsError) as error:
        asked.get(f"{server.url}/t/a-token/c/bad", MOST)
    assert "a-token" not in str(error.value)
    assert "/t/\u2026/c/bad" in str(error.value)


def test_endless_redirects_and_one_to_nowhere(server: WebServer) -> None:
    server.on("/a", redirect("/a"))
    server.on("/b", Answer(302))
    with pytest.raises(StorageError, match="too often"):
        client(server).get(f"{server.url}/a", MOST)
    assert len(server.requests) == 6
    with pytest.raises(StorageError, match="nowhere"):
        client(server).get(f"{server.url}/b", MOST)


@pytest.mark.parametrize(
    ("status", "login", "kind", "text"),
    [
        (401, None, DeniedError, "pixi auth login 127.0.0.1"),
        (403, LOGIN, CredentialsError, "the entry 'x' of y"),
        (418, None, StorageError, "HTTP 418"),
        (206, None, StorageError, "HTTP 206"),
        (416, None, StorageError, "HTTP 416"),
    ],
)
def test_other_answers(
    server: WebServer, status: int, login: Login | None, kind: type[ChaninfraError], text: str
) -> None:
    server.on("/a", Answer(status, body=b"a-secret"))
    with pytest.raises(kind) as error:
        client(server, login=login).get(f"{server.url}/a?x=a-secret", MOST)
    assert type(error.value) is kind
    assert text in str(error.value)
    assert "a-secret" not in str(error.value)
    assert len(server.requests) == 1


@pytest.mark.parametrize("to", ["http://127.0.0.1:{port}/x", "http://localhost:{port}/x", "http://2130706433:{port}/x"])
def test_a_public_source_does_not_lead_to_this_machine(
    server: WebServer, other: WebServer, monkeypatch: pytest.MonkeyPatch, to: str
) -> None:
    kinds(monkeypatch, {"127.0.0.2": "public"})
    server.files = {"/x": b"a secret of this machine"}
    target = to.format(port=origin_of(server.url).port)
    other.on("/a", redirect(target))
    with pytest.raises(ConfigurationError, match="this machine itself") as error:
        client(other).get(f"{other.url}/a", MOST)
    assert server.requests == []
    assert str(error.value).startswith(f"{other.url}/a: leads to a server that is not asked")
    assert f"--allow-origin {origin_of(target)}" in str(error.value)
    assert client(other, target).get(f"{other.url}/a", MOST) == b"a secret of this machine"


@pytest.mark.parametrize("kind", ["private", "link-local"])
def test_nor_to_a_private_network_or_to_metadata(
    server: WebServer, other: WebServer, monkeypatch: pytest.MonkeyPatch, kind: Kind
) -> None:
    kinds(monkeypatch, {"127.0.0.2": "public", "127.0.0.1": kind})
    names(monkeypatch, metadata_example=["127.0.0.1"])
    port = origin_of(server.url).port
    other.on("/a", redirect(f"http://metadata.example:{port}/latest/meta-data"))
    with pytest.raises(ConfigurationError, match=r"private network|keep the credentials"):
        client(other).get(f"{other.url}/a", MOST)
    assert server.requests == []


def test_a_name_that_begins_to_point_at_this_machine_is_not_followed(
    server: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: the first answer is a public address, the second one is not."""
    port = origin_of(server.url).port
    kinds(monkeypatch, {"127.0.0.3": "public"})
    names(monkeypatch, rebind_example=["127.0.0.3", "127.0.0.1"])
    with socket.create_server(("127.0.0.3", port)) as listening:
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\na"

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        asked = client(f"http://rebind.example:{port}")
        assert asked.get(f"http://rebind.example:{port}/a", MOST) == b"a"
        thread.join()
        with pytest.raises(ConfigurationError, match="this machine itself"):
            asked.get(f"http://rebind.example:{port}/a", MOST)
    assert server.requests == []


def test_of_several_addresses_only_those_are_used_that_may_be(
    server: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.getaddrinfo
    port = origin_of(server.url).port
    kinds(monkeypatch, {"127.0.0.1": "public"})

    def both(host: str, *args: Any, **options: Any) -> Any:
        return [*real("127.0.0.9", *args, **options), *real("127.0.0.1", *args, **options)]

    monkeypatch.setattr(web_connection.socket, "getaddrinfo", both)
    server.files = {"/a": b"a"}
    assert client(f"http://both.example:{port}").get(f"http://both.example:{port}/a", MOST) == b"a"
    assert Origin("http", "both.example", port) == origin_of(f"http://both.example:{port}")


def test_a_source_that_has_a_public_address_is_public(server: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """One more address, of a private network, does not open that network to it."""
    real = socket.getaddrinfo
    port = origin_of(server.url).port
    kinds(monkeypatch, {"127.0.0.1": "public", "127.0.0.9": "private"})

    def resolved(host: str, *args: Any, **options: Any) -> Any:
        known = {"mixed.example": ["127.0.0.9", "127.0.0.1"], "inside.example": ["127.0.0.9"]}
        return [each for address in known.get(host, [host]) for each in real(address, *args, **options)]

    monkeypatch.setattr(web_connection.socket, "getaddrinfo", resolved)
    server.files = {"/a": b"a"}
    server.on("/b", lambda _: Answer(302, {"Location": f"http://inside.example:{port}/a"}))
    asked = client(f"http://mixed.example:{port}")
    assert asked.get(f"http://mixed.example:{port}/a", MOST) == b"a"
    with pytest.raises(ConfigurationError, match="an address of a private network"):
        asked.get(f"http://mixed.example:{port}/b", MOST)


def test_a_server_that_asks_to_wait_is_waited_for(server: WebServer) -> None:
    answers = [Answer(429, {"Retry-After": "1"}), Answer(503), Answer(502), served(b"a")]
    server.on("/a", lambda _: answers.pop(0))
    began = time.monotonic()
    assert client(server).get(f"{server.url}/a", MOST) == b"a"
    assert 1 <= time.monotonic() - began < 5
    assert len(server.requests) == 4


def test_a_long_wait_is_told_once(server: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [Answer(429, {"Retry-After": "30"}), served(b"a"), Answer(503, {"Retry-After": "9"}), served(b"a")]
    server.on("/t/a-token/a", lambda _: answers.pop(0))
    told: list[str] = []
    asked = client(server, tell=told.append)
    monkeypatch.setattr(asked.pace, "wait", lambda _: None)
    for _ in range(2):
        assert asked.get(f"{server.url}/t/a-token/a", MOST) == b"a"
    assert told == [f"{server.url} answers HTTP 429: it is asked again in 30 s"]
    there = origin_of(server.url)
    assert [asked.pace.hold(there, 1), asked.pace.hold(origin_of("https://b.example"), 1)] == [False, True]


def test_a_pause_is_for_all_threads(server: WebServer) -> None:
    server.files = {"/b": b"b"}
    first = [Answer(503, {"Retry-After": "1"})]
    server.on("/a", lambda _: first.pop() if first else served(b"a"))
    asked = client(server)
    waiting = threading.Thread(target=asked.get, args=(f"{server.url}/a", MOST))
    waiting.start()
    while first:
        time.sleep(0.01)
    time.sleep(0.1)
    began = time.monotonic()
    assert asked.get(f"{server.url}/b", MOST) == b"b"
    assert time.monotonic() - began > 0.5
    waiting.join()


def test_a_server_that_stays_busy_or_asks_for_too_long_is_left_alone(server: WebServer) -> None:
    server.on("/a", Answer(503, body=b"x"))
    server.on("/b", Answer(429, {"Retry-After": "86400"}))
    with pytest.raises(StorageError, match="HTTP 503") as error:
        client(server).get(f"{server.url}/a", MOST)
    assert (error.value.status, len(server.requests)) == (503, 6)
    with pytest.raises(StorageError, match=r"come back in 86,400 s") as error:
        client(server).get(f"{server.url}/b", MOST)
    assert len(server.requests) == 7
