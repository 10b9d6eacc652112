"""Doctor and access to a channel: a fault is planted, only its check fails, and the remedy fixes it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from support.channels.channel_at import PREFIX, allowed
from support.channels.cli_daemon import Resident
from support.channels.cli_runner import chaninfra
from support.channels.sick_channels import (
    DESCRIPTOR,
    Patient,
    allow_everyone,
    copy,
    diagnosis,
    edit,
    empty,
    examine,
    follow_remedies,
)
from support.servers import iam_servers
from support.servers.fault_server import (
    Fault,
    answers_signed,
    faulty,
    hides_missing,
    is_in_region,
    is_late,
    rejects_conditions,
    strips_conditions,
)
from support.servers.s3_servers import Server, free_port

READ = ("s3:GetObject", "s3:ListBucket")


@pytest.fixture
def on_minio(healthy: dict[str, Patient]) -> Patient:
    """The healthy channel on MinIO."""
    return healthy["minio"]


@pytest.fixture
def on_versitygw(healthy: dict[str, Patient]) -> Patient:
    """The healthy channel on versitygw."""
    return healthy["versitygw"]


@pytest.fixture
def unchanged(server: Server, healthy: dict[str, Patient]) -> Patient:
    """The healthy channel, on each server in turn."""
    return healthy[server.name]


@pytest.fixture
def copied(server: Server, healthy: dict[str, Patient], bucket_name: str) -> Patient:
    """A copy of the healthy channel to change, on each server in turn."""
    return copy(healthy[server.name], bucket_name)


def at(patient: Patient, server: Server) -> Patient:
    """The same channel at another endpoint."""
    return replace(patient, server=server)


def test_a_wrong_region_on_versitygw(on_versitygw: Patient) -> None:
    ill = examine(on_versitygw, "--region", "eu-west-7")
    assert ill.failed == {"region"}
    assert "--region us-east-1" in ill.of("region")["remedy"]
    assert follow_remedies(ill, on_versitygw).states == {"ok"}


@pytest.mark.parametrize(
    ("status", "code"), [(400, "AuthorizationHeaderMalformed"), (301, "PermanentRedirect")], ids=["400", "301"]
)
def test_a_wrong_region_as_aws_answers_to_it(on_minio: Patient, status: int, code: str) -> None:
    """Emulates AWS with a proxy that accepts only one region."""
    with faulty(on_minio.server, is_in_region("eu-west-7", status, code)) as server:
        ill = examine(at(on_minio, server), "--region", "us-east-1")
        assert ill.failed == {"region"}
        assert "--region eu-west-7" in ill.of("region")["remedy"]
        assert follow_remedies(ill, at(on_minio, server)).failed == set()


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


def test_a_wrong_addressing_style_in_channel_json(on_versitygw: Patient, bucket_name: str) -> None:
    copied = copy(on_versitygw, bucket_name)
    edit(copied, force_path_style=False)
    ill = examine(copied, "--addressing-style", "path", "--check", "addressing")
    assert ill.states == {"ok"}
    ill = examine(copied)
    assert ill.failed == {"addressing"}
    # The remedy changes the source of the value, not the flag of this run.
    assert "set `force-path-style` to true in its stack config" in ill.of("addressing")["remedy"]


def test_a_private_channel_that_anyone_can_read(copied: Patient) -> None:
    allow_everyone(copied, "s3:GetObject", "s3:ListBucket")
    found = examine(copied)
    assert found.failed == {"anonymous"}
    assert "the channel is private, but anyone may read it and list it" in found.of("anonymous")["found"]
    # As the remedy says.
    assert "remove public read access from the bucket's policy" in found.of("anonymous")["remedy"]
    copied.server.client().delete_bucket_policy(Bucket=copied.bucket)
    assert examine(copied).states == {"ok"}


def test_a_channel_that_anyone_can_write_to(on_minio: Patient, bucket_name: str) -> None:
    copied = copy(on_minio, bucket_name)
    allow_everyone(copied, "s3:PutObject")
    found = examine(copied)
    assert found.failed == {"anonymous"}
    assert "anyone may write" in found.of("anonymous")["found"]


def test_a_public_channel_that_is_not_readable_anonymously(copied: Patient) -> None:
    url = f"{copied.server.endpoint_url}/{copied.bucket}/{PREFIX}"
    edit(copied, visibility="public", auth="public", public_url=url)
    found = examine(copied)
    assert found.failed == {"anonymous"}
    assert "cannot be read without credentials: http 403" in found.of("anonymous")["found"]
    allow_everyone(copied, "s3:GetObject")
    assert examine(copied).states == {"ok"}
    anonymous = examine(copied, AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
    assert anonymous.failed == set()
    assert (
        anonymous.of("listing")["found"]
        == anonymous.of("index")["found"]
        == "anyone may read the channel, but not list it"
    )
    assert anonymous.of("reader")["state"] == "ok"


def test_a_public_channel_without_monolithic_files(copied: Patient) -> None:
    client = copied.server.client()
    url = f"{copied.server.endpoint_url}/{copied.bucket}/{PREFIX}"
    stored = client.get_object(Bucket=copied.bucket, Key=f"{PREFIX}/channel.json")["Body"].read()
    index = {**json.loads(stored)["index"], "monolith": "never"}
    edit(copied, visibility="public", auth="public", public_url=url, index=index)
    allow_everyone(copied, "s3:GetObject")
    for name in ("repodata.json", "repodata.json.zst"):
        client.delete_object(Bucket=copied.bucket, Key=f"{PREFIX}/noarch/{name}")
    found = examine(copied, "--check", "anonymous", "--check", "reading", "--check", "headers")
    assert found.failed == set()
    assert url in found.of("anonymous")["found"]
    # A private channel that anyone can read is found by the file that is there.
    edit(copied, visibility="private", auth="pixi", public_url=None)
    found = examine(copied, "--check", "anonymous")
    assert "the channel is private, but anyone may read it" in found.of("anonymous")["found"]


def test_no_credentials(on_versitygw: Patient) -> None:
    found = examine(on_versitygw, AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
    assert found.failed == {"credentials"}
    assert "AWS_ACCESS_KEY_ID" in found.of("credentials")["remedy"]
    half = examine(on_versitygw, S3_ACCESS_KEY_ID="me")
    assert half.failed == {"credentials"}
    assert "has no secret access key" in half.of("credentials")["found"]


def test_credentials_that_the_store_rejects(unchanged: Patient) -> None:
    found = examine(unchanged, AWS_SECRET_ACCESS_KEY="another-secret-of-mine")
    assert found.failed == {"credentials"}
    assert "found: AWS_ACCESS_KEY_ID; " in found.of("credentials")["found"]
    assert "another-secret-of-mine" not in json.dumps(found.checks)


def test_expired_credentials_as_aws_answers_to_them(on_minio: Patient) -> None:
    """The answer is planted, because sessions of the test servers last at least 15 minutes."""
    with faulty(on_minio.server, answers_signed(400, "ExpiredToken")) as server:
        found = examine(at(on_minio, server), AWS_SESSION_TOKEN="a-token")
    assert found.failed == {"credentials"}
    assert "(ExpiredToken)" in found.of("credentials")["found"]
    assert found.of("credentials")["remedy"].startswith("renew them: log in again")


def test_a_missing_permission_to_list_on_minio(on_minio: Patient) -> None:
    found = examine(on_minio, **allowed(on_minio.server, on_minio.bucket, "s3:GetObject"))
    assert found.failed == {"listing"}
    assert "may not list the bucket (s3:ListBucket)" in found.of("listing")["found"]
    assert found.of("reader")["state"] == "ok"
    # As the remedy says.
    assert examine(on_minio, **allowed(on_minio.server, on_minio.bucket, *READ)).states == {"ok"}


def test_no_permissions_at_all(unchanged: Patient) -> None:
    found = examine(unchanged, **unchanged.server.stranger())
    assert found.failed == {"reading"}


def test_a_missing_file_that_is_hidden_by_a_403(on_minio: Patient) -> None:
    with faulty(on_minio.server, look=hides_missing) as server:
        found = examine(at(on_minio, server))
    assert found.failed == {"listing"}
    assert "the store answers 403 for a missing object, where pixi stops" in found.of("listing")["found"]


def test_a_publisher_who_may_only_read(on_minio: Patient) -> None:
    reader = allowed(on_minio.server, on_minio.bucket, *READ)
    found = examine(on_minio, **reader)
    assert (found.code, found.of("publishing")["found"]) == (0, "may read but not publish")
    ill = examine(on_minio, "--as", "publisher", **reader)
    assert ill.failed == {"publishing"}
    assert "may not add files, add packages, change the index of noarch" in ill.of("publishing")["found"]
    publisher = allowed(on_minio.server, on_minio.bucket, *READ, "s3:PutObject")
    assert examine(on_minio, "--as", "publisher", **publisher).states == {"ok"}


def test_a_publisher_who_may_add_files_but_not_change_an_index(on_minio: Patient) -> None:
    """Having some of a publisher's permissions is a failure for every role."""
    shards = f"{PREFIX}/*/shards/*"
    found = examine(on_minio, **allowed(on_minio.server, on_minio.bucket, *READ, PutObject=shards))
    assert found.failed == {"publishing"}
    assert "may not add packages, change the index of noarch" in found.of("publishing")["found"]


