"""What the page says where it cannot read: what is wrong, where, and what to do."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from threading import Event

import pytest

from chaninfra.channel.policy.statements import document, public_read
from support.browser.cdn import FOLDER, cdn
from support.browser.chromium import Chromium, Visit
from support.browser.full_channel import SUBDIRS, PublicChannel
from support.browser.written import SHARDS, put_shards, record, shard
from support.channels.channel_at import PREFIX
from support.channels.cli_runner import chaninfra
from support.channels.packages import make_package
from support.servers.web_server import Answer, Request, redirect, web_server

pytestmark = pytest.mark.long


@pytest.fixture
def hello(channel: PublicChannel) -> PublicChannel:
    """A channel with hello."""
    put_shards(channel, {"hello": shard({"hello-1-0.conda": record("hello")})})
    return channel


def fault(visit: Visit) -> str:
    """What it says of the fault."""
    box = visit.page.get_by_role("alert").first
    box.wait_for()
    return " ".join(box.inner_text().split())


def open_hello(visit: Visit) -> None:
    visit.page.get_by_role("link", name="hello", exact=True).click()


def shard_of(channel: PublicChannel) -> str:
    """The name of the only shard."""
    listed = channel.place.server.client().list_objects_v2(
        Bucket=channel.place.bucket, Prefix=f"{PREFIX}/noarch/shards/"
    )
    (found,) = listed["Contents"]
    return str(found["Key"]).removeprefix(f"{PREFIX}/")


def test_no_channel_json(browser: Chromium, hello: PublicChannel) -> None:
    hello.delete("channel.json")
    with browser.visit(hello.page) as visit:
        said = fault(visit)
    assert "it has no channel.json" in said
    assert "Where: channel.json" in said
    assert "chaninfra init" in said


def test_access_is_denied(browser: Chromium, hello: PublicChannel) -> None:
    of_the_page = document(public_read(hello.place.bucket, [f"{PREFIX}/assets"]))
    of_the_page["Statement"][0]["Resource"] = [
        f"arn:aws:s3:::{hello.place.bucket}/{PREFIX}/{name}" for name in ("index.html", "assets/*")
    ]
    hello.place.server.client().put_bucket_policy(Bucket=hello.place.bucket, Policy=json.dumps(of_the_page))
    with browser.visit(hello.page) as visit:
        said = fault(visit)
    assert said.startswith("Not allowed")
    assert "HTTP 403" in said
    assert "chaninfra browse" in said


def test_a_shard_that_is_missing_and_one_that_is_damaged(browser: Chromium, hello: PublicChannel) -> None:
    name = shard_of(hello)
    sound = hello.get(name)
    hello.put(name, sound[:-1] + b"x")
    with browser.visit(hello.page) as visit:
        open_hello(visit)
        said = fault(visit)
        assert "has other bytes than the index says" in said
        assert f"Where: {name}" in said
        assert "chaninfra reindex --force" in said
        hello.delete(name)
        visit.page.get_by_role("button", name="Try again").click()
        visit.page.get_by_text("is not there").wait_for()
        hello.put(name, sound)
        visit.page.get_by_role("button", name="Try again").click()
        visit.page.get_by_text("hello-1-0.conda").wait_for()
        assert visit.page.get_by_role("alert").count() == 0


def test_an_index_that_is_missing_hides_no_other(browser: Chromium, full: PublicChannel) -> None:
    with cdn(full) as running:
        running.server.on(f"{FOLDER}linux-64/{SHARDS}", Answer(404))
        with browser.visit(running.url) as visit:
            visit.page.get_by_role("link", name="tool", exact=True).wait_for()
            said = fault(visit)
            assert "linux-64 has no shards" in said
            assert f"Where: linux-64/{SHARDS}" in said
            assert "chaninfra reindex" in said
            open_hello(visit)
            visit.page.get_by_text("hello-1.10-0.conda").wait_for()


def test_an_index_that_takes_long_keeps_no_other_from_the_list(browser: Chromium, full: PublicChannel) -> None:
    sent = Event()

    def late(_: Request) -> None:
        """As all else answers, but not yet."""
        sent.wait(60)

    with cdn(full) as running:
        running.server.on(f"{FOLDER}linux-64/{SHARDS}", late)
        with browser.visit(running.url) as visit:
            visit.page.get_by_role("link", name="hello", exact=True).wait_for()
            visit.page.get_by_text("Still reading the index of linux-64").wait_for()
            assert visit.page.locator(".subdirs li").count() == len(SUBDIRS) - 1
            sent.set()
            visit.until(f"document.querySelectorAll('.subdirs li').length === {len(SUBDIRS)}")
            assert "Still reading" not in visit.text()
            assert visit.page.get_by_role("alert").count() == 0


def test_a_server_that_fails_and_comes_back(browser: Chromium, full: PublicChannel) -> None:
    with cdn(full) as running:
        running.server.on(f"{FOLDER}channel.json", Answer(503))
        with browser.visit(running.url) as visit:
            assert "HTTP 503" in fault(visit)
            running.server.behaviours.pop()
            visit.page.get_by_role("button", name="Try again").click()
            visit.page.get_by_role("link", name="hello", exact=True).wait_for()


def test_a_redirect_to_a_host_that_lets_no_other_page_read(browser: Chromium, full: PublicChannel) -> None:
    with cdn(full) as running, web_server() as other:
        other.files["/channel.json"] = full.get("channel.json")
        running.server.on(f"{FOLDER}channel.json", redirect(f"{other.url}/channel.json"))
        with browser.window(running.url) as visit:
            visit.page.goto(running.url)
            said = fault(visit)
            # The browser itself stops it.
            assert {*visit.problems()} <= {"against the Content-Security-Policy", "a request to elsewhere"}
        assert other.requests == []
    assert "CORS" in said
    assert "cors-origins" in said


def test_offline_and_back(browser: Chromium, full: PublicChannel) -> None:
    with browser.visit(full.page) as visit:
        visit.page.get_by_role("link", name="hello", exact=True).wait_for()
        visit.page.wait_for_load_state("networkidle")
        visit.page.context.set_offline(True)
        open_hello(visit)
        assert "the network" in fault(visit)
        visit.page.context.set_offline(False)
        visit.page.get_by_role("button", name="Try again").click()
        visit.page.get_by_text("hello-1.10-0.conda").wait_for()


def test_without_scripts_it_says_that_it_needs_them(browser: Chromium, full: PublicChannel) -> None:
    with browser.visit(full.page, java_script_enabled=False) as visit:
        assert "needs JavaScript" in visit.page.content()


def test_a_channel_without_packages_says_how_the_first_one_is_put(
    browser: Chromium, channel: PublicChannel, tmp_path: Path
) -> None:
    with browser.visit(channel.page, permissions=["clipboard-read", "clipboard-write"]) as visit:
        visit.page.get_by_text("This channel has no packages yet.").wait_for()
        visit.page.get_by_role("button", name="Copy publish command").click()
        visit.page.get_by_text("copied.").wait_for(state="attached")
        program, *words = shlex.split(visit.page.evaluate("navigator.clipboard.readText()"))
        assert (program, words[1]) == ("chaninfra", "my-package-1.0-0.conda")
        words[1] = str(make_package(tmp_path, "my-package", "1.0"))
        # As it was pasted: only the keys are in the environment.
        done = chaninfra(*words, env=channel.place.server.environment())
        assert done.returncode == 0, done.stderr
        visit.page.reload()
        visit.page.get_by_role("link", name="my-package", exact=True).wait_for()
