"""Through a proxy, which resolves names itself."""

from __future__ import annotations

import base64
from collections.abc import Iterator

import pytest

from chaninfra.channel.errors import ConfigurationError, UnreachableError
from support.copies.web_clients import MOST, client, impatient
from support.servers.web_server import Answer, WebServer, redirect, web_server

URL = "http://conda.example/a"


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebServer]:
    """A proxy for plain http: its paths are whole URLs."""
    impatient(monkeypatch)
    with web_server() as running:
        monkeypatch.setenv("http_proxy", running.url.replace("://", "://jo:a%20secret@"))
        yield running


def test_requests_go_through_it_with_its_own_login(proxy: WebServer) -> None:
    proxy.files = {URL: b"a"}
    assert client("http://conda.example").get(URL, MOST) == b"a"
    assert proxy.paths() == [URL]
    login = base64.b64encode(b"jo:a secret").decode()
    assert proxy.requests[0].headers["proxy-authorization"] == f"Basic {login}"


def test_it_is_not_asked_for_this_machine_nor_for_what_no_proxy_names(
    proxy: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with web_server() as server:
        server.files = {"/a": b"a"}
        assert client(server).get(f"{server.url}/a", MOST) == b"a"
    monkeypatch.setenv("no_proxy", "conda.example")
    with pytest.raises(UnreachableError):
        client("http://conda.example:1").get("http://conda.example:1/a", MOST)
    assert proxy.requests == []


@pytest.mark.parametrize("to", ["http://169.254.169.254/latest", "http://10.1.1.1/", "http://localhost:1/"])
def test_it_is_not_asked_for_what_a_source_must_not_reach(proxy: WebServer, to: str) -> None:
    proxy.on(URL, redirect(to))
    with pytest.raises(ConfigurationError, match="leads to a server that is not asked"):
        client("http://conda.example").get(URL, MOST)
    assert proxy.paths() == [URL]


def test_a_proxy_that_refuses_and_one_that_is_none(proxy: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    proxy.on(URL, Answer(407))
    with pytest.raises(UnreachableError, match="the proxy wants a login"):
        client("http://conda.example").get(URL, MOST)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with pytest.raises(UnreachableError, match="proxy"):
        client("http://conda.example").get(URL, MOST)
    monkeypatch.setenv("http_proxy", "socks5://jo:a-secret@127.0.0.1:1")
    with pytest.raises(ConfigurationError, match="none of http or https") as error:
        client("http://conda.example").get(URL, MOST)
    assert "a-secret" not in str(error.value)
