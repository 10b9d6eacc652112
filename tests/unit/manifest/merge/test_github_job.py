"""Jobs of workflows with a login and permissions of their own: these stay, or the merge is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import check_jsonschema
import pytest
import yaml

from chaninfra.channel.errors import ConflictError
from chaninfra.manifest.client_access import client_channel
from support.cases import ci_model
from support.cases.ci_schemas import check_ci_schema
from support.cases.manifests import access, descriptor
from support.cases.merging import into_yaml, is_kept

LOGIN = "aws-actions/configure-aws-credentials"
PIXI = "prefix-dev/setup-pixi"

BY_ROLE = """      - name: Their login   # to their bucket
        uses: aws-actions/configure-aws-credentials@v4
        with:
          role-to-assume: arn:aws:iam::123456789012:role/theirs
          aws-region: us-east-1
"""
BY_KEY = """      - uses: aws-actions/configure-aws-credentials@v4
        id: aws
        with:
          aws-access-key-id: ${{ secrets.THEIRS }}
          aws-secret-access-key: ${{ secrets.THEIR_SECRET }}
          aws-region: us-east-1
"""
SET_UP = """      - uses: prefix-dev/setup-pixi@v0.8.1
"""
USE = """      - run: aws s3 sync s3://their-data data
"""


def workflow(*steps: str, permissions: str = "") -> str:
    """A workflow without a name, with one job."""
    return f"on: push\n{permissions}jobs:\n  e2e:\n    runs-on: x\n    steps:\n" + "".join(steps)


def merged(text: str, method: Any = "pixi", name: Literal["github", "github-publish"] = "github") -> ci_model.Job:
    """The job `e2e` after a merge, which keeps every line."""
    found = into_yaml(text, access("aws", method), name=name)
    assert is_kept(text, found)
    # Read by another parser than the merge uses; YAML 1.1 takes `on` for true.
    assert yaml.safe_load(found)["jobs"]["e2e"] == ci_model.jobs(found)["e2e"].values["job"]
    return ci_model.jobs(found)["e2e"]


def kept(job: ci_model.Job, step: str) -> bool:
    """Whether the job has the step with all its values."""
    return yaml.safe_load(step)[0] in job.steps


@pytest.mark.parametrize("method", ["pixi", "aws"])
def test_a_login_behind_setup_pixi_stays_and_ours_comes_before(method: str) -> None:
    """As in the end-to-end tests of rattler: pixi is set up first, and the job then logs in to AWS."""
    job = merged(workflow(SET_UP, BY_ROLE, USE), method)
    assert job.actions == [LOGIN, PIXI, LOGIN]
    assert kept(job, BY_ROLE)
    assert job.steps[0]["with"]["aws-region"] == "eu-central-1"
    if method == "pixi":
        assert f"steps.{job.steps[0]['id']}.outputs" in job.steps[1]["with"]["auth-s3-access-key-id"]


@pytest.mark.parametrize("theirs", [BY_ROLE, BY_KEY])
def test_a_login_before_setup_pixi_stays_and_ours_leaves_its_variables(theirs: str) -> None:
    job = merged(workflow(theirs, SET_UP, USE))
    assert job.actions == [LOGIN, LOGIN, PIXI]
    assert kept(job, theirs)
    ours = job.steps[1]
    assert ours["with"]["aws-region"] == "eu-central-1"
    assert ours["with"]["output-credentials"] is True
    assert ours["with"]["output-env-credentials"] is False
    assert ours["id"] != job.steps[0].get("id")
    assert f"steps.{ours['id']}.outputs" in job.steps[2]["with"]["auth-s3-access-key-id"]


@pytest.mark.parametrize(("theirs", "told"), [(BY_ROLE, "in the region us-east-1"), (BY_KEY, "by an access key")])
def test_a_login_that_pixi_would_take_is_a_conflict(theirs: str, told: str) -> None:
    """Without outputs both logins set the same variables."""
    with pytest.raises(ConflictError, match=told) as caught:
        into_yaml(workflow(theirs, SET_UP, USE), access("aws", "aws"))
    assert caught.value.where == "the file, key jobs.e2e"
    assert "behind setup-pixi" in str(caught.value.remedy)


@pytest.mark.parametrize("method", ["pixi", "aws"])
def test_a_login_by_a_role_in_the_region_serves(method: str) -> None:
    text = workflow(BY_ROLE.replace("us-east-1", "eu-central-1"), SET_UP)
    assert merged(text, method).actions == [LOGIN, PIXI]


def test_our_login_follows_the_channel() -> None:
    text = into_yaml(workflow(BY_ROLE, SET_UP), access("aws", "pixi"))
    moved = descriptor("aws", region="ap-south-1")
    jobs = ci_model.jobs(into_yaml(text, client_channel(moved, "pixi")))
    assert [step["with"].get("aws-region") for step in jobs["e2e"].steps[:2]] == ["us-east-1", "ap-south-1"]


def test_a_role_written_into_our_login_stays() -> None:
    text = into_yaml(workflow(SET_UP), access("aws", "pixi"))
    own = text.replace("${{ vars.AWS_READER_ROLE_ARN }}", "arn:aws:iam::123456789012:role/mine")
    assert own != text
    assert into_yaml(own, access("aws", "pixi")) == own


@pytest.mark.parametrize("theirs", [BY_ROLE, BY_KEY])
def test_the_login_of_a_job_that_publishes_stays(theirs: str) -> None:
    take = "      - uses: actions/download-artifact@v4\n"
    publish = "      - run: uvx chaninfra publish --channel s3://my-bucket/my-channel packages\n"
    job = merged(workflow(take, theirs, publish), name="github-publish")
    assert job.actions == ["actions/download-artifact", LOGIN]
    assert kept(job, theirs)
    late = merged(workflow(take, publish, theirs), name="github-publish")
    assert [step.get("name") for step in late.steps].index("Log in to AWS") == 1


def test_a_job_that_builds_without_setup_pixi_logs_in_before_it() -> None:
    upload = "      - uses: actions/upload-artifact@v4\n        with: {name: packages, path: out}\n"
    text = workflow("      - uses: actions/checkout@v4\n", "      - run: make packages\n", upload)
    job = merged(text, name="github-publish")
    assert job.actions == ["actions/checkout", LOGIN, PIXI, "actions/upload-artifact"]


# Workflow syntax: `read-all` and `write-all` are all permissions, `{}` none, and what a mapping lacks is none.
@pytest.mark.parametrize("of_job", [True, False])
@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("read-all", {"id-token": "write", "contents": "read", "packages": "read", "pull-requests": "read"}),
        ("{}", {"id-token": "write"}),
        ("{packages: write}", {"id-token": "write", "packages": "write"}),
        ("{id-token: write}", {"id-token": "write"}),
    ],
)
def test_permissions_keep_their_meaning(word: str, expected: dict[str, str], of_job: bool) -> None:
    line = f"permissions: {word}   # theirs\n"
    text = workflow(SET_UP, permissions="" if of_job else line)
    text = text.replace("    steps:", f"    {line}    steps:") if of_job else text
    found = into_yaml(text, access("aws", "pixi"))
    job = ci_model.jobs(found)["e2e"]
    assert job.gets_tokens
    assert expected.items() <= dict(job.permissions).items()
    assert word == "read-all" or job.permissions == expected
    assert "write" not in {level for name, level in job.permissions.items() if name not in ("id-token", "packages")}
    assert "# theirs" in found
    if not of_job:
        # Of the whole workflow, for the other jobs.
        assert line in found


def test_what_read_all_stands_for_is_all_that_the_schema_has() -> None:
    vendor = Path(str(check_jsonschema.__file__)).parent / "builtin_schemas/vendor"
    schema = json.loads((vendor / "github-workflows.json").read_text("utf-8"))
    known = schema["definitions"]["permissions-event"]["properties"]
    line = "permissions: read-all\n"
    job = ci_model.jobs(into_yaml(workflow(SET_UP, permissions=line), access("aws", "pixi")))["e2e"]
    assert set(job.permissions) <= set(known)
    assert {"actions", "checks", "contents", "issues", "statuses"} <= set(job.permissions)


@pytest.mark.parametrize("of_job", [True, False])
def test_write_all_has_what_a_login_needs(of_job: bool) -> None:
    text = workflow(SET_UP, permissions="" if of_job else "permissions: write-all\n")
    text = text.replace("    steps:", "    permissions: write-all\n    steps:") if of_job else text
    found = yaml.safe_load(into_yaml(text, access("aws", "pixi")))
    assert found["jobs"]["e2e"].get("permissions", found.get("permissions")) == "write-all"


@pytest.mark.parametrize("method", ["pixi", "aws", "public"])
def test_a_workflow_without_a_name_gets_none(method: str) -> None:
    """GitHub shows the path of the file instead."""
    assert "name" not in yaml.safe_load(into_yaml(workflow(SET_UP), access("aws", method)))


def test_a_workflow_to_which_nothing_is_added_stays() -> None:
    text = workflow(SET_UP)
    assert into_yaml(text, access("aws", "public")) == text


def test_githubs_schema_accepts_what_is_merged(tmp_path: Path) -> None:
    texts = [
        workflow(SET_UP, BY_ROLE, USE),
        workflow(BY_KEY, SET_UP, USE),
        workflow(SET_UP, permissions="permissions: read-all\n"),
        workflow(SET_UP).replace("    steps:", "    permissions: read-all  # theirs\n    steps:"),
        workflow(SET_UP).replace("    steps:", "    permissions: {}\n    steps:"),
        workflow(SET_UP, permissions="permissions: write-all\n"),
    ]
    files = []
    for number, text in enumerate(texts):
        path = tmp_path / f"{number}.yml"
        path.write_text(into_yaml(text, access("aws", "pixi")), "utf-8")
        files.append(path)
    check_ci_schema("github-workflows", files, broken=("id-token: write", "id-token: all"), folder=tmp_path)


@pytest.mark.parametrize("name", ["github", "github-publish"])
def test_a_workflow_that_was_empty_is_up_to_date_after_a_merge(name: Literal["github", "github-publish"]) -> None:
    # Which merges it twice, and compares.
    into_yaml("{}", access("aws"), name=name)
