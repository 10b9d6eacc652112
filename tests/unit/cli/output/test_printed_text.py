"""Whatever a record, a file name or an answer of a store holds: what is printed is only text."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chaninfra.channel.errors import ChaninfraError, ConfigurationError
from chaninfra.channel.probe.finding import CheckResult
from chaninfra.channel.text import one_line, printable
from chaninfra.cli.commands.doctor import _text as doctor_text
from chaninfra.cli.output import progress, streams
from chaninfra.cli.output.reports import finish, report_text
from chaninfra.index.report import LeftOut, Report, SubdirReport
from support.example_counts import EXAMPLES

HOSTILE = [
    "\x1b]0;owned\x07",
    "0\n::stop-commands::a",
    "\n  ::add-mask::a",
    "a\r\n::error::b",
    "##[group]a",
    "x ##vso[task.setvariable variable=PATH]a",
    "##teamcity[buildStop]",
    "\x9b31mred",
    "\x7f\x08",
    "\u202egnp.exe",
    "\u2066a\u2069",
    "a\u2028b\u2029c\x85d",
    "\ufeff\u200b\u00ad",
    "\U000e0041",
    "\udcff",
]
ANY = st.text(st.sampled_from(":#[]av \t\r\n\x1b\x9b\x7f\u202e\u2028\udc80\U000e0041")) | st.text()


def check(printed: str) -> None:
    """Assert that a terminal and a CI system take every line as plain text."""
    for line in printed.split("\n"):
        assert line.replace("\t", " ").isprintable(), line
        assert not line.strip().startswith("::"), line
        assert "##[" not in line
        assert "##vso[" not in line
        assert "##teamcity[" not in line


def through_table(text: str) -> None:
    streams.result(streams.table([("NAME", "BUILD"), (text, "0"), ("a", text)]))


def through_doctor(text: str) -> None:
    streams.result(doctor_text([CheckResult(name="packages", state="failed", found=text, remedy=text)]))


def through_report(text: str) -> None:
    report = SubdirReport(subdir="noarch", before=1, after=2, added=(text,), files=(text,))
    streams.result(report_text(Report(subdirs=(report,))))


def through_error(text: str) -> None:
    streams.error(ChaninfraError(text, where=text, remedy=text))
    streams.warning(ChaninfraError(text))
    streams.note(text)


def through_left_out(text: str) -> None:
    with pytest.raises(ChaninfraError) as caught:
        finish(Report(subdirs=(), left_out=(LeftOut(package=text, reason=text),)))
    streams.error(caught.value)


def through_progress(text: str) -> None:
    with progress.progress() as shown:
        shown.stage(text, 2, 100)
        shown.begin(text)
        shown.total(3, 200)
        shown.failed(text, text)
        streams.step(progress.log_text(progress.Stage(label=text)))


def through_json(text: str) -> None:
    streams.result_json({text: [text]})


def through_a_traceback(text: str) -> None:
    streams.plain(text)


WAYS = [value for name, value in dict(globals()).items() if name.startswith("through_")]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("way", WAYS)
def test_no_text_reaches_the_terminal_as_it_is(
    way: Callable[[str], None], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    way(text)
    said = capsys.readouterr()
    assert said.out + said.err
    check(said.out)
    check(said.err)


@EXAMPLES
@given(ANY)
def test_printable_text_is_safe_and_stays_so(text: str) -> None:
    check(printable(text))
    assert printable(printable(text)) == printable(text)
    check(one_line(text))
    assert "\n" not in one_line(text)
    assert "\t" not in one_line(text)


@EXAMPLES
@given(ANY)
def test_json_keeps_its_values(text: str) -> None:
    from chaninfra.channel.text import escaped_json

    document = {text: [text, {"a": text}]}
    printed = escaped_json(json.dumps(document, indent=2, ensure_ascii=False))
    check(printed)
    assert json.loads(printed) == document


def test_ordinary_text_is_printed_as_it_is() -> None:
    for text in ("a-1-0.conda: uploaded", "größe 1 → 2 …", "# comment\n## heading\nkey: [a]\n\tindented", "s3://b/c"):
        assert printable(text) == text


def test_what_was_escaped_stays_visible(capsys: pytest.CaptureFixture[str]) -> None:
    through_table("0\n::stop-commands::a")
    assert "0\\n::stop-commands::a" in capsys.readouterr().out
    streams.result("::stop-commands::a")
    assert capsys.readouterr().out == "\\x3a:stop-commands::a\n"


def test_a_message_has_no_line_that_looks_like_another_message(capsys: pytest.CaptureFixture[str]) -> None:
    streams.note("no answer\nerror: all is lost")
    assert capsys.readouterr().err == "note: no answer\n  error: all is lost\n"


def test_words_of_the_command_line_are_escaped_in_its_errors() -> None:
    for words in (["ls", "--\x1b]0;a\n::stop-commands::a"], ["\x1b[2J\n##[group]a"], ["policy", "--cli\x1b=a"]):
        done = subprocess.run(
            [sys.executable, "-m", "chaninfra.cli", *words], capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 2
        check(done.stdout + done.stderr)


def test_a_progress_bar_does_not_read_markup(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "120")
    with progress.progress() as shown:
        shown.stage("a[/red]\x1b]0;owned\x07")
        shown.begin("noarch/b[/red]-1-0\x1b]0;owned\x07.conda")
        time.sleep(1.5)
    said = capsys.readouterr().err
    assert "\x1b]0;" not in said
    assert "a[/red]\\x1b]0;owned\\x07" in said
    assert "noarch/b[/red]-1-0\\x1b]0;owned\\x07.conda" in said


def test_the_place_of_an_error_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    streams.error(ChaninfraError("is wrong", where="a\n::error::b.conda"))
    streams.error(ConfigurationError("is wrong", where="a\n  b", key=("c",)))
    assert capsys.readouterr().err == "error: a\\n::error::b.conda: is wrong\nerror: a\\n  b, key c: is wrong\n"
