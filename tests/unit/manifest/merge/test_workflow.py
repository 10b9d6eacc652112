"""CI jobs merged into files that people wrote."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ruamel.yaml import YAML

from chaninfra.channel.errors import ConfigurationError, ConflictError
from chaninfra.manifest.client_access import client_channel
from support.cases import ci_model
from support.cases.manifests import Case, access, descriptor
from support.cases.merging import into_yaml, is_kept

WORKFLOW = """# ours, and dear to us
name: "CI"
on:
    push:   # always
permissions:
    contents: read
jobs:
    lint:
        runs-on: ubuntu-latest
        steps:
        -   uses: actions/checkout@v4
    test:
        runs-on: ${{ matrix.os }}
        strategy: {matrix: {os: [ubuntu-latest,   windows-latest]}}
        steps:
        -   uses: actions/checkout@v4  # pinned

        # pixi, as we like it
        -   uses: prefix-dev/setup-pixi@v0.8.1
            with:
                cache: true
        # run it
        -   run: |
                pixi run   test
"""


def test_a_job_that_sets_up_pixi_gets_what_it_lacks() -> None:
    found = into_yaml(WORKFLOW, access("aws", "pixi"))
    assert is_kept(WORKFLOW, found)
    jobs = YAML(typ="safe").load(found)["jobs"]
    assert jobs["lint"] == YAML(typ="safe").load(WORKFLOW)["jobs"]["lint"]
    assert jobs["test"]["permissions"] == {"id-token": "write", "contents": "read"}
    login, pixi = jobs["test"]["steps"][1:3]
    assert login["with"]["output-credentials"] is True
    assert pixi["uses"] == "prefix-dev/setup-pixi@v0.8.1"
    assert pixi["with"]["cache"] is True
    assert pixi["with"]["auth-host"] == "s3://my-bucket"
    # The comment stays above its step.
    assert found.index("uses: aws-actions") < found.index("# pixi, as we like it") < found.index("setup-pixi@v0.8.1")


def test_a_workflow_without_pixi_gets_our_job() -> None:
    found = YAML(typ="safe").load(into_yaml("jobs:\n  test:\n    runs-on: x\n    steps: []\n", access("minio")))
    assert list(found["jobs"]) == ["test", "test-my-channel"]
    assert found["jobs"]["test-my-channel"]["permissions"] == {"contents": "read"}


def test_a_login_step_of_the_file_keeps_its_id() -> None:
    login = """        -   id: mine
            uses: aws-actions/configure-aws-credentials@v4
            with: {role-to-assume: arn:x, aws-region: eu-central-1}
