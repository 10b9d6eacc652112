"""`chaninfra browse` in Chromium: a private channel is shown, to nobody else, and to no other page in the browser."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from support.browser.chromium import Chromium, Visit
from support.channels.browsing import Browsing
from support.channels.channel_at import Place, new_place
from support.channels.packages import make_package
from support.servers.s3_servers import Server
from support.servers.web_server import Answer, web_server

pytestmark = pytest.mark.long

INDEX = "noarch/repodata_shards.msgpack.zst"


@pytest.fixture(scope="module")
def place(minio: Server, tmp_path_factory: pytest.TempPathFactory) -> Place:
    """A private channel: one package, a snapshot of before that, and one that was yanked."""
    made, folder = new_place(minio, f"browse-{os.urandom(6).hex()}"), tmp_path_factory.mktemp("packages")
    hello = make_package(folder, "hello", "1.0", license="MIT", depends=["python >=3.11"])
    other = make_package(folder, "other", "2.0")
    made.done("publish", hello, other)
    made.done("snapshot create", "v1")
    made.done("yank", "other==2.0", "--reason", "loses data")
    return made


@pytest.fixture
def running(place: Place, tmp_path: Path) -> Iterator[Browsing]:
    """The command, on that channel."""
    where = (place.url, "--endpoint-url", place.server.endpoint_url, "--no-open")
    with Browsing(tmp_path / "told", *where, env=place.server.environment()) as started:
        yield started
        assert "Traceback" not in started.told()


def shows(visit: Visit, name: str) -> None:
    """Wait until the page lists a package."""
    visit.page.get_by_role("link", name=name, exact=True).first.wait_for()


def test_a_private_channel_is_shown(browser: Chromium, running: Browsing, place: Place) -> None:
    with browser.visit(running.url) as visit:
        shows(visit, "hello")
        # The token is in no URL that a person copies, and in no entry of the history.
        assert visit.page.url == f"{visit.origin}/"
        assert place.url in visit.text()
        visit.page.get_by_role("link", name="hello", exact=True).first.click()
        visit.page.get_by_text("python >=3.11").first.wait_for()
        visit.page.reload()
        visit.page.get_by_text("python >=3.11").first.wait_for()
        visit.page.goto(f"{visit.origin}/#/package/other")
        visit.page.get_by_text("loses data").first.wait_for()
        visit.page.goto(f"{visit.origin}/#/?snapshot=v1")
        visit.page.get_by_text("Snapshot v1.").wait_for()
        shows(visit, "other")
        absent = {each.url.partition(visit.origin)[2] for each in visit.got() if each.status >= 400}
        assert absent <= {"/notices.json", "/noarch/summaries/hello.json", "/noarch/summaries/other.json"}
        cookies = visit.page.context.cookies()
        assert [(each["httpOnly"], each["sameSite"], each["path"]) for each in cookies] == [(True, "Strict", "/")]
        assert visit.page.evaluate("document.cookie") == ""


def test_a_package_is_not_passed_on_and_what_it_says_is_seen(browser: Chromium, running: Browsing) -> None:
    with browser.window(running.url) as visit:
        visit.page.goto(running.url)
        shows(visit, "hello")
        answer = visit.page.goto(f"{visit.origin}/noarch/hello-1.0-0.conda")
        assert answer is not None
        assert answer.status == 404
        assert "aws s3 cp s3://" in visit.text()


def test_nobody_else_sees_it(browser: Chromium, running: Browsing) -> None:
    with browser.window(running.url) as first, browser.window(running.url) as second:
        first.page.goto(running.url)
        shows(first, "hello")
        answer = second.page.goto(running.url)
        assert answer is not None
        assert answer.status == 403
        assert "Run `chaninfra browse` again" in second.text()
        assert second.page.context.cookies() == []
        # The first one goes on.
        first.page.reload()
        shows(first, "hello")


def test_a_page_at_another_port_gets_nothing(browser: Chromium, running: Browsing) -> None:
    """In the same window, whose cookie browsers send to every port of a host: it is the same site."""
    origin = f"http://{urlsplit(running.url).netloc}"
    evil = f"""<!doctype html><title>evil</title><script type="module">
      const asked = {json.dumps([f"{origin}/{INDEX}", f"{origin}/channel.json", f"{origin}/"])};
      const got = [];
      for (const url of asked) for (const mode of ["cors", "no-cors"]) {{
        try {{
          const answer = await fetch(url, {{ mode, credentials: "include" }});
          got.push(`${{mode}} ${{answer.type}} ${{(await answer.text()).length}}`);
        }} catch {{ got.push("failed"); }}
      }}
      for (const tag of ["script", "img", "iframe"]) {{
        const element = document.createElement(tag);
        element.src = {json.dumps(f"{origin}/")};
        got.push(await new Promise((done) => {{
          element.onload = () => done(`${{tag}} loaded ${{element.contentDocument?.title ?? ""}}`);
          element.onerror = () => done("failed");
          document.body.append(element);
        }}));
      }}
      window.got = got;
    </script><body></body>"""
    with browser.window(running.url) as visit, web_server() as other:
        visit.page.goto(running.url)
        shows(visit, "hello")
        other.on("/evil.html", Answer(headers={"Content-Type": "text/html"}, body=evil.encode()))
        visit.page.goto(f"{other.url}/evil.html")
        visit.until("window.got?.length === 9")
        # An iframe always loads something: here what a browser says of a page that nobody may show in one.
        assert visit.page.evaluate("window.got") == ["failed"] * 8 + ["iframe loaded "]
        assert [frame.url for frame in visit.page.frames[1:]] == ["chrome-error://chromewebdata/"]
