"""Doctor and who may do what: a fault is planted, only its check fails, and the remedy fixes it."""

from __future__ import annotations

import json

from support.channels.channel_at import PREFIX, allowed
from support.channels.sick_channels import (
    Patient,
    allow_everyone,
    at,
    copy,
    edit,
    examine,
)
from support.servers.fault_server import (
    answers_signed,
    faulty,
    hides_missing,
)

READ = ("s3:GetObject", "s3:ListBucket")


def test_a_private_channel_that_anyone_can_read(copied: Patient) -> None:
    allow_everyone(copied, "s3:GetObject", "s3:ListBucket")
    found = examine(copied)
    assert found.failed == {"anonymous"}
    assert "the channel is private, but anyone may read it and list it" in found.of("anonymous")["found"]
    # As the remedy says.
    assert "remove public read access from the bucket's policy" in found.of("anonymous")["remedy"]
    copied.server.client().delete_bucket_policy(Bucket=copied.bucket)
    assert examine(copied).states == {"ok"}


def test_a_channel_that_anyone_can_write_to(minio_patient: Patient, bucket_name: str) -> None:
    copied = copy(minio_patient, bucket_name)
    allow_everyone(copied, "s3:PutObject")
    found = examine(copied)
    assert found.failed == {"anonymous"}
    assert "anyone may write" in found.of("anonymous")["found"]


def test_a_public_channel_that_is_not_readable_anonymously(copied: Patient) -> None:
    url = f"{copied.server.endpoint_url}/{copied.bucket}/{PREFIX}"
    edit(copied, visibility="public", auth="public", public_url=url, page=False)
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


def test_no_credentials(gateway_patient: Patient) -> None:
    found = examine(gateway_patient, AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
    assert found.failed == {"credentials"}
    assert "AWS_ACCESS_KEY_ID" in found.of("credentials")["remedy"]
    half = examine(gateway_patient, S3_ACCESS_KEY_ID="me")
    assert half.failed == {"credentials"}
    assert "has no secret access key" in half.of("credentials")["found"]


def test_credentials_that_the_store_rejects(unchanged: Patient) -> None:
    found = examine(unchanged, AWS_SECRET_ACCESS_KEY="another-secret-of-mine")
    assert found.failed == {"credentials"}
    assert "found: AWS_ACCESS_KEY_ID; " in found.of("credentials")["found"]
    assert "another-secret-of-mine" not in json.dumps(found.checks)


def test_expired_credentials_as_aws_answers_to_them(minio_patient: Patient) -> None:
    """The answer is planted, because sessions of the test servers last at least 15 minutes."""
    with faulty(minio_patient.server, answers_signed(400, "ExpiredToken")) as server:
        found = examine(at(minio_patient, server), AWS_SESSION_TOKEN="a-token")
    assert found.failed == {"credentials"}
    assert "(ExpiredToken)" in found.of("credentials")["found"]
    assert found.of("credentials")["remedy"].startswith("renew them: log in again")


def test_a_missing_permission_to_list_on_minio(minio_patient: Patient) -> None:
    found = examine(minio_patient, **allowed(minio_patient.server, minio_patient.bucket, "s3:GetObject"))
    assert found.failed == {"listing"}
    assert "may not list the bucket (s3:ListBucket)" in found.of("listing")["found"]
    assert found.of("reader")["state"] == "ok"
    # As the remedy says.
    assert examine(minio_patient, **allowed(minio_patient.server, minio_patient.bucket, *READ)).states == {"ok"}


def test_no_permissions_at_all(unchanged: Patient) -> None:
    found = examine(unchanged, **unchanged.server.stranger())
    assert found.failed == {"reading"}


def test_a_missing_file_that_is_hidden_by_a_403(minio_patient: Patient) -> None:
    with faulty(minio_patient.server, look=hides_missing) as server:
        found = examine(at(minio_patient, server))
    assert found.failed == {"listing"}
    assert "the store answers 403 for a missing object, where pixi stops" in found.of("listing")["found"]


def test_a_publisher_who_may_only_read(minio_patient: Patient) -> None:
    reader = allowed(minio_patient.server, minio_patient.bucket, *READ)
    found = examine(minio_patient, **reader)
    assert (found.code, found.of("publishing")["found"]) == (0, "may read but not publish")
    ill = examine(minio_patient, "--as", "publisher", **reader)
    assert ill.failed == {"publishing"}
    assert "may not add files, add packages, change the index of noarch" in ill.of("publishing")["found"]
    publisher = allowed(minio_patient.server, minio_patient.bucket, *READ, "s3:PutObject")
    assert examine(minio_patient, "--as", "publisher", **publisher).states == {"ok"}


def test_a_publisher_who_may_add_files_but_not_change_an_index(minio_patient: Patient) -> None:
    """Having some of a publisher's permissions is a failure for every role."""
    shards = f"{PREFIX}/*/shards/*"
    found = examine(minio_patient, **allowed(minio_patient.server, minio_patient.bucket, *READ, PutObject=shards))
    assert found.failed == {"publishing"}
    assert "may not add packages, change the index of noarch" in found.of("publishing")["found"]
