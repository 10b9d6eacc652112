"""The question before what is not easily undone."""

from __future__ import annotations

import io
import sys

import pytest

from chaninfra.channel.errors import ChaninfraError, ConfigurationError
from chaninfra.cli.output.confirm import confirm, require_answer

COMMAND = "chaninfra prune s3://my-bucket/my-channel"


def answered(answer: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(answer), "utf-8"))
    confirm("noarch/a-1-0.conda  yank", "Yank 1 package?", COMMAND)


@pytest.mark.parametrize("answer", [b"y\n", b"Yes\r\n", b" YES \n"])
def test_yes(answer: bytes, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    answered(answer, monkeypatch)
    printed = capsys.readouterr()
    assert (printed.out, printed.err) == ("", "noarch/a-1-0.conda  yank\nYank 1 package? [y/N]: ")


@pytest.mark.parametrize(
    ("answer", "code"), [(b"\n", 1), (b"n\n", 1), (b"yep\n", 1), (b"\xff\n", 1), (b"y\xff\n", 1), (b"", 130)]
)
def test_all_else_is_no(answer: bytes, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ChaninfraError, match="nothing was changed") as refused:
        answered(answer, monkeypatch)
    assert refused.value.exit_code == code
    assert refused.value.remedy == f"to do it: `{COMMAND} --yes`"


@pytest.mark.parametrize("stream", ["stdin", "stderr"])
def test_without_a_terminal_the_error_has_the_commands_to_type(stream: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("stdin", "stderr"):
        monkeypatch.setattr(getattr(sys, name), "isatty", lambda: True)
    require_answer(COMMAND, yes=False)
    for missing in (io.StringIO(), None):
        monkeypatch.setattr(sys, stream, missing)
        require_answer(COMMAND, yes=True)
        with pytest.raises(ConfigurationError, match="there is no terminal to ask on") as refused:
            require_answer(COMMAND, yes=False)
        assert refused.value.remedy == f"look at what it would do: `{COMMAND} --dry-run`; then run `{COMMAND} --yes`"
