"""The documentation site, for Sphinx: `make site` builds it.

Its pages are the Markdown files of the repository, in their places, so that each link works in the repository and on
the site. The home page is README.md. The navigation stands here, a group for each kind of reader; a page that is in
none of them fails the build.
"""

from __future__ import annotations

import shutil
from importlib import metadata
from pathlib import Path

from sphinx.application import Sphinx

NAVIGATION = {
    "For everyone": (
        "docs/first-channel",
        "docs/installation",
        "docs/windows-macos",
        "docs/commands",
        "docs/safety",
        "docs/promises",
        "docs/alternatives",
        "SECURITY",
        "CHANGELOG",
    ),
    "For the platform team": (
        "docs/platform-team",
        "docs/templates",
        "docs/stack-config",
        "docs/channels",
        "docs/follow",
        "docs/array-jobs",
        "docs/snapshots",
        "docs/patches",
        "docs/copy",
        "docs/promotion",
        "docs/delete",
        "docs/rollback",
        "docs/notices",
        "docs/retention",
        "docs/mirrors",
        "docs/moving-here",
        "docs/aws-access",
        "docs/cdn",
        "docs/page",
        "docs/own-store",
        "docs/providers",
        "docs/components",
        "docs/guard-rails",
    ),
    "For package authors": (
        "docs/package-author",
        "docs/github-action",
        "docs/indexing",
    ),
    "For developers who install": (
        "docs/developer",
        "docs/client-settings",
        "docs/browse",
        "docs/doctor",
    ),
    "For those who work on chaninfra": (
        "CONTRIBUTING",
        "docs/index-protocol",
        "docs/benchmarks",
    ),
    "READMEs of the templates": (
        "templates/aws-private-github/README",
        "templates/aws-public/README",
        "templates/platform-team/README",
        "templates/s3-compatible/README",
        "templates/yaml/README",
        "templates/policy-pack/README",
    ),
}
"""Caption of a group → its pages, as paths from the root of the repository without `.md`."""

project = "chaninfra"
release = metadata.version("chaninfra")
language = "en"

root_doc = "README"
source_suffix = {".md": "markdown"}
include_patterns = ["*.md", "docs/*.md", "templates/*/README.md"]
# Folders in which Sphinx would look for pages for nothing.
exclude_patterns = [".*", "build", "dist", "env", "tests", "infra", "cli", "tools"]

extensions = ["myst_parser"]
# The help of commands is shown as a terminal shows it, and is no shell script.
suppress_warnings = ["misc.highlighting_failure"]
# Every heading can be linked to, by the same name as on the repository's web page.
myst_heading_anchors = 6

html_theme = "furo"
html_title = "chaninfra"
html_copy_source = False
html_show_copyright = False
html_show_sourcelink = False
html_use_index = False
html_domain_indices = False


def setup(app: Sphinx) -> None:
    """What Sphinx calls first."""
    app.connect("source-read", _add_navigation)
    app.connect("build-finished", _write_index)


def _add_navigation(app: Sphinx, page: str, source: list[str]) -> None:
    """Put the navigation below the text of the home page."""
    if page == app.config.root_doc:
        for caption, pages in NAVIGATION.items():
            source[0] += "\n".join(["", "```{toctree}", f":caption: {caption}", ":hidden:", "", *pages, "```", ""])


def _write_index(app: Sphinx, failure: Exception | None) -> None:
    """Web servers show `index.html`; Sphinx names the home page after its source."""
    if failure is None:
        shutil.copyfile(Path(app.outdir, f"{app.config.root_doc}.html"), Path(app.outdir, "index.html"))
