"""The pages for each kind of user show what their commands print."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.cases import doc_pages
from support.servers.s3_servers import Server

pytestmark = pytest.mark.long


def test_each_page_shows_what_its_commands_print(minio: Server, tmp_path: Path) -> None:
    there = doc_pages.place(tmp_path / "pages", minio)
    for name in doc_pages.PAGES:
        text = (doc_pages.ROOT / "docs" / name).read_text("utf-8")
        assert doc_pages.without_times(doc_pages.played(text, there)) == doc_pages.without_times(text), (
            f"{name}: make docs"
        )


def test_what_a_command_prints_now_is_put_below_it(tmp_path: Path) -> None:
    there = doc_pages.Place(tmp_path, {"PATH": "/usr/bin:/bin"}, {"my-bucket": "another"})
    text = "```sh\nexport A=my-bucket\n```\n```console\n$ echo $A \\\n  b; false\nold\n$ echo\n```\n"
    assert doc_pages.played(text, there) == text.replace("old", "my-bucket b").replace("$ echo\n", "$ echo\n\n")


def test_a_command_that_must_succeed_does(tmp_path: Path) -> None:
    there = doc_pages.Place(tmp_path, {"PATH": "/usr/bin:/bin"}, {})
    with pytest.raises(AssertionError, match="no-such"):
        doc_pages.played("```sh\nls no-such\n```\n", there)
    kept = "<!-- not run: because -->\n```sh\nls no-such\n```\n"
    assert doc_pages.played(kept, there) == kept
