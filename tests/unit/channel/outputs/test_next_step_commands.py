"""The commands in the next steps of each store: as they are, as a shell reads them, and with names that want to run."""

from __future__ import annotations

import os
import shlex
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from chaninfra.channel.location import Location
from chaninfra.channel.outputs.next_steps import next_steps
from chaninfra.channel.providers import PROVIDERS
from chaninfra.channel.spec.model import StackSpec
from support.cases import next_steps as cases

EVIL = 'a\' "b";touch pwned;$(touch pwned)`touch pwned`|touch pwned>pwned&\n#*'
_RECORDS = """#!/bin/sh
for word in "$0" "$@"; do printf '%s\\0' "$word"; done >> "$RECORD"
"""


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


class Shell:
    """A real shell in an empty folder, in which every program of the steps only records how it was called."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.record, programs = folder / "work", folder / "record", folder / "programs"
        self.folder.mkdir()
        programs.mkdir()
        for name in [*cases.PROGRAMS - {"echo"}, "touch", "rm"]:
            (programs / name).write_text(_RECORDS)
            (programs / name).chmod(0o755)
        self.environment = {"PATH": str(programs), "RECORD": str(self.record)}

    def run(self, line: str) -> list[str]:
        """The words of all programs that the line ran."""
        self.record.write_text("")
        subprocess.run(
            ["/bin/sh", "-euc", line],
            cwd=self.folder,
            env=self.environment,
            check=True,
            capture_output=True,
            timeout=30,
        )
        return [
            Path(word).name if word.startswith(os.sep) else word for word in self.record.read_text().split("\0")[:-1]
        ]


@pytest.mark.parametrize("name", cases.NAMES)
def test_the_steps_are_those_of_the_golden_file(name: str) -> None:
    assert cases.text(name) == cases.golden(name).read_text("utf-8")
    assert {path.stem for path in cases.FOLDER.iterdir()} == set(PROVIDERS)


@pytest.mark.parametrize("name", cases.NAMES)
def test_every_command_is_one_that_a_shell_accepts(name: str, shell: Shell) -> None:
    for line in cases.commands(next_steps(cases.stack(name), stack_file=cases.FILE)):
        ran = shell.run(line)
        program = shlex.split(line)[0]
        assert program == "echo" or program in ran
        assert {path.name for path in shell.folder.iterdir()} <= {"rights.json", "trust.json", "follow-secret"}


def hostile(stack: StackSpec) -> StackSpec:
    """The stack with names that no stack config can have, as if a check of them were missing."""
    (channel,) = stack.channels
    principals = tuple(replace(principal, name=EVIL) for principal in channel.principals)
    location = Location(bucket=EVIL, endpoint_url=f"https://{EVIL}", region=EVIL, force_path_style=True)
    changed = replace(channel, name=EVIL, prefix=EVIL, public_url=f"https://{EVIL}/", principals=principals)
    return replace(stack, channels=(changed,), bucket=replace(stack.bucket, location=location))


@pytest.mark.parametrize("name", cases.NAMES)
def test_no_name_can_run_a_command_of_its_own(name: str, shell: Shell) -> None:
    plain = next_steps(cases.stack(name), stack_file=cases.FILE)
    evil = next_steps(hostile(cases.stack(name)), stack_file=f"{EVIL}.yaml")
    lines = cases.commands(evil)
    assert len(lines) == len(cases.commands(plain))
    for line in lines:
        ran = shell.run(line)
        assert "touch" not in ran
        assert {path.name for path in shell.folder.iterdir()} <= {"rights.json", "trust.json", "follow-secret"}
