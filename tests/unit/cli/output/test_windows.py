"""The standard streams of Windows, which is not at hand: streams as Python makes them there, and a colorama that notes
that it was called.
"""

from __future__ import annotations

import errno
import io
import sys
from types import SimpleNamespace

import pytest

from chaninfra.cli import app as program
from chaninfra.cli.output import streams, windows
from support.systems import on


def redirected(encoding: str = "cp1252", errors: str = "strict") -> io.TextIOWrapper:
    """A stream that leads into a file."""
    return io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors=errors, newline="\r\n")


@pytest.fixture
def fixed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What colorama was asked for."""
    calls: list[str] = []
    colorama = SimpleNamespace(just_fix_windows_console=lambda: calls.append("console"))
    monkeypatch.setitem(sys.modules, "colorama", colorama)
    monkeypatch.delenv("PYTHONIOENCODING", raising=False)
    return calls


def test_files_and_pipes_get_utf_8_and_line_ends_that_bash_reads(
    fixed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    out, err = redirected(), redirected(errors="backslashreplace")
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    on("win32", monkeypatch, program)
    program.sys.stdout, program.sys.stderr = out, err
    program._open_streams()
    streams.result("# 包 ✓\nset -e")
    streams.note("→")
    for stream, text in ((out, "# 包 ✓\nset -e\n"), (err, "note: →\n")):
        stream.flush()
        assert isinstance(stream.buffer, io.BytesIO)
        assert stream.buffer.getvalue() == text.encode()
    assert (err.errors, fixed) == ("backslashreplace", ["console"])


def test_the_encoding_that_the_user_names_stays(fixed: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "cp850")
    out = redirected("cp850")
    monkeypatch.setattr(sys, "stdout", out)
    windows.prepare()
    assert out.encoding == "cp850"


def test_a_pipe_that_nobody_reads_is_one_also_where_windows_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    invalid = OSError(errno.EINVAL, "Invalid argument")
    assert not streams.reader_is_gone(invalid)
    on("win32", monkeypatch, streams)
    assert streams.reader_is_gone(invalid)
    assert not streams.reader_is_gone(OSError(errno.ENOSPC, "No space left on device"))

    class Closed(io.StringIO):
        def write(self, _text: str) -> int:
            raise invalid

    monkeypatch.setattr(sys, "stdout", Closed())
    with pytest.raises(BrokenPipeError):
        streams.result("text")
