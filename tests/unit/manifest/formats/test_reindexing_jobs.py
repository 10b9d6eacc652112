"""The jobs that bring the index in line on a schedule."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, cast

import pytest
from ruamel.yaml import YAML

from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.outputs.descriptor import Descriptor
from chaninfra.manifest.client_access import client_channel
from chaninfra.manifest.formats import reindexing
from chaninfra.manifest.formats.table import render
from chaninfra.manifest.names import Format
from chaninfra.manifest.request import ManifestRequest
from support.cases.ci_model import jobs
from support.cases.ci_schemas import check_ci_schema
from support.cases.manifests import Case, descriptor, possible
from support.servers.gitlab_runner import run_job

FORMATS: tuple[Format, ...] = ("github-reindex", "gitlab-reindex")
ROLE = "arn:minio:iam:::role/nOybJqMNzNmroqEKq5D0EUsRZw0"


def printed(name: Format, found: Descriptor, **more: Any) -> str:
    return render(name, ManifestRequest(channels=(client_channel(found, "aws"),), **more))


def test_each_channel_has_its_own_minutes_and_none_is_a_full_hour() -> None:
    found = [client_channel(descriptor("minio", prefix=f"c{number}"), "aws") for number in range(200)]
    hourly = [reindexing.hourly(each).split() for each in found]
    weekly = [reindexing.weekly(each).split() for each in found]
    assert all(each[1:] == ["*"] * 4 and 3 <= int(each[0]) <= 27 for each in hourly)
    assert all(each[2:4] == ["*"] * 2 for each in weekly)
    assert all(33 <= int(each[0]) <= 57 and int(each[1]) < 24 and int(each[4]) < 7 for each in weekly)
    assert len({tuple(each) for each in hourly}) > 20
    assert len({tuple(each) for each in weekly}) > 150
    # It is the same each time, on any machine.
    assert reindexing.hourly(client_channel(descriptor("aws"), "aws")) == "5 * * * *"


@pytest.mark.parametrize("case", possible("github-reindex"), ids=str)
def test_a_workflow_runs_by_its_schedule_alone_and_collects_garbage_once_a_week(case: Case) -> None:
    workflow = YAML(typ="safe").load(case.text())
    assert set(workflow["on"]) == {"schedule", "workflow_dispatch"}
    _, weekly = (each["cron"] for each in workflow["on"]["schedule"])
    (job,) = jobs(case.text()).values()
    assert not job.runs_their_code
    assert "actions/checkout" not in job.actions
    *_, reindex, gc = job.steps
    assert "if" not in reindex
    assert f"github.event.schedule == '{weekly}'" in gc["if"]
    assert reindex["run"].replace(" reindex ", " gc ").replace("1h", "7d") == gc["run"]
    # Keys are in the two steps that write, and in no other.
    assert "secrets." not in str(job.steps[:-2])


@pytest.mark.parametrize(
    ("variables", "code", "called"),
    [
        ({}, 0, ["reindex"]),
        ({"CHANINFRA_GC": "true"}, 0, ["reindex", "gc"]),
        ({"CHANINFRA_GC": "true"}, 3, ["reindex", "gc"]),
    ],
)
def test_garbage_is_collected_where_the_schedule_says_so(
    variables: dict[str, str], code: int, called: list[str], tmp_path: Path
) -> None:
    """A program stands in for chaninfra, which ends so."""
    program = tmp_path / ".venv" / "bin" / "chaninfra"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\necho "$1"; [ "$1" = gc ] || exit {code}\n', "utf-8")
    program.chmod(0o755)
    job = YAML(typ="safe").load(Case("gitlab-reindex", "pixi", "minio").text())["reindex"]
    done = run_job({**job, "script": job["script"][job["script"].index("code=0") :]}, tmp_path, **variables)
    assert (done.returncode, done.stdout.split()) == (code, called)


@pytest.mark.parametrize("name", FORMATS)
def test_the_role_and_the_key_are_a_maintainers(name: Format) -> None:
    for store in ("aws", "minio"):
        text = printed(name, descriptor(store))
        assert "of a maintainer." in text
        assert "publisher" not in text
        # The environment of the keys is another one than that of a job that publishes.
        assert "publish" not in text


@pytest.mark.parametrize("name", FORMATS)
def test_a_job_logs_in_at_the_sts_of_the_store(name: Format) -> None:
    text = printed(name, descriptor("minio"), role_arn=ROLE)
    assert "AWS_ENDPOINT_URL_STS: https://minio.example.com\n" in text
    assert f"AWS_ROLE_ARN: {ROLE}\n" in text
    assert not re.search(r"secrets\.|ACCESS_KEY", text)


@pytest.mark.parametrize("name", FORMATS)
def test_no_job_writes_beside_a_follower_that_is_the_only_writer(name: Format) -> None:
    with pytest.raises(ConfigurationError, match="that is the follower") as caught:
        printed(name, descriptor("minio", index={"writers": "single", "follow": {}}))
    assert "chaninfra follow s3://my-bucket/my-channel --every 1h" in str(caught.value.remedy)
    single = printed(name, descriptor("minio", index={"writers": "single"}))
    assert "# The index has one writer at a time" in single
    assert "one writer" not in printed(name, descriptor("minio", index={"follow": {}}))


def test_other_jobs_of_gitlab_do_not_run_by_the_schedule() -> None:
    for name in ("gitlab-publish", "gitlab-upload"):
        for job in YAML(typ="safe").load(Case(name, "aws", "aws").text()).values():
            assert all('$CI_PIPELINE_SOURCE != "schedule"' in rule["if"] for rule in job["rules"])


SCHEDULED = {"snapshots": {"every": "1d", "keep": 60}}


def test_a_workflow_makes_the_snapshot_that_is_due_where_the_channel_has_them() -> None:
    (job,) = jobs(printed("github-reindex", descriptor("minio", **SCHEDULED))).values()
    reindex, snapshot, gc = job.steps[-3:]
    assert snapshot["run"].startswith(".venv/bin/chaninfra snapshot create -c s3://my-bucket/my-channel ")
    assert snapshot["run"].endswith(" --scheduled")
    # In each run, whether a package was left out or not.
    assert snapshot["if"] == "success() || steps.reindex.outcome == 'failure'"
    assert gc["if"].startswith(f"({snapshot['if']} || steps.{snapshot['id']}.outcome == 'failure') && (")
    assert snapshot.get("env") == reindex.get("env") == gc.get("env")
    assert "snapshot" not in printed("github-reindex", descriptor("minio"))


def test_the_schemas_accept_the_jobs_that_make_snapshots(tmp_path: Path) -> None:
    for name, schema, broken in (
        ("github-reindex", "github-workflows", ("steps:", "stops:")),
        ("gitlab-reindex", "gitlab-ci", ("script:", "sript:")),
    ):
        file = tmp_path / f"{name}.yaml"
        file.write_text(printed(cast("Format", name), descriptor("minio", **SCHEDULED)), "utf-8")
        check_ci_schema(schema, [file], broken=broken, folder=tmp_path)


@pytest.mark.parametrize("code", [0, 3])
def test_a_job_makes_the_snapshot_that_is_due_where_the_channel_has_them(code: int, tmp_path: Path) -> None:
    """A program stands in for chaninfra; the re-index ends so."""
    program = tmp_path / ".venv" / "bin" / "chaninfra"
    program.parent.mkdir(parents=True)
    program.write_text(f'#!/bin/sh\necho "$1"; [ "$1" != reindex ] || exit {code}\n', "utf-8")
    program.chmod(0o755)
    job = YAML(typ="safe").load(printed("gitlab-reindex", descriptor("minio", **SCHEDULED)))["reindex"]
    done = run_job({**job, "script": job["script"][job["script"].index("code=0") :]}, tmp_path)
    assert (done.returncode, done.stdout.split()) == (code, ["reindex", "snapshot"])