"""
    text = WORKFLOW.replace("        # pixi, as", f"{login}        # pixi, as")
    steps = YAML(typ="safe").load(into_yaml(text, access("aws", "pixi")))["jobs"]["test"]["steps"]
    assert steps[1]["with"] == {"role-to-assume": "arn:x", "aws-region": "eu-central-1", "output-credentials": True}
    assert [step.get("uses", "").partition("@")[0] for step in steps].count(
        "aws-actions/configure-aws-credentials"
    ) == 1
    assert "steps.mine.outputs" in steps[2]["with"]["auth-s3-access-key-id"]


@pytest.mark.parametrize(("theirs", "after"), [("", True), (", post-cleanup: false", False)])
def test_the_key_goes_from_the_runner_unless_the_file_says_that_it_stays(theirs: str, after: bool) -> None:
    text = (
        f"jobs:\n  a:\n    steps:\n      - uses: prefix-dev/setup-pixi@v0.10.0\n        with: {{cache: true{theirs}}}\n"
    )
    (step,) = YAML(typ="safe").load(into_yaml(text, access("minio")))["jobs"]["a"]["steps"]
    assert step["with"]["post-cleanup"] is after


def test_a_login_to_another_host_is_a_conflict() -> None:
    text = WORKFLOW.replace("cache: true", "auth-host: prefix.dev")
    with pytest.raises(ConflictError, match=r"prefix\.dev"):
        into_yaml(text, access("aws", "pixi"))


def test_the_publishing_job_is_added_once_and_then_follows_the_channel() -> None:
    found = into_yaml(WORKFLOW, access("minio"), name="github-publish")
    assert is_kept(WORKFLOW, found)
    moved = into_yaml(found, client_channel(descriptor("minio", prefix="other"), None), name="github-publish")
    jobs = YAML(typ="safe").load(moved)["jobs"]
    assert list(jobs) == ["lint", "test", "build-packages", "publish"]
    assert jobs["publish"]["needs"] == "build-packages"
    assert "--channel s3://my-bucket/other " in jobs["publish"]["steps"][-1]["run"]
    (build,) = (step["run"] for step in jobs["build-packages"]["steps"] if step["name"] == "Build")
    assert "--channel s3://my-bucket/other " in build
    assert "my-bucket/my-channel" not in moved


def test_a_job_that_publishes_by_a_key_gets_the_login_by_a_role() -> None:
    role = "arn:minio:iam:::role/nOybJqMNzNmroqEKq5D0EUsRZw0"
    by_key = Case("github-publish", "pixi", "minio").text()
    with pytest.raises(ConflictError, match="has AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, which would be taken"):
        into_yaml(by_key, access("minio"), name="github-publish", role_arn=role)
    without = re.sub(r" +env:\n +AWS_ACCESS_KEY_ID: .*secrets.S3_ACC.*\n +AWS_SECRET.*\n", "", by_key)
    by_role = into_yaml(without, access("minio"), name="github-publish", role_arn=role)
    job = ci_model.jobs(by_role)["publish"]
    # The environment is theirs now, and the tokens are of it.
    assert (job.secrets, job.environment, job.gets_tokens) == (set(), "publish", True)
    assert [step["name"] for step in job.steps][-2:] == ["Get an ID token", "Publish"]
    assert job.steps[-1]["env"]["AWS_ROLE_ARN"] == role


def test_jobs_of_these_names_keep_them_and_ours_get_others() -> None:
    text = """jobs:
  build-packages:
    runs-on: x
    steps: [{run: make}]
  publish:
    needs: build-packages
    runs-on: x
    steps: [{run: make publish}]
"""
    found = into_yaml(text, access("minio"), name="github-publish")
    assert is_kept(text, found)
    jobs = YAML(typ="safe").load(found)["jobs"]
    assert list(jobs) == ["build-packages", "publish", "build-packages-my-channel", "publish-my-channel"]
    assert jobs["publish-my-channel"]["needs"] == "build-packages-my-channel"


@pytest.mark.parametrize("store", ["aws", "minio"])
def test_the_jobs_that_are_added_have_only_what_they_need(store: str) -> None:
    """Whatever the workflow gives all others."""
    text = "permissions: write-all\nenv: {A: b}\njobs:\n  lint:\n    runs-on: x\n    steps: []\n"
    found = ci_model.jobs(into_yaml(text, access(store), name="github-publish"))
    build, publish = found["build-packages"], found["publish"]
    by_role = {"id-token": "write"} if store == "aws" else {}
    assert build.permissions == {**by_role, "contents": "read"}
    assert publish.permissions == (by_role or {"contents": "read"})
    assert not build.subjects() & publish.subjects()
    assert not build.secrets & publish.secrets


@pytest.mark.parametrize("events", ["[push, pull_request]", "{push: , pull_request_target: }", "pull_request"])
@pytest.mark.parametrize("store", ["aws", "minio"])
def test_a_workflow_for_pull_requests_publishes_none_of_them(store: str, events: str) -> None:
    text = f"on: {events}\njobs:\n  lint:\n    runs-on: x\n    steps: []\n"
    found = ci_model.jobs(into_yaml(text, access(store), name="github-publish"))
    for name in ("build-packages", "publish"):
        assert not [event for event in found[name].events if event.startswith("pull_request")]
    # Theirs still run for them.
    assert [event for event in found["lint"].events if event.startswith("pull_request")]


def test_a_job_that_publishes_pull_requests_gets_no_secret_for_them() -> None:
    text = "on: push\njobs:\n  a:\n    runs-on: x\n    steps: []\n"
    found = into_yaml(text, access("minio"), name="github-publish")
    opened = found.replace("on: push", "on: [push, pull_request]")
    job = ci_model.jobs(into_yaml(opened, access("minio"), name="github-publish"))["publish"]
    assert set(job.events) == {"push"}


@pytest.mark.parametrize("store", ["aws", "minio"])
def test_a_job_that_builds_gets_no_login_of_a_publisher(store: str) -> None:
    text = """jobs:
  all:
    runs-on: x
    steps:
      - uses: prefix-dev/setup-pixi@v0.8.1
      - run: rattler-build build --recipe-dir recipes
      - run: uvx chaninfra publish --channel s3://my-bucket/my-channel output/*/*.conda
