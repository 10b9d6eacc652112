"""`chaninfra demo` where the terminal lacks characters. Where packages are missing: `channel/test_extras.py`."""

from __future__ import annotations

import io
import sys

import pytest

from chaninfra.cli.commands.demo import demo


def test_a_terminal_may_lack_a_character_that_the_engine_prints(monkeypatch: pytest.MonkeyPatch) -> None:
    from chaninfra import demo as steps

    out = io.TextIOWrapper(io.BytesIO(), encoding="cp437")
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(steps, "run", lambda *, keep: print("done ✓"))
    demo(keep=False)
    out.flush()
    assert isinstance(out.buffer, io.BytesIO)
    assert out.buffer.getvalue() == b"done \\u2713\n"
