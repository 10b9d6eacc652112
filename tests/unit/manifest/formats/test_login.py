"""Profiles, logins and variables that `manifest` prints: botocore and a shell read them."""

from __future__ import annotations

import configparser
import subprocess
from functools import partial
from pathlib import Path

import pytest

from chaninfra.channel.errors import ConfigurationError
from chaninfra.manifest import ManifestRequest, Sso, render
from support.cases.manifests import Case, access, possible


@pytest.mark.parametrize("case", possible("aws-config"), ids=str)
def test_botocore_reads_the_profile(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from botocore.session import Session

    (tmp_path / "config").write_text(case.text(), "utf-8")
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    session = Session(profile="my-channel")
    s3 = session.create_client("s3", aws_access_key_id="a", aws_secret_access_key="b")
    expected = case.descriptor
    assert s3.meta.region_name == expected.region
    assert s3.meta.endpoint_url == expected.endpoint_url
    if case.store != "aws":
        style = "path" if expected.force_path_style else "virtual"
        assert s3.meta.config.s3["addressing_style"] == style


def test_botocore_reads_the_login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from botocore.session import Session

    sso = Sso(start_url="https://my-company.awsapps.com/start", account_id="123456789012", role_name="PowerUserAccess")
    text = render("aws-config", ManifestRequest(channels=(access("aws"),), profile="conda", sso=sso))
    (tmp_path / "config").write_text(text, "utf-8")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    session = Session(profile="conda")
    found = session.get_scoped_config()
    assert (found["sso_account_id"], found["sso_role_name"]) == ("123456789012", "PowerUserAccess")
    login = session.full_config["sso_sessions"][found["sso_session"]]
    assert login["sso_start_url"] == sso.start_url
    assert login["sso_region"] == "eu-central-1"


def test_a_login_is_for_aws_alone() -> None:
    sso = Sso(start_url="https://my-company.awsapps.com/start", account_id="123456789012", role_name="PowerUserAccess")
    with pytest.raises(ConfigurationError, match="only AWS"):
        render("aws-config", ManifestRequest(channels=(access("minio", "aws"),), sso=sso))


@pytest.mark.parametrize("value", ["a\nb = c", "[x]\n", " "])
def test_no_value_adds_a_line_to_a_profile(value: str) -> None:
    sso = Sso(start_url=value, account_id="1", role_name="r")
    with pytest.raises(ConfigurationError):
        render("aws-config", ManifestRequest(channels=(access("aws"),), sso=sso))
    with pytest.raises(ConfigurationError):
        render("aws-config", ManifestRequest(channels=(access("aws"),), profile=value))


@pytest.mark.parametrize("case", possible("login", "env", "rattler-build"), ids=str)
def test_a_shell_takes_it(case: Case) -> None:
    done = subprocess.run(["sh", "-n"], input=case.text(), capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("shell", ["sh", "bash"])
@pytest.mark.parametrize("token", ["", "a token"])
def test_the_login_hands_over_what_is_in_the_environment(shell: str, token: str) -> None:
    run = partial(subprocess.run, capture_output=True, text=True, timeout=30, check=True)
    script = "pixi() { printf '%s\\n' \"$@\"; }\n" + Case("login", "pixi", "minio").text()
    keys = {"AWS_ACCESS_KEY_ID": "an id", "AWS_SECRET_ACCESS_KEY": "$HOME*", "AWS_SESSION_TOKEN": token}
    done = run([shell, "-eu"], input=script, env=keys)
    words = ["auth", "login", "s3://my-bucket", "--s3-access-key-id", "an id", "--s3-secret-access-key", "$HOME*"]
    assert done.stdout.splitlines() == [*words, *([f"--s3-session-token={token}"] if token else [])]


def test_the_variables_of_a_shell_are_where_the_bucket_is() -> None:
    script = Case("env", "pixi", "r2").text() + 'printf "%s\\n" "$S3_ENDPOINT_URL" "$S3_REGION" "$S3_ADDRESSING_STYLE"'
    done = subprocess.run(["sh", "-eu"], input=script, env={}, capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.splitlines() == ["https://0123abcd.eu.r2.cloudflarestorage.com", "WEUR", "virtual-host"]


def test_the_profile_is_what_any_reader_of_such_files_takes() -> None:
    parser = configparser.ConfigParser()
    parser.read_string(Case("aws-config", "aws", "minio").text())
    assert parser.sections() == ["profile my-channel", "services my-channel"]
