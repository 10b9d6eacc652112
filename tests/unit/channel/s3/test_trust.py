"""The CAs that are trusted, by variable and by system."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.s3 import trust
from support.systems import on


def certificate(name: str) -> str:
    """What has the form of one."""
    return f"-----BEGIN CERTIFICATE-----\n{name}\n-----END CERTIFICATE-----\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with files of CAs, of which `system` is the system's; no variable is set."""
    for variable in (trust.FILE, trust.FOLDER, trust.AWS):
        monkeypatch.delenv(variable, raising=False)
    for name in ("system", "ours", "aws"):
        (tmp_path / name).write_text(certificate(name))
    (tmp_path / "empty").touch()
    (tmp_path / "hashed").mkdir()
    (tmp_path / "hashed" / "0badcafe.0").symlink_to(tmp_path / "ours")
    (tmp_path / "hashed" / "0badcafe.1").symlink_to(tmp_path / "ours")
    (tmp_path / "hashed" / "README").write_text("no CA")
    monkeypatch.setattr(trust, "SYSTEM", (str(tmp_path / "nowhere"), str(tmp_path / "system")))
    trust._bundle.cache_clear()
    return tmp_path


@pytest.mark.parametrize(
    ("variables", "names", "added"),
    [
        ({}, ["system"], None),
        ({"SSL_CERT_FILE": "ours"}, ["ours"], None),
        ({"SSL_CERT_DIR": "hashed"}, ["ours"], None),
        ({"SSL_CERT_FILE": "ours", "SSL_CERT_DIR": "hashed"}, ["ours"], None),
        ({"AWS_CA_BUNDLE": "aws"}, ["system", "aws"], ["system", "aws"]),
        ({"SSL_CERT_FILE": "ours", "AWS_CA_BUNDLE": "aws"}, ["ours", "aws"], ["ours", "aws"]),
        ({"SSL_CERT_FILE": "ours", "AWS_CA_BUNDLE": "ours"}, ["ours"], ["ours"]),
    ],
)
def test_the_cas_of_each_variable(
    folder: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], names: list[str], added: list[str] | None
) -> None:
    """`added`: what obstore does not find itself."""
    for variable, name in variables.items():
        monkeypatch.setenv(variable, str(folder / name))
    assert Path(trust.ca_bundle()).read_text() == "".join(map(certificate, names))
    more = trust.more_than_rustls_finds()
    assert (more and more.decode()) == ("".join(map(certificate, added)) if added else None)


def test_empty_variables_count_as_not_set(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in (trust.FILE, trust.FOLDER, trust.AWS):
        monkeypatch.setenv(variable, "")
    assert trust.ca_bundle() == str(folder / "system")


def test_a_machine_without_cas_has_those_of_mozilla(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trust, "SYSTEM", ())
    assert trust.ca_bundle() == trust.mozilla()
    more = trust.more_than_rustls_finds()
    assert more is not None
    assert more.count(b"BEGIN CERTIFICATE") > 100


def test_on_windows_the_cas_of_its_store_for_servers_are_added(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows is not at hand: its store is a list, and the rest runs as it does there."""
    servers, mail = "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.4"
    stores = {"ROOT": [(b"all", "x509_asn", True), (b"web", "x509_asn", {servers}), (b"post", "x509_asn", {mail})]}
    on("win32", monkeypatch, trust)
    monkeypatch.setattr(ssl, "enum_certificates", stores.__getitem__, raising=False)
    bundle = Path(trust.ca_bundle())
    try:
        expected = [ssl.DER_cert_to_PEM_cert(each) for each in (b"all", b"web")]
        assert bundle.read_text() == "".join([certificate("system"), *expected])
        trust._bundle.cache_clear()
        monkeypatch.setenv("SSL_CERT_FILE", str(folder / "ours"))
        assert trust.ca_bundle() == str(folder / "ours")
    finally:
        bundle.unlink()


def test_the_file_of_all_cas_is_closed_where_it_has_a_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows could not delete it at the end."""
    on("darwin", monkeypatch, trust)
    monkeypatch.setenv("AWS_CA_BUNDLE", str(folder / "aws"))
    bundle = Path(trust.ca_bundle())
    try:
        held = [link.resolve() for link in Path("/proc/self/fd").iterdir() if link.exists()]
        assert bundle.resolve() not in held
    finally:
        bundle.unlink()


@pytest.mark.parametrize(
    ("variable", "name", "says"),
    [
        ("SSL_CERT_FILE", "nowhere", "is not a file"),
        ("AWS_CA_BUNDLE", "hashed", "is not a file"),
        ("AWS_CA_BUNDLE", "empty", "has no certificate in PEM form"),
        ("SSL_CERT_DIR", "nowhere", "cannot be read: No such file or directory"),
        ("SSL_CERT_DIR", ".", "has no CAs under the names by which TLS clients look for them"),
    ],
)
def test_a_variable_without_cas(
    folder: Path, monkeypatch: pytest.MonkeyPatch, variable: str, name: str, says: str
) -> None:
    monkeypatch.setenv(variable, str(folder / name))
    with pytest.raises(ConfigurationError, match=says) as caught:
        trust.ca_bundle()
    assert caught.value.where == (str(folder / name) if name == "empty" else variable)
    assert caught.value.remedy


def ls(**variables: str) -> str:
    """What `chaninfra ls` says at an endpoint where nothing listens."""
    command = ["chaninfra", "ls", "s3://bucket", "--endpoint-url", "https://127.0.0.1:1"]
    code = "import sys; from chaninfra.cli.app import run; sys.argv = sys.argv[1:]; run()"
    return subprocess.run(
        [sys.executable, "-c", code, *command], env={**os.environ, **variables}, capture_output=True, check=False
    ).stderr.decode()


def test_the_file_of_all_cas_goes_with_the_process(tmp_path: Path) -> None:
    end = b"-----END CERTIFICATE-----"
    for name, lines in zip(("ours", "aws"), Path(trust.mozilla()).read_bytes().split(end), strict=False):
        (tmp_path / name).write_bytes(lines + end)
    (tmp_path / "scratch").mkdir()
    said = ls(SSL_CERT_FILE=f"{tmp_path}/ours", AWS_CA_BUNDLE=f"{tmp_path}/aws", TMPDIR=f"{tmp_path}/scratch")
    assert "127.0.0.1:1" in said
    assert [*(tmp_path / "scratch").iterdir()] == []


def test_a_ca_that_is_damaged(folder: Path) -> None:
    said = ls(AWS_CA_BUNDLE=str(folder / "aws"))
    assert "one of the CAs is damaged" in said
    assert "unset AWS_CA_BUNDLE" in said
