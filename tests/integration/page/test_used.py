"""How the page is used: copying, links that are sent, the keyboard alone, small windows, the dark, and paper."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.browser.chromium import Chromium, Visit
from support.browser.full_channel import REASON, SNAPSHOT, PublicChannel
from support.browser.written import SHARDS
from support.channels.packages import make_package

pytestmark = pytest.mark.long

_CLIPBOARD = ["clipboard-read", "clipboard-write"]
_TRANSFERRED = """
(name) => performance.getEntriesByType("resource").filter((entry) => entry.name.endsWith(name))
  .map((entry) => entry.transferSize)
"""
# Two words of Persian with a joiner, and one emoji of two.
_JOINED = "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 \U0001f469\u200d\U0001f4bb"
_PLACES = (
    "",
    "#/search/o",
    "#/package/tool",
    "#/package/hello/1.9",
    "#/settings",
    f"#/package/tool?snapshot={SNAPSHOT}",
)


def opened(visit: Visit) -> None:
    """Wait until what the page shows is there."""
    visit.page.locator("h1").wait_for()
    visit.until("!document.querySelector('.skeleton')")


@pytest.fixture
def visit(browser: Chromium, full: PublicChannel) -> Iterator[Visit]:
    """The page of the channel."""
    with browser.visit(full.page) as started:
        opened(started)
        yield started


def test_an_install_line_is_copied_by_a_click(browser: Chromium, full: PublicChannel) -> None:
    url = full.url.rstrip("/")
    lines = {
        "pixi": f"pixi workspace channel add --prepend {url}\npixi add tool",
        "conda": f"conda install -c {url} tool",
        "mamba": f"mamba install -c {url} tool",
    }
    with browser.visit(f"{full.page}#/package/tool", permissions=_CLIPBOARD) as visit:
        for title, line in lines.items():
            visit.page.get_by_role("button", name=f"Copy {title}", exact=True).click()
            visit.page.get_by_text(f"{title}: copied.").wait_for(state="attached")
            assert visit.page.evaluate("navigator.clipboard.readText()") == line


def test_without_the_clipboard_the_line_is_selected(browser: Chromium, full: PublicChannel) -> None:
    with browser.window(full.page) as visit:
        # As on a page by http of another machine, which has no clipboard.
        visit.page.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined });")
        visit.page.goto(f"{full.page}#/package/tool")
        visit.page.get_by_role("button", name="Copy mamba", exact=True).click()
        visit.page.get_by_text("mamba: ").wait_for(state="attached")
        line = f"mamba install -c {full.url.rstrip('/')} tool"
        assert visit.page.evaluate("getSelection().toString()") == line
        assert visit.problems() == {}


@pytest.mark.parametrize("place", _PLACES)
def test_a_link_shows_the_same_to_whoever_opens_it(browser: Chromium, full: PublicChannel, place: str) -> None:
    with browser.visit(f"{full.page}{place}") as first, browser.visit(f"{full.page}{place}") as second:
        for visit in (first, second):
            opened(visit)
            visit.page.wait_for_load_state("networkidle")
        shown = first.text()
        assert shown == second.text()
        second.page.reload()
        opened(second)
        second.page.wait_for_load_state("networkidle")
        assert second.text() == shown
        assert second.page.url == f"{full.page}{place}"


def test_loading_it_again_shows_what_was_published_yanked_and_deleted_since(
    browser: Chromium, channel: PublicChannel, tmp_path: Path
) -> None:
    done = channel.place.done
    for name in ("aaa", "ccc"):
        done("publish", make_package(tmp_path, name, "1.0"))
    # A browser may keep the index for so long, and what scripts read it does not ask for again when it reloads.
    with urllib.request.urlopen(f"{channel.url}noarch/{SHARDS}", timeout=20) as answer:  # noqa: S310 - of the test server
        assert answer.headers["Cache-Control"] == "max-age=300"
    with browser.visit(f"{channel.page}#/package/ccc") as visit:
        visit.page.get_by_text("ccc-1.0-0.conda").wait_for()
        assert REASON not in visit.text()
        done("publish", make_package(tmp_path, "bbb", "1.0", summary=_JOINED))
        done("yank", "ccc-1.0-0.conda", "--reason", REASON)
        done("delete", "aaa-1.0-0.conda", "--yes", "--reason", "it was a mistake")
        visit.page.reload()
        visit.page.get_by_text(REASON).wait_for()
        visit.page.get_by_role("link", name="Packages", exact=True).click()
        visit.page.get_by_role("link", name="bbb", exact=True).wait_for()
        visit.page.get_by_text(_JOINED).wait_for()
        # A name stays when its last file is deleted, with another shard.
        visit.page.get_by_role("link", name="aaa", exact=True).click()
        visit.page.get_by_text("No build of this package is left.").wait_for()
        visit.page.go_back()
        visit.page.get_by_role("link", name="bbb", exact=True).wait_for()
        # What has not changed is not sent again: 300 bytes are what a browser counts for the headers of a 304.
        visit.page.wait_for_timeout(2000)
        visit.page.reload()
        visit.page.get_by_role("link", name="bbb", exact=True).wait_for()
        for name in ("channel.json", SHARDS):
            assert visit.page.evaluate(_TRANSFERRED, name) == [300]


def test_back_and_forth(visit: Visit) -> None:
    visit.page.get_by_label("Search packages").press_sequentially("too")
    visit.page.get_by_role("link", name="tool", exact=True).click()
    visit.page.get_by_role("heading", name="tool", level=1).wait_for()
    visit.page.get_by_role("link", name="Settings", exact=True).click()
    visit.page.get_by_role("heading", name="Settings for clients").wait_for()
    visit.page.go_back()
    visit.page.get_by_role("heading", name="tool", level=1).wait_for()
    visit.page.go_back()
    visit.until("document.querySelector('h1').innerText.includes('too')")
    assert visit.page.get_by_label("Search packages").input_value() == "too"
    visit.page.go_back()
    visit.page.get_by_role("heading", name="c", level=1, exact=True).wait_for()
    visit.page.go_forward()
    visit.until("document.querySelector('h1').innerText.includes('too')")


def test_a_link_to_nowhere_says_so(visit: Visit) -> None:
    for place, said in (
        ("#/package/nothing", "This channel has no package of this name"),
        ("#/package/tool/9", "There is no version 9 of this package"),
        ("#/elsewhere", "There is no such place on this page"),
        ("#/?snapshot=nothing", "there is no snapshot nothing"),
    ):
        visit.page.evaluate("(hash) => { location.hash = hash; }", place)
        visit.page.get_by_text(said).wait_for()


def focused(visit: Visit) -> str:
    """What has the focus: its label or text."""
    found: str = visit.page.evaluate(
        "(({ labels, innerText, ariaLabel }) => (ariaLabel || labels?.[0]?.innerText || innerText || '').trim())"
        "(document.activeElement)"
    )
    return found


def tab_to(visit: Visit, wanted: str) -> None:
    """Press Tab until it has the focus, which can be seen."""
    for _ in range(60):
        visit.page.keyboard.press("Tab")
        if focused(visit) == wanted:
            seen = "(({ outlineStyle, boxShadow }) => outlineStyle !== 'none' || boxShadow !== 'none')"
            assert visit.page.evaluate(f"{seen}(getComputedStyle(document.activeElement))"), f"{wanted}: no outline"
            return
    raise AssertionError(f"Tab does not lead to {wanted!r}")


def test_by_the_keyboard_alone(browser: Chromium, full: PublicChannel) -> None:
    with browser.visit(full.page, permissions=_CLIPBOARD) as visit:
        opened(visit)
        tab_to(visit, "Search packages")
        visit.page.keyboard.type("too")
        visit.page.keyboard.press("ArrowDown")
        assert focused(visit) == "tool"
        visit.page.keyboard.press("Enter")
        visit.page.get_by_role("heading", name="tool", level=1).wait_for()
        # A reader of screens is told of the new view.
        visit.until("document.activeElement.localName === 'h1'")
        tab_to(visit, "Copy mamba")
        visit.page.keyboard.press("Enter")
        visit.page.get_by_text("mamba: copied.").wait_for(state="attached")
        visit.page.reload()
        opened(visit)
        for _ in range(60):
            visit.page.keyboard.press("Tab")
            if focused(visit).startswith("1.0"):
                break
        visit.page.keyboard.press("Enter")
        visit.page.get_by_text("tool-1.0-h1_0.conda").wait_for()
        visit.page.reload()
        opened(visit)
        tab_to(visit, "Snapshots")
        visit.page.keyboard.press("Enter")
        visit.page.keyboard.press("Tab")
        visit.page.keyboard.press("Tab")
        assert focused(visit).startswith(SNAPSHOT)
        visit.page.keyboard.press("Escape")
        assert focused(visit) == "Snapshots"


@pytest.mark.parametrize("place", _PLACES)
def test_at_360_pixels_nothing_is_wider_than_the_window(browser: Chromium, full: PublicChannel, place: str) -> None:
    with browser.visit(f"{full.page}{place}", width=360, height=740) as visit:
        opened(visit)
        visit.page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        visit.page.wait_for_timeout(50)
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= 360
        # What is pressed is large enough for a thumb.
        small = visit.page.evaluate(
            "[...document.querySelectorAll('button, input, summary, nav a')].filter((each) => each.checkVisibility())"
            ".filter((each) => each.getBoundingClientRect().height < 24).map((each) => each.outerHTML)"
        )
        assert small == []


def brightness(visit: Visit, what: str) -> float:
    """Of a colour of the body, from 0 to 255."""
    numbers: list[float] = visit.page.evaluate(
        "(what) => getComputedStyle(document.body)[what].match(/[0-9.]+/g).slice(0, 3).map(Number)", what
    )
    return sum(numbers) / 3


def test_dark_light_and_on_paper(visit: Visit) -> None:
    visit.page.emulate_media(color_scheme="light")
    assert brightness(visit, "color") < 80 < 200 < brightness(visit, "backgroundColor")
    visit.page.emulate_media(color_scheme="dark")
    assert brightness(visit, "backgroundColor") < 80 < 180 < brightness(visit, "color")
    # Paper is white, whatever the screen is set to.
    visit.page.emulate_media(media="print", color_scheme="dark")
    assert brightness(visit, "color") < 80
    assert not visit.page.get_by_label("Search packages").is_visible()
    assert visit.page.get_by_role("heading", level=1).is_visible()
    assert visit.page.get_by_text("tool", exact=True).first.is_visible()
