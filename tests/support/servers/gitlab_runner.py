"""Runs the script of a printed job as GitLab's runner does: its variables, and its shell."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def run_job(job: Mapping[str, Any], folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a job in `folder`. `variables` are those of the project, of the schedule, and the ID tokens.

    Programs in the folder `bin` come before others.
    """
    # A variable of the file may name one of the project.
    more = {
        name: re.sub(r"\$(\w+)", lambda found: variables.get(found[1], ""), str(value))
        for name, value in job.get("variables", {}).items()
    }
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    script = "\n".join([*job.get("before_script", []), *job["script"]])
    return subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script],
        cwd=folder,
        env={"PATH": path, "HOME": str(folder), **more, **variables},
        capture_output=True,
        text=True,
        timeout=120,
    )
