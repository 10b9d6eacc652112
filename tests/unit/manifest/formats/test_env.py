"""The `export` lines, as a shell reads them."""

from __future__ import annotations

import subprocess

from support.cases.manifests import Case


def test_a_shell_has_the_location_of_the_bucket() -> None:
    script = Case("env", "pixi", "r2").text() + 'printf "%s\\n" "$S3_ENDPOINT_URL" "$S3_REGION" "$S3_ADDRESSING_STYLE"'
    done = subprocess.run(["sh", "-eu"], input=script, env={}, capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.splitlines() == ["https://0123abcd.eu.r2.cloudflarestorage.com", "WEUR", "virtual-host"]


def test_pixi_and_boto3_have_the_region_of_a_bucket_on_aws() -> None:
    """pixi asks AWS_REGION first, boto3 reads AWS_DEFAULT_REGION alone."""
    script = Case("env", "aws", "aws").text() + 'printf "%s\\n" "$AWS_REGION" "$AWS_DEFAULT_REGION"'
    elsewhere = {"AWS_REGION": "us-west-2", "AWS_DEFAULT_REGION": "us-west-2"}
    done = subprocess.run(["sh", "-eu"], input=script, env=elsewhere, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["eu-central-1", "eu-central-1"]


def test_s3_variables_are_said_not_to_be_enough_to_publish_with_pixi() -> None:
    for case in (Case("env", "pixi", "minio"), Case("rattler-build", "pixi", "minio")):
        assert "`pixi publish` and `rattler-build publish` need the bucket's entry in pixi's store" in case.text()


def test_uploads_are_said_not_to_read_the_endpoint_of_the_aws_tools() -> None:
    assert "do not read AWS_ENDPOINT_URL_S3: use --auth pixi" in Case("env", "aws", "minio").text()
    assert "upload" not in Case("env", "aws", "aws").text()
