"""`chaninfra policy`: what its options put into a policy is checked like the stack file."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from chaninfra.channel.errors import ConfigurationError
from chaninfra.cli.app import app
from support.paths import ROOT

CDN = str(ROOT / "Pulumi.aws-cdn.yaml")


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--account", "*"),
        ("--account", "12345678901"),
        ("--account", "123456789012\n"),
        ("--distribution", "*"),
        ("--distribution", "E2*"),
        ("--deployer", "*"),
        ("--deployer", "arn:aws:iam::123456789012:role/*"),
        ("--deployer", "arn:aws:iam::123456789012:role/${aws:username}"),
    ],
)
def test_an_option_with_a_wildcard_is_refused(option: str, value: str) -> None:
    done = CliRunner().invoke(app, ["policy", "--config", CDN, option, value])
    assert isinstance(done.exception, ConfigurationError)
    assert done.exception.where == option
    assert done.exception.remedy


@pytest.mark.parametrize("arn", ["assumed-role/Deployer/me@example.com", "user/a/b"])
def test_an_arn_of_get_caller_identity_is_accepted(arn: str) -> None:
    service = "sts" if arn.startswith("assumed") else "iam"
    given = ["--deployer", f"arn:aws:{service}::123456789012:{arn}", "--distribution", "E2EXAMPLE"]
    done = CliRunner().invoke(app, ["policy", "--config", CDN, "--account", "123456789012", *given])
    assert done.exit_code == 0, done.output


def test_the_values_that_are_not_given_are_placeholders() -> None:
    done = CliRunner().invoke(app, ["policy", "bucket-policy", "--config", str(Path(CDN))])
    assert "distribution/DISTRIBUTION_ID" in done.stdout


def test_a_repository_that_is_trusted_by_its_name_is_warned_about(tmp_path: Path) -> None:
    github = "{repository: acme/packages, branch: main}"
    for ids, warned in [("", True), (", owner-id: 12, repository-id: 34", False)]:
        file = tmp_path / "Pulumi.test.yaml"
        publishers = f"  x:publishers: {{ci: {{github: {github[:-1]}{ids}}}}}}}"
        file.write_text(f"config:\n  aws:region: eu-central-1\n  x:bucket: my-bucket\n{publishers}\n")
        done = CliRunner().invoke(app, ["policy", "--config", str(file)])
        assert done.exit_code == 0, done.output
        assert ("acme/packages is trusted by its name" in done.stderr) == warned
