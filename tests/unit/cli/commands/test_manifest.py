"""`chaninfra manifest`: the list, the login by IAM Identity Center, and the role of a CI job."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from chaninfra.channel.errors import ConfigurationError, EngineError
from chaninfra.channel.outputs.descriptor import to_document
from chaninfra.engine import stacks
from chaninfra.manifest.formats.table import listing
from chaninfra.manifest.names import NAMES
from support.cases.manifest_command import AWS, MINIO, URL, manifest, refused
from support.cases.manifests import descriptor

ROLE = "arn:aws:iam::123456789012:role/publish"


def test_a_check_needs_a_file() -> None:
    assert "--into" in str(refused(URL, *MINIO, "--check"))


def test_the_list_has_a_line_for_each_format() -> None:
    lines = manifest("--list").stdout.splitlines()
    assert [line.split()[0] for line in lines] == list(NAMES)
    assert all(title in line for line, (_, title) in zip(lines, listing(), strict=True))


def test_a_login_by_identity_center_needs_all_options_and_its_format() -> None:
    error = refused(URL, *AWS, "--format", "aws-config", "--sso-start-url", "https://a")
    assert "add --sso-account-id, --sso-role-name" in str(error)
    assert "--format aws-config" in str(refused(URL, *AWS, "--sso-region", "eu-west-1"))


@pytest.fixture
def outputs(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The outputs of the selected stack, by name. A missing output is an EngineError."""
    channel = descriptor("aws")
    values: dict[str, Any] = {"channels": {channel.name: to_document(channel)}}

    def output(_: str | None, __: Path, name: str = "channels") -> Any:
        if name not in values:
            raise EngineError(f"the selected stack has no output {name!r}")
        return values[name]

    monkeypatch.setattr(stacks, "stack_output", output)
    return values


def access_output(**publishers: tuple[str, str]) -> dict[str, Any]:
    """The output `access` of a stack with these publishers: name=(kind, role ARN)."""
    named = {name: {"kind": kind, "role-arn": role} for name, (kind, role) in publishers.items()}
    return {"my-channel": {"publishers": named, "readers": {}, "maintainers": {}}}


def test_the_role_is_that_of_the_stack(outputs: dict[str, Any]) -> None:
    outputs["access"] = access_output(ci=("github", ROLE), other=("gitlab", f"{ROLE}-gitlab"))
    assert f"role-to-assume: {ROLE}\n" in manifest("--format", "github-publish").stdout
    assert f"AWS_ROLE_ARN: {ROLE}-gitlab\n" in manifest("--format", "gitlab-publish").stdout
    # The stack has no readers, so the job reads the role from a variable of the repository.
    assert "vars.AWS_READER_ROLE_ARN" in manifest("--format", "github").stdout
    assert (
        "role-to-assume: arn:aws:iam::123456789012:role/other\n"
        in manifest("--format", "github-publish", "--role-arn", "arn:aws:iam::123456789012:role/other").stdout
    )


def test_on_a_store_with_an_sts_the_job_that_publishes_gets_the_role_of_the_stack(outputs: dict[str, Any]) -> None:
    role = "arn:minio:iam:::role/nOybJqMNzNmroqEKq5D0EUsRZw0"
    found = descriptor("minio")
    outputs["channels"] = {found.name: to_document(found)}
    outputs["access"] = access_output(ci=("github", role), other=("gitlab", f"{role}-gitlab"))
    said = manifest("--format", "github-publish").stdout
    assert f"AWS_ROLE_ARN: {role}\n" in said
    assert "AWS_ENDPOINT_URL_STS: https://minio.example.com\n" in said
    assert "secrets.S3_ACCESS_KEY_ID" not in said
    said = manifest("--format", "gitlab-publish").stdout
    assert f"AWS_ROLE_ARN: {role}-gitlab\n" in said
    assert "AWS_ENDPOINT_URL_STS: https://minio.example.com\n" in said
    # pixi reads by a key.
    assert role not in manifest("--format", "github").stdout


def test_a_scheduled_job_gets_the_role_of_a_maintainer_and_no_other(outputs: dict[str, Any]) -> None:
    outputs["access"] = access_output(ci=("github", ROLE), other=("gitlab", f"{ROLE}-gitlab"))
    assert "vars.AWS_MAINTAINER_ROLE_ARN" in manifest("--format", "github-reindex").stdout
    assert ROLE not in manifest("--format", "gitlab-reindex").stdout
    kept = {"nightly": {"kind": "github", "role-arn": f"{ROLE}-keep"}}
    outputs["access"]["my-channel"]["maintainers"] = kept
    assert f"role-to-assume: {ROLE}-keep\n" in manifest("--format", "github-reindex").stdout


def test_a_promotion_gets_the_role_and_the_source_of_a_promoter(outputs: dict[str, Any]) -> None:
    outputs["access"] = access_output(ci=("github", ROLE), other=("gitlab", f"{ROLE}-gitlab"))
    said = manifest("--format", "github-promote").stdout
    assert "vars.AWS_PROMOTER_ROLE_ARN" in said
    assert "vars.CHANINFRA_FROM" in said
    release = {"kind": "github", "role-arn": f"{ROLE}-release", "from": ["s3://staging/main"]}
    outputs["access"]["my-channel"]["promoters"] = {"release": release}
    said = manifest("--format", "github-promote").stdout
    assert f"role-to-assume: {ROLE}-release\n" in said
    assert " --from s3://staging/main" in said
    assert "vars.AWS_PROMOTER_ROLE_ARN" not in said
    # Its promoter is of GitHub.
    said = manifest("--format", "gitlab-promote").stdout
    assert f"{ROLE}-release" not in said
    assert '--from "${CHANINFRA_FROM:?}"' in said
    # No other format has a source.
    assert "staging" not in manifest("--format", "github-publish").stdout


