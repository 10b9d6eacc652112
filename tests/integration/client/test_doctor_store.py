"""Doctor and the store: a fault is planted, only its check fails, and the remedy fixes it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from support.channels.channel_at import PREFIX
from support.channels.cli_runner import chaninfra
from support.channels.sick_channels import (
    Patient,
    at,
    copy,
    diagnosis,
    examine,
    follow_remedies,
)
from support.servers import iam_servers
from support.servers.fault_server import (
    Fault,
    answers_signed,
    faulty,
    is_in_region,
    is_late,
    rejects_conditions,
    strips_conditions,
)
from support.servers.s3_servers import free_port


def test_a_wrong_region_on_versitygw(gateway_patient: Patient) -> None:
    ill = examine(gateway_patient, "--region", "eu-west-7")
    assert ill.failed == {"region"}
    assert "--region us-east-1" in ill.of("region")["remedy"]
    assert follow_remedies(ill, gateway_patient).states == {"ok"}


@pytest.mark.parametrize(
    ("status", "code"), [(400, "AuthorizationHeaderMalformed"), (301, "PermanentRedirect")], ids=["400", "301"]
)
def test_a_wrong_region_as_aws_answers_to_it(minio_patient: Patient, status: int, code: str) -> None:
    """Emulates AWS with a proxy that accepts only one region."""
    with faulty(minio_patient.server, is_in_region("eu-west-7", status, code)) as server:
        ill = examine(at(minio_patient, server), "--region", "us-east-1")
        assert ill.failed == {"region"}
        assert "--region eu-west-7" in ill.of("region")["remedy"]
        assert follow_remedies(ill, at(minio_patient, server)).failed == set()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_wrong_addressing_style(unchanged: Patient, host: str) -> None:
    """An IP address has no subdomains, and neither server takes the subdomain of a host name as a bucket."""
    place = at(
        unchanged, replace(unchanged.server, endpoint_url=unchanged.server.endpoint_url.replace("127.0.0.1", host))
    )
    ill = examine(place, "--addressing-style", "virtual-host")
    assert ill.failed == {"addressing"}
    assert "--force-path-style=true" in ill.of("addressing")["remedy"]
    assert follow_remedies(ill, place).states == {"ok"}


@pytest.mark.parametrize("fault", [strips_conditions, rejects_conditions], ids=["stripped", "501"])
def test_no_conditional_writes(minio_patient: Patient, bucket_name: str, fault: Fault) -> None:
    place = copy(minio_patient, bucket_name)
    with faulty(place.server, fault) as server:
        ill = examine(at(place, server))
        assert ill.failed == {"writing"}
        assert "--probe" in ill.of("writing")["remedy"]
        # The probe records that the store has no conditional writes; then users must declare a single writer.
        refused = follow_remedies(ill, at(place, server))
        assert refused.failed == {"writing"}
        assert "--writers single" in refused.of("writing")["remedy"]
        well = follow_remedies(refused, at(place, server))
        assert well.failed == set()
        assert "one writer at a time, as declared" in well.of("writing")["found"]


@pytest.mark.parametrize("minutes", [20, -20])
def test_a_clock_that_is_off(minio_patient: Patient, minutes: int) -> None:
    with faulty(minio_patient.server, look=is_late(minutes * 60)) as server:
        found = examine(at(minio_patient, server))
    assert found.failed == {"clock"}
    side = "ahead of" if minutes > 0 else "behind"
    assert f"this clock is 20 minutes {side} the store's" in found.of("clock")["found"]


def test_a_clock_that_is_refused_as_aws_answers_to_it(minio_patient: Patient) -> None:
    """The answer is planted, because the test servers use this machine's clock."""
    with faulty(minio_patient.server, answers_signed(403, "RequestTimeTooSkewed")) as server:
        found = examine(at(minio_patient, server))
    assert found.failed == {"clock"}


def test_a_certificate_that_is_not_trusted(tmp_path: Path, bucket_name: str) -> None:
    """In new processes, because the clients read the trusted CAs only once."""
    with iam_servers.versitygw_iam(tmp_path / "gateway", led=False, tls=True) as gateway:
        server, authority = gateway.server, tmp_path / "gateway/tls/ca.pem"
        where = ("--endpoint-url", server.endpoint_url, "--force-path-style")
        url = f"s3://{bucket_name}/{PREFIX}"
        trusted = {"SSL_CERT_FILE": str(authority)}
        server.client(verify=str(authority)).create_bucket(Bucket=bucket_name)
        made = chaninfra("init", url, *where, server=server, env=trusted)
        assert made.returncode == 0, made.stderr
        ill = diagnosis(chaninfra("doctor", "--json", url, *where, server=server))
        assert ill.failed == {"tls"}
        assert "SSL_CERT_FILE=/path/to/ca.pem" in ill.of("tls")["remedy"]
        well = diagnosis(chaninfra("doctor", "--json", url, *where, server=server, env=trusted))
        assert well.failed == set(), well.checks


def test_no_such_bucket(minio_patient: Patient, bucket_name: str) -> None:
    found = examine(replace(minio_patient, bucket=bucket_name, url=f"s3://{bucket_name}/{PREFIX}"))
    assert found.failed == {"bucket"}


def test_an_endpoint_that_is_down(gateway_patient: Patient) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    ill = examine(at(gateway_patient, replace(gateway_patient.server, endpoint_url=url)))
    assert ill.failed == {"endpoint"}
    assert "Connection refused" in ill.of("endpoint")["found"]
