"""Doctor and channel.json: a fault is planted, only its check fails, and the remedy fixes it."""

from __future__ import annotations

from pathlib import Path

from support.channels.channel_at import PREFIX
from support.channels.cli_daemon import Resident
from support.channels.sick_channels import (
    DESCRIPTOR,
    Patient,
    copy,
    diagnosis,
    edit,
    empty,
    examine,
)
from support.servers.s3_servers import Server


def test_a_wrong_addressing_style_in_channel_json(gateway_patient: Patient, bucket_name: str) -> None:
    copied = copy(gateway_patient, bucket_name)
    edit(copied, force_path_style=False)
    ill = examine(copied, "--addressing-style", "path", "--check", "addressing")
    assert ill.states == {"ok"}
    ill = examine(copied)
    assert ill.failed == {"addressing"}
    # The remedy changes the source of the value, not the flag of this run.
    assert "set `force-path-style` to true in its stack config" in ill.of("addressing")["remedy"]


def test_the_descriptor_of_another_bucket(gateway_patient: Patient, bucket_name: str) -> None:
    copied = copy(gateway_patient, bucket_name)
    edit(copied, bucket="another-bucket", url=f"s3://another-bucket/{PREFIX}")
    fixed_by_another_descriptor(copied, "describes another channel, s3://another-bucket/team/c")


def test_an_unknown_key_in_the_descriptor(minio_patient: Patient, bucket_name: str) -> None:
    copied = copy(minio_patient, bucket_name)
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


def test_no_descriptor(gateway_patient: Patient, bucket_name: str) -> None:
    place = copy(gateway_patient, bucket_name)
    place.server.client().delete_object(Bucket=place.bucket, Key=DESCRIPTOR)
    found = examine(place)
    assert (found.failed, found.of("descriptor")["state"]) == (set(), "warning")


def test_a_given_descriptor_that_differs_from_channel_json(
    minio_patient: Patient, bucket_name: str, tmp_path: Path
) -> None:
    copied = copy(minio_patient, bucket_name)
    given = tmp_path / "channel.json"
    stored = copied.server.client().get_object(Bucket=copied.bucket, Key=DESCRIPTOR)
    given.write_bytes(stored["Body"].read())
    said = {"S3_ENDPOINT_URL": copied.server.endpoint_url}
    assert diagnosis(copied.program.run("doctor", "--json", given, server=copied.server, env=said)).states == {"ok"}
    edit(copied, subdirs=["noarch"])
    found = diagnosis(copied.program.run("doctor", "--json", given, server=copied.server, env=said))
    assert found.failed == {"descriptor"}
    assert "`subdirs` is noarch, not noarch, linux-64" in found.of("descriptor")["found"]


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
