"""Every printed script, run with programs of its own, stops at the first command that fails, whichever it is."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from support.cases.ci_model import jobs
from support.cases.manifests import Case, possible

# Stands in for each program that the scripts call: it writes down its arguments, and fails if it is the one that is to.
_PROGRAM = """#!/bin/bash
echo "${0##*/} $*" >> "$LOG"
[ "$(wc -l < "$LOG")" -ne "$FAILING" ] || exit 9
case "${0##*/} $*" in
  "python3 -m venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/pip" && cp "$0" "$3/bin/chaninfra" ;;
  *"rattler-build build"*) mkdir -p output/noarch && touch output/noarch/a-1-0.conda ;;
esac
"""
_SHELL: dict[str, list[str]] = {
    # GitHub's shell where a step names none; GitLab's; and a script that somebody runs.
    "github": ["bash", "-e"],
    "gitlab": ["bash", "-eo", "pipefail"],
    "script": ["sh"],
}


def scripts(case: Case) -> tuple[str, list[list[str]]]:
    """The kind of shell, and of each job the scripts that follow one another."""
    if case.name.startswith("github"):
        return "github", [[step["run"] for step in job.steps if "run" in step] for job in jobs(case.text()).values()]
    if case.name.startswith("gitlab"):
        found = YAML(typ="safe").load(case.text()).values()
        return "gitlab", [["\n".join([*job.get("before_script", []), *job["script"]])] for job in found]
    return "script", [[case.text()]]


# Other stores have the same commands as MinIO.
CASES = [
    case
    for case in possible("github", "github-publish", "gitlab", "gitlab-publish", "rattler-build", "login")
    if case.store in ("aws", "minio")
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_script_stops_at_the_first_command_that_fails(case: Case, tmp_path: Path) -> None:
    kind, all_jobs = scripts(case)
    (tmp_path / "bin").mkdir()
    for name in ("pixi", "rattler-build", "chaninfra", "python3"):
        (tmp_path / "bin" / name).write_text(_PROGRAM, "utf-8")
        (tmp_path / "bin" / name).chmod(0o755)
    given = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY", "AWS_ID_TOKEN")
    environment = {
        "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.defpath}",
        "RUNNER_TEMP": str(tmp_path),
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(tmp_path / "token"),
        "CHANINFRA_SOURCE": "/opt/chaninfra-0.1.0-py3-none-any.whl",
        **dict.fromkeys(given, "x"),
    }

    def run(steps: list[str], failing: int) -> tuple[int, list[str]]:
        log = tmp_path / "log"
        log.write_text("", "utf-8")
        code = 0
        for step in steps:
            (tmp_path / "script").write_text(step, "utf-8")
            variables = {**environment, "LOG": str(log), "FAILING": str(failing)}
            command = [*_SHELL[kind], str(tmp_path / "script")]
            done = subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, timeout=60, check=False)
            if code := done.returncode:
                break
        return code, log.read_text("utf-8").splitlines()

    for steps in all_jobs:
        code, called = run(steps, 0)
        assert code == 0
        assert called
        for number in range(1, len(called) + 1):
            assert run(steps, number) == (9, called[:number])
