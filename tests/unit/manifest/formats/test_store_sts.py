"""The login of a job at the STS of a store, up to the request that chaninfra makes there."""

from __future__ import annotations

from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from ruamel.yaml import YAML

from support.cases.ci_model import jobs
from support.cases.manifests import Case
from support.servers.github_runner import run_steps

ROLE = "arn:minio:iam:::role/nOybJqMNzNmroqEKq5D0EUsRZw0"


def steps() -> list[dict[str, Any]]:
    job = jobs(Case("github-publish", "pixi", "minio").text(role_arn=ROLE))["publish"]
    return [step for step in job.steps if step["name"] != "Install chaninfra"]


def run(folder: Path, audience: str) -> CompletedProcess[str]:
    """The job with a chaninfra that prints the variables of its login, and the file with the token."""
    program = folder / ".venv" / "bin" / "chaninfra"
    program.parent.mkdir(parents=True)
    program.write_text(
        '#!/bin/sh\necho "$AWS_ROLE_ARN $AWS_ENDPOINT_URL_STS $AWS_REGION"\n'
        'stat -c %a "$AWS_WEB_IDENTITY_TOKEN_FILE"; cat "$AWS_WEB_IDENTITY_TOKEN_FILE"\n'
    )
    program.chmod(0o755)
    return run_steps(steps(), folder, "the-token", audience)


def test_the_step_that_publishes_has_the_token_in_a_file_of_its_own(tmp_path: Path) -> None:
    done = run(tmp_path, "sts.amazonaws.com")
    assert done.stdout.split() == [ROLE, "https://minio.example.com", "us-east-1", "600", "the-token"]


def test_nothing_is_published_without_a_token(tmp_path: Path) -> None:
    done = run(tmp_path, "somebody else")
    assert done.returncode != 0
    assert "the-token" not in done.stdout + done.stderr
    assert ROLE not in done.stdout


def test_the_job_has_no_secret_and_no_environment() -> None:
    job = jobs(Case("github-publish", "aws", "minio").text(role_arn=ROLE))["publish"]
    # A job of an environment has tokens of that environment.
    assert (job.secrets, job.environment, dict(job.permissions)) == (set(), None, {"id-token": "write"})


@pytest.mark.parametrize("method", ["aws", "pixi", "public"])
def test_the_job_of_gitlab_has_the_same(method: Any) -> None:
    job = YAML(typ="safe").load(Case("gitlab-publish", method, "minio").text(role_arn=ROLE))["publish"]
    assert job["id_tokens"] == {"AWS_ID_TOKEN": {"aud": "$CI_SERVER_URL"}}
    assert job["variables"] == {
        "AWS_REGION": "us-east-1",
        "AWS_WEB_IDENTITY_TOKEN_FILE": "/tmp/aws-id-token-$CI_JOB_ID",  # noqa: S108
        "AWS_ROLE_ARN": ROLE,
        "AWS_ENDPOINT_URL_STS": "https://minio.example.com",
        "GIT_STRATEGY": "empty",
    }
