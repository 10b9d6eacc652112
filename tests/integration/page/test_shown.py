"""What the page shows of a channel, wherever it is served."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.browser.browsed import browsed
from support.browser.cdn import FOLDER, cdn
from support.browser.chromium import Chromium, Visit
from support.browser.full_channel import NOTICE, REASON, SNAPSHOT, SUBDIRS, PublicChannel, Shown
from support.channels.channel_at import allowed, new_place
from support.channels.cli_runner import chaninfra
from support.channels.packages import make_package
from support.servers.s3_servers import Server
from support.servers.web_server import Answer, web_server

pytestmark = pytest.mark.long

_FORMATS = {
    "pixi.toml": "pixi",
    "pyproject.toml": "pyproject",
    "config.toml of pixi": "config",
    ".condarc": "condarc",
}


@pytest.fixture
def visit(browser: Chromium, shown: Shown) -> Iterator[Visit]:
    """The page, when it shows the channel."""
    with browser.visit(shown.url, **shown.options) as opened:
        opened.page.get_by_role("link", name="hello", exact=True).wait_for()
        yield opened


def names(visit: Visit) -> list[str]:
    return visit.page.locator("#results a").all_inner_texts()


def open_package(visit: Visit, name: str) -> None:
    visit.page.get_by_role("link", name=name, exact=True).click()
    visit.page.get_by_role("heading", name=name, level=1).wait_for()
    visit.page.get_by_role("heading", name="Install").wait_for()


def test_the_channel(visit: Visit, shown: Shown) -> None:
    visit.page.get_by_text(NOTICE).wait_for()
    text = visit.text()
    assert visit.page.get_by_role("heading", level=1).inner_text() == "c"
    assert visit.page.title() == "c"
    assert re.search(r"\b6 packages \S+ 3 names in 3 subdirs\b", text)
    assert re.search(r"last changed .+ \(20\d\d-\d\d-\d\d \d\d:\d\d UTC\)", text)
    assert [*map(str.split, visit.page.locator(".subdirs li").all_inner_texts())] == [
        [subdir, count] for subdir, count in zip(SUBDIRS, "411", strict=True)
    ]
    assert shown.channel.place.url in text
    assert shown.base in text
    assert f"Warning: {NOTICE}" in text
    assert names(visit) == ["hello", "sealed", "tool"]
    assert "linux-64 osx-arm64" in visit.page.locator("#results li", has_text="tool").inner_text()


def test_no_other_page_shows_it_in_a_frame(browser: Chromium, full: PublicChannel) -> None:
    with cdn(full) as running, web_server() as other:
        html = f'<!doctype html><iframe src="{running.url}"></iframe>'.encode()
        other.on("/", Answer(headers={"Content-Type": "text/html"}, body=html))
        with browser.window(other.url) as visit:
            visit.page.goto(f"{other.url}/")
            visit.page.wait_for_timeout(300)
            assert all("hello" not in frame.content() for frame in visit.page.frames)
        assert FOLDER in running.server.paths()
        assert not any("channel.json" in path for path in running.server.paths())


def test_nothing_is_read_that_is_not_shown(visit: Visit) -> None:
    visit.page.wait_for_load_state("networkidle")
    asked = [got.url.rpartition("/")[2] for got in visit.got() if "/summaries/" not in got.url]
    kinds = sorted(re.sub("-[0-9a-f]{16}", "", name) or "index.html" for name in asked)
    shard_indexes = ["repodata_shards.msgpack.zst"] * len(SUBDIRS)
    documents = ["channel.json", "index.html", "index.json", "notices.json"]
    assert kinds == sorted([*documents, "page.js", "style.css", *shard_indexes])


def test_search_as_one_types(visit: Visit) -> None:
    field = visit.page.get_by_label("Search packages")
    for typed, found in (("o", ["hello", "tool"]), ("l", ["tool"]), ("x", [])):
        field.press_sequentially(typed)
        visit.until(f"document.querySelectorAll('#results a').length === {len(found)}")
        assert names(visit) == found
    assert "No package has this in its name" in visit.text()
    field.fill("TOO")
    visit.page.get_by_role("link", name="tool", exact=True).wait_for()
    field.press("Enter")
    visit.page.get_by_role("heading", name="tool", level=1).wait_for()


def test_a_package(visit: Visit) -> None:
    open_package(visit, "tool")
    # The newest version is open, and each is below the other.
    versions = visit.page.locator("details.version-fold > summary h3")
    assert versions.all_inner_texts() == ["2.0", "1.0"]
    text = visit.text()
    for subdir, file in (("linux-64", "tool-2.0-h2_0.conda"), ("osx-arm64", "tool-2.0-h3_0.conda")):
        assert subdir in text
        assert file in text
    assert "Apache-2.0" in text
    assert "2026-01-01" in text
    assert re.search(r"\b[1-9][0-9.]* (k?B)\b", text)
    visit.page.get_by_text("1 dependency and details").first.click()
    visit.page.get_by_text("hello >=1.9").first.wait_for()
    visit.page.locator("dl.details").get_by_role("link", name="hello").click()
    visit.page.get_by_role("heading", name="hello", level=1).wait_for()
    versions.nth(2).wait_for()
    # By version and not by letter, and with what the patch says.
    assert versions.all_inner_texts() == ["1.10", "1.9", "1.0"]
    versions.nth(2).click()
    visit.page.get_by_text("sealed >=1").wait_for()


def test_a_yanked_file_and_why(visit: Visit) -> None:
    open_package(visit, "tool")
    visit.page.locator("details.version-fold > summary", has_text="1.0").click()
    visit.page.get_by_text("tool-1.0-h1_0.conda").wait_for()
    said = visit.page.locator("li.file.yanked").inner_text()
    assert re.search(r"Yanked .*20\d\d-\d\d-\d\d", said)
    assert REASON in said


def test_a_signed_package_says_so(visit: Visit) -> None:
    open_package(visit, "sealed")
    assert "signed" in visit.page.locator("li.file").inner_text().split()
    visit.page.get_by_role("link", name="c", exact=True).first.click()
    open_package(visit, "tool")
    assert visit.page.locator("li.file .tag.good").count() == 0


def test_a_snapshot_is_the_channel_of_then(visit: Visit, shown: Shown) -> None:
    visit.page.get_by_text("Snapshots", exact=True).click()
    visit.page.get_by_role("link", name=SNAPSHOT).click()
    visit.page.get_by_text("7 packages").wait_for()
    assert f"{shown.base}/snapshots/{SNAPSHOT}" in visit.text()
    open_package(visit, "tool")
    assert f"snapshots/{SNAPSHOT}" in visit.page.locator(".install").inner_text()
    visit.page.locator("details.version-fold > summary", has_text="1.0").click()
    visit.page.get_by_text("tool-1.0-h1_0.conda").wait_for()
    assert REASON not in visit.text()
    visit.page.get_by_role("link", name="Show the channel as it is now").click()
    visit.page.locator("details.version-fold > summary", has_text="yanked").wait_for()


@pytest.mark.parametrize("snapshot", [None, SNAPSHOT])
def test_the_settings_are_those_of_manifest(visit: Visit, shown: Shown, snapshot: str | None) -> None:
    visit.page.evaluate(
        "(hash) => { location.hash = hash; }", f"#/settings{'' if snapshot is None else f'?snapshot={snapshot}'}"
    )
    visit.page.get_by_role("heading", name="Settings for clients").wait_for()
    if snapshot:
        visit.page.get_by_text(f"Snapshot {snapshot}.").wait_for()
    visit.page.get_by_role("heading", name=".condarc", exact=True).wait_for()
    for title, name in _FORMATS.items():
        box = visit.page.locator("section.snippet").filter(
            has=visit.page.get_by_role("heading", name=title, exact=True)
        )
        options = [] if snapshot is None else ["--snapshot", snapshot]
        printed = chaninfra("manifest", f"{shown.base}/channel.json", "--format", name, *options)
        assert printed.returncode == 0, printed.stderr
        assert box.locator("pre").text_content() == printed.stdout, title


def test_a_file_is_downloaded_by_its_link(visit: Visit, shown: Shown) -> None:
    open_package(visit, "sealed")
    link = visit.page.get_by_role("link", name="sealed-1.0-0.conda")
    # Also where another server shows it.
    assert link.get_attribute("href") == f"{shown.base}/noarch/sealed-1.0-0.conda"
    if shown.base.startswith(visit.origin):
        with visit.page.expect_download() as started:
            link.click()
        assert started.value.path().read_bytes() == shown.channel.get("noarch/sealed-1.0-0.conda")


def test_a_private_channel_is_browsed_by_a_reader(
    minio: Server, bucket_name: str, browser: Chromium, tmp_path: Path
) -> None:
    place = new_place(minio, bucket_name)
    place.done("publish", make_package(tmp_path, "secret", "1.0", summary="For us alone"))
    reader = allowed(minio, bucket_name, "s3:GetObject", "s3:ListBucket")
    with (
        browsed(place, browser, tmp_path / "told", reader) as (url, options),
        browser.visit(url, **options) as visit,
    ):
        assert "A private channel" in visit.page.locator(".facts").inner_text()
        open_package(visit, "secret")
        assert f"pixi workspace channel add --prepend {place.url}" in visit.text()
        # Nobody can fetch a file from here.
        assert visit.page.get_by_role("link", name="secret-1.0-0.conda").count() == 0
        visit.page.get_by_role("link", name="Settings", exact=True).click()
        visit.page.get_by_role("heading", name="pixi.toml", exact=True).wait_for()
        shown = visit.page.locator("section.snippet pre").first.text_content()
        assert shown == place.done("manifest", "--format", "pixi")
        with browser.window(url) as stranger:
            stranger.page.goto(url)
            assert "secret" not in stranger.text()
            stranger.page.goto(f"{url}noarch/repodata_shards.msgpack.zst")
            assert "secret" not in stranger.text()
