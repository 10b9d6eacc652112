"""The pages for each kind of user show what their commands print."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from support.cases import doc_pages, screens
from support.paths import ROOT
from support.servers.s3_servers import Server

pytestmark = pytest.mark.long
DOCS = ROOT / "docs"


def test_each_page_shows_what_its_commands_print(minio: Server, tmp_path: Path) -> None:
    there = doc_pages.place(tmp_path / "pages", minio)
    for name in doc_pages.PAGES:
        page = doc_pages.played((DOCS / name).read_text("utf-8"), there)
        for file, now in {name: page.text, **page.screens}.items():
            stands = (DOCS / file).read_text("utf-8")
            assert doc_pages.without_times(now) == doc_pages.without_times(stands), f"{file}: make docs"


def test_what_a_command_prints_now_is_put_below_it(tmp_path: Path) -> None:
    there = doc_pages.Place(tmp_path, {"PATH": "/usr/bin:/bin"}, {"my-bucket": "another"})
    text = "```sh\nexport A=my-bucket\n```\n```console\n$ echo $A \\\n  b; false\nold\n$ echo\n```\n"
    now = doc_pages.played(text, there)
    assert now.text == text.replace("old", "my-bucket b").replace("$ echo\n", "$ echo\n\n")
    assert now.screens == {}


def test_a_command_that_must_succeed_does(tmp_path: Path) -> None:
    there = doc_pages.Place(tmp_path, {"PATH": "/usr/bin:/bin"}, {})
    with pytest.raises(AssertionError, match="no-such"):
        doc_pages.played("```sh\nls no-such\n```\n", there)
    kept = "<!-- not run: because -->\n```sh\nls no-such\n```\n"
    assert doc_pages.played(kept, there).text == kept


def test_a_screen_shows_what_is_left_on_it_in_its_colours(tmp_path: Path) -> None:
    there = doc_pages.Place(tmp_path, {"PATH": "/usr/bin:/bin", "NO_COLOR": "1"}, {"my-bucket": "another"})
    again = r"\r\e[2K\e[?25l"
    shown = rf"test -t 1 && printf '{again}half{again}most\r\e[2K\e[?25h\e[31;1merror:\e[0m my-bucket %s\n' $TERM"
    text = f"<!-- screen: a.svg -->\n```console\n$ {shown}\nold\n```\n"
    now = doc_pages.played(text, there)
    assert now.text == text.replace("\nold\n", "\nerror: my-bucket xterm-256color\n")
    picture = now.screens["a.svg"]
    assert "half" not in picture.replace(shown, "").split("error:")[1]
    assert screens.words(picture).count("my-bucket xterm-256color") == 1
    # Red and bold, as the only text that is.
    (coloured,) = re.findall(r'class="terminal-(r\d+)"[^>]*>error:<', picture)
    assert re.search(rf"\.terminal-{coloured} {{ fill: #[0-9a-f]{{6}};font-weight: bold", picture)
    # Nothing is loaded from elsewhere.
    assert "@font-face" not in picture
    assert "url(http" not in picture
