"""The program: exit codes, error messages, help, completion, and output that cannot be written."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import NoReturn

import pytest
from typer.testing import CliRunner

from chaninfra.channel import errors
from chaninfra.cli import app as program

COMMANDS = (
    "manifest",
    "publish",
    "reindex",
    "yank",
    "unyank",
    "rollback",
    "ls",
    "gc",
    "init",
    "doctor",
    "patch add",
    "patch ls",
    "patch rm",
    "patch import",
    "patch export",
    "snapshot create",
    "snapshot ls",
    "snapshot rm",
    "notice add",
    "notice ls",
    "notice rm",
    "policy",
    "providers",
    "schema",
    "demo",
)


def exit_code_of(raised: BaseException, monkeypatch: pytest.MonkeyPatch) -> int:
    def app(**_: object) -> NoReturn:
        raise raised

    monkeypatch.setattr(program, "_called", lambda _: app)
    return program._main()


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (errors.ChaninfraError("x"), 1),
        (errors.StorageError("x"), 1),
        (errors.UnreachableError("x"), 1),
        (errors.BucketMissingError("x"), 1),
        (errors.RefusedError("x"), 1),
        (errors.ConfigurationError("x"), 2),
        (errors.SkippedError("x"), 3),
        (errors.ConflictError("x"), 4),
        (errors.DeniedError("x"), 5),
        (errors.CredentialsError("x"), 5),
        (KeyboardInterrupt(), 130),
        (BrokenPipeError(), 1),
        (RuntimeError("x"), 1),
        (SystemExit(None), 0),
        (SystemExit(2), 2),
    ],
)
def test_an_error_has_its_exit_code(raised: BaseException, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    assert exit_code_of(raised, monkeypatch) == code


def test_an_error_message_has_place_message_and_remedy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    exit_code_of(errors.ConfigurationError("is wrong", where="a.json", remedy="correct it"), monkeypatch)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "error: a.json: is wrong\n  correct it\n"


def test_an_unexpected_error_is_one_line_and_has_a_traceback_only_on_request(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(program.TRACEBACK, raising=False)
    exit_code_of(RuntimeError("what"), monkeypatch)
    said = capsys.readouterr().err
    assert "RuntimeError: what" in said
    assert program.TRACEBACK in said
    assert "Traceback" not in said
    monkeypatch.setenv(program.TRACEBACK, "1")
    exit_code_of(RuntimeError("what"), monkeypatch)
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_examples(command: str) -> None:
    done = CliRunner().invoke(program.app, [*command.split(), "--help"])
    assert done.exit_code == 0
    assert f"Examples:\n    chaninfra {command}" in done.stdout
    # A console may have any encoding.
    assert done.stdout.isascii()


def test_help_lists_every_command_with_a_summary_that_fits() -> None:
    for command in COMMANDS:
        *group, name = command.split()
        said = CliRunner().invoke(program.app, [*group, "--help"]).stdout
        assert said.isascii()
        assert f"\n  {name} " in said
        assert "..." not in said.split("Commands:")[1], "a summary is too long for its line"


@pytest.mark.parametrize("args", [["nonsense"], ["ls", "--nonsense"], ["publish"], []])
def test_wrong_usage_exits_with_2(args: list[str]) -> None:
    assert CliRunner().invoke(program.app, args).exit_code == 2


def test_version() -> None:
    done = CliRunner().invoke(program.app, ["--version"])
    assert (done.exit_code, done.stdout.split()[0]) == (0, "chaninfra")


def run(*args: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "chaninfra.cli", *args],
        env={"PATH": os.defpath, **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_shell_completes_commands_and_values() -> None:
    complete = {"_CHANINFRA_COMPLETE": "complete_bash", "COMP_CWORD": "1"}
    assert "publish" in run(COMP_WORDS="chaninfra pu", **complete).stdout
    complete["COMP_CWORD"] = "2"
    assert "hetzner" in run(COMP_WORDS="chaninfra providers he", **complete).stdout


@pytest.mark.parametrize(("redirection", "code"), [(">/dev/full", 1), (">&-", 0)])
def test_stdout_that_is_full_or_closed(redirection: str, code: int) -> None:
    script = f'exec "$0" -m chaninfra.cli providers {redirection}'
    done = subprocess.run(
        ["/bin/sh", "-c", script, sys.executable], stderr=subprocess.PIPE, text=True, timeout=60, check=False
    )
    assert "Traceback" not in done.stderr
    assert "bug" not in done.stderr
    assert done.returncode == code


def test_a_closed_pipe_prints_nothing_and_exits_with_1() -> None:
    child = subprocess.Popen(
        [sys.executable, "-m", "chaninfra.cli", "providers"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    child.stdout.close()
    assert child.stderr is not None
    assert child.stderr.read() == ""
    assert child.wait(60) == 1


def test_a_command_is_run_without_making_the_others_ready() -> None:
    def names(*words: str) -> list[str]:
        called = program._called(words)
        return [str(each.name) for each in (*called.registered_commands, *called.registered_groups)]

    every = {name.split(" ")[0] for name, _ in program.commands()}
    assert {name: names(name, "x") for name in every} == {name: [name] for name in every}
    for words in ((), ("--help",), ("no-such",), ("--version", "ls")):
        assert {*names(*words)} == every
