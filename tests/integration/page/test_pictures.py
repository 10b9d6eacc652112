"""The pictures of the page in the docs. With CHANINFRA_WRITE_PICTURES=1 they are written; else it is looked whether the
states can be reached, and whether the docs have a picture of each.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from support.browser.chromium import Chromium
from support.browser.full_channel import PublicChannel
from support.browser.png import size, with_palette
from support.browser.states import STATES, stage
from support.paths import ROOT

pytestmark = pytest.mark.long

FOLDER = ROOT / "docs/pictures"
_MOST_BYTES = 80_000
_WIDE: dict[str, Any] = {"width": 1280, "height": 640}
_SMALL: dict[str, Any] = {"width": 360, "height": 640}
PICTURES: dict[str, tuple[str, dict[str, Any]]] = {
    "page-channel.png": ("channel", _WIDE),
    "page-search.png": ("search", {**_WIDE, "height": 400}),
    "page-package.png": ("package", {**_WIDE, "height": 920}),
    "page-settings.png": ("settings", _WIDE),
    "page-fault.png": ("fault", {**_WIDE, "height": 400}),
    "page-channel-dark.png": ("channel", {**_WIDE, "color_scheme": "dark"}),
    "page-channel-small.png": ("channel", _SMALL),
}
"""File → the state, and the window."""


@pytest.fixture(scope="module")
def page_url(full: PublicChannel) -> Iterator[str]:
    """The page."""
    with stage(full) as url:
        yield url


@pytest.mark.parametrize("file", PICTURES)
def test_a_picture(browser: Chromium, page_url: str, file: str) -> None:
    name, window = PICTURES[file]
    state = STATES[name]
    with browser.window(page_url, **window) as visit:
        visit.page.goto(f"{page_url}{state.place}")
        state.do(visit)
        visit.page.mouse.move(0, 0)
        visit.page.evaluate("scrollTo(0, 0)")
        taken = visit.page.screenshot(animations="disabled", caret="hide")
        assert visit.problems() == {}
    assert size(taken) == (window["width"], window["height"])
    if os.environ.get("CHANINFRA_WRITE_PICTURES") == "1":
        FOLDER.mkdir(exist_ok=True)
        (FOLDER / file).write_bytes(with_palette(taken))
    written = (FOLDER / file).read_bytes()
    assert size(written) == size(taken)
    assert len(written) <= _MOST_BYTES
    assert f"pictures/{file})" in (ROOT / "docs/page.md").read_text("utf-8")
