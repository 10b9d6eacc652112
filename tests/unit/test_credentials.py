"""Where credentials come from, and that their secrets are never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaninfra.channel.credentials import Credentials, resolve
from chaninfra.channel.errors import CredentialsError


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for kind in ("AWS", "S3"):
        for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN"):
            monkeypatch.delenv(f"{kind}_{name}", raising=False)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    (tmp_path / "credentials").write_text("[team]\naws_access_key_id = of-team\naws_secret_access_key = secret-t\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))


def test_what_is_given_comes_first_then_the_profile_then_s3_then_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ("AWS", "S3"):
        monkeypatch.setenv(f"{kind}_ACCESS_KEY_ID", f"of-{kind}")
        monkeypatch.setenv(f"{kind}_SECRET_ACCESS_KEY", "secret-e")
    assert resolve(access_key_id="given", secret_access_key="x", profile="team").access_key_id == "given"
    assert resolve(profile="team").access_key_id == "of-team"
    assert resolve().access_key_id == "of-S3"
    monkeypatch.delenv("S3_ACCESS_KEY_ID")
    monkeypatch.delenv("S3_SECRET_ACCESS_KEY")
    assert resolve().access_key_id == "of-AWS"


def test_none_is_an_error_with_the_remedy() -> None:
    with pytest.raises(CredentialsError, match="set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"):
        resolve()


def test_an_unknown_profile_is_named() -> None:
    with pytest.raises(CredentialsError, match="nobody"):
        resolve(profile="nobody")


def test_half_a_pair_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CredentialsError, match="the given access key has no secret access key"):
        resolve(access_key_id="given")
    monkeypatch.setenv("S3_SECRET_ACCESS_KEY", "secret-e")
    with pytest.raises(CredentialsError, match="S3_ACCESS_KEY_ID has no access key id"):
        resolve()


def test_a_secret_is_not_in_the_repr() -> None:
    shown = repr(Credentials("id", "secret-value", "token-value"))
    assert "id" in shown
    assert "secret-value" not in shown
    assert "token-value" not in shown
