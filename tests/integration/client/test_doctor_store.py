"""The doctor and the way to a channel: a fault is planted, its check alone fails, and the remedy mends it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from support.channels.channel_at import PREFIX, allowed
from support.channels.cli_daemon import Resident
from support.channels.cli_runner import chaninfra
from support.channels.sick_channels import DESCRIPTOR, Patient, copy, edit, empty, everybody, examine, fill, obey, said
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


@pytest.fixture(scope="module")
def program() -> Iterator[Resident]:
    with Resident() as running:
        yield running


@pytest.fixture(scope="module")
def healthy(
    minio: Server, versitygw: Server, program: Resident, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Patient]:
    """A channel on each server that nobody changes."""
    folder = tmp_path_factory.mktemp("packages")
    return {each.name: fill(each, f"healthy-{os.urandom(6).hex()}", program, folder) for each in (minio, versitygw)}


@pytest.fixture
def on_minio(healthy: dict[str, Patient]) -> Patient:
    """The one on MinIO."""
    return healthy["minio"]


@pytest.fixture
def on_versitygw(healthy: dict[str, Patient]) -> Patient:
    """The one on versitygw."""
    return healthy["versitygw"]


@pytest.fixture
def as_it_is(server: Server, healthy: dict[str, Patient]) -> Patient:
    """The one on each server."""
    return healthy[server.name]


@pytest.fixture
def copied(server: Server, healthy: dict[str, Patient], bucket_name: str) -> Patient:
    """A copy of it on each, to be changed."""
    return copy(healthy[server.name], bucket_name)


def at(patient: Patient, server: Server) -> Patient:
    """The same channel by way of another endpoint."""
    return replace(patient, server=server)


def test_a_wrong_region_on_versitygw(on_versitygw: Patient) -> None:
    ill = examine(on_versitygw, "--region", "eu-west-7")
    assert ill.failed == {"region"}
    assert "--region us-east-1" in ill.of("region")["remedy"]
    assert obey(ill, on_versitygw).states == {"ok"}


@pytest.mark.parametrize(
    ("status", "code"), [(400, "AuthorizationHeaderMalformed"), (301, "PermanentRedirect")], ids=["400", "301"]
)
def test_a_wrong_region_as_aws_answers_to_it(on_minio: Patient, status: int, code: str) -> None:
    """A stand-in for AWS: a proxy that takes one region alone."""
    with faulty(on_minio.server, is_in_region("eu-west-7", status, code)) as server:
        ill = examine(at(on_minio, server), "--region", "us-east-1")
        assert ill.failed == {"region"}
        assert "--region eu-west-7" in ill.of("region")["remedy"]
        assert obey(ill, at(on_minio, server)).failed == set()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_wrong_addressing_style(as_it_is: Patient, host: str) -> None:
    """An address has no names below it; what is below a name, neither server knows for a bucket."""
    place = at(as_it_is, replace(as_it_is.server, endpoint_url=as_it_is.server.endpoint_url.replace("127.0.0.1", host)))
    ill = examine(place, "--addressing-style", "virtual-host")
    assert ill.failed == {"addressing"}
    assert "--force-path-style=true" in ill.of("addressing")["remedy"]
    assert obey(ill, place).states == {"ok"}


def test_a_wrong_addressing_style_in_channel_json(on_versitygw: Patient, bucket_name: str) -> None:
    copied = copy(on_versitygw, bucket_name)
    edit(copied, force_path_style=False)
    ill = examine(copied, "--addressing-style", "path", "--check", "addressing")
    assert ill.states == {"ok"}
    ill = examine(copied)
    assert ill.failed == {"addressing"}
    # What says it is to be changed, and not this run's flag.
    assert "set `force-path-style` to true in its stack config" in ill.of("addressing")["remedy"]


def test_a_private_channel_that_everybody_reads(copied: Patient) -> None:
    everybody(copied, "s3:GetObject", "s3:ListBucket")
    found = examine(copied)
    assert found.failed == {"anonymous"}
    assert "the channel is private, and everybody may read it and list it" in found.of("anonymous")["found"]
    # As the remedy has it.
    assert "take what lets everybody in out of the bucket's policy" in found.of("anonymous")["remedy"]
    copied.server.client().delete_bucket_policy(Bucket=copied.bucket)
    assert examine(copied).states == {"ok"}


def test_a_channel_that_everybody_may_write_to(on_minio: Patient, bucket_name: str) -> None:
    copied = copy(on_minio, bucket_name)
    everybody(copied, "s3:PutObject")
    found = examine(copied)
    assert found.failed == {"anonymous"}
    assert "everybody may write" in found.of("anonymous")["found"]


def test_a_public_channel_that_not_everybody_reads(copied: Patient) -> None:
    url = f"{copied.server.endpoint_url}/{copied.bucket}/{PREFIX}"
    edit(copied, visibility="public", auth="public", public_url=url)
    found = examine(copied)
    assert found.failed == {"anonymous"}
    assert "not everybody may read it: http 403" in found.of("anonymous")["found"]
    everybody(copied, "s3:GetObject")
    assert examine(copied).states == {"ok"}
    anybody = examine(copied, AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
    assert anybody.failed == set()
    assert anybody.of("listing")["found"] == anybody.of("index")["found"] == "everybody may read it, and not list it"
    assert anybody.of("reader")["state"] == "ok"


def test_no_credentials(on_versitygw: Patient) -> None:
    found = examine(on_versitygw, AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
    assert found.failed == {"credentials"}
    assert "AWS_ACCESS_KEY_ID" in found.of("credentials")["remedy"]
    half = examine(on_versitygw, S3_ACCESS_KEY_ID="me")
    assert half.failed == {"credentials"}
    assert "has no secret access key" in half.of("credentials")["found"]


def test_credentials_that_the_store_does_not_know(as_it_is: Patient) -> None:
    found = examine(as_it_is, AWS_SECRET_ACCESS_KEY="another-secret-of-mine")
    assert found.failed == {"credentials"}
    assert "found: AWS_ACCESS_KEY_ID; " in found.of("credentials")["found"]
    assert "another-secret-of-mine" not in json.dumps(found.checks)


def test_expired_credentials_as_aws_answers_to_them(on_minio: Patient) -> None:
    """A planted answer: sessions of the test servers live for a quarter of an hour at least."""
    with faulty(on_minio.server, answers_signed(400, "ExpiredToken")) as server:
        found = examine(at(on_minio, server), AWS_SESSION_TOKEN="a token")
    assert found.failed == {"credentials"}
    assert "(ExpiredToken)" in found.of("credentials")["found"]
    assert found.of("credentials")["remedy"].startswith("renew them: log in again")


def test_a_missing_right_to_list_on_minio(on_minio: Patient) -> None:
    found = examine(on_minio, **allowed(on_minio.server, on_minio.bucket, "s3:GetObject"))
    assert found.failed == {"listing"}
    assert "may not list the bucket (s3:ListBucket)" in found.of("listing")["found"]
    assert found.of("reader")["state"] == "ok"
    # As the remedy has it.
    assert examine(on_minio, **allowed(on_minio.server, on_minio.bucket, *READ)).states == {"ok"}


def test_no_right_at_all(as_it_is: Patient) -> None:
    found = examine(as_it_is, **as_it_is.server.stranger())
    assert found.failed == {"reading"}


def test_a_missing_file_that_is_hidden_by_a_403(on_minio: Patient) -> None:
    with faulty(on_minio.server, look=hides_missing) as server:
        found = examine(at(on_minio, server))
    assert found.failed == {"listing"}
    assert "403 is said of what is not there, where pixi stops" in found.of("listing")["found"]


def test_a_publisher_who_may_only_read(on_minio: Patient) -> None:
    reader = allowed(on_minio.server, on_minio.bucket, *READ)
    found = examine(on_minio, **reader)
    assert (found.code, found.of("publishing")["found"]) == (0, "may read, and not publish")
    ill = examine(on_minio, "--as", "publisher", **reader)
    assert ill.failed == {"publishing"}
    assert "may not add files, add packages, change the index of noarch" in ill.of("publishing")["found"]
    publisher = allowed(on_minio.server, on_minio.bucket, *READ, "s3:PutObject")
    assert examine(on_minio, "--as", "publisher", **publisher).states == {"ok"}


def test_a_publisher_who_may_add_files_and_not_change_an_index(on_minio: Patient) -> None:
    """Half of the rights is a fault, whoever it is."""
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
        # That records what the store does; and then the users are to say that one writes at a time.
        refused = obey(ill, at(place, server))
        assert refused.failed == {"writing"}
        assert "--writers single" in refused.of("writing")["remedy"]
        well = obey(refused, at(place, server))
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
    """A planted answer: there is no other clock here than this machine's."""
    with faulty(on_minio.server, answers_signed(403, "RequestTimeTooSkewed")) as server:
        found = examine(at(on_minio, server))
    assert found.failed == {"clock"}