@pytest.mark.parametrize("fault", [strips_conditions, rejects_conditions], ids=["stripped", "501"])
def test_no_conditional_writes(on_minio: Patient, bucket_name: str, fault: Fault) -> None:
    place = copy(on_minio, bucket_name)
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
def test_a_clock_that_is_off(on_minio: Patient, minutes: int) -> None:
    with faulty(on_minio.server, look=is_late(minutes * 60)) as server:
        found = examine(at(on_minio, server))
    assert found.failed == {"clock"}
    side = "ahead of" if minutes > 0 else "behind"
    assert f"this clock is 20 minutes {side} the store's" in found.of("clock")["found"]


def test_a_clock_that_is_refused_as_aws_answers_to_it(on_minio: Patient) -> None:
    """The answer is planted, because the test servers use this machine's clock."""
    with faulty(on_minio.server, answers_signed(403, "RequestTimeTooSkewed")) as server:
        found = examine(at(on_minio, server))
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


def test_the_descriptor_of_another_bucket(on_versitygw: Patient, bucket_name: str) -> None:
    copied = copy(on_versitygw, bucket_name)
    edit(copied, bucket="another-bucket", url=f"s3://another-bucket/{PREFIX}")
    fixed_by_another_descriptor(copied, "describes another channel, s3://another-bucket/team/c")


