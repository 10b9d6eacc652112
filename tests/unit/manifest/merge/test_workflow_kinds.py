"""Jobs on a schedule, and jobs that upload, merged into files that people wrote."""

from __future__ import annotations

from typing import Any

import pytest
from ruamel.yaml import YAML

from chaninfra.channel.errors import ConfigurationError, ConflictError
from chaninfra.manifest.client_access import client_channel
from support.cases.manifests import Case, access, descriptor
from support.cases.merging import into_yaml, is_kept

NIGHTLY = "on: {schedule: [{cron: '0 1 * * *'}]}\njobs:\n  test:\n    runs-on: x\n    steps: []\n"


def loaded(text: str) -> Any:
    return YAML(typ="safe").load(text)


def moved(text: str, name: Any, store: str = "minio", method: Any = None) -> Any:
    """The file after a merge for the channel at another prefix."""
    other = descriptor(store, prefix="other", index={"follow": {}})
    return into_yaml(text, client_channel(other, method), name=name)


def test_a_job_on_a_schedule_gets_a_workflow_of_its_own() -> None:
    for text in (NIGHTLY, "on: push\njobs: {}\n"):
        with pytest.raises(ConflictError, match="one of its own") as caught:
            into_yaml(text, access("aws"), name="github-reindex")
        assert "--into .github/workflows/reindex.yml" in str(caught.value.remedy)
    assert into_yaml("", access("aws"), name="github-reindex") == Case("github-reindex", "aws", "aws").text()


def test_no_other_job_gets_into_the_workflow_on_a_schedule() -> None:
    text = Case("github-reindex", "aws", "minio").text()
    for name in ("github", "github-publish", "github-upload"):
        with pytest.raises(ConflictError, match="is the workflow that re-indexes"):
            into_yaml(text, access("minio", "aws", follows=True), name=name)  # type: ignore[arg-type]
    # A workflow of theirs that re-indexes after its own uploads is none.
    theirs = "on: push\njobs:\n  all:\n    runs-on: x\n    steps: [{run: chaninfra reindex s3://b/c}]\n"
    assert list(loaded(into_yaml(theirs, access("minio")))["jobs"]) == ["all", "test"]


def test_a_printed_workflow_keeps_what_people_changed_and_follows_the_channel() -> None:
    text = Case("github-reindex", "aws", "minio").text().replace("'3 * * * *'", "'*/20 * * * *' # more often")
    text = text.replace("--scheduled 1h", "--scheduled 20m --json")
    same = into_yaml(text, access("minio", "aws"), name="github-reindex")
    assert same == text
    found = moved(text, "github-reindex", method="aws")
    assert "# more often" in found
    runs = [step["run"] for step in loaded(found)["jobs"]["reindex"]["steps"][1:]]
    assert all(" s3://my-bucket/other " in run for run in runs)
    assert [run.split()[1] for run in runs] == ["reindex", "gc"]


def test_a_pipeline_gets_the_job_on_a_schedule_once() -> None:
    text = "test:\n  script: [make test]\n"
    found = into_yaml(text, access("aws"), name="gitlab-reindex")
    assert is_kept(text, found)
    assert loaded(found)["reindex"]["rules"] == [{"if": '$CI_PIPELINE_SOURCE == "schedule"'}]
    taken = into_yaml("reindex:\n  script: [make search-index]\n", access("aws"), name="gitlab-reindex")
    assert list(loaded(taken)) == ["reindex", "reindex-my-channel"]


def test_a_workflow_gets_the_job_that_uploads_once() -> None:
    text = "on: push\njobs:\n  lint:\n    runs-on: x\n    steps: []\n"
    found = into_yaml(text, access("minio", follows=True), name="github-upload")
    assert is_kept(text, found)
    jobs = loaded(moved(found, "github-upload"))["jobs"]
    assert list(jobs) == ["lint", "build-packages", "upload"]
    assert "--channel s3://my-bucket/other " in jobs["upload"]["steps"][-1]["run"]
    assert "concurrency" not in jobs["upload"]


@pytest.mark.parametrize("ci", ["github", "gitlab"])
@pytest.mark.parametrize(("there", "asked"), [("publish", "upload"), ("upload", "publish")])
def test_no_file_uploads_the_same_packages_in_two_ways(ci: str, there: str, asked: str) -> None:
    text = Case(f"{ci}-{there}", "aws", "minio").text()  # type: ignore[arg-type]
    with pytest.raises(ConflictError, match="uploads to s3://my-bucket/my-channel with") as caught:
        into_yaml(text, access("minio", "aws", follows=True), name=f"{ci}-{asked}")  # type: ignore[arg-type]
    assert f"job {there}" in str(caught.value)
    assert "remove this job" in str(caught.value.remedy)


