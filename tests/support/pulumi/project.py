"""A Pulumi program in a test's folder, run by the real engine."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any


class Failed(Exception):  # noqa: N818 - tests expect it
    """The engine did not exit with 0; holds its output."""


@dataclass(frozen=True)
class Project:
    folder: Path
    environment: dict[str, str]

    def write(self, program: str) -> None:
        (self.folder / "__main__.py").write_text(dedent(program))

    def pulumi(self, *arguments: str) -> str:
        """Runs the engine and returns its output. Raises Failed."""
        ran = subprocess.run(
            ["pulumi", *arguments, "--non-interactive", "--color=never"],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        if ran.returncode:
            raise Failed(ran.stdout)
        return ran.stdout

    def up(self, *arguments: str) -> str:
        return self.pulumi("up", "--yes", "--skip-preview", "--stack=test", *arguments)

    def state(self) -> dict[str, dict[str, Any]]:
        """Name → resource in the state."""
        exported = json.loads(self.pulumi("stack", "export", "--stack=test"))
        resources = exported["deployment"].get("resources", [])
        return {resource["urn"].rpartition("::")[2]: resource for resource in resources}
