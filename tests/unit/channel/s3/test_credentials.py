"""The order in which credentials are looked for; secrets are never shown."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs

import pytest

from chaninfra.channel.errors import CredentialsError
from chaninfra.channel.s3.credentials import Credentials, resolve
from support.servers.oidc_issuer import certificates


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


def test_order_given_profile_s3_variables_aws_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for kind in ("AWS", "S3"):
        monkeypatch.setenv(f"{kind}_ACCESS_KEY_ID", f"of-{kind}")
        monkeypatch.setenv(f"{kind}_SECRET_ACCESS_KEY", "secret-e")
    assert resolve(access_key_id="given", secret_access_key="x", profile="team").access_key_id == "given"
    assert resolve(profile="team").access_key_id == "of-team"
    assert resolve().access_key_id == "of-S3"
    monkeypatch.delenv("S3_ACCESS_KEY_ID")
    monkeypatch.delenv("S3_SECRET_ACCESS_KEY")
    assert resolve().access_key_id == "of-AWS"


def test_no_credentials_is_an_error_with_a_remedy() -> None:
    with pytest.raises(CredentialsError, match="set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"):
        resolve()


def test_the_error_names_an_unknown_profile() -> None:
    with pytest.raises(CredentialsError, match="nobody"):
        resolve(profile="nobody")


@pytest.mark.parametrize("profile", [None, "assuming"])
def test_a_role_that_sts_refuses_is_an_error_with_a_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, profile: str | None
) -> None:
    role = "arn:aws:iam::123456789012:role/publisher"
    if profile is None:
        (tmp_path / "token").write_text("a token")
        monkeypatch.setenv("AWS_ROLE_ARN", role)
        monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))
    else:
        (tmp_path / "config").write_text(f"[profile {profile}]\nrole_arn = {role}\nsource_profile = team\n")
    with _refusing_sts() as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", endpoint)
        monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
        with pytest.raises(CredentialsError, match="not authorized") as caught:
            resolve(profile=profile)
    assert "trust policy" in str(caught.value.remedy)


@contextmanager
def _refusing_sts() -> Iterator[str]:
    """The URL of an STS that refuses every role."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            error = "<Type>Sender</Type><Code>AccessDenied</Code><Message>not authorized</Message>"
            body = f"<ErrorResponse><Error>{error}</Error></ErrorResponse>".encode()
            self.send_response(403)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_token_gets_a_session_of_an_hour_from_an_sts_of_a_ca_that_is_trusted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """MinIO's session would else end with the token."""
    (tmp_path / "token").write_text("a token")
    ca, chain = certificates(tmp_path, ["localhost"])
    monkeypatch.setenv("SSL_CERT_FILE", str(ca))
    monkeypatch.setenv("AWS_ROLE_ARN", "arn:minio:iam:::role/publisher-0123456789")
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))
    with _granting_sts(chain) as (endpoint, asked):
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", endpoint)
        found = resolve()
    assert (found.access_key_id, found.secret_access_key, found.session_token) == ("of-sts", "secret-s", "of-session")
    assert (asked["WebIdentityToken"], asked["DurationSeconds"]) == (["a token"], ["3600"])


@contextmanager
def _granting_sts(chain: Path) -> Iterator[tuple[str, dict[str, list[str]]]]:
    """The URL of an STS that gives a session to everybody, and what it was asked."""
    asked: dict[str, list[str]] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.update(parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            keys = "<AccessKeyId>of-sts</AccessKeyId><SecretAccessKey>secret-s</SecretAccessKey>"
            keys += "<SessionToken>of-session</SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration>"
            action = "AssumeRoleWithWebIdentity"
            result = f"<{action}Result><Credentials>{keys}</Credentials></{action}Result>"
            body = f"<{action}Response>{result}</{action}Response>".encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"https://localhost:{server.server_port}", asked
        server.shutdown()


def test_half_an_access_key_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
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


@pytest.mark.parametrize("bad", ["KEY\n", "KEY\r", "K\u00e9Y", "K\x00Y"])
@pytest.mark.parametrize("name", ["access_key_id", "secret_access_key", "session_token"])
def test_a_character_that_no_key_has_is_refused_without_showing_the_key(name: str, bad: str) -> None:
    given = {"access_key_id": "KEY", "secret_access_key": "SECRET", "session_token": "TOKEN", name: bad}
    with pytest.raises(CredentialsError, match="another character") as caught:
        resolve(**given)
    assert bad.strip() not in str(caught.value)
