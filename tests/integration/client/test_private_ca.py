"""A store whose certificate is of a private CA: whatever names the CA, all clients of one command trust it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.channels.channel_at import PREFIX
from support.channels.cli_runner import chaninfra
from support.channels.packages import make_package
from support.channels.sick_channels import diagnosis
from support.servers import iam_servers
from support.servers.iam_servers import Gateway
from support.servers.s3_servers import Server

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gateway, Path]]:
    """versitygw with a certificate of a CA that nobody knows, and the file of that CA."""
    folder = tmp_path_factory.mktemp("private")
    with iam_servers.versitygw_iam(folder / "gateway", led=False, tls=True) as running:
        yield running, folder / "gateway/tls/ca.pem"


@pytest.fixture
def server(gateway: tuple[Gateway, Path], bucket_name: str) -> Server:
    running, authority = gateway
    running.server.client(verify=str(authority)).create_bucket(Bucket=bucket_name)
    return running.server


@pytest.fixture(params=["SSL_CERT_FILE", "SSL_CERT_DIR", "AWS_CA_BUNDLE"])
def trusting(request: pytest.FixtureRequest, gateway: tuple[Gateway, Path], tmp_path: Path) -> dict[str, str]:
    """The one variable by which this machine trusts the CA."""
    authority = gateway[1]
    if request.param != "SSL_CERT_DIR":
        return {request.param: str(authority)}
    # A name of the form that `openssl rehash` gives.
    (tmp_path / "cas").mkdir()
    shutil.copy(authority, tmp_path / "cas" / "0badcafe.0")
    return {request.param: str(tmp_path / "cas")}


def test_all_commands_trust_the_same_cas(
    server: Server, bucket_name: str, trusting: dict[str, str], tmp_path: Path
) -> None:
    """obstore, boto3 (init, gc, and packages over 16 MiB) and urllib (doctor)."""
    url = f"s3://{bucket_name}/{PREFIX}"
    where = ("--endpoint-url", server.endpoint_url, "--force-path-style", "--provider", "versitygw")
    large = make_package(tmp_path, "large", "1.0", payload=os.urandom(17 << 20))
    for command in (
        ("init", url),
        ("publish", "-c", url, make_package(tmp_path, "small", "1.0"), large),
        ("gc", url),
        ("doctor", "--probe", url),
    ):
        done = chaninfra(*command, *where, server=server, env=trusting)
        assert done.returncode == 0, (command, done.stderr)
        assert "not probed" not in done.stderr
    found = diagnosis(chaninfra("doctor", "--json", url, *where, server=server, env=trusting))
    # pixi reads SSL_CERT_FILE alone, and the doctor says so where it would fail.
    if "SSL_CERT_FILE" in trusting:
        assert found.failed == set(), found.checks
        assert found.of("tls")["state"] == "ok"
    else:
        assert found.failed <= {"reader"}, found.checks
        assert found.of("tls")["state"] == "warning"
        assert "pixi does not" in found.of("tls")["found"]
        assert "SSL_CERT_FILE=" in found.of("tls")["remedy"]


def test_what_pixi_is_told_to_trust_is_no_warning(
    server: Server, gateway: tuple[Gateway, Path], bucket_name: str, tmp_path: Path
) -> None:
    where = ("--endpoint-url", server.endpoint_url, "--force-path-style", "--check", "tls")
    config = tmp_path / ".pixi" / "config.toml"
    config.parent.mkdir()
    config.write_text('tls-root-certs = "system"\n')
    env = {"AWS_CA_BUNDLE": str(gateway[1]), "HOME": str(tmp_path)}
    found = diagnosis(chaninfra("doctor", "--json", f"s3://{bucket_name}", *where, server=server, env=env))
    assert found.of("tls")["state"] == "ok"


@pytest.mark.parametrize("variable", ["SSL_CERT_FILE", "AWS_CA_BUNDLE", "SSL_CERT_DIR"])
def test_a_variable_that_names_no_cas_is_the_error(server: Server, bucket_name: str, variable: str) -> None:
    where = ("--endpoint-url", server.endpoint_url, "--force-path-style")
    done = chaninfra("ls", f"s3://{bucket_name}/c", *where, server=server, env={variable: "/nowhere/ca.pem"})
    assert done.returncode == 2, done.stderr
    assert f"error: {variable}: '/nowhere/ca.pem'" in done.stderr
    assert f"unset {variable}" in done.stderr


@pytest.mark.parametrize("command", ["init", "ls", "gc", "reindex"])
def test_an_unknown_ca_is_named_as_the_cause_with_what_pixi_needs(
    server: Server, bucket_name: str, command: str
) -> None:
    where = ("--endpoint-url", server.endpoint_url, "--force-path-style")
    done = chaninfra(command, f"s3://{bucket_name}/c", *where, server=server)
    assert done.returncode == 1, done.stderr
    assert "the certificate is not trusted" in done.stderr
    assert "export SSL_CERT_FILE=" in done.stderr
    assert "tls-root-certs system" in done.stderr


@pytest.mark.parametrize("command", ["ls", "doctor", "gc"])
def test_http_where_the_server_speaks_https(server: Server, bucket_name: str, command: str) -> None:
    where = ("--endpoint-url", server.endpoint_url.replace("https:", "http:"), "--force-path-style")
    done = chaninfra(command, f"s3://{bucket_name}/c", *where, server=server)
    output = done.stdout + done.stderr
    assert done.returncode == 1, output
    assert server.endpoint_url in output, output
    assert "https" in output
