"""The server of the page: what it shows, and what a browser may do with it. Its store is in memory."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from contextlib import ExitStack
from email.message import Message

import pytest

from chaninfra.browse import reading
from chaninfra.browse.server import PageServer
from chaninfra.channel.conda.summary import MAX_SUMMARY
from chaninfra.channel.errors import (
    ChaninfraError,
    ConfigurationError,
    CredentialsError,
    DeniedError,
    StorageError,
    UnreachableError,
)
from chaninfra.channel.objects import ObjectBody
from chaninfra.channel.outputs.descriptor import dump
from chaninfra.channel.page.files import page_files
from chaninfra.serving import connection
from support.channels.browsed import DESCRIPTOR, INDEX, Browsed
from support.index_model.processes import AUTHORITATIVE, PREFIX, channel_with


def test_the_page_is_that_of_the_package(browsed: Browsed) -> None:
    for file in page_files():
        browsed.store.objects[f"{PREFIX}/{file.name}"] = ObjectBody(
            data=b"<script>evil()</script>", content_type="text/html"
        )
        status, headers, body = browsed.see(f"/{file.name}")
        assert (status, body) == (200, file.body.data)
        assert headers["Content-Type"] == file.body.content_type
        policy = headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self'; ")
        assert policy.endswith("; frame-ancestors 'none'")
        # As in the file.
        (index_html,) = (each.body.data.decode() for each in page_files() if each.name == "index.html")
        assert f'content="{policy.removesuffix("; frame-ancestors " + chr(39) + "none" + chr(39))}"' in index_html
        check_all(headers)
    assert browsed.see("/")[2] == browsed.see("/index.html")[2] == browsed.see("/?package=a")[2]
    assert not browsed.store.log


def check_all(headers: Message) -> None:
    """The headers that every answer has."""
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert "Server" not in headers


def test_an_object_is_bytes_and_nothing_else(browsed: Browsed) -> None:
    data = b"<script>evil()</script>"
    browsed.store.objects[AUTHORITATIVE] = ObjectBody(data=data, content_type="text/html; charset=utf-8")
    browsed.store.objects[f"{PREFIX}/notices.json"] = ObjectBody(data=data, content_type="text/html")
    for path in (INDEX, "/notices.json"):
        status, headers, body = browsed.see(path)
        assert (status, body) == (200, data)
        assert headers["Content-Length"] == str(len(data))
        assert headers["Content-Type"] == "application/octet-stream"
        assert headers["Content-Security-Policy"] == "sandbox; default-src 'none'; frame-ancestors 'none'"
        check_all(headers)
    assert browsed.store.log == [("get", AUTHORITATIVE), ("get", f"{PREFIX}/notices.json")]


def test_the_descriptor_is_that_of_the_command(browsed: Browsed) -> None:
    browsed.store.objects[f"{PREFIX}/channel.json"] = ObjectBody(data=b"evil", content_type="text/html")
    status, headers, body = browsed.see("/channel.json")
    assert (status, body) == (200, dump(DESCRIPTOR))
    assert json.loads(body)["bucket"] == DESCRIPTOR.bucket
    assert headers["Content-Type"] == "application/octet-stream"
    assert not browsed.store.log


def test_a_look_at_an_object_tells_its_size(browsed: Browsed) -> None:
    status, headers, body = browsed.see(INDEX, "HEAD")
    assert (status, headers["Content-Length"], body) == (200, str(len(browsed.store.objects[AUTHORITATIVE].data)), b"")
    assert browsed.see("/snapshots/index.json", "HEAD")[0] == 404
    assert [kind for kind, _ in browsed.store.log] == ["head", "head"]


TRICKS = [
    "/.chaninfra/follow.json", "/../secret", "//noarch/repodata_shards.msgpack.zst", "/noarch/../../secret",
    "/noarch/%2e%2e/repodata_shards.msgpack.zst", "/%6eoarch/repodata_shards.msgpack.zst", "/noarch/repodata.json",
    "/noarch/repodata_shards.msgpack.zst%00", "/noarch/repodata_shards.msgpack.zst%0a", "/yanked.json",
    "/noarch%5crepodata_shards.msgpack.zst", "http://evil.example/noarch/repodata_shards.msgpack.zst",
    "http://127.0.0.1:PORT/notices.json", "notices.json%3f", "/noarch/repodata_shards.msgpack.zst/..%2f",
]  # fmt: skip


def test_a_trick_of_a_path_reads_nothing(browsed: Browsed) -> None:
    for target in TRICKS:
        answer = browsed.raw(f"GET {target} HTTP/1.1\nHost: 127.0.0.1:PORT\nCookie: COOKIE\nConnection: close\n\n")
        assert answer.split(b" ")[1] in (b"400", b"404"), target
    assert not browsed.store.log


def test_a_package_is_not_passed_on(browsed: Browsed) -> None:
    name = next(key for key in browsed.store.objects if key.endswith(".conda")).removeprefix(f"{PREFIX}/")
    status, headers, body = browsed.see(f"/{name}")
    assert (status, headers["Content-Type"]) == (404, "text/plain; charset=utf-8")
    assert f"aws s3 cp {DESCRIPTOR.url}/{name} . --endpoint-url {DESCRIPTOR.endpoint_url}\n".encode() in body
    assert not browsed.store.log


def test_an_object_that_is_too_large_is_not_read(browsed: Browsed) -> None:
    key = f"{PREFIX}/noarch/summaries/a.json"
    for size, status in ((MAX_SUMMARY, 200), (MAX_SUMMARY + 1, 502)):
        browsed.store.objects[key] = ObjectBody(data=b"x" * size, content_type="application/json")
        found, _, body = browsed.see("/noarch/summaries/a.json")
        assert found == status
    assert b"is larger than 32 KiB, so it was not read" in body


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (DeniedError("these credentials may not read s3://b/c", remedy="ask for the permission"), 403),
        (CredentialsError("the store does not accept these credentials: they have expired"), 403),
        (UnreachableError("no answer", where="https://example.com"), 502),
        (StorageError("cannot read: the store answered 404 NoSuchBucket", code="NoSuchBucket", status=404), 502),
        (StorageError("it said \x1b[31m\u202e" + "x" * 5000 + "\n<script>", status=500), 502),
        (ConfigurationError("one of the CAs is damaged"), 502),
    ],
)
def test_what_the_store_says_is_told_in_short(browsed: Browsed, error: ChaninfraError, status: int) -> None:
    browsed.fail(error)
    found, headers, body = browsed.see(INDEX)
    assert found == status
    assert headers["Content-Type"] == "text/plain; charset=utf-8"
    assert headers["Content-Security-Policy"].startswith("sandbox; ")
    check_all(headers)
    text = body.decode()
    assert all(line.isprintable() for line in text.splitlines())
    assert text.startswith(error.summary[:8])
    assert len(text) < 1500
    assert (error.remedy or "") in text
    assert browsed.told == [error]


def test_what_does_not_exist_is_not_found(browsed: Browsed) -> None:
    status, _, body = browsed.see("/noarch/summaries/b.json")
    assert (status, body) == (404, b"There is no noarch/summaries/b.json in the channel.\n")


def test_a_fault_of_ours_shows_no_traceback(browsed: Browsed, capfd: pytest.CaptureFixture[str]) -> None:
    browsed.fail(RuntimeError("the-secret"))
    status, _, body = browsed.see(INDEX)
    assert (status, body) == (500, b"Internal Server Error")
    assert capfd.readouterr() == ("", "")
    browsed.store.before = lambda _kind, _key: None
    assert browsed.see(INDEX)[0] == 200


def test_credentials_that_have_expired_are_looked_for_again(browsed: Browsed, monkeypatch: pytest.MonkeyPatch) -> None:
    browsed.fail(CredentialsError("they have expired"))
    browsed.fresh = channel_with("a")
    # Not at once: it may ask a server for them.
    assert browsed.see(INDEX)[0] == 403
    assert browsed.opened == 1
    monkeypatch.setattr(reading, "_AGAIN_S", 0.0)
    assert browsed.see(INDEX)[0] == 200
    assert browsed.see(INDEX)[0] == 200
    assert browsed.opened == 2


def test_an_object_that_breaks_off_is_seen_to(browsed: Browsed) -> None:
    browsed.broken.append(UnreachableError("the connection was lost"))
    for _ in range(reading._AT_ONCE + 1):
        with pytest.raises(http.client.IncompleteRead):
            browsed.see(INDEX)
    assert {*browsed.told} == {*browsed.broken}
    # Each has given its turn back.
    browsed.broken.clear()
    assert browsed.see(INDEX)[0] == 200


def test_a_browser_that_leaves_gives_its_turn_back(browsed: Browsed) -> None:
    big = bytes(16 << 20)
    browsed.store.objects[AUTHORITATIVE] = ObjectBody(data=big, content_type="")
    request = f"GET {INDEX} HTTP/1.1\r\nHost: 127.0.0.1:{browsed.port}\r\nCookie: {browsed.cookie}\r\n\r\n".encode()
    for _ in range(2 * reading._AT_ONCE):
        with socket.create_connection(("127.0.0.1", browsed.port), timeout=30) as left:
            left.sendall(request)
            assert left.recv(12) == b"HTTP/1.1 200"
    assert browsed.see(INDEX)[2] == big


def test_a_slow_store_does_not_keep_the_page(browsed: Browsed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_LONGEST_S", 1.0)
    held = threading.Event()
    browsed.store.before = lambda _kind, _key: held.wait(30) and None
    answers: list[tuple[int, bytes]] = []

    def see() -> None:
        status, _, body = browsed.see(INDEX)
        answers.append((status, body))

    asking = [threading.Thread(target=see) for _ in range(reading._AT_ONCE + 2)]
    try:
        for each in asking:
            each.start()
        start = time.monotonic()
        assert browsed.see("/")[0] == 200
        assert time.monotonic() - start < 10
        for each in asking:
            each.join(30)
        # Those that no thread was free for, too.
        assert {status for status, _ in answers} == {502}
        assert all(b"did not answer within 1 s\nload" in body for _, body in answers)
        assert len(browsed.store.log) == reading._AT_ONCE
    finally:
        held.set()


def test_clients_without_a_request_do_not_keep_others_out(browsed: Browsed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "_HEAD_S", 0.5)
    with ExitStack() as opened:
        for _ in range(64):
            opened.enter_context(socket.create_connection(("127.0.0.1", browsed.port), timeout=30))
        end = time.monotonic() + 20
        while browsed.see("/")[0] != 200:
            assert time.monotonic() < end
            time.sleep(0.05)


def test_a_port_that_is_taken(browsed: Browsed) -> None:
    with pytest.raises(
        ConfigurationError, match=f"cannot listen at 127.0.0.1:{browsed.port}: another program"
    ) as caught:
        PageServer(DESCRIPTOR, browsed.open, browsed.port, lambda: None, lambda _: None)
    assert "--port" in str(caught.value.remedy)
