"""`chaninfra ls`: records that other tools wrote, and words that are no packages."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from chaninfra.channel.errors import ChaninfraError
from chaninfra.cli.app import app
from chaninfra.cli.commands.ls import _date


@pytest.mark.parametrize(
    ("timestamp", "printed"),
    [
        (0, "1970-01-01"),
        (1_767_225_600_000, "2026-01-01"),
        (None, "?"),
        (10**18, "?"),
        (-(10**18), "?"),
        (10**400, "?"),
    ],
)
def test_an_unknown_or_impossible_date_is_a_question_mark(timestamp: int | None, printed: str) -> None:
    assert _date(timestamp) == printed


def told(*words: str) -> str:
    error = CliRunner().invoke(app, ["ls", *words]).exception
    assert isinstance(error, ChaninfraError)
    return str(error)


def test_the_name_of_a_stack_that_is_taken_for_a_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CHANINFRA_CHANNEL", raising=False)
    hint = "'own' was taken for a package; if it is a stack, write: chaninfra ls stack:own"
    assert told("own").endswith(f"; {hint}")
    assert told("own", "--profile", "p").endswith(f"; {hint} --profile p")
    for words in (["own >=1"], ["own", "other"], ["own-1.0-0.conda"], ["own", "-c", "none.json"]):
        assert "was taken" not in told(*words)
