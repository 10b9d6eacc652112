"""The jobs in examples/array-jobs: schedulers take them, their commands are understood, and all parts are done."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import botocore.session
import botocore.validate
import pytest
import typer
from ruamel.yaml import YAML

from chaninfra.channel.errors import ExitCode
from chaninfra.cli.app import app
from chaninfra.cli.part_option import part_of
from chaninfra.index.part import Part
from support.paths import ROOT

FOLDER = ROOT / "examples/array-jobs"
HOPELESS = {ExitCode.USAGE, ExitCode.SKIPPED, ExitCode.DENIED}
"""The exit codes after which another try would end in the same way."""


def definition() -> dict[str, Any]:
    """The job definition of AWS Batch."""
    found: dict[str, Any] = json.loads((FOLDER / "aws-batch.json").read_text())
    return found


def job() -> dict[str, Any]:
    """The spec of the job of Kubernetes."""
    (found,) = YAML(typ="safe").load_all((FOLDER / "kubernetes.yaml").read_text())
    assert (found["apiVersion"], found["kind"]) == ("batch/v1", "Job")
    return found["spec"]  # type: ignore[no-any-return]


def slurm() -> str:
    """The script for Slurm, without line ends that are escaped."""
    return (FOLDER / "slurm.sh").read_text().replace("\\\n", "")


STAND_IN = """#!/bin/bash
# Stands in for the command line of AWS: it writes down its arguments, and prints the id of a job.
python3 -c 'import json, sys; print(json.dumps(sys.argv[1:]))' "$@" >> "$CALLS"
[ "$2" != submit-job ] || echo job-1
"""


@cache
def submits() -> list[list[str]]:
    """The arguments with which the script for AWS Batch calls `aws`."""
    with tempfile.TemporaryDirectory() as folder:
        program, calls = Path(folder, "aws"), Path(folder, "calls")
        program.write_text(STAND_IN)
        program.chmod(0o700)
        environment = {"PATH": f"{folder}:{os.environ['PATH']}", "CALLS": str(calls)}
        subprocess.run([FOLDER / "aws-batch.sh", "my-queue"], env=environment, check=True, capture_output=True)
        return [json.loads(line) for line in calls.read_text().splitlines()]


def commands() -> dict[str, list[str]]:
    """File → the arguments of `chaninfra` there."""
    (line,) = [line for line in slurm().splitlines() if line.startswith("srun ")]
    program, name, *args = shlex.split(line)
    assert (program, name) == ("srun", "chaninfra")
    (container,) = job()["template"]["spec"]["containers"]
    return {
        "aws-batch.json": definition()["containerProperties"]["command"],
        "kubernetes.yaml": container["args"],
        "slurm.sh": args,
    }


@contextmanager
def understood(words: list[str]) -> Iterator[dict[str, Any]]:
    """The parameters of the command."""
    command, *args = words
    group = typer.main.get_command(app)
    with group.commands[command].make_context(command, args) as context:  # type: ignore[attr-defined]
        yield context.params


def parts() -> dict[str, list[Part | None]]:
    """File → the parts that its jobs do, by the variables that the schedulers document."""
    (size,) = [word.removeprefix("size=") for each in submits() for word in each if word.startswith("size=")]
    array = re.search(r"^#SBATCH --array=(\d+)-(\d+)$", slurm(), re.MULTILINE)
    assert array is not None
    variables = {
        "aws-batch.json": [
            {"AWS_BATCH_JOB_ARRAY_INDEX": str(index), "AWS_BATCH_JOB_ARRAY_SIZE": size} for index in range(int(size))
        ],
        "kubernetes.yaml": [{"JOB_COMPLETION_INDEX": str(index)} for index in range(job()["completions"])],
        "slurm.sh": [{"SLURM_ARRAY_TASK_ID": str(index)} for index in range(int(array[1]), int(array[2]) + 1)],
    }
    found: dict[str, list[Part | None]] = {}
    for name, words in commands().items():
        with understood(words) as params:
            found[name] = [part_of(params["part"], each) for each in variables[name]]
    return found


@pytest.mark.parametrize("name", ["aws-batch.json", "kubernetes.yaml", "slurm.sh"])
def test_the_command_is_understood_and_all_parts_are_done(name: str) -> None:
    with understood(commands()[name]) as params:
        assert params["channel"] == "s3://my-bucket/my-channel"
    assert parts()[name] == [Part(number=number, count=8) for number in range(1, 9)]


def test_aws_batch_takes_the_definition_and_the_jobs() -> None:
    model = botocore.session.get_session().get_service_model("batch")

    def check(operation: str, given: dict[str, Any]) -> None:
        shape = model.operation_model(operation).input_shape
        report = botocore.validate.ParamValidator().validate(given, shape)
        assert not report.has_errors(), report.generate_report()

    check("RegisterJobDefinition", definition())
    register, array, last = submits()
    assert register[1:] == ["register-job-definition", "--cli-input-json", "file://aws-batch.json"]
    for words in (array, last):
        assert words[:2] == ["batch", "submit-job"]
        options = dict(zip(words[2::2], words[3::2], strict=True))
        assert options["--job-definition"] == definition()["jobDefinitionName"]
        assert options["--job-queue"] == "my-queue"
        check(
            "SubmitJob",
            {"jobName": options["--job-name"], "jobQueue": "queue", "jobDefinition": options["--job-definition"]},
        )
    assert "jobId=job-1" in last
    overrides = json.loads(dict(zip(last[2::2], last[3::2], strict=True))["--container-overrides"])
    check("SubmitJob", {"jobName": "x", "jobQueue": "x", "jobDefinition": "x", "containerOverrides": overrides})
    with understood(overrides["command"]) as params:
        assert params["check"]


def test_what_is_hopeless_is_not_tried_again() -> None:
    rules = definition()["retryStrategy"]["evaluateOnExit"]
    assert {int(rule["onExitCode"]) for rule in rules if rule["action"] == "EXIT"} == HOPELESS
    assert rules[-1] == {"onReason": "*", "action": "RETRY"}
    fails, ignored = job()["podFailurePolicy"]["rules"]
    assert (fails["action"], ignored["action"]) == ("FailIndex", "Ignore")
    assert {*fails["onExitCodes"]["values"]} == HOPELESS
    (container,) = job()["template"]["spec"]["containers"]
    assert fails["onExitCodes"]["containerName"] == container["name"]
    # What a policy of Kubernetes demands.
    assert job()["template"]["spec"]["restartPolicy"] == "Never"
    assert job()["completionMode"] == "Indexed"


@pytest.mark.parametrize("name", ["aws-batch.sh", "slurm.sh"])
def test_the_scripts_are_scripts_of_bash(name: str) -> None:
    subprocess.run(["bash", "-n", str(FOLDER / name)], check=True)
    assert (FOLDER / name).stat().st_mode & 0o111


def test_no_secret_is_written_in_them() -> None:
    (container,) = job()["template"]["spec"]["containers"]
    assert all("valueFrom" in each for each in container["env"])
    assert {each["name"] for each in definition()["containerProperties"]["environment"]} == {"AWS_REGION"}
    assert "SECRET" not in slurm()
    uid = job()["template"]["spec"]["securityContext"]["runAsUser"]
    assert f"USER {uid}" in (ROOT / "Dockerfile").read_text()
