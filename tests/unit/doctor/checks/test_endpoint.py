"""The checks of the endpoint, its certificate and its clock."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from chaninfra.channel.errors import ClockError, UnreachableError
from chaninfra.doctor.checks.endpoint import clock, endpoint, tls
from chaninfra.doctor.endpoint_contact import Contact
from chaninfra.doctor.pixi_trust import follows_the_machine
from chaninfra.doctor.remedies import Remedies
from support.channels.examination import examination


def test_an_endpoint_without_an_answer_fails() -> None:
    (found,) = endpoint(examination(contact=Contact(failed_at="endpoint", message="no answer (refused)")))
    assert (found.state, found.found) == ("failed", "https://minio.example.com: no answer (refused)")
    (found,) = endpoint(examination())
    assert (found.state, found.found) == ("ok", "https://minio.example.com answers")


def test_a_certificate_that_is_not_trusted_fails() -> None:
    (found,) = tls(examination(contact=Contact(failed_at="tls", message="the certificate is not trusted: expired")))
    assert found.state == "failed"
    assert "SSL_CERT_FILE=" in str(found.remedy)


def test_the_s3_client_may_trust_other_certificates_than_python() -> None:
    refused = UnreachableError("invalid peer certificate: UnknownIssuer")
    (found,) = tls(examination(channel_json_read=refused))
    assert (found.state, found.found) == (
        "failed",
        "https://minio.example.com: invalid peer certificate: UnknownIssuer",
    )


@pytest.mark.parametrize(
    ("url", "state"),
    [
        ("https://a.b", "ok"),
        ("http://127.0.0.1:9000", "ok"),
        ("http://localhost:9000", "ok"),
        ("http://a.b", "warning"),
    ],
)
def test_http_is_ok_on_this_machine_only(url: str, state: str) -> None:
    (found,) = tls(examination(endpoint_url=url))
    assert found.state == state
    assert (found.remedy is None) == (state == "ok")


@pytest.mark.parametrize(
    ("minutes", "state", "words"),
    [
        (None, "ok", "the store does not send its time"),
        (4, "ok", "this clock and the store's agree"),
        (-6, "warning", "this clock is 6 minutes ahead of the store's"),
        (6, "warning", "this clock is 6 minutes behind the store's"),
        (15, "failed", "this clock is 15 minutes behind the store's"),
    ],
)
def test_a_clock_fails_where_s3_refuses_its_signatures(minutes: int | None, state: str, words: str) -> None:
    ahead = None if minutes is None else timedelta(minutes=minutes)
    (found,) = clock(examination(contact=Contact(failed_at=None, message="", clock_ahead=ahead)))
    assert (found.state, found.found) == (state, words)


def test_a_clock_that_the_store_refuses_fails() -> None:
    (found,) = clock(examination(channel_json_read=ClockError("(RequestTimeTooSkewed)")))
    assert found.state == "failed"
    assert found.found.startswith("the store refuses requests that are signed with this time")


def test_the_other_scheme_is_the_remedy() -> None:
    spoken = Contact(failed_at="scheme", message="it speaks http, not https")
    (found,) = endpoint(examination(contact=spoken))
    assert (found.state, found.found) == ("failed", "https://minio.example.com: it speaks http, not https")
    assert found.remedy == "chaninfra doctor s3://b/c --endpoint-url http://minio.example.com"
    (found,) = endpoint(examination(contact=spoken, remedies=Remedies(source="stack", channel="stack:p", stack="p")))
    assert str(found.remedy).startswith(
        "pulumi config set endpoint-url http://minio.example.com --stack p && pulumi up"
    )


@pytest.mark.parametrize(
    ("bundle", "says"),
    [("", "pixi config set --global tls-root-certs system"), ("/ca.pem", "export SSL_CERT_FILE=/ca.pem, in the shell")],
)
def test_pixi_may_not_trust_what_this_machine_does(monkeypatch: pytest.MonkeyPatch, bundle: str, says: str) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", bundle)
    (found,) = tls(examination(cached={"pixi_trusts_endpoint": False}))
    assert found.state == "warning"
    assert "pixi does not" in found.found
    assert says in str(found.remedy)


@pytest.mark.parametrize(
    ("variables", "config", "follows"),
    [
        ({}, "", False),
        ({"SSL_CERT_FILE": "/ca.pem"}, "", True),
        ({}, 'tls-root-certs = "system"', True),
        ({}, 'tls-root-certs = "webpki"', False),
        ({}, "not toml = = ", False),
    ],
)
def test_whether_pixi_takes_the_cas_of_the_machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variables: dict[str, str], config: str, follows: bool
) -> None:
    for name in ("SSL_CERT_FILE", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIXI_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "config.toml").write_text(config)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert follows_the_machine() is follows
