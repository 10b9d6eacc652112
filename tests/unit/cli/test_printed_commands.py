"""The commands that errors, notes and findings print are complete: they name the channel and fit the program."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main
from typer.testing import CliRunner

from chaninfra.channel.errors import ChaninfraError
from chaninfra.cli.app import app
from chaninfra.cli.remedies import name_channel, remedies_for
from chaninfra.cli.store_flags import StoreFlags
from support.paths import ROOT

URL = "s3://my-bucket/c"
FLAGS = StoreFlags(provider="minio", endpoint_url="https://minio.example.com", access_key_id="me")
GIVEN = f"{URL} --provider minio --endpoint-url https://minio.example.com"
_ON_A_CHANNEL = (
    *("publish", "reindex", "yank", "unyank", "rollback", "ls", "gc", "init", "doctor"),
    *("snapshot", "notice", "patch"),
)
_NAMED = ("chaninfra policy", "chaninfra publish", "chaninfra delete", "chaninfra ls x")
"""Not to be pasted: names of commands, in a sentence that says what they are for. And one that names its channel, which
is the source of a copy.
"""
_COMMAND = re.compile(r"`(chaninfra (?:\w+)[^`\n]*)`")


def docstrings(tree: ast.AST) -> set[ast.AST]:
    return {
        node.value for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }


def literals(path: Path) -> Iterator[str]:
    """The texts of a module that are not docstrings or descriptions; `x` for what is put into them."""
    tree = ast.parse(path.read_text("utf-8"))
    skipped = docstrings(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg in ("description", "help"):
            skipped.update(ast.walk(node.value))
        if isinstance(node, ast.JoinedStr):
            skipped.update(part for part in node.values)
    for node in ast.walk(tree):
        if node in skipped:
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values)


PRINTED = sorted(
    {
        found
        for path in [*ROOT.glob("cli/chaninfra/**/*.py"), *ROOT.glob("infra/chaninfra/**/*.py")]
        for text in literals(path)
        for found in _COMMAND.findall(text)
        if found not in _NAMED
    }
)


def test_commands_are_found() -> None:
    assert "chaninfra reindex --force" in PRINTED
    assert "chaninfra doctor --as maintainer" in PRINTED


@pytest.mark.parametrize("printed", PRINTED)
def test_a_printed_command_names_the_channel_and_is_one(printed: str) -> None:
    text = remedies_for(URL, FLAGS).filled(f"`{printed}`").strip("`")
    _, command, *words = shlex.split(text)
    root = typer.main.get_command(app)
    parsed = root.commands[command]  # type: ignore[attr-defined]
    if hasattr(parsed, "commands"):
        parsed = parsed.commands[words.pop(0)]
    # Raises an error of usage.
    parsed.make_context(command, words)
    if command in _ON_A_CHANNEL:
        assert any(word.startswith("s3://") for word in words), text


@pytest.mark.parametrize("bare", ["reindex", "reindex --force", "gc", "doctor --as maintainer", "doctor --probe"])
def test_a_command_of_a_remedy_gets_the_channel_and_the_options(bare: str) -> None:
    error = ChaninfraError("x", remedy=f"run `chaninfra {bare}`, as a maintainer")
    name_channel(error, URL, FLAGS)
    command, *options = bare.split()
    words = " ".join(["chaninfra", command, URL, *options])
    assert error.remedy == f"run `{words} {GIVEN.removeprefix(URL)[1:]}`, as a maintainer"
    name_channel(error, "s3://another/channel", StoreFlags(region="eu"))
    assert "another" not in str(error)


def test_the_selected_stack_needs_no_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CHANINFRA_CHANNEL", raising=False)
    error = ChaninfraError("x", remedy="run `chaninfra reindex`")
    name_channel(error, None, StoreFlags())
    assert error.remedy == "run `chaninfra reindex`"


def test_an_error_of_any_command_is_completed(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ChaninfraError("1 file:\n  x; run `chaninfra reindex`", remedy="run `chaninfra gc`")

    monkeypatch.setattr("chaninfra.cli.channel_argument.find.open_channel", fail)
    for words in (["ls", URL, "x"], ["ls", "x", "-c", URL], ["gc", URL], ["yank", "x", "-c", URL], ["reindex", URL]):
        error = CliRunner().invoke(app, [*words, "--region", "eu"]).exception
        assert str(error) == (
            f"1 file:\n  x; run `chaninfra reindex {URL} --region eu`\n  run `chaninfra gc {URL} --region eu`"
        )