"""
    with pytest.raises(ConfigurationError, match="builds and publishes in one job") as caught:
        into_yaml(text, access(store), name="github-publish")
    assert caught.value.key == ("jobs", "all")
    assert caught.value.remedy


@pytest.mark.parametrize("store", ["aws", "minio"])
def test_a_gitlab_job_that_builds_gets_no_login_of_a_publisher(store: str) -> None:
    text = "publish:\n  script: [make packages, uvx chaninfra publish output/*.conda]\n"
    with pytest.raises(ConfigurationError, match="builds and publishes in one job") as caught:
        into_yaml(text, access(store), name="gitlab-publish")
    assert caught.value.key == ("publish",)


def test_a_gitlab_pipeline_gets_both_jobs_once() -> None:
    found = into_yaml("stages: [test]\n", access("aws"), name="gitlab-publish")
    moved = into_yaml(found, client_channel(descriptor("aws", prefix="other"), None), name="gitlab-publish")
    for text in (found, moved):
        jobs = YAML(typ="safe").load(text)
        assert list(jobs) == ["stages", "build-packages", "publish"]
        assert jobs["publish"]["needs"] == ["build-packages"]


PIPELINE = """stages: [check]
test:
  stage: check
  variables: {A: "1"}
  before_script:
    - echo hello   # first
  script: [make]
"""


def test_a_gitlab_job_keeps_its_commands() -> None:
    found = into_yaml(PIPELINE, access("aws"), name="gitlab")
    job = YAML(typ="safe").load(found)["test"]
    assert job["script"] == ["make"]
    assert job["before_script"][-1] == "echo hello"
    assert job["variables"]["A"] == "1"
    assert job["variables"]["AWS_REGION"] == "eu-central-1"
    assert is_kept(PIPELINE.replace('  variables: {A: "1"}\n', ""), found)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("jobs: 1\n", ("jobs",)),
        ("- a\n", ()),
        ("jobs: {a: {env: 1, steps: [{uses: prefix-dev/setup-pixi@v0}]}}\n", ("jobs", "a", "env")),
        ("jobs: {a: {steps: [{uses: prefix-dev/setup-pixi@v0, with: 1}]}}\n", ("jobs", "a", "steps", "with")),
    ],
)
def test_a_value_of_another_type_in_a_workflow_is_refused(text: str, key: tuple[str, ...]) -> None:
    channels: Any = access("aws", "pixi") if "with" in key else access("minio", "aws")
    with pytest.raises(ConfigurationError, match="is not a mapping") as caught:
        into_yaml(text, channels)
    assert caught.value.key == key


def test_a_value_of_another_type_in_a_pipeline_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="is not a job") as caught:
        into_yaml("test: 1\n", access("aws"), name="gitlab")
    assert caught.value.key == ("test",)
