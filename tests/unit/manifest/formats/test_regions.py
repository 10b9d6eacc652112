"""What reads a bucket on AWS without s3-options is given its region, in every format: pixi has no other way."""

from __future__ import annotations

import re

import pytest
from ruamel.yaml import YAML

from chaninfra.channel.errors import ConfigurationError
from chaninfra.manifest.client_access import client_channel
from chaninfra.manifest.formats.table import render
from chaninfra.manifest.names import Format
from chaninfra.manifest.request import ManifestRequest
from support.cases.ci_model import jobs
from support.cases.manifests import Case, descriptor, possible

REGION = "eu-central-1"
# What uploads is told the region by an option.
_RUNS_PIXI = re.compile(r"\bpixi (?:run|exec rattler-build build)\b")


@pytest.mark.parametrize("name", ["github", "github-publish", "github-upload"])
def test_a_job_of_github_has_it_from_the_login_before_pixi(name: Format) -> None:
    reading = [job for job in jobs(Case(name, "aws", "aws").text()).values() if _RUNS_PIXI.search(job.commands)]
    assert reading
    for job in reading:
        # The action sets AWS_REGION and AWS_DEFAULT_REGION for the steps after it.
        actions = job.actions
        assert actions.index("aws-actions/configure-aws-credentials") < actions.index("prefix-dev/setup-pixi")
        assert [step["with"]["aws-region"] for step in job.steps if "aws-region" in step.get("with", {})] == [REGION]


@pytest.mark.parametrize("name", ["gitlab", "gitlab-publish", "gitlab-upload"])
def test_a_job_of_gitlab_has_it_as_a_variable(name: Format) -> None:
    found = YAML(typ="safe").load(Case(name, "aws", "aws").text()).values()
    reading = [job for job in found if _RUNS_PIXI.search("\n".join(job["script"]))]
    assert reading
    assert {job["variables"]["AWS_REGION"] for job in reading} == {REGION}


@pytest.mark.parametrize("name", ["env", "rattler-build"])
def test_a_shell_has_it_as_a_variable(name: Format) -> None:
    assert f"export AWS_REGION='{REGION}'\n" in Case(name, "aws", "aws").text()


def test_elsewhere_the_options_have_it() -> None:
    for case in possible("pixi"):
        has_options = "s3-options" in case.text()
        assert has_options is (case.method == "pixi" or (case.method == "aws" and case.store != "aws"))


@pytest.mark.parametrize("name", ["github", "github-publish", "gitlab", "gitlab-publish", "login"])
@pytest.mark.parametrize("store", ["aws", "minio"])
def test_a_login_that_pixi_would_not_find_again_is_refused(name: Format, store: str) -> None:
    """The key of a bucket whose name has exactly one dot: rattler keeps it as that of a domain."""
    for bucket, refused in (("my.bucket", True), ("my.dotted.bucket", False), ("my-bucket", False)):
        request = ManifestRequest(
            channels=(client_channel(descriptor(store, bucket=bucket, **{"force-path-style": True}), "pixi"),)
        )
        if not refused:
            assert f"s3://{bucket}" in render(name, request)
            continue
        with pytest.raises(ConfigurationError, match=r"keeps the key as '\*\.my\.bucket'") as caught:
            render(name, request)
        assert "--format auth-file --into FILE" in str(caught.value.remedy)
        assert "--auth aws" in str(caught.value.remedy)


@pytest.mark.parametrize("name", ["pixi", "pyproject", "config", "rattler-build"])
def test_no_login_is_advised_that_would_not_be_found(name: Format) -> None:
    request = ManifestRequest(channels=(client_channel(descriptor("minio", bucket="my.bucket"), "pixi"),))
    text = render(name, request)
    assert "auth login s3://" not in text
    assert "RATTLER_AUTH_FILE" in text
