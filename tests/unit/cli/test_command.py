"""The conversion of parameters without pydantic gives the same values as typer's own."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import typer
from typer.core import TyperCommand
from typer.testing import CliRunner

from chaninfra.channel.errors import ConfigurationError
from chaninfra.cli import app as program
from chaninfra.cli.command import Command
from support.cases.cli_mistakes import COMMANDS, run


def parsed(cls: type[TyperCommand], *args: str) -> tuple[int, dict[str, Any]]:
    """The exit code of a command line, and the values that the command gets."""
    values: dict[str, Any] = {}
    app = typer.Typer()

    @app.command("run", cls=cls)
    def run(
        paths: Annotated[list[Path], typer.Argument()],
        text: Annotated[str | None, typer.Option()] = None,
        texts: Annotated[list[str] | None, typer.Option()] = None,
        switch: Annotated[bool, typer.Option("--switch")] = False,
        choice: Annotated[Literal["one", "two"] | None, typer.Option()] = None,
        path: Annotated[Path | None, typer.Option()] = None,
    ) -> None:
        values.update(paths=paths, text=text, texts=texts or [], switch=switch, choice=choice, path=path)

    return CliRunner().invoke(app, [*args]).exit_code, values


@pytest.mark.parametrize(
    "args",
    [
        ["a"],
        ["a", "b", "--switch", "--text", "x"],
        ["a", "--texts", "x", "--texts", "y"],
        ["a", "--choice", "two", "--path", "p"],
        [],
    ],
)
def test_the_values_are_those_of_typer(args: list[str]) -> None:
    ours, typers = parsed(Command, *args), parsed(TyperCommand, *args)
    assert ours == typers
    assert {name: type(value) for name, value in ours[1].items()} == {
        name: type(value) for name, value in typers[1].items()
    }


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("remove", "yank"),
        ("rm", "yank"),
        ("upload", "publish"),
        ("index", "reindex"),
        ("list", "ls"),
        ("create", "init"),
    ],
)
def test_the_names_that_other_tools_have_lead_to_ours(typed: str, meant: str) -> None:
    done = CliRunner().invoke(program.app, [typed, "my-package-1.0-0.conda"])
    assert done.exit_code == 2
    assert f"No such command {typed!r}. Did you mean {meant!r}?" in done.output
    assert meant in COMMANDS


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("patch 'my-package 1.0.*' --license MIT", "chaninfra patch add 'my-package 1.0.*' ..."),
        ("notice 'Moved to team-b'", "chaninfra notice add 'Moved to team-b'"),
        ("snapshot release-4 -c stack:prod", "chaninfra snapshot create release-4 ..."),
    ],
)
def test_a_group_without_its_command_is_told_the_likely_one(typed: str, meant: str) -> None:
    words = shlex.split(typed)
    done = CliRunner().invoke(program.app, words, prog_name="chaninfra")
    assert done.exit_code == 2
    assert f"No such command {words[1]!r}. Did you mean `{meant}`?" in done.output


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("snapshot remove v1", "rm"),
        ("patch delete a", "rm"),
        ("notice list", "ls"),
        ("snapshot lst", "ls"),
        ("snapshot creat v1", "create"),
        ("snapshot add v1", "create"),
        ("patch create a", "add"),
    ],
)
def test_a_command_of_a_group_by_another_name(typed: str, meant: str) -> None:
    words = typed.split()
    done = CliRunner().invoke(program.app, words, prog_name="chaninfra")
    assert done.exit_code == 2
    assert f"No such command {words[1]!r}. Did you mean {meant!r}?" in done.output
    assert f"{words[0]} {meant}" in COMMANDS


def test_what_a_group_is_given_is_printed_as_text() -> None:
    done = run("notice", "\x1b[31mred\n::error")
    assert done.code == 2
    assert "\x1b" not in done.err
    assert "\n::error" not in done.err


def test_an_unknown_choice_is_refused_with_the_nearest_one() -> None:
    app = typer.Typer()

    @app.command("run", cls=Command)
    def run(
        kind: Annotated[Literal["one", "two"], typer.Argument(metavar="KIND")],
        choice: Annotated[Literal["many", "single"] | None, typer.Option("-c", "--choice")] = None,
    ) -> None:
        raise AssertionError((kind, choice))

    refused = CliRunner().invoke(app, ["one", "-c", "singel"]).exception
    assert isinstance(refused, ConfigurationError)
    assert str(refused) == "--choice: unknown value 'singel'\n  did you mean 'single'?"
    assert str(CliRunner().invoke(app, ["x"]).exception) == "KIND: unknown value 'x'\n  known are: one, two"


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_no_python_types(command: str) -> None:
    said = CliRunner().invoke(program.app, [command, "--help"]).stdout
    assert re.findall(r"<(?:str|int|path|file)>|list\[|Path", said) == []


_CHOICES = [
    (name, parameter)
    for name, command in COMMANDS.items()
    for parameter in command.params
    if getattr(getattr(parameter, "type_descriptor", None), "choices", None)
]


@pytest.mark.parametrize(("command", "parameter"), _CHOICES, ids=lambda each: each if type(each) is str else each.name)
def test_a_mistyped_choice_of_any_command_is_told_the_right_one(command: str, parameter: Any) -> None:
    option = max(parameter.opts, key=len)
    right = str(parameter.type_descriptor.choices[0])
    refused = CliRunner().invoke(program.app, [*command.split(), "a", f"{option}={right}x"]).exception
    assert isinstance(refused, ConfigurationError)
    assert (refused.where, refused.message) == (option, f"unknown value {right + 'x'!r}")
    assert refused.remedy == f"did you mean {right!r}?"