def test_a_job_that_builds_and_uploads_is_refused() -> None:
    text = """on: push
jobs:
  all:
    runs-on: x
    steps:
      - run: pixi exec rattler-build build --recipe-dir recipes
      - run: pixi exec rattler-build upload s3 --channel s3://other-bucket/x output/*/*.conda
"""
    with pytest.raises(ConfigurationError, match="builds and publishes in one job"):
        into_yaml(text, access("minio", follows=True), name="github-upload")


def test_a_promotion_gets_a_workflow_of_its_own_and_follows_the_channel() -> None:
    for text in (NIGHTLY, "on: push\njobs: {}\n"):
        with pytest.raises(ConflictError, match="one of its own") as caught:
            into_yaml(text, access("aws"), name="github-promote")
        assert "--into .github/workflows/promote.yml" in str(caught.value.remedy)
    text = into_yaml("", access("minio", "aws"), name="github-promote")
    assert text == Case("github-promote", "aws", "minio").text()
    theirs = text.replace("--lock pixi.lock", "--lock locks/all.lock").replace(
        "environment: production", "environment: live"
    )
    assert into_yaml(theirs, access("minio", "aws"), name="github-promote") == theirs
    found = moved(theirs, "github-promote", method="aws")
    assert "environment: live" in found
    (run,) = [step["run"] for step in loaded(found)["jobs"]["promote"]["steps"] if "copy" in step.get("run", "")]
    assert " --to s3://my-bucket/other " in run


MIRROR = """on: {schedule: [{cron: '0 1 * * *'}]}
jobs:
  mirror:
    runs-on: x
    steps:
      - run: chaninfra copy --mirror forge --to s3://my-bucket/my-channel
"""


def test_a_job_that_runs_a_mirror_is_not_taken_for_a_promotion() -> None:
    with pytest.raises(ConflictError, match="is another workflow"):
        into_yaml(MIRROR, access("aws"), name="github-promote")
    by_hand = MIRROR.replace("on: {schedule: [{cron: '0 1 * * *'}]}", "on: workflow_dispatch")
    with pytest.raises(ConflictError, match="is another workflow"):
        into_yaml(by_hand, access("aws"), name="github-promote")
    pipeline = "promote:\n  script: [chaninfra copy --mirror forge --to s3://my-bucket/my-channel]\n"
    found = into_yaml(pipeline, access("aws"), name="gitlab-promote")
    assert is_kept(pipeline, found)
    assert list(loaded(found)) == ["promote", "promote-my-channel"]


def test_beside_a_promotion_a_mirror_keeps_its_command_and_gets_the_login_before_it() -> None:
    job = MIRROR.replace("s3://my-bucket/my-channel", "s3://elsewhere/c").rpartition("    steps:\n")[2]
    promotion = Case("github-promote", "aws", "aws").text()
    text = promotion.partition("      - name: Log in")[0] + job + "      - name: Promote\n"
    text += promotion.partition("      - name: Promote\n")[2]
    steps = loaded(into_yaml(text, access("aws"), name="github-promote"))["jobs"]["promote"]["steps"]
    runs = [step.get("run", step.get("uses", "")) for step in steps]
    mirror = runs.index("chaninfra copy --mirror forge --to s3://elsewhere/c")
    assert runs[mirror - 1].startswith("aws-actions/configure-aws-credentials@")


@pytest.mark.parametrize(
    ("on", "by"),
    [
        ("{push: , workflow_dispatch: }", "push"),
        ("[workflow_dispatch, schedule, pull_request_target]", "schedule and pull_request_target"),
        ("push", "push"),
    ],
)
def test_a_promotion_that_nobody_starts_is_refused(on: str, by: str) -> None:
    text = Case("github-promote", "aws", "aws").text().replace("on:\n  workflow_dispatch:\n", f"on: {on}\n")
    with pytest.raises(ConflictError, match=f"`promote`, which promotes, by {by}:") as caught:
        into_yaml(text, access("aws"), name="github-promote")
    assert "--into .github/workflows/promote.yml" in str(caught.value.remedy)


def test_a_pipeline_gets_the_job_that_promotes_once() -> None:
    text = "test:\n  script: [make test]\n"
    found = into_yaml(text, access("aws"), name="gitlab-promote")
    assert list(loaded(found)) == ["test", "promote"]
    assert into_yaml(found, access("aws"), name="gitlab-promote") == found
