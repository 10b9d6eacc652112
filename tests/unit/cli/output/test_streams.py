"""What goes to stdout and stderr."""

from __future__ import annotations

import pytest

from chaninfra.channel.errors import ChaninfraError
from chaninfra.cli.output import streams


def test_a_result_ends_with_one_newline(capsys: pytest.CaptureFixture[str]) -> None:
    streams.result("one")
    streams.result("two\n")
    assert capsys.readouterr() == ("one\ntwo\n", "")


def test_notes_warnings_and_errors_go_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    problem = ChaninfraError("is wrong", where="a.json", remedy="correct it")
    streams.note("a note")
    streams.warning(problem)
    streams.error(problem)
    printed = "note: a note\nwarning: a.json: is wrong\n  correct it\nerror: a.json: is wrong\n  correct it\n"
    assert capsys.readouterr() == ("", printed)


def test_credentials_in_a_url_are_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    streams.note("no answer from https://key:secret@example.com/c")
    assert capsys.readouterr().err == "note: no answer from https://…@example.com/c\n"


def test_a_table_is_aligned_without_trailing_spaces() -> None:
    assert streams.table([("NAME", "SIZE"), ("a", "1"), ("longer", "")]) == "NAME    SIZE\na       1\nlonger"
