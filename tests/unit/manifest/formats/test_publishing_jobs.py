"""Recipes run any command, so what builds them never has what may publish; in every format that prints both."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from chaninfra.channel.policy.trust import trust_policy
from chaninfra.channel.spec.build import build_spec
from support.cases import trust_evaluator
from support.cases.ci_model import Job, jobs
from support.cases.manifests import Case, possible

BUILDS = "rattler-build build"
PUBLISHES = re.compile("chaninfra publish|rattler-build upload s3")
PUBLISHER_SECRETS = {"S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"}
KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE", "AWS_ROLE_ARN")


def the_two(case: Case) -> tuple[Job, Job]:
    """The job that builds and the job that publishes."""
    found = jobs(case.text())
    (build,) = (job for job in found.values() if BUILDS in job.commands)
    (publish,) = (job for job in found.values() if PUBLISHES.search(job.commands))
    return build, publish


@pytest.mark.parametrize("case", possible("github-publish", "github-upload"), ids=str)
def test_what_builds_on_github_cannot_publish(case: Case) -> None:
    build, publish = the_two(case)
    assert build.name != publish.name
    assert not build.secrets & PUBLISHER_SECRETS
    assert publish.roles != build.roles or not publish.roles
    # A token of the build is never one that the publisher's role takes.
    assert not build.subjects() & publish.subjects()
    # Reading a public channel needs nothing.
    if case.method == "public":
        assert (build.secrets, build.roles, build.gets_tokens) == (set(), [], False)


@pytest.mark.parametrize("case", possible("github-publish", "github-upload"), ids=str)
def test_what_publishes_on_github_only_takes_the_packages(case: Case) -> None:
    _, publish = the_two(case)
    assert not publish.runs_their_code
    assert "actions/checkout" not in publish.actions
    assert "actions/download-artifact" in publish.actions
    assert publish.gets_tokens is (case.store == "aws")
    assert set(publish.permissions) == ({"id-token"} if case.store == "aws" else {"contents"})
    # Keys are in the step that publishes, and in no other.
    others = [step for step in publish.steps if not PUBLISHES.search(step.get("run", ""))]
    assert "secrets." not in str(others)


def test_the_publishers_role_refuses_the_token_of_a_build() -> None:
    """The policy that `pulumi up` makes, for the claims that the documentation names."""
    github = {"repository": "octo-org/octo-repo", "branch": "main"}
    raw = {"bucket": "my-bucket", "region": "eu-central-1", "publishers": {"ci": {"github": github}}}
    reader = {"github": {"repository": "octo-org/octo-repo", "environment": "build"}}
    spec = build_spec({**raw, "readers": {"build": reader}}, where="the test")
    policies = {
        principal.name: trust_policy(principal.token, trust_evaluator.provider_arn(principal.token.issuer))
        for principal in spec.channels[0].principals
        if principal.token
    }
    build, publish = the_two(Case("github-publish", "aws", "aws"))
    (of_build,), (of_publish,) = build.subjects(), publish.subjects()
    token_of_build, token_of_publish = (trust_evaluator.github(context=each) for each in (of_build, of_publish))
    assert trust_evaluator.lets_in(policies["ci"], token_of_publish)
    assert not trust_evaluator.lets_in(policies["ci"], token_of_build)
    assert trust_evaluator.lets_in(policies["build"], token_of_build)


@pytest.mark.parametrize("case", possible("gitlab-publish", "gitlab-upload"), ids=str)
def test_what_builds_on_gitlab_cannot_publish(case: Case) -> None:
    found: dict[str, dict[str, Any]] = YAML(typ="safe").load(case.text())
    (build,) = (job for job in found.values() if BUILDS in str(job["script"]))
    (publish,) = (job for job in found.values() if PUBLISHES.search(str(job["script"])))
    assert build is not publish
    (builder,) = (name for name, job in found.items() if job is build)
    assert publish["needs"] == [builder]
    assert publish["variables"]["GIT_STRATEGY"] == "empty"
    assert build["artifacts"]["paths"]
    # Variables of an environment are in its jobs only; tokens of one job are none of the other.
    assert publish["environment"]["name"] == "publish"
    assert build.get("environment", {}).get("name") != "publish"
    audiences = [{token["aud"] for token in job.get("id_tokens", {}).values()} for job in (build, publish)]
    assert not audiences[0] & audiences[1]
    assert "AWS_ROLE_ARN" not in build.get("variables", {})
    if case.method == "public":
        assert not build.keys() & {"environment", "id_tokens", "before_script"}


@pytest.mark.parametrize("case", possible("rattler-build"), ids=str)
def test_a_build_by_script_has_no_key_in_its_environment(case: Case, tmp_path: Path) -> None:
    """What the script calls is replaced by a program that writes down its environment."""
    (tmp_path / "bin").mkdir()
    for name in ("rattler-build", "chaninfra"):
        program = tmp_path / "bin" / name
        program.write_text(f'#!/bin/sh\nenv > "{tmp_path}/{name}-$1"\n', "utf-8")
        program.chmod(0o755)
    (tmp_path / "output" / "noarch").mkdir(parents=True)
    (tmp_path / "output" / "noarch" / "a-1-0.conda").touch()
    names = (*KEYS, "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY", "S3_SESSION_TOKEN", "AWS_WEB_IDENTITY_TOKEN_FILE")
    given = {name: f"the-{name}" for name in names}
    environment = {"PATH": f"{tmp_path}/bin:/usr/bin:/bin", **given}
    script = ["bash", "-euo", "pipefail", "-c", case.text()]
    subprocess.run(script, cwd=tmp_path, env=environment, check=True, timeout=60)
    built, uploaded = (tmp_path / f"rattler-build-{each}" for each in ("build", "upload"))
    assert not re.search(r"^[A-Z0-9_]+=the-", built.read_text("utf-8"), re.MULTILINE)
    assert "=the-" in uploaded.read_text("utf-8")
