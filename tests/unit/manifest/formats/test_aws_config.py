"""The AWS profile, as botocore reads it."""

from __future__ import annotations

import configparser
from pathlib import Path

import pytest

from chaninfra.channel.errors import ConfigurationError
from chaninfra.manifest.formats.table import render
from chaninfra.manifest.request import ManifestRequest, Sso
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


def test_a_login_by_identity_center_is_refused_on_other_stores() -> None:
    sso = Sso(start_url="https://my-company.awsapps.com/start", account_id="123456789012", role_name="PowerUserAccess")
    with pytest.raises(ConfigurationError, match="only on AWS"):
        render("aws-config", ManifestRequest(channels=(access("minio", "aws"),), sso=sso))


@pytest.mark.parametrize("value", ["a\nb = c", "[x]\n", " "])
def test_a_value_with_a_line_end_or_without_text_is_refused(value: str) -> None:
    sso = Sso(start_url=value, account_id="1", role_name="r")
    with pytest.raises(ConfigurationError):
        render("aws-config", ManifestRequest(channels=(access("aws"),), sso=sso))
    with pytest.raises(ConfigurationError):
        render("aws-config", ManifestRequest(channels=(access("aws"),), profile=value))


def test_configparser_reads_the_profile() -> None:
    parser = configparser.ConfigParser()
    parser.read_string(Case("aws-config", "aws", "minio").text())
    assert parser.sections() == ["profile my-channel", "services my-channel"]