def test_a_certificate_that_is_not_trusted(tmp_path: Path, bucket_name: str) -> None:
    """Processes of their own: the clients read once what they trust."""
    with iam_servers.versitygw_iam(tmp_path / "gateway", led=False, tls=True) as gateway:
        server, authority = gateway.server, tmp_path / "gateway/tls/ca.pem"
        where = ("--endpoint-url", server.endpoint_url, "--force-path-style")
        url = f"s3://{bucket_name}/{PREFIX}"
        trusted = {"SSL_CERT_FILE": str(authority)}
        server.client(verify=str(authority)).create_bucket(Bucket=bucket_name)
        made = chaninfra("init", url, *where, server=server, env=trusted)
        assert made.returncode == 0, made.stderr
        ill = said(chaninfra("doctor", "--json", url, *where, server=server))
        assert ill.failed == {"tls"}
        assert "SSL_CERT_FILE=/path/to/ca.pem" in ill.of("tls")["remedy"]
        well = said(chaninfra("doctor", "--json", url, *where, server=server, env=trusted))
        assert well.failed == set(), well.checks


def test_the_descriptor_of_another_bucket(on_versitygw: Patient, bucket_name: str) -> None:
    copied = copy(on_versitygw, bucket_name)
    edit(copied, bucket="another-bucket", url=f"s3://another-bucket/{PREFIX}")
    mended_by_another_descriptor(copied, "describes another channel, s3://another-bucket/team/c")


