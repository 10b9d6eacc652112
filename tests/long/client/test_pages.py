"""The pages for each kind of user show what their commands print."""

from __future__ import annotations

from pathlib import Path

import pytest

import pages
from s3_servers import Server


def test_each_page_shows_what_its_commands_print(minio: Server, tmp_path: Path) -> None:
    there = pages.place(tmp_path / "pages", minio)
    for name in pages.PAGES:
        text = (pages.ROOT / "docs" / name).read_text("utf-8")
        assert pages.without_times(pages.played(text, there)) == pages.without_times(text), f"{name}: make docs"


def test_what_a_command_prints_now_is_put_below_it(tmp_path: Path) -> None:
    there = pages.Place(tmp_path, {"PATH": "/usr/bin:/bin"}, {"my-bucket": "another"})
    text = "```sh\nexport A=my-bucket\n```\n```console\n$ echo $A \\\n  b; false\nold\n$ echo\n```\n"
    assert pages.played(text, there) == text.replace("old", "my-bucket b").replace("$ echo\n", "$ echo\n\n")


def test_a_command_that_must_succeed_does(tmp_path: Path) -> None:
    there = pages.Place(tmp_path, {"PATH": "/usr/bin:/bin"}, {})
    with pytest.raises(AssertionError, match="no-such"):
        pages.played("```sh\nls no-such\n```\n", there)
    kept = "<!-- not run: because -->\n```sh\nls no-such\n```\n"
    assert pages.played(kept, there) == kept
