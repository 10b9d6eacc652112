"""The pictures of the page in the docs. With CHANINFRA_WRITE_PICTURES=1 they are written; else it is looked whether the
states can be reached, and whether the docs have a picture of each.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.browser.chromium import Chromium
from support.browser.full_channel import PublicChannel
from support.browser.states import STATES, stage
from support.paths import ROOT

pytestmark = pytest.mark.long

FOLDER = ROOT / "docs/pictures"
_MOST_BYTES = 80_000
_WIDE: dict[str, Any] = {"width": 1280, "height": 800}
_SMALL: dict[str, Any] = {"width": 360, "height": 640}
PICTURES: dict[str, tuple[str, dict[str, Any]]] = {
    **{f"page-{name}.png": (name, _WIDE) for name in STATES},
    "page-channel-dark.png": ("channel", {**_WIDE, "color_scheme": "dark"}),
    "page-package-small.png": ("package", _SMALL),
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
        taken = visit.page.screenshot(animations="disabled", caret="hide")
        assert visit.problems() == {}
    assert size(taken) == (window["width"], window["height"])
    if os.environ.get("CHANINFRA_WRITE_PICTURES") == "1":
        write(FOLDER / file, taken)
    written = (FOLDER / file).read_bytes()
    assert size(written) == size(taken)
    assert len(written) <= _MOST_BYTES
    assert f"pictures/{file})" in (ROOT / "docs/page.md").read_text("utf-8")


def size(png: bytes) -> tuple[int, int]:
    """Its width and height."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", png[16:24])
    return width, height


def write(path: Path, png: bytes) -> None:
    """The picture, compressed as far as zlib can."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(_squeezed(png))


def _squeezed(png: bytes) -> bytes:
    """The same pixels with the data compressed again."""
    chunks, data, at = [], b"", 8
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        body = png[at + 8 : at + 8 + length]
        at += 12 + length
        if kind == b"IDAT":
            data += body
        elif kind in (b"IHDR", b"IEND"):
            chunks.append((kind, body))
    chunks.insert(1, (b"IDAT", zlib.compress(zlib.decompress(data), 9)))
    return png[:8] + b"".join(
        struct.pack(">I4s", len(body), kind) + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )
