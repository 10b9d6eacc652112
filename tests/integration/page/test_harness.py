"""The harness sees what it is there to see: a page that does all that no page may do."""

from __future__ import annotations

import pytest

from support.browser.chromium import Chromium
from support.servers.web_server import Answer, web_server

pytestmark = pytest.mark.long

_POLICY = "default-src 'none'; script-src 'self'; img-src *; connect-src *"
_HTML = b"""<!doctype html><title>x</title><script src="bad.js"></script><p style="color:red">x</p>"""
_SCRIPT = b"""
alert("a");
fetch("http://127.0.0.1:9/");
new Image().src = "https://elsewhere.example.com/x.png";
setTimeout(() => { throw new Error("nobody catches it"); });
"""


def test_what_no_page_may_do_is_seen(browser: Chromium) -> None:
    with web_server() as server:
        headers = {"Content-Type": "text/html", "Content-Security-Policy": _POLICY}
        server.on("/index.html", Answer(headers=headers, body=_HTML))
        server.on("/bad.js", Answer(headers={"Content-Type": "text/javascript"}, body=_SCRIPT))
        with browser.window(server.url) as visit:
            visit.page.goto(f"{server.url}/index.html")
            visit.page.wait_for_timeout(300)
            problems = visit.problems()
    assert problems["a dialog"] == ["alert: a"]
    assert {*problems["a request to elsewhere"]} == {"http://127.0.0.1:9/", "https://elsewhere.example.com/x.png"}
    assert problems["thrown and not caught"] == ["nobody catches it", "Failed to fetch"]
    assert any(each.startswith("style-src-attr: inline") for each in problems["against the Content-Security-Policy"])


def test_a_page_that_does_nothing_wrong_has_no_problems(browser: Chromium) -> None:
    with web_server() as server:
        headers = {"Content-Type": "text/html", "Content-Security-Policy": "default-src 'self'"}
        server.on("/", Answer(headers=headers, body=b"<!doctype html><p>hello</p>"))
        with browser.visit(f"{server.url}/") as visit:
            # What tests do to look at a page is no violation of its policy either.
            assert visit.text() == "hello"
            assert visit.page.evaluate("document.querySelectorAll('p').length") == 1
            visit.until("document.readyState === 'complete'")
            assert [(each.status, each.size) for each in visit.got()] == [(200, 27)]
