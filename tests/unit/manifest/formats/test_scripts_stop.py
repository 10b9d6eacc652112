"""Every printed script, run with programs of its own, stops at the first command that fails, whichever it is."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from chaninfra.manifest.client_access import client_channel
from chaninfra.manifest.formats.table import render
from chaninfra.manifest.names import NAMES, Format
from chaninfra.manifest.request import ManifestRequest
from support.cases.ci_model import jobs
from support.cases.manifests import Case, descriptor, possible

# Stands in for each program that the scripts call: it writes down its arguments, and fails if it is the one that is to.
# curl answers as an STS does; cat, grep, sed and env do what the real ones do.
_PROGRAM = """#!/bin/bash
PATH=/usr/bin:/bin
printf '%s\\n' "$(tr '\\n' ' ' <<< "${0##*/} $*")" >> "$LOG"
[ "$(wc -l < "$LOG")" -ne "$FAILING" ] || exit 9
case "${0##*/} $*" in
  *" curl "*) echo "<AccessKeyId>x</AccessKeyId><SecretAccessKey>y</SecretAccessKey><SessionToken>z</SessionToken>" ;;
  cat\\ *|grep\\ *|sed\\ *) exec "${0##*/}" "$@" ;;
  env\\ *) PATH="${0%/*}:$PATH"; export PATH; exec /usr/bin/env "$@" ;;
  "python3 -m venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/pip" && cp "$0" "$3/bin/chaninfra" ;;
  *"rattler-build build"*) mkdir -p output/noarch && touch output/noarch/a-1-0.conda ;;
esac
"""
_SHELL: dict[str, list[str]] = {
    # GitHub's shell where a step names none; GitLab's; a script that names its own; and lines that somebody pastes.
    "github": ["bash", "-e"],
    "gitlab": ["bash", "-eo", "pipefail"],
    "script": ["/usr/bin/env", "bash"],
    "lines": ["sh"],
}
_NAMES = ("pixi", "rattler-build", "chaninfra", "python3", "cat", "grep", "sed", "env")


def scripts(case: Case) -> tuple[str, list[list[str]]]:
    """The kind of shell, and of each job the scripts that follow one another."""
    if case.name.startswith("github"):
        return "github", [[step["run"] for step in job.steps if "run" in step] for job in jobs(case.text()).values()]
    if case.name.startswith("gitlab"):
        found = YAML(typ="safe").load(case.text()).values()
        return "gitlab", [["\n".join([*job.get("before_script", []), *job["script"]])] for job in found]
    return "script" if case.text().startswith("#!/usr/bin/env bash\n") else "lines", [[case.text()]]


_RUN: tuple[Format, ...] = (
    *(name for name in NAMES if name.startswith(("github", "gitlab"))),
    "rattler-build",
    "login",
)
# Other stores have the same commands as MinIO.
CASES = [case for case in possible(*_RUN) if case.store in ("aws", "minio")]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_script_stops_at_the_first_command_that_fails(case: Case, tmp_path: Path) -> None:
    kind, all_jobs = scripts(case)
    for steps in all_jobs:
        code, called = run(tmp_path, kind, steps)
        assert (code, bool(called)) == (0, True)
        for number in range(1, len(called) + 1):
            code, before = run(tmp_path, kind, steps, failing=number)
            assert code != 0
            assert before == called[:number]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_script_stops_at_the_first_file_that_it_cannot_write(case: Case, tmp_path: Path) -> None:
    """The file with the token, and rattler.toml: each is a folder here."""
    for name in ("token", "rattler.toml"):
        (tmp_path / name).mkdir()
    kind, all_jobs = scripts(case)
    for steps in all_jobs:
        writes = [step for step in steps if "cat >" in step or '> "$AWS_WEB_IDENTITY_TOKEN_FILE"' in step]
        code, called = run(tmp_path, kind, steps)
        assert (code != 0) is bool(writes)
        assert not writes or not any("rattler-build" in line.split(" ", 1)[0] for line in called)


def test_the_logins_of_several_buckets_stop_at_the_first_that_fails(tmp_path: Path) -> None:
    buckets = ("first", "second", "third")
    channels = tuple(client_channel(descriptor("minio", bucket=bucket), "pixi") for bucket in buckets)
    text = render("login", ManifestRequest(channels=channels))
    assert run(tmp_path, "lines", [text])[0] == 0
    for number in (1, 2, 3):
        code, called = run(tmp_path, "lines", [text], failing=number)
        assert (code, [line.split()[3] for line in called]) == (9, [f"s3://{name}" for name in buckets[:number]])


def run(folder: Path, kind: str, steps: list[str], failing: int = 0) -> tuple[int, list[str]]:
    """The exit code of the first step that fails, and what was called; the program that is called as the `failing`th
    fails."""
    (folder / "bin").mkdir(exist_ok=True)
    for name in _NAMES:
        (folder / "bin" / name).write_text(_PROGRAM, "utf-8")
        (folder / "bin" / name).chmod(0o755)
    given = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY", "AWS_ID_TOKEN")
    environment = {
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.defpath}",
        "RUNNER_TEMP": str(folder),
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(folder / "token"),
        "CHANINFRA_SOURCE": "/opt/chaninfra-0.1.0-py3-none-any.whl",
        "CHANINFRA_FROM": "s3://staging/main",
        "LOG": str(folder / "log"),
        "FAILING": str(failing),
        **dict.fromkeys(given, "x"),
    }
    (folder / "log").write_text("", "utf-8")
    for step in steps:
        (folder / "script").write_text(step, "utf-8")
        command = [*_SHELL[kind], str(folder / "script")]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, timeout=60, check=False)
        if done.returncode:
            break
    return done.returncode, (folder / "log").read_text("utf-8").splitlines()
