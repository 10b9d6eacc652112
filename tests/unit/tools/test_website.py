"""The check of the documentation site's links finds what would not work."""

from __future__ import annotations

from pathlib import Path

import pytest

import website
from support.paths import ROOT

PAGE = '<html><body><h1 id="top">Title</h1>{}</body></html>'


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "page.html").write_text(PAGE.format('<p id="--probe">Text</p>'), "utf-8")
    (tmp_path / "picture.svg").write_text('<svg><g clip-path="url(#a)"/></svg>', "utf-8")
    return tmp_path


@pytest.mark.parametrize(
    "works",
    [
        '<a href="docs/page.html">',
        '<a href="docs/page.html#--probe">',
        '<a href="docs/page.html#top">',
        '<a href="#top">',
        '<a href="#">',
        '<a href="https://example.com/elsewhere">',
        '<img src="picture.svg"><img src="data:image/png;base64,AAAA">',
        '<p style="background: url(picture.svg)">',
    ],
)
def test_what_works_is_no_fault(site: Path, works: str) -> None:
    (site / "index.html").write_text(PAGE.format(works), "utf-8")
    assert [*website.faults(site)] == []


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        ('<a href="docs/gone.html">', "docs/gone.html: no such file"),
        ('<a href="docs">', "docs: no such file"),
        ('<a href="docs/page.html#gone">', "docs/page.html#gone: the page has no such heading"),
        ('<a href="#gone">', "#gone: the page has no such heading"),
        ('<a href="../other/page.html">', "../other/page.html: is outside the site"),
        ('<a href="/docs/page.html">', "/docs/page.html: begins with /"),
        ('<script src="https://cdn.example.com/a.js"></script>', "https://cdn.example.com/a.js: is loaded from"),
        ('<link href="//fonts.example.com/a.css">', "//fonts.example.com/a.css: is loaded from elsewhere"),
        ('<img src="http://example.com/a.png">', "http://example.com/a.png: is loaded from elsewhere"),
        ('<a href="javascript:alert(1)">', "javascript:alert(1): is loaded from elsewhere"),
        ('<p style="background: url(gone.png)">', "gone.png: no such file"),
    ],
)
def test_what_does_not_is_named(site: Path, broken: str, why: str) -> None:
    (site / "index.html").write_text(PAGE.format(broken), "utf-8")
    (found,) = website.faults(site)
    assert found.startswith(f"index.html: {why}")


@pytest.mark.parametrize("name", ["style.css", "docs/terminal.svg"])
def test_stylesheets_and_pictures_load_nothing_from_elsewhere(site: Path, name: str) -> None:
    (site / name).write_text(
        '@import "https://a.example/x.css"; @font-face { src: url("https://b.example/font.woff2") }', "utf-8"
    )
    assert [*website.faults(site)] == [
        f"{name}: https://a.example/x.css: is loaded from elsewhere",
        f"{name}: https://b.example/font.woff2: is loaded from elsewhere",
    ]


def test_what_ci_runs_builds_the_site() -> None:
    """`.ci/run` runs `make test`, and that builds the site first."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    (test,) = [line for line in makefile.splitlines() if line.startswith("test:")]
    assert "lint-and-site" in test.partition("##")[0].split()
    assert "\nlint-and-site: setup\n\t@$(MAKE) --jobs=2 lint site\n" in makefile
    assert "\nsite: setup" in makefile
    assert "$(BIN)/python tools/website.py\n" in makefile
