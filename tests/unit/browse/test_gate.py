"""Whom the server of the page answers."""

from __future__ import annotations

import re

import pytest

from support.channels.browsed import INDEX, Browsed


def test_the_url_opens_the_page_once(closed: Browsed) -> None:
    assert re.fullmatch(r"http://127\.0\.0\.1:[0-9]+/\?token=[A-Za-z0-9_-]{43}", closed.server.url)
    status, headers, body = closed.ask(closed.link)
    assert (status, headers["Location"], body) == (303, "/", b"")
    cookie, *attributes = headers["Set-Cookie"].split("; ")
    name, _, value = cookie.partition("=")
    assert name == f"chaninfra-browse-{closed.port}"
    assert len(value) == 43
    assert value not in closed.server.url
    assert {*attributes} == {"Path=/", "HttpOnly", "SameSite=Strict"}
    again = closed.ask(closed.link)
    assert again[0] == 403
    assert "Set-Cookie" not in again[1]
    assert b"Run `chaninfra browse` again" in again[2]
    assert closed.ask("/", Cookie=cookie)[0] == 200
    # Back in the history.
    assert closed.ask(closed.link, Cookie=cookie)[0] == 303


PATHS = ["/", "/?token=", "/?token=wrong", "/?token=%ff", "/index.html", "/channel.json", INDEX, "/x"]


@pytest.mark.parametrize("cookie", [None, "", "chaninfra-browse-PORT=", "chaninfra-browse-PORT=wrong", "other=SESSION"])
def test_without_the_cookie_nothing_is_shown(closed: Browsed, cookie: str | None) -> None:
    given = {} if cookie is None else {"Cookie": cookie.replace("PORT", str(closed.port))}
    for path in PATHS:
        status, headers, body = closed.ask(path, **given)
        assert (status, headers["Content-Type"]) == (403, "text/plain; charset=utf-8"), path
        assert body.startswith(
            b"This page is open only in the browser that came by the URL of `chaninfra browse`.\nRun"
        )
    assert not closed.store.log
    # Nothing of it used the token up.
    closed.come_in()


def test_the_token_is_no_cookie_and_the_cookie_no_token(closed: Browsed) -> None:
    token = closed.link.partition("=")[2]
    assert closed.ask("/", Cookie=f"chaninfra-browse-{closed.port}={token}")[0] == 403
    closed.come_in()
    assert closed.ask(f"/?token={closed.cookie.partition('=')[2]}")[0] == 403


def test_a_look_at_the_url_does_not_use_it(closed: Browsed) -> None:
    assert closed.ask(closed.link, "HEAD")[0] == 403
    assert closed.ask(closed.link.replace("/?", "/index.html?"))[0] == 403
    closed.come_in()


REBOUND = ["evil.example", "evil.example:PORT", "127.0.0.1", "127.0.0.1:1", "127.0.0.1:PORT.evil.example",
           "0.0.0.0:PORT", "[::1]:PORT", "localhost.:PORT", "LOCALHOST:PORT", "user@127.0.0.1:PORT", ""]  # fmt: skip


def test_another_name_of_this_machine_is_refused(closed: Browsed) -> None:
    """DNS rebinding: a page of another origin, whose name means 127.0.0.1 by now."""
    hosts = [host.replace("PORT", str(closed.port)) for host in REBOUND]
    for host in hosts:
        assert closed.ask(closed.link, Host=host)[0] == 403, host
    closed.come_in()
    for host in hosts:
        assert closed.see(INDEX, Host=host)[0] == 403, host
    assert not closed.store.log


def test_localhost_is_a_name_of_its_own(closed: Browsed) -> None:
    assert closed.ask(closed.link, Host=f"localhost:{closed.port}", Origin=f"http://127.0.0.1:{closed.port}")[0] == 403
    assert closed.ask(closed.link, Host=f"localhost:{closed.port}", Origin=f"http://localhost:{closed.port}")[0] == 303


def test_no_host_and_two_hosts_are_refused(browsed: Browsed) -> None:
    for lines in ("", "Host: 127.0.0.1:PORT\nHost: evil.example\n", "Host: 127.0.0.1:PORT, evil.example\n"):
        for version in ("1.0", "1.1"):
            answer = browsed.raw(f"GET {INDEX} HTTP/{version}\n{lines}Cookie: COOKIE\nConnection: close\n\n")
            assert answer.split(b" ")[1] in (b"400", b"403"), (lines, version)
    assert not browsed.store.log


ELSEWHERE = [
    {"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": "http://127.0.0.1:1"},
    {"Origin": "https://127.0.0.1:PORT"}, {"Sec_Fetch_Site": "cross-site"},
    # Another port of this machine, which browsers take for the same site.
    {"Sec_Fetch_Site": "same-site"}, {"Sec_Fetch_Site": "same-origin, cross-site"},
]  # fmt: skip


def test_another_page_is_refused(closed: Browsed) -> None:
    given = [{name: value.replace("PORT", str(closed.port)) for name, value in each.items()} for each in ELSEWHERE]
    for headers in given:
        assert closed.ask(closed.link, **headers)[0] == 403, headers
    closed.come_in()
    for headers in given:
        status, _, body = closed.see(INDEX, **headers)
        assert status == 403, headers
        assert body.startswith(b"The request comes from another page.")
    assert not closed.store.log


def test_its_own_page_is_not(browsed: Browsed) -> None:
    for own in (
        {"Origin": f"http://127.0.0.1:{browsed.port}"},
        {"Sec_Fetch_Site": "same-origin"},
        {"Sec_Fetch_Site": "none"},
    ):
        assert browsed.see(INDEX, **own)[0] == 200


def test_only_reading_is_possible(browsed: Browsed) -> None:
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND"):
        status, headers, _ = browsed.see(INDEX, method)
        assert (status, headers["Allow"]) == (405, "GET, HEAD"), method
        assert "Access-Control-Allow-Origin" not in headers
    assert not browsed.store.log


def test_each_server_has_tokens_of_its_own(browsed: Browsed) -> None:
    other = Browsed()
    try:
        assert other.ask("/", Cookie=browsed.cookie.replace(str(browsed.port), str(other.port)))[0] == 403
        assert other.ask(browsed.link)[0] == 403
    finally:
        other.server.stop()
