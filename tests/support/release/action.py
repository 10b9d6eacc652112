"""The steps of action.yml that run a script, as a runner runs them: bash with -e and pipefail, inputs by variables.

The actions of others that it uses are left out: a test that needs what they do sets it itself.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from support.paths import ROOT

ACTION: dict[str, Any] = YAML(typ="safe").load((ROOT / "action.yml").read_text("utf-8"))


def run(
    step: str, inputs: Mapping[str, str], workspace: Path, temp: Path, **variables: str
) -> subprocess.CompletedProcess[str]:
    """The run of the step of that name. `temp` is the runner's folder for a job's files; `variables` are the job's."""
    (found,) = [each for each in ACTION["runs"]["steps"] if each["name"] == step]
    given = {name: each.get("default", "") for name, each in ACTION["inputs"].items()} | dict(inputs)
    values = {f"inputs.{name}": value for name, value in given.items()}
    env = {
        name: re.sub(r"\$\{\{ (.*?) \}\}", lambda m: values[m[1]], value)
        for name, value in found["env"].items()
        if "steps." not in value
    }
    script = temp / f"{step}.sh"
    script.write_text(found["run"], "utf-8")
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(script)],
        cwd=workspace,
        env={**os.environ, "RUNNER_TEMP": str(temp), "GITHUB_ACTION_PATH": str(ROOT), **env, **variables},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
