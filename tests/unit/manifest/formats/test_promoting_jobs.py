"""The jobs that promote what a lock file names, once somebody approved."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

import pytest
from ruamel.yaml import YAML

from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.outputs.descriptor import Descriptor
from chaninfra.channel.policy.trust import trust_policy
from chaninfra.channel.spec.build import build_spec
from chaninfra.manifest.client_access import client_channel
from chaninfra.manifest.formats.table import render
from chaninfra.manifest.names import Format
from chaninfra.manifest.request import ManifestRequest
from support.cases import trust_evaluator
from support.cases.ci_model import jobs
from support.cases.ci_schemas import check_ci_schema
from support.cases.manifests import Case, descriptor, possible
from support.servers.github_runner import run_steps
from support.servers.gitlab_runner import run_job

FORMATS: tuple[Format, ...] = ("github-promote", "gitlab-promote")
ROLE = "arn:minio:iam:::role/nOybJqMNzNmroqEKq5D0EUsRZw0"
SOURCE = "s3://acme-staging/main"


def printed(name: Format, found: Descriptor, **more: Any) -> str:
    return render(name, ManifestRequest(channels=(client_channel(found, "aws"),), **more))


@pytest.mark.parametrize("case", possible("github-promote"), ids=str)
def test_only_an_approved_job_that_people_start_has_what_may_promote(case: Case) -> None:
    workflow = YAML(typ="safe").load(case.text())
    assert set(workflow["on"]) == {"workflow_dispatch"}
    (job,) = jobs(case.text()).values()
    assert job.environment == "production"
    assert not job.runs_their_code
    # Keys are in the step that writes, and in no other.
    assert "secrets." not in str(job.steps[:-1])
    if case.store == "aws":
        assert job.steps[-2]["name"] == "Log in to AWS"
        assert all("environment:production" in subject for subject in job.subjects())


def test_the_role_of_a_promoter_takes_the_token_of_the_printed_job_and_no_other() -> None:
    github = {"repository": "octo-org/octo-repo", "environment": "production"}
    raw = {"bucket": "my-bucket", "region": "eu-central-1", "promoters": {"release": {"github": github}}}
    (principal,) = build_spec(raw, where="the test").channels[0].principals
    assert principal.token is not None
    policy = trust_policy(principal.token, trust_evaluator.provider_arn(principal.token.issuer))
    (job,) = jobs(Case("github-promote", "aws", "aws").text()).values()
    (context,) = job.subjects()
    assert trust_evaluator.lets_in(policy, trust_evaluator.github(context=context))
    (publish,) = (job for name, job in jobs(Case("github-publish", "aws", "aws").text()).items() if name == "publish")
    (other,) = publish.subjects()
    assert not trust_evaluator.lets_in(policy, trust_evaluator.github(context=other))


@pytest.mark.parametrize("case", possible("gitlab-promote"), ids=str)
def test_a_job_of_gitlab_deploys_to_the_environment_and_is_started_by_people(case: Case) -> None:
    (job,) = YAML(typ="safe").load(case.text()).values()
    # With the action `access` nobody would have to approve.
    assert job["environment"] == {"name": "production"}
    (rule,) = job["rules"]
    assert rule["when"] == "manual"
    assert "$CI_DEFAULT_BRANCH" in rule["if"]
    assert '!= "schedule"' in rule["if"]
    # The lock file is there.
    assert job["variables"]["GIT_STRATEGY"] == "clone"
    assert ("in a project of its own" in case.text()) == ("id_tokens" in job)


@pytest.mark.parametrize("name", FORMATS)
def test_the_role_and_the_key_are_a_promoters(name: Format) -> None:
    for store in ("aws", "minio"):
        text = printed(name, descriptor(store))
        assert re.search(r"of a promoter\.", text)
        assert "publish" not in text
        assert "reindex" not in text


@pytest.mark.parametrize("name", FORMATS)
def test_a_job_logs_in_at_the_sts_of_the_store(name: Format) -> None:
    text = printed(name, descriptor("minio"), role_arn=ROLE, source=SOURCE)
    assert "AWS_ENDPOINT_URL_STS: https://minio.example.com\n" in text
    assert f"AWS_ROLE_ARN: {ROLE}\n" in text
    assert not re.search(r"secrets\.|ACCESS_KEY", text)


@pytest.mark.parametrize("name", FORMATS)
def test_the_source_is_that_of_the_stack_or_a_variable(name: Format) -> None:
    known = printed(name, descriptor("minio"), source=SOURCE)
    assert f" --from {SOURCE}" in known
    assert "CHANINFRA_FROM" not in known
    asked = printed(name, descriptor("minio"))
    assert ' --from "${CHANINFRA_FROM:?}"' in asked
    assert "CHANINFRA_FROM, the channel to promote from" in asked


@pytest.mark.parametrize("name", FORMATS)
def test_a_key_of_the_source_can_be_given_where_the_promoters_may_not_read_it(name: Format) -> None:
    """As on versitygw, where no promoter may read another bucket."""
    keys = "FROM_S3_ACCESS_KEY_ID, FROM_S3_SECRET_ACCESS_KEY, the key of a reader of that channel"
    for role in (None, ROLE):
        assert keys in printed(name, descriptor("minio"), role_arn=role)
    # The promoter of a stack reads its `from`; roles of AWS read what lets them.
    assert "FROM_S3" not in printed(name, descriptor("minio"), source=SOURCE)
    assert "FROM_S3" not in printed(name, descriptor("aws"))


def test_a_hostile_source_is_one_word_and_no_expression() -> None:
    evil = "s3://b/$(id);'${{ secrets.X }}"
    text = printed("github-promote", descriptor("minio"), source=evil)
    assert "${{ secrets.X" not in text
    run = jobs(text)["promote"].steps[-1]["run"]
    assert "--from 's3://b/$(id);" in run


@pytest.mark.parametrize("name", FORMATS)
def test_no_job_writes_beside_a_follower_that_is_the_only_writer(name: Format) -> None:
    with pytest.raises(ConfigurationError, match="that is the follower"):
        printed(name, descriptor("minio", index={"writers": "single", "follow": {}}))
    single = printed(name, descriptor("minio", index={"writers": "single"}))
    assert "# The index has one writer at a time" in single
    assert "one writer" not in printed(name, descriptor("minio", index={"follow": {}}))


def test_the_schemas_accept_the_jobs_with_a_source(tmp_path: Path) -> None:
    for name, schema, broken in (
        ("github-promote", "github-workflows", ("steps:", "stops:")),
        ("gitlab-promote", "gitlab-ci", ("script:", "sript:")),
    ):
        file = tmp_path / f"{name}.yaml"
        file.write_text(printed(cast("Format", name), descriptor("aws"), source=SOURCE), "utf-8")
        check_ci_schema(schema, [file], broken=broken, folder=tmp_path)


@pytest.mark.parametrize("ci", ["github", "gitlab"])
@pytest.mark.parametrize("source", ["", SOURCE])
def test_a_job_without_its_source_stops_and_names_the_variable(ci: str, source: str, tmp_path: Path) -> None:
    """A program stands in for chaninfra, which prints its words."""
    program = tmp_path / ".venv" / "bin" / "chaninfra"
    program.parent.mkdir(parents=True)
    program.write_text('#!/bin/sh\necho "$* as $FROM_S3_ACCESS_KEY_ID/$FROM_S3_SECRET_ACCESS_KEY"\n', "utf-8")
    program.chmod(0o755)
    document = YAML(typ="safe").load(printed(cast("Format", f"{ci}-promote"), descriptor("minio")))
    if ci == "github":
        steps = document["jobs"]["promote"]["steps"][-1:]
        keys = {"S3_ACCESS_KEY_ID": "me", "S3_SECRET_ACCESS_KEY": "a-secret"}
        keys |= {f"FROM_{name}": f"from-{value}" for name, value in keys.items()}
        # A variable that is not set is empty.
        done = run_steps(steps, tmp_path, secrets=keys, CHANINFRA_FROM=source)
    else:
        job = document["promote"]
        # GitLab gives its variables to the job.
        given = {"FROM_S3_ACCESS_KEY_ID": "from-me", "FROM_S3_SECRET_ACCESS_KEY": "from-a-secret"}
        given |= {"CHANINFRA_FROM": source} if source else {}
        done = run_job({**job, "script": job["script"][-1:]}, tmp_path, **given)
    assert (done.returncode == 0) == bool(source)
    if source:
        words = done.stdout.split()
        assert words[:3] == ["copy", "--lock", "pixi.lock"]
        assert words[words.index("--from") + 1] == SOURCE
        assert words[words.index("--to") + 1] == "s3://my-bucket/my-channel"
        assert words[-1] == "from-me/from-a-secret"
    else:
        assert "CHANINFRA_FROM" in done.stderr
