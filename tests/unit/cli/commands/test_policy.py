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


def test_a_stack_without_policies_says_so(tmp_path: Path) -> None:
    file = tmp_path / "Pulumi.test.yaml"
    file.write_text("config:\n  x:provider: r2\n  x:account-id: abc\n  x:bucket: my-bucket\n")
    done = CliRunner().invoke(app, ["policy", "--config", str(file)])
    assert (done.exit_code, done.stdout) == (0, "{}\n")
    assert "no policies: the channels are private" in done.stderr
    done = CliRunner().invoke(app, ["policy", "--list", "--config", str(file)])
    assert (done.exit_code, done.stdout) == (0, "")


def test_the_stack_of_another_program_is_refused(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: web\nruntime: nodejs\n")
    file = tmp_path / "Pulumi.prod.yaml"
    file.write_text("config:\n  web:bucket: my-bucket\n  web:region: eu-central-1\n")
    done = CliRunner().invoke(app, ["policy", "--config", str(file)])
    assert isinstance(done.exception, ConfigurationError)
    assert done.stdout == ""
    assert done.exception.where == str(file.with_name("Pulumi.yaml"))


def test_the_policies_of_a_program_in_yaml() -> None:
    file = ROOT / "templates" / "yaml" / "Pulumi.example.yaml"
    done = CliRunner().invoke(app, ["policy", "--config", str(file), "--list"])
    assert done.stdout.split() == [
        f"{role}/main/{name}/rights" for role, name in [("publisher", "ci"), ("reader", "build"), ("reader", "people")]
    ]
