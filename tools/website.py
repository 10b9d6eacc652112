"""Build the documentation site into build/site, and check every link of it without a network.

It is strict: a warning of Sphinx, a link that leads nowhere and anything that a page would load from elsewhere are
errors.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build"
SITE = BUILD / "site"

# What a stylesheet or a picture loads; `url(#id)` is a part of the picture itself.
_LOADED = re.compile(r"""url\(\s*['"]?(?!\#|data:)([^'")]+)|@import\s+['"]([^'"]+)""")
_REFERENCES = ("href", "src", "srcset", "poster", "data", "action")


def main() -> int:
    """Build and check; the exit code is 1 if anything is wrong."""
    from sphinx.cmd.build import main as sphinx

    shutil.rmtree(SITE, ignore_errors=True)
    # Every page is read again, since what is not read warns of nothing.
    doctrees = str(BUILD / "doctrees")
    strict = ["--fail-on-warning", "--nitpicky", "--fresh-env", "--quiet"]
    if sphinx([*strict, "-b", "html", "-c", str(ROOT / "docs"), "-d", doctrees, str(ROOT), str(SITE)]):
        print("site: Sphinx found what is named above; the navigation is in docs/conf.py", file=sys.stderr)
        return 1
    found = [*faults(SITE)]
    for fault in found:
        print(f"site: {fault}", file=sys.stderr)
    pages = read(SITE)
    links = sum(len(page.references) for page in pages.values())
    print(f"site: {len(pages)} pages, {links:,} links, {len(found) or 'no'} faults: {SITE / 'index.html'}")
    return 1 if found else 0


class Page(HTMLParser):
    """What a page has that can be linked to, and what it refers to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors = {""}
        self.references: list[tuple[str, str]] = []
        """(tag, what it refers to)."""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the ids and the references of a tag."""
        for name, value in attrs:
            if value and name in ("id", "name"):
                self.anchors.add(value)
            elif value and name in _REFERENCES:
                self.references.append((tag, value))
            elif value and name == "style":
                self.references += [("style", loaded) for loaded in _loads(value)]


def read(site: Path) -> Mapping[Path, Page]:
    """File → page, of every HTML file of the site."""
    return {path.resolve(): Page(path.read_text("utf-8")) for path in sorted(site.rglob("*.html"))}


def faults(site: Path) -> Iterator[str]:
    """Each reference of the site that would not work, in one line: from a file, and below any path of a server."""
    root, pages = site.resolve(), read(site)
    for path, page in pages.items():
        for tag, reference in page.references:
            if why := _fault(root, pages, path, tag, reference):
                yield f"{path.relative_to(root)}: {reference}: {why}"
    for path in sorted((*root.rglob("*.css"), *root.rglob("*.svg"))):
        for reference in _loads(path.read_text("utf-8")):
            if why := _fault(root, pages, path, "style", reference):
                yield f"{path.relative_to(root)}: {reference}: {why}"


def _loads(text: str) -> list[str]:
    return [url or imported for url, imported in _LOADED.findall(text)]


def _fault(root: Path, pages: Mapping[Path, Page], path: Path, tag: str, reference: str) -> str | None:
    """Why the reference does not work, if it does not."""
    parts = urlsplit(reference)
    if parts.scheme == "data" or (tag == "a" and parts.scheme in ("https", "http", "mailto")):
        return None
    if parts.scheme or parts.netloc:
        return "is loaded from elsewhere"
    if parts.path.startswith("/"):
        return "begins with /: the site may lie below any path"
    target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if not target.is_relative_to(root):
        return "is outside the site"
    if not target.is_file():
        return "no such file"
    if target in pages and unquote(parts.fragment) not in pages[target].anchors:
        return "the page has no such heading"
    return None


if __name__ == "__main__":
    sys.exit(main())