def test_a_promotion_by_a_key_gets_the_source_of_the_stack(outputs: dict[str, Any]) -> None:
    found = descriptor("minio")
    outputs["channels"] = {found.name: to_document(found)}
    outputs["access"] = access_output()
    key = {"kind": "key", "access-key-id": "AKIA1", "from": ["s3://staging/main"]}
    outputs["access"]["my-channel"]["promoters"] = {"release": key}
    for name in ("github-promote", "gitlab-promote"):
        said = manifest("--format", name).stdout
        assert " --from s3://staging/main" in said
        assert "the key of a promoter." in said
        assert "AKIA1" not in said


def test_a_promotion_has_the_source_of_the_promoter_whose_role_it_has(outputs: dict[str, Any]) -> None:
    outputs["access"] = access_output()
    outputs["access"]["my-channel"]["promoters"] = {
        "here": {"kind": "github", "role-arn": f"{ROLE}-here", "from": ["s3://staging/main"]},
        "there": {"kind": "gitlab", "role-arn": f"{ROLE}-there", "from": ["s3://nightly"]},
        "people": {"kind": "arn", "arn": f"{ROLE}-people", "from": ["s3://incoming"]},
    }
    for name, source in {"github-promote": "s3://staging/main", "gitlab-promote": "s3://nightly"}.items():
        assert f" --from {source}" in manifest("--format", name).stdout
    for end, source in {"there": "s3://nightly", "people": "s3://incoming"}.items():
        said = manifest("--format", "github-promote", "--role-arn", f"{ROLE}-{end}").stdout
        assert f"role-to-assume: {ROLE}-{end}\n" in said
        assert f" --from {source}" in said
    # The stack does not know what this role may read.
    assert "vars.CHANINFRA_FROM" in manifest("--format", "github-promote", "--role-arn", f"{ROLE}-other").stdout


def test_a_promotion_copies_from_one_channel(outputs: dict[str, Any]) -> None:
    outputs["access"] = access_output()
    release = {"kind": "github", "role-arn": ROLE, "from": ["s3://staging/main", "s3://nightly"]}
    outputs["access"]["my-channel"]["promoters"] = {"release": release}
    error = refused("--format", "github-promote")
    assert "promote from 2 channels (s3://nightly, s3://staging/main)" in str(error)


def test_an_upload_without_an_index_is_refused_with_the_next_command(outputs: dict[str, Any]) -> None:
    error = refused("--format", "github-upload")
    assert "--format github-publish" in str(error.remedy)
    found = descriptor("aws", index={"follow": {}})
    outputs["channels"] = {found.name: to_document(found)}
    outputs["access"] = access_output(ci=("github", ROLE))
    assert f"role-to-assume: {ROLE}\n" in manifest("--format", "github-upload").stdout
    assert "read, so whether" in str(refused(URL, *MINIO, "--format", "gitlab-upload"))


def test_an_sts_that_only_its_owner_knows_is_a_variable(outputs: dict[str, Any]) -> None:
    words = ("s3://my-bucket/p", "--offline", "--provider", "versitygw", "--endpoint-url", "https://s3.example.com")
    role = ("--role-arn", "arn:aws:iam::000000000000:role/ci")
    said = manifest(*words, *role, "--format", "github-publish").stdout
    assert "# Variable of the repository: AWS_ENDPOINT_URL_STS, the URL of the store's STS.\n" in said
    assert "AWS_ENDPOINT_URL_STS: ${{ vars.AWS_ENDPOINT_URL_STS }}\n" in said
    said = manifest(*words, *role, "--format", "gitlab-publish").stdout
    assert "# CI/CD variable of the project: AWS_ENDPOINT_URL_STS, the URL of the store's STS.\n" in said
    # A store without an STS.
    said = manifest(*words, "--provider", "ceph", *role, "--format", "github-publish").stdout
    assert "secrets.S3_ACCESS_KEY_ID" in said


def test_one_of_several_roles_must_be_named(outputs: dict[str, Any]) -> None:
    outputs["access"] = access_output(a=("github", ROLE), b=("github", f"{ROLE}-b"))
    error = refused("--format", "github-publish")
    assert f"{ROLE} (my-channel, a)" in str(error)
    assert "--role-arn" in str(error)


def test_the_role_is_a_variable_if_the_stack_has_no_output_access(outputs: dict[str, Any]) -> None:
    done = manifest("--format", "github-publish")
    assert "vars.AWS_ROLE_ARN" in done.stdout
    assert "the selected stack has no output 'access'" in done.stderr


def test_offline_does_not_read_a_stack(outputs: dict[str, Any]) -> None:
    for where in ((), ("stack:prod",)):
        error = refused("--offline", *where)
        assert isinstance(error, ConfigurationError)
        assert "pulumi stack output channels --json > channels.json" in str(error)


@pytest.mark.parametrize("arn", ["arn:aws:iam::*:role/x", "arn:aws:iam::123456789012:role/x\nevil", "x"])
def test_a_role_that_is_not_one_is_refused(outputs: dict[str, Any], arn: str) -> None:
    error = refused("--format", "github-publish", "--role-arn", arn)
    assert isinstance(error, ConfigurationError)
    assert "--role-arn" in str(error)
