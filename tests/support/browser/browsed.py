"""The page as `chaninfra browse` serves it: with the credentials of a reader, to one browser."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from support.browser.chromium import Chromium
from support.channels.browsing import Browsing
from support.channels.channel_at import Place


@contextmanager
def browsed(
    place: Place, browser: Chromium, told: Path, env: dict[str, str] | None = None
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Where the page is, and the options of windows that have come in: the URL that is printed works once. `told`: the
    file for what it writes to stderr; `env`: the reader's keys.
    """
    where = (place.url, "--endpoint-url", place.server.endpoint_url, "--no-open")
    with Browsing(told, *where, env=env or place.server.environment()) as running:
        assert running.url, running.told()
        with browser.visit(running.url) as visit:
            visit.page.locator("h1").wait_for()
            yield f"{visit.origin}/", {"storage_state": visit.page.context.storage_state()}
