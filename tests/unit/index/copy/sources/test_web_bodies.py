"""Bodies by http(s): their size, their pace, and what becomes of one that breaks off or does not end."""

from __future__ import annotations

import hashlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from chaninfra.channel.errors import InvalidRepodataError, StorageError, UnreachableError
from chaninfra.index.copy.sources import web_client, web_connection
from support.copies.web_clients import MOST, client, impatient, names, read
from support.servers.oidc_issuer import certificates
from support.servers.web_server import Answer, Behaviour, Request, WebServer, ranged, served, web_server

BODY = bytes(range(256)) * 20_000


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    impatient(monkeypatch)


@pytest.fixture
def server() -> Iterator[WebServer]:
    with web_server() as running:
        yield running


def test_no_more_requests_at_once_than_said(server: WebServer) -> None:
    server.on("/a", Answer(body=b"a" * 10, pause=0.05))
    asked = client(server, at_once=2)
    threads = [threading.Thread(target=asked.get, args=(f"{server.url}/a", MOST)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert server.open_at_once == 2


def test_a_rate_is_kept(server: WebServer) -> None:
    server.files = {"/a": b"a" * 100_000}
    began = time.monotonic()
    assert client(server, rate=100_000).get(f"{server.url}/a", MOST) == b"a" * 100_000
    assert 0.8 < time.monotonic() - began < 5


@pytest.mark.parametrize("told_size", [True, False])
def test_a_body_that_is_too_large(server: WebServer, told_size: bool) -> None:
    server.on("/a", Answer(body=BODY, told_size=told_size))
    assert client(server).get(f"{server.url}/a", len(BODY)) == BODY
    for method in (client(server).get, lambda *args: read(client(server), *args)):
        with pytest.raises(InvalidRepodataError, match="larger than 1,000 bytes"):
            method(f"{server.url}/a", 1000)


def breaking(body: bytes, *cuts: int, etag: bool = True) -> Behaviour:
    """A file whose first answers break off after so many bytes."""
    left = list(cuts)

    def behaviour(request: Request) -> Answer:
        answer = served(body) if etag else Answer(body=body)
        answer = ranged(request, answer) if etag else answer
        return replace(answer, cut=left.pop(0)) if left else answer

    return behaviour


def test_a_body_that_breaks_off_goes_on_where_it_was(server: WebServer) -> None:
    server.on("/a", breaking(BODY, 3_000_000, 10, 0))
    assert hashlib.sha256(read(client(server), f"{server.url}/a") or b"").digest() == hashlib.sha256(BODY).digest()
    starts = [request.headers.get("range") for request in server.requests]
    assert starts[0] is None
    assert len(starts) == 4
    assert int((starts[1] or "").removeprefix("bytes=").removesuffix("-")) > 2_000_000
    assert all(request.headers["if-range"].startswith('"') for request in server.requests[1:])


def test_without_an_etag_it_begins_again(server: WebServer) -> None:
    server.on("/a", breaking(BODY, 3_000_000, 4_000_000, etag=False))
    assert read(client(server), f"{server.url}/a") == BODY
    assert [request.headers.get("range") for request in server.requests] == [None] * 3
    assert client(server).get(f"{server.url}/a", MOST) == BODY


def test_an_index_is_not_put_together_from_two_files(server: WebServer) -> None:
    """Without an ETag nothing tells that the second answer is of the same file."""
    answers = [Answer(body=b"a" * 100_000, cut=50_000), Answer(body=b"b" * 90_000)]
    server.on("/a", lambda _: answers.pop(0))
    assert client(server).get(f"{server.url}/a", MOST) == b"b" * 90_000


def test_a_file_that_changes_while_it_is_read(server: WebServer) -> None:
    cut, changed = replace(served(b"a" * 100_000), cut=50_000), served(b"b" * 100_000)
    answers = [cut, changed, cut, changed, changed]
    server.on("/a", lambda _: answers.pop(0))
    with pytest.raises(StorageError, match="changed while it was read"):
        read(client(server), f"{server.url}/a")
    assert client(server).get(f"{server.url}/a", MOST) == b"b" * 100_000


def test_a_file_that_vanishes_and_one_whose_rest_is_wrong(server: WebServer) -> None:
    answers = [replace(served(b"a" * 100_000), cut=50_000), Answer(404)]
    server.on("/a", lambda _: answers.pop(0))
    with pytest.raises(StorageError, match="vanished"):
        read(client(server), f"{server.url}/a")
    for wrong in ("bytes 0-99999/100000", "bytes 50000-99999/99", "none"):
        rest = replace(
            served(b"a" * 100_000), status=206, headers={**served(b"a" * 100_000).headers, "Content-Range": wrong}
        )
        answers += [replace(served(b"a" * 100_000), cut=50_000), rest]
        with pytest.raises(StorageError):
            read(client(server), f"{server.url}/a")


def test_a_body_that_always_breaks_off_ends(server: WebServer) -> None:
    server.on("/a", breaking(BODY, *[1000] * 100))
    with pytest.raises(UnreachableError, match="no answer"):
        read(client(server), f"{server.url}/a")
    assert len(server.requests) < 10


def test_a_body_that_is_left_gives_its_slot_back(server: WebServer) -> None:
    server.files = {"/a": BODY}
    asked = client(server, at_once=1)
    found = asked.body(f"{server.url}/a", MOST)
    assert found is not None
    next(found)
    del found
    done = threading.Thread(target=asked.get, args=(f"{server.url}/a", MOST), daemon=True)
    done.start()
    done.join(20)
    assert not done.is_alive()


def drip(answer: bytes, pause: float) -> Callable[[socket.socket], None]:
    """Sends a byte at a time, each before the time limit of the socket."""

    def serve(connection: socket.socket) -> None:
        connection.recv(4096)
        for byte in answer:
            connection.sendall(bytes([byte]))
            time.sleep(pause)

    return serve


def serving(serve: Callable[[socket.socket], None]) -> str:
    """The URL of a server that serves each connection so."""
    listening = socket.create_server(("127.0.0.1", 0))

    def run() -> None:
        while True:
            connection, _ = listening.accept()
            with connection:
                try:
                    serve(connection)
                except OSError:
                    continue

    threading.Thread(target=run, daemon=True).start()
    return f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 50,
        b"HTTP/1.1 100 Continue\r\n\r\n" * 50,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"0" * 5000,
    ],
)
def test_an_answer_that_drips_does_not_hold_it_for_ever(monkeypatch: pytest.MonkeyPatch, answer: bytes) -> None:
    head, _, body = answer.partition(b"chunked\r\n\r\n")
    monkeypatch.setattr(web_connection, "_HEADER_SECONDS", 0.5)
    monkeypatch.setattr(web_client, "SILENCE_SECONDS", 0.5)
    monkeypatch.setattr(web_client, "_TRIES", 1)
    url = serving(drip(answer, 0.02 if body or b"100" in head else 0.01))
    began = time.monotonic()
    with pytest.raises(UnreachableError):
        client(url).get(f"{url}/a", MOST)
    assert time.monotonic() - began < 10


