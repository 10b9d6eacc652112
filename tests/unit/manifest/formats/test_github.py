"""The jobs of a CI that `manifest` prints: the CI takes them, and they may no more than they need."""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path

import pytest
from check_jsonschema.cli import main as check_jsonschema
from click.testing import CliRunner
from ruamel.yaml import YAML

from chaninfra.channel.outputs.descriptor import Descriptor
from chaninfra.manifest import ManifestRequest, channel_access, render
from support.cases.manifests import MANIFESTS, Case, descriptor, possible
from support.paths import TESTS

ACTIONS = json.loads((TESTS / "data/action-inputs.json").read_text("utf-8"))


@pytest.mark.parametrize(("kind", "names"), [("github-workflows", "github*"), ("gitlab-ci", "gitlab*")])
def test_the_schema_of_the_ci_accepts_all_jobs(kind: str, names: str, tmp_path: Path) -> None:
    files = [str(path) for path in sorted(MANIFESTS.glob(f"{names}/*.yaml"))]
    broken = tmp_path / "broken.yaml"
    broken.write_text(
        Path(files[0]).read_text("utf-8").replace("steps:", "stops:").replace("script:", "sript:"), "utf-8"
    )
    # In this process: importing takes longer than checking.
    check = partial(CliRunner().invoke, check_jsonschema)
    schema = ("--builtin-schema", f"vendor.{kind}")
    done = check([*schema, *files])
    assert done.exit_code == 0, done.output
    assert len(files) == 36
    refused = check([*schema, str(broken)])
    assert refused.exit_code == 1
    assert "Schema validation errors were encountered" in refused.output


@pytest.mark.parametrize("case", possible("github", "github-publish"), ids=str)
def test_the_actions_have_these_inputs_and_outputs(case: Case) -> None:
    workflow = YAML(typ="safe").load(case.text())
    (job,) = workflow["jobs"].values()
    steps = {step["id"]: step["uses"] for step in job["steps"] if "id" in step}
    for step in job["steps"]:
        if "uses" in step:
            known = ACTIONS[step["uses"]]
            assert set(step.get("with", {})) <= set(known["inputs"])
            assert set(known["required"]) <= set(step.get("with", {}))
    for step, name in re.findall(r"steps\.([a-z-]+)\.outputs\.([a-z-]+)", case.text()):
        assert name in ACTIONS[steps[step]]["outputs"]


@pytest.mark.parametrize("case", possible("github", "github-publish"), ids=str)
def test_a_workflow_may_no_more_than_it_needs(case: Case) -> None:
    workflow = YAML(typ="safe").load(case.text())
    oidc = "configure-aws-credentials" in case.text()
    assert workflow["permissions"] == ({"id-token": "write", "contents": "read"} if oidc else {"contents": "read"})
    assert workflow["concurrency"]["group"]
    # Nothing is published twice at a time, and nothing is cut off half way.
    assert workflow["concurrency"]["cancel-in-progress"] is (case.name == "github")


def test_a_job_of_a_public_channel_logs_in_to_publish_and_not_before() -> None:
    steps = YAML(typ="safe").load(Case("github-publish", "public", "aws").text())["jobs"]["publish"]["steps"]
    names = [step["name"] for step in steps]
    assert names == ["Check out repository", "Set up pixi", "Build", "Log in to AWS", "Publish"]


def test_a_given_role_is_in_the_job() -> None:
    role = "arn:aws:iam::123456789012:role/publish"
    for name in ("github-publish", "gitlab-publish"):
        text = Case(name, "aws", "aws").text(role_arn=role)  # type: ignore[arg-type]
        assert role in text
        assert "AWS_ROLE_ARN," not in text


def test_in_china_the_token_is_for_the_sts_there() -> None:
    found = descriptor("aws", region="cn-north-1")
    text = render("github", ManifestRequest(channels=(channel_access(found, "aws"),)))
    assert "audience: sts.amazonaws.com.cn\n" in text


def test_a_descriptor_cannot_put_an_expression_into_a_workflow() -> None:
    # It may come from anywhere; its prefix has no pattern.
    bad = "a${{ secrets.KEY }}'\"; rm -rf /"
    found = Descriptor(
        **{
            **{name: getattr(descriptor("minio"), name) for name in Descriptor.__struct_fields__},
            "prefix": bad,
            "url": f"s3://my-bucket/{bad}",
        }
    )
    for name in ("github", "github-publish"):
        text = render(name, ManifestRequest(channels=(channel_access(found, "aws"),)))  # type: ignore[arg-type]
        assert "secrets.KEY" not in re.sub(r"\$\{\{ '\$\{\{' \}\} secrets.KEY", "", text)
        YAML(typ="safe").load(text)
