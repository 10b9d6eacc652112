"""Jobs that upload without chaninfra: for channels that follow uploads, with a key that the shell finds."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from chaninfra.channel.errors import ConfigurationError
from chaninfra.manifest.client_access import client_channel
from chaninfra.manifest.formats.table import render
from chaninfra.manifest.formats.upload import session_of_token
from chaninfra.manifest.names import Format
from chaninfra.manifest.request import ManifestRequest
from support.cases.manifests import Case, descriptor, possible

FORMATS: tuple[Format, ...] = ("github-upload", "gitlab-upload")
GIVEN = """<?xml version="1.0"?>
<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>
  <AccessKeyId>AKID</AccessKeyId><SecretAccessKey>a+b/c=</SecretAccessKey>
  <SessionToken>e30.e30._-</SessionToken></Credentials></AssumeRoleWithWebIdentityResult>
</AssumeRoleWithWebIdentityResponse>
"""


@pytest.mark.parametrize("name", FORMATS)
def test_a_channel_that_does_not_follow_is_refused(name: Format) -> None:
    instead = name.replace("upload", "publish")
    for known, why in ((True, "does not follow uploads"), (False, "channel.json was not read")):
        with pytest.raises(ConfigurationError, match=why) as caught:
            render(name, ManifestRequest(channels=(client_channel(descriptor("minio"), "aws", subdirs_known=known),)))
        assert f"--format {instead}" in str(caught.value.remedy)


@pytest.mark.parametrize("case", possible(*FORMATS), ids=str)
def test_nothing_of_chaninfra_is_in_the_jobs(case: Case) -> None:
    lines = [line for line in case.text().splitlines() if not line.startswith("#")]
    assert not [line for line in lines if "chaninfra" in line or "pip install" in line]
    (upload,) = [line for line in lines if "rattler-build upload s3 " in line]
    found = case.descriptor
    for option in (
        f"--channel {found.url}",
        f"--endpoint-url {found.endpoint_url}",
        f"--region {found.region}",
        f"--addressing-style {found.location.addressing_style}",
    ):
        assert f" {option} " in upload


def session(folder: Path, answer: str, code: int = 0) -> subprocess.CompletedProcess[str]:
    """What the lines make of an answer of the STS, which a program stands in for."""
    (folder / "answer").write_text(answer, "utf-8")
    (folder / "ask").write_text(f'#!/bin/sh\ncat "{folder}/answer"; exit {code}\n', "utf-8")
    (folder / "ask").chmod(0o755)
    lines = [*session_of_token(str(folder / "ask")), "env | grep ^S3_ | sort"]
    variables = {"AWS_ENDPOINT_URL_STS": "https://sts", "AWS_ROLE_ARN": "r", "AWS_WEB_IDENTITY_TOKEN_FILE": "t"}
    return subprocess.run(
        ["bash", "-e", "-c", "\n".join(lines)],
        env={"PATH": "/usr/bin:/bin", **variables},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("answer", [GIVEN, GIVEN.replace("\n", "")])
def test_the_session_is_in_the_variables_of_rattler_build(answer: str, tmp_path: Path) -> None:
    expected = ["S3_ACCESS_KEY_ID=AKID", "S3_SECRET_ACCESS_KEY=a+b/c=", "S3_SESSION_TOKEN=e30.e30._-"]
    assert session(tmp_path, answer).stdout.splitlines() == expected


@pytest.mark.parametrize(
    "answer",
    ["", GIVEN.replace("AKID", ""), GIVEN.replace("a+b/c=", "$(touch x)"), GIVEN.replace("SessionToken", "Other")],
)
def test_without_a_session_nothing_is_uploaded_and_nothing_is_shown(answer: str, tmp_path: Path) -> None:
    done = session(tmp_path, answer)
    assert done.returncode != 0
    assert "is not in the answer of the STS" in done.stderr
    assert not done.stdout
    assert "AKID" not in done.stderr
    assert not (tmp_path / "x").exists()


def test_a_refused_token_is_told_with_what_to_check(tmp_path: Path) -> None:
    done = session(tmp_path, GIVEN, code=22)
    assert done.returncode == 1
    assert "check the role that AWS_ROLE_ARN names, and whom it trusts" in done.stderr
    assert not done.stdout
