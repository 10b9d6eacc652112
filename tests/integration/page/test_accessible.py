"""axe-core finds nothing serious or critical on the page, light and dark, at each width.

axe runs in a window of its own, whose Content-Security-Policy is bypassed: the page's allows no other script.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest

import page
from support.browser.chromium import Chromium
from support.browser.full_channel import PublicChannel
from support.browser.states import STATES, stage

pytestmark = pytest.mark.long

_SERIOUS = ("serious", "critical")
_RUN = "async () => (await axe.run(document, { resultTypes: ['violations'] }))"


@pytest.fixture(scope="module")
def page_url(full: PublicChannel) -> Iterator[str]:
    """The page."""
    with stage(full) as url:
        yield url


@pytest.fixture(scope="module")
def axe() -> str:
    """The script, which package-lock.json of the page pins."""
    page.install(page.SOURCES, lambda line: print(line, file=sys.stderr, flush=True))
    return (page.SOURCES / "node_modules/axe-core/axe.min.js").read_text("utf-8")


def found(result: dict[str, Any]) -> list[str]:
    """The serious violations, a line each."""
    return [
        f"{each['impact']}: {each['id']}: {each['help']}: {node['html'][:200]} {node.get('failureSummary')}"
        for each in result["violations"]
        if each["impact"] in _SERIOUS
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", STATES)
def test_nothing_serious(browser: Chromium, page_url: str, axe: str, name: str, scheme: str, width: int) -> None:
    state = STATES[name]
    with browser.window(page_url, width=width, color_scheme=scheme, bypass_csp=True) as visit:
        visit.page.goto(f"{page_url}{state.place}")
        state.do(visit)
        visit.page.add_script_tag(content=axe)
        result = visit.page.evaluate(_RUN)
    assert found(result) == []
    # It has looked at contrast and names of controls, and not passed over them.
    looked = {each["id"] for each in result["passes"]}
    assert {"color-contrast", "document-title", "html-has-lang", "link-name"} <= looked


def test_axe_finds_what_is_wrong(browser: Chromium, page_url: str, axe: str) -> None:
    with browser.window(page_url, bypass_csp=True) as visit:
        visit.page.goto(page_url)
        STATES["channel"].do(visit)
        visit.page.evaluate(
            "document.body.innerHTML = '<button></button><p style=\"color:#ddd;background:#fff\">some words</p>'"
        )
        visit.page.wait_for_timeout(50)
        visit.page.add_script_tag(content=axe)
        result = visit.page.evaluate(_RUN)
    assert {line.split(": ")[1] for line in found(result)} >= {"button-name", "color-contrast"}
