"""The time and the imports of a start of the program, compared with `import typer`."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from chaninfra.channel.outputs.descriptor import dump
from support.channels.channels import descriptor

ROUNDS = 11
TRIES = 3
# The same commit took 2.1 times as long on one machine, and 2.7 times on a slower one.
MOST = 3.0
HEAVY = ("boto3", "botocore", "jsonschema", "obstore", "pulumi", "pydantic", "rattler", "rich", "tomlkit", "zstandard")


@pytest.fixture
def channel_json(tmp_path: Path) -> str:
    path = tmp_path / "channel.json"
    path.write_bytes(dump(descriptor()))
    return str(path)


def seconds(command: Sequence[str]) -> float:
    start = time.perf_counter()
    # With a pipe, whose end tells that the program ends: without one, a wait with a timeout asks every 50 ms.
    subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=60)
    return time.perf_counter() - start


def test_a_start_takes_at_most_three_times_the_import_of_typer(channel_json: str) -> None:
    program = str(Path(sys.executable).with_name("chaninfra"))
    commands = {
        "typer": [sys.executable, "-c", "import typer"],
        "manifest": [program, "manifest", channel_json],
        "help": [program, "--help"],
    }
    # What else runs on the machine may slow down one of them for a while: then it is measured again.
    for _ in range(TRIES):
        # In turn, so that other load on the machine affects all commands alike.
        rounds = [{name: seconds(command) for name, command in commands.items()} for _ in range(ROUNDS)]
        ratios = {
            name: statistics.median(each[name] / each["typer"] for each in rounds) for name in ("manifest", "help")
        }
        print("; ".join(f"{name} takes {ratio:.2f} times as long as typer" for name, ratio in ratios.items()))
        if max(ratios.values()) <= MOST:
            break
    assert max(ratios.values()) <= MOST, ratios


@pytest.mark.parametrize(
    "args", [["manifest", "CHANNEL"], ["--help"], ["providers"], ["schema"], ["doctor", "--help"], ["doctor", "--list"]]
)
def test_nothing_is_imported_that_the_command_does_not_use(args: list[str], channel_json: str) -> None:
    script = (
        "import sys, chaninfra.cli.app as program\ncode = program._main()\nprint(code, *sys.modules, file=sys.stderr)\n"
    )
    given = [channel_json if arg == "CHANNEL" else arg for arg in args]
    done = subprocess.run(
        [sys.executable, "-c", script, *given], capture_output=True, text=True, timeout=60, check=True
    )
    code, *modules = done.stderr.split()
    assert code == "0"
    assert not {module.split(".", 1)[0] for module in modules} & set(HEAVY)
    # The doctor renders client settings, too.
    others = {"manifest": "chaninfra.doctor.checks", "doctor": "chaninfra.nothing"}
    unused = others.get(args[0], "chaninfra.manifest.formats")
    assert not [module for module in modules if module.startswith(unused)]