def test_an_unknown_key_in_the_descriptor(on_minio: Patient, bucket_name: str) -> None:
    copied = copy(on_minio, bucket_name)
    edit(copied, visiblity="private")
    fixed_by_another_descriptor(copied, "visiblity")


def fixed_by_another_descriptor(place: Patient, found: str) -> None:
    ill = examine(place)
    assert ill.failed == {"descriptor"}
    assert found in ill.of("descriptor")["found"]
    # The deletion is described in words; the command follows.
    remedy = ill.of("descriptor")["remedy"]
    assert "delete it, then run: chaninfra init " in remedy
    place.server.client().delete_object(Bucket=place.bucket, Key=DESCRIPTOR)
    done = place.program.run(*remedy.partition("chaninfra ")[2].split(), server=place.server)
    assert done.returncode == 0, done.stderr
    well = examine(place)
    assert well.failed == set()
    agreeing = [each["found"] for each in well.checks if each["name"] == "index"]
    assert all("agree" in found for found in agreeing)
    assert {subdir for found in agreeing for subdir in found.partition(":")[0].split(", ")} >= {"noarch", "linux-64"}


def test_no_descriptor(on_versitygw: Patient, bucket_name: str) -> None:
    place = copy(on_versitygw, bucket_name)
    place.server.client().delete_object(Bucket=place.bucket, Key=DESCRIPTOR)
    found = examine(place)
    assert (found.failed, found.of("descriptor")["state"]) == (set(), "warning")


def test_a_given_descriptor_that_differs_from_channel_json(on_minio: Patient, bucket_name: str, tmp_path: Path) -> None:
    copied = copy(on_minio, bucket_name)
    given = tmp_path / "channel.json"
    stored = copied.server.client().get_object(Bucket=copied.bucket, Key=DESCRIPTOR)
    given.write_bytes(stored["Body"].read())
    said = {"S3_ENDPOINT_URL": copied.server.endpoint_url}
    assert diagnosis(copied.program.run("doctor", "--json", given, server=copied.server, env=said)).states == {"ok"}
    edit(copied, subdirs=["noarch"])
    found = diagnosis(copied.program.run("doctor", "--json", given, server=copied.server, env=said))
    assert found.failed == {"descriptor"}
    assert "`subdirs` is noarch, not noarch, linux-64" in found.of("descriptor")["found"]


def test_no_such_bucket(on_minio: Patient, bucket_name: str) -> None:
    found = examine(replace(on_minio, bucket=bucket_name, url=f"s3://{bucket_name}/{PREFIX}"))
    assert found.failed == {"bucket"}


def test_an_endpoint_that_is_down(on_versitygw: Patient) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    ill = examine(at(on_versitygw, replace(on_versitygw.server, endpoint_url=url)))
    assert ill.failed == {"endpoint"}
    assert "Connection refused" in ill.of("endpoint")["found"]


def test_the_text_has_the_remedy_below_a_failure_and_one_line_for_all_skipped_checks(
    healthy: dict[str, Patient],
) -> None:
    place = healthy["versitygw"]
    done = place.run("doctor", "--region", "eu-west-7")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    failed = next(place for place, line in enumerate(lines) if line.startswith("failed"))
    assert lines[failed + 1].strip().startswith("chaninfra doctor s3://")
    assert [line for line in lines if line.startswith("skipped")] == [lines[-1]]
    assert "cannot be checked because `region` failed; also skipped: bucket, reading" in lines[-1]


def test_wrong_arguments_are_reported(minio: Server, bucket_name: str, program: Resident) -> None:
    place = empty(minio, bucket_name, program)
    for words, message in (
        (("--check", "regoin"), "did you mean 'region'?"),
        (("--probe", "--check", "region"), "--probe cannot be combined with --check"),
        (("--names-from", "nothing-there.txt"), "cannot be read"),
    ):
        done = place.run("doctor", *words)
        assert (done.returncode, done.stdout) == (2, "")
        assert message in done.stderr
    listed = program.run("doctor", "--list").stdout
    assert [line.split()[0] for line in listed.splitlines()][:3] == ["endpoint", "tls", "clock"]
