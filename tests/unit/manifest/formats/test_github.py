"""GitHub workflows: the actions have the inputs that they use, and they have no permission that they do not need."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import get_args

import pytest
from ruamel.yaml import YAML

from chaninfra.channel.outputs.descriptor import Descriptor
from chaninfra.manifest.client_access import client_channel
from chaninfra.manifest.formats.table import render
from chaninfra.manifest.names import Format
from chaninfra.manifest.request import ManifestRequest
from support.cases.ci_model import jobs
from support.cases.ci_schemas import check_ci_schema
from support.cases.manifests import MANIFESTS, Case, descriptor, possible
from support.paths import TESTS

ACTIONS = json.loads((TESTS / "data/action-inputs.json").read_text("utf-8"))
FORMATS = [name for name in get_args(Format) if name.startswith("github")]


def test_the_schema_of_github_accepts_all_workflows(tmp_path: Path) -> None:
    files = sorted(MANIFESTS.glob("github*/*.yaml"))
    assert len(files) == 90
    check_ci_schema("github-workflows", files, broken=("steps:", "stops:"), folder=tmp_path)


@pytest.mark.parametrize("case", possible(*FORMATS), ids=str)
def test_the_actions_have_these_inputs_and_outputs(case: Case) -> None:
    workflow = YAML(typ="safe").load(case.text())
    for job in workflow["jobs"].values():
        steps = {step["id"]: step.get("uses") for step in job["steps"] if "id" in step}
        for step in job["steps"]:
            if "uses" in step:
                known = ACTIONS[step["uses"]]
                assert set(step.get("with", {})) <= set(known["inputs"])
                assert set(known["required"]) <= set(step.get("with", {}))
        for step, name in re.findall(r"steps\.([a-z-]+)\.outputs\.([a-z-]+)", str(job)):
            assert name in ACTIONS[steps[step]]["outputs"]


@pytest.mark.parametrize("case", possible(*FORMATS), ids=str)
def test_a_workflow_has_only_the_permissions_that_it_needs(case: Case) -> None:
    workflow = YAML(typ="safe").load(case.text())
    for job in jobs(case.text()).values():
        inherited = set(workflow["permissions"]) - {"id-token"}
        needed = {"contents"} if "actions/checkout" in job.actions else inherited if not job.roles else set()
        assert set(job.permissions) == needed | ({"id-token"} if job.roles else set())
        assert job.permissions.get("contents", "read") == "read"
    if case.name == "github-upload":
        # Uploads do not touch the index.
        assert "concurrency" not in workflow
        return
    assert workflow["concurrency"]["group"]
    # No two runs write the index at the same time, and no run that writes is cancelled.
    assert workflow["concurrency"]["cancel-in-progress"] is (case.name == "github")


def test_the_login_is_the_last_step_before_publishing() -> None:
    steps = jobs(Case("github-publish", "public", "aws").text())["publish"].steps
    assert [step["name"] for step in steps] == ["Take the packages", "Install chaninfra", "Log in to AWS", "Publish"]


def test_a_workflow_that_tests_reads_as_a_reader() -> None:
    """Pull requests run it; in a repository that publishes too, the publisher has other names."""
    for case in possible("github"):
        (job,) = jobs(case.text()).values()
        assert job.secrets <= {"S3_READER_ACCESS_KEY_ID", "S3_READER_SECRET_ACCESS_KEY"}
        assert set(job.roles) <= {"${{ vars.AWS_READER_ROLE_ARN }}"}


def test_a_given_role_is_in_the_workflow() -> None:
    role = "arn:aws:iam::123456789012:role/publish"
    text = Case("github-publish", "aws", "aws").text(role_arn=role)
    assert role in text
    assert "AWS_ROLE_ARN," not in text


def test_the_token_in_china_is_for_the_sts_of_china() -> None:
    found = descriptor("aws", region="cn-north-1")
    text = render("github", ManifestRequest(channels=(client_channel(found, "aws"),)))
    assert "audience: sts.amazonaws.com.cn\n" in text


def test_a_descriptor_cannot_put_an_expression_into_a_workflow() -> None:
    # A descriptor may come from anywhere, and the schema has no pattern for its prefix.
    bad = "a${{ secrets.KEY }}'\"; rm -rf /"
    found = Descriptor(
        **{
            **{name: getattr(descriptor("minio"), name) for name in Descriptor.__struct_fields__},
            "prefix": bad,
            "url": f"s3://my-bucket/{bad}",
            "index": descriptor("minio", index={"follow": {}}).index,
        }
    )
    for name in FORMATS:
        text = render(name, ManifestRequest(channels=(client_channel(found, "aws"),)))
        assert "secrets.KEY" not in re.sub(r"\$\{\{ '\$\{\{' \}\} secrets.KEY", "", text)
        YAML(typ="safe").load(text)
