"""Tables fit a terminal, and no word of them is broken or lost."""

from __future__ import annotations

import os

import pytest

from chaninfra.cli.output import streams, tables
from chaninfra.cli.output.tables import rows_text

LS = [
    ("SUBDIR", "NAME", "VERSION", "BUILD", "DATE", "SIZE", "FORMAT", "YANKED"),
    ("linux-64", "my-package", "1.2.3", "py311h0a1b_0", "2026-11-01", "12.3 MB", "conda", "yanked: is broken on macOS"),
    ("noarch", "a", "1", "0", "2026-11-01", "1 B", "conda", ""),
]
DOCTOR = [
    ("ok", "endpoint", "http 403 to an unsigned request"),
    ("skipped", "publishing", "cannot be checked because `endpoint` failed; also skipped: index, headers, packages"),
]


def words(text: str) -> list[str]:
    return sorted(text.split())


@pytest.mark.parametrize("rows", [LS, DOCTOR])
@pytest.mark.parametrize("width", [120, 100, 80, 60, 40])
def test_a_table_fits_and_keeps_all_words(rows: list[tuple[str, ...]], width: int) -> None:
    found = rows_text(rows, width)
    assert len(found) == len(rows)
    assert all(len(line) <= width for row in found for line in row.split("\n")), found
    assert [words(row) for row in found] == [words(" ".join(row)) for row in rows]


def test_columns_stay_columns_where_some_cells_have_several_words() -> None:
    assert rows_text(DOCTOR, 50)[1].split("\n") == [
        "skipped  publishing  cannot be checked because",
        "                     `endpoint` failed; also",
        "                     skipped: index, headers,",
        "                     packages",
    ]


def test_where_columns_do_not_fit_cells_follow_each_other() -> None:
    assert rows_text(LS, 60)[1].split("\n") == [
        "linux-64  my-package  1.2.3  py311h0a1b_0  2026-11-01",
        "    12.3 MB  conda  yanked: is broken on macOS",
    ]


def test_a_word_that_is_longer_than_the_terminal_can_be_copied() -> None:
    url = f"s3://my-bucket/{'a' * 80}/channel.json"
    assert url in "\n".join(rows_text([("ok", "descriptor", f"{url} describes this channel")], 60))


def test_a_pipe_gets_each_row_as_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    assert tables.terminal_width() is None
    assert len(streams.table(LS).split("\n")) == len(LS)


def test_the_width_is_that_of_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setattr(os, "get_terminal_size", lambda *_: os.terminal_size((60, 24)))
    assert tables.terminal_width() == 60
    assert max(map(len, streams.table(LS).split("\n"))) <= 60