def test_a_body_that_comes_too_slowly_is_given_up(server: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_client, "SILENCE_SECONDS", 0.3)
    server.on("/a", lambda _: replace(served(b"a" * 1000), pause=0.1, piece=10))
    monkeypatch.setattr(web_client, "_TRIES", 1)
    with pytest.raises(UnreachableError, match="too long"):
        client(server).get(f"{server.url}/a", MOST)


def test_an_answer_that_is_no_http(monkeypatch: pytest.MonkeyPatch) -> None:
    url = serving(lambda connection: connection.sendall(b"SSH-2.0-OpenSSH_9\r\n"))
    with pytest.raises(UnreachableError, match="no answer"):
        client(url).get(f"{url}/a", MOST)


def test_nobody_listens_and_nobody_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    with pytest.raises(UnreachableError, match="refused"):
        client(f"http://127.0.0.1:{port}").get(f"http://127.0.0.1:{port}/a?x=a-secret", MOST)

    def nobody(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(web_connection.socket, "getaddrinfo", nobody)
    with pytest.raises(UnreachableError, match="no host of this name") as error:
        client("https://conda.example").get("https://conda.example/t/a-secret/c", MOST)
    assert "a-secret" not in str(error.value)


def test_tls_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority, chain = certificates(tmp_path, ["conda.example"])
    names(monkeypatch, conda_example=["127.0.0.1"], other_example=["127.0.0.1"])
    with web_server(chain) as server:
        server.files = {"/a": BODY}
        port = server.url.rpartition(":")[2]
        url = f"https://localhost:{port}"
        with pytest.raises(UnreachableError, match="certificate is not trusted"):
            client(url).get(f"{url}/a", MOST)
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        with pytest.raises(UnreachableError, match="certificate is not trusted"):
            client(url).get(f"{url}/a", MOST)
        url = f"https://conda.example:{port}"
        assert client(url, url).get(f"{url}/a", MOST) == BODY
        assert read(client(url, url), f"{url}/a") == BODY
    assert ssl.OPENSSL_VERSION
