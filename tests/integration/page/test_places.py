"""Who comes back, shows more or tries again finds the place and the focus where they were, or at what is new."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Route

from support.browser.browsed import browsed
from support.browser.cdn import FOLDER, cdn
from support.browser.chromium import Chromium, Visit
from support.browser.full_channel import PublicChannel
from support.browser.written import put_shards, record, shard
from support.channels.channel_at import allowed, new_place
from support.channels.packages import make_package
from support.servers.s3_servers import Server
from support.servers.web_server import Answer

pytestmark = pytest.mark.long

_ROWS = 700


@pytest.fixture
def many(channel: PublicChannel) -> PublicChannel:
    """A channel with more names than are listed at once, and one of them with many versions and dependencies."""
    files = {f"pack-000-{number}-0.conda": record("pack-000", version=str(number)) for number in range(40)}
    newest = record("pack-000", version="99", depends=[f"other-{number}" for number in range(90)])
    shards = {f"pack-{number:03}": shard({}) for number in range(_ROWS)}
    put_shards(channel, {**shards, "pack-000": shard({**files, "pack-000-99-0.conda": newest})})
    return channel


@pytest.fixture
def visit(browser: Chromium, many: PublicChannel) -> Iterator[Visit]:
    """Its page."""
    with browser.visit(many.page) as opened:
        rows(opened, 100)
        yield opened


def rows(visit: Visit, number: int) -> None:
    """Wait until so many names are listed."""
    visit.until(f"document.querySelectorAll('#results li').length === {number}")


def focused(visit: Visit) -> str:
    """The text of what has the focus, on one line."""
    return " ".join(str(visit.page.evaluate("document.activeElement.innerText")).split())


def press(visit: Visit, name: str) -> None:
    """A button, by the keyboard."""
    button = visit.page.get_by_role("button", name=re.compile(name))
    button.focus()
    button.press("Enter")


def test_who_comes_back_finds_the_place_in_the_list(visit: Visit) -> None:
    press(visit, "Show 400 more")
    rows(visit, 500)
    visit.page.get_by_role("link", name="pack-432", exact=True).scroll_into_view_if_needed()
    top = visit.page.evaluate("scrollY")
    assert top > 5000
    visit.page.get_by_role("link", name="pack-432", exact=True).click()
    visit.page.get_by_role("heading", name="pack-432", level=1).wait_for()
    visit.page.go_back()
    rows(visit, 500)
    visit.until("(top) => Math.abs(scrollY - top) < 5", top)
    visit.until("document.activeElement.innerText === 'pack-432'")
    # A search has a place of its own, and another text begins at its beginning.
    field = visit.page.get_by_label("Search packages")
    field.fill("pack-")
    rows(visit, 100)
    press(visit, "Show 400 more")
    rows(visit, 500)
    field.fill("pack")
    rows(visit, 100)
    visit.page.go_back()
    visit.page.get_by_role("heading", name="c", level=1, exact=True).wait_for()
    rows(visit, 500)


def test_who_shows_more_by_the_keyboard_goes_on_at_the_first_new_one(visit: Visit) -> None:
    press(visit, "Show 400 more")
    visit.until("document.activeElement.innerText === 'pack-100'")
    press(visit, "Show 200 more")
    visit.until("document.activeElement.innerText === 'pack-500'")
    visit.page.evaluate("location.hash = '#/package/pack-000'")
    press(visit, "Show the other 11 versions")
    visit.until("document.activeElement.localName === 'summary'")
    assert focused(visit).startswith("10 ")
    # The only file of the version that is open shows all of it.
    press(visit, "Show the other 30 of them")
    visit.until("document.activeElement.innerText === 'other-60'")


def test_who_tries_again_is_told_how_it_went(browser: Chromium, full: PublicChannel) -> None:
    with cdn(full) as running:
        running.server.on(f"{FOLDER}channel.json", Answer(503))
        with browser.visit(running.url) as visit:
            for _ in range(2):
                asked = len(visit.asked)
                press(visit, "Try again")
                visit.until("document.activeElement.innerText === 'The channel cannot be shown'")
                assert len(visit.asked) > asked
            running.server.behaviours.pop()
            press(visit, "Try again")
            visit.page.get_by_role("link", name="hello", exact=True).wait_for()
            visit.until("document.activeElement.localName === 'h1'")
            assert focused(visit) == "c"


def test_the_builds_do_not_wait_for_the_summary(browser: Chromium, full: PublicChannel) -> None:
    with browser.window(full.page) as visit:
        held: list[Route] = []
        visit.page.route("**/summaries/hello.json", lambda route: held.append(route))
        visit.page.goto(f"{full.page}#/package/hello")
        visit.page.get_by_text("hello-1.10-0.conda").wait_for()
        assert "Says hello" not in visit.text()
        for route in held:
            route.continue_()
        visit.page.get_by_text("Says hello to whoever asks").wait_for()
        assert visit.problems() == {}


def test_a_link_with_capitals_leads_to_the_package_that_clients_find(browser: Chromium, full: PublicChannel) -> None:
    with browser.visit(f"{full.page}#/package/Hello") as visit:
        visit.page.get_by_text("hello-1.10-0.conda").wait_for()
        assert visit.page.get_by_role("heading", level=1).inner_text() == "hello"


def test_browse_says_that_its_credentials_may_not_read_it(
    minio: Server, bucket_name: str, browser: Chromium, tmp_path: Path
) -> None:
    place = new_place(minio, bucket_name)
    place.done("publish", make_package(tmp_path, "secret", "1.0"))
    reader = allowed(minio, bucket_name, "s3:GetObject", "s3:ListBucket")
    with browsed(place, browser, tmp_path / "told", reader) as (url, options), browser.visit(url, **options) as visit:
        visit.page.route("**/shards/*", lambda route: route.fulfill(status=403, body="no"))
        visit.page.get_by_role("link", name="secret", exact=True).click()
        box = visit.page.get_by_role("alert")
        box.wait_for()
        assert "--profile" in box.inner_text()
        assert "a private channel is read with your credentials" not in box.inner_text()