def test_an_unknown_key_in_the_descriptor(on_minio: Patient, bucket_name: str) -> None:
    copied = copy(on_minio, bucket_name)
    edit(copied, visiblity="private")
    mended_by_another_descriptor(copied, "visiblity")


def mended_by_another_descriptor(place: Patient, found: str) -> None:
    ill = examine(place)
    assert ill.failed == {"descriptor"}
    assert found in ill.of("descriptor")["found"]
    # In words, since it deletes: then comes a command.
    remedy = ill.of("descriptor")["remedy"]
    assert "delete it, then run: chaninfra init " in remedy
    place.server.client().delete_object(Bucket=place.bucket, Key=DESCRIPTOR)
    done = place.program.run(*remedy.partition("chaninfra ")[2].split(), server=place.server)
    assert done.returncode == 0, done.stderr
    well = examine(place)
    assert well.failed == set()
    assert "agree in noarch, linux-64" in well.of("index")["found"]


def test_no_descriptor(on_versitygw: Patient, bucket_name: str) -> None:
    place = copy(on_versitygw, bucket_name)
    place.server.client().delete_object(Bucket=place.bucket, Key=DESCRIPTOR)
    found = examine(place)
    assert (found.failed, found.of("descriptor")["state"]) == (set(), "warning")


def test_a_descriptor_at_hand_that_the_channel_contradicts(on_minio: Patient, bucket_name: str, tmp_path: Path) -> None:
    copied = copy(on_minio, bucket_name)
    at_hand = tmp_path / "channel.json"
    stored = copied.server.client().get_object(Bucket=copied.bucket, Key=DESCRIPTOR)
    at_hand.write_bytes(stored["Body"].read())
    assert said(copied.program.run("doctor", "--json", at_hand, server=copied.server)).states == {"ok"}
    edit(copied, subdirs=["noarch"])
    found = said(copied.program.run("doctor", "--json", at_hand, server=copied.server))
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


def test_the_text_has_a_remedy_below_what_failed_and_a_line_for_all_that_is_skipped(
    healthy: dict[str, Patient],
) -> None:
    place = healthy["versitygw"]
    done = place.run("doctor", "--region", "eu-west-7")
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    failed = next(place for place, line in enumerate(lines) if line.startswith("failed"))
    assert lines[failed + 1].strip().startswith("chaninfra doctor s3://")
    assert [line for line in lines if line.startswith("skipped")] == [lines[-1]]
    assert "cannot be judged without `region`; nor can bucket, reading" in lines[-1]


def test_who_asks_for_what_there_is_not_is_told_so(minio: Server, bucket_name: str, program: Resident) -> None:
    place = empty(minio, bucket_name, program)
    for words, said_ in (
        (("--check", "regoin"), "did you mean 'region'?"),
        (("--probe", "--check", "region"), "--probe is instead of the checks"),
        (("--names-from", "nothing-there.txt"), "cannot be read"),
    ):
        done = place.run("doctor", *words)
        assert (done.returncode, done.stdout) == (2, "")
        assert said_ in done.stderr
    listed = program.run("doctor", "--list").stdout
    assert [line.split()[0] for line in listed.splitlines()][:3] == ["endpoint", "tls", "clock"]
