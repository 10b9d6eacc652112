"""The probe on real servers, and through a server with faults: it reports each fault and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from msgspec import UNSET, UnsetType

from chaninfra.channel.errors import ConfigurationError, UnreachableError
from chaninfra.channel.probe.race import UPLOAD_ROUNDS, UPLOADERS
from chaninfra.channel.probe.scratch import ScratchFolder
from chaninfra.channel.s3.credentials import Credentials
from chaninfra.channel.s3.object_store import S3Store
from support.channels.channel_at import PREFIX, Place, allowed
from support.channels.channels import etags
from support.channels.cli_runner import PROGRAM
from support.channels.new_channel import create_channel
from support.channels.probing import described, etags_below, examined, left
from support.servers import fault_server, s3_servers
from support.servers.s3_servers import Server


@pytest.fixture
def bucket(server: Server, bucket_name: str) -> str:
    server.client().create_bucket(Bucket=bucket_name)
    return bucket_name


def test_a_store_that_supports_everything_is_ok(server: Server, bucket: str) -> None:
    found, results = examined(server, described(server, bucket))
    assert {each.state for each in results.values()} == {"ok"}, results
    assert (found.create, found.replace, found.multipart, found.copy) == (*("honoured",) * 3, "ignored")
    assert results["conditional-copy"].found.endswith("does not hold; `copy` copies by uploads of one part")
    assert (found.checksums, found.digest, found.listing) == ("accepted", "checksum", "at-once")
    assert (found.region, found.addressing) == (server.region, ("path",))
    # Without credentials both answer 403, and do not say whether the key exists.
    assert (found.missing, found.missing_anonymous) == (404, 403)
    assert left(server, bucket) == []


@pytest.mark.parametrize(("provider", "recorded"), [("aws", UNSET), ("custom", True)])
def test_conditional_copies_are_recorded_where_the_table_does_not_say_it(
    aws: Server, bucket_name: str, provider: str, recorded: bool | UnsetType
) -> None:
    """As AWS documents them."""
    where = {"LocationConstraint": aws.region}
    aws.client().create_bucket(Bucket=bucket_name, CreateBucketConfiguration=where)
    descriptor = described(aws, bucket_name, provider=provider, region=aws.region)
    found, results = examined(aws, descriptor)
    assert found.copy == "honoured", results
    assert found.conditional_writes.copy is recorded
    assert results["conditional-copy"].state == "ok"
    with fault_server.faulty(aws, fault_server.strips_conditions_of_copies) as faulty:
        found, results = examined(faulty, msgspec.structs.replace(descriptor, endpoint_url=faulty.endpoint_url))
    assert found.copy == "ignored"
    assert found.conditional_writes.copy is (False if provider == "aws" else UNSET)
    assert results["conditional-copy"].state == ("warning" if provider == "aws" else "ok")


def test_nothing_is_left_in_a_bucket_that_keeps_old_versions(server: Server, bucket: str) -> None:
    server.client().put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    found, _ = examined(server, described(server, bucket))
    assert not found.keeps_versions
    assert left(server, bucket) == []


def test_a_wrong_addressing_style_is_reported_with_the_right_one(server: Server, bucket: str) -> None:
    wrong = described(server, bucket, force_path_style=False)
    _, results = examined(server, wrong)
    assert results["addressing"].state == "failed"
    assert "set `force-path-style` to true in the stack config" in str(results["addressing"].remedy)
    with pytest.raises(ConfigurationError, match="an IP address has no subdomains"):
        S3Store(wrong.location, None)


def test_a_server_that_does_not_exist_is_unreachable(server: Server, bucket: str) -> None:
    nowhere = f"http://127.0.0.1:{s3_servers.free_port()}"
    with pytest.raises(UnreachableError):
        examined(server, described(server, bucket, endpoint_url=nowhere))


NONE = {"conditional-create": "failed", "conditional-replace": "failed", "conditional-multipart": "failed"}


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        (fault_server.strips_conditions, NONE),
        (fault_server.rejects_conditions, NONE),
        (fault_server.strips_conditions_of_parts, {"conditional-multipart": "warning"}),
        (fault_server.is_in_region("eu-west-7", 400, "AuthorizationHeaderMalformed"), {"region": "failed"}),
        (fault_server.is_in_region("eu-west-7", 400, "IllegalLocationConstraintException"), {"region": "failed"}),
        (fault_server.is_in_region("eu-west-7", 301, "PermanentRedirect"), {"region": "failed"}),
    ],
    ids=["stripped", "501", "stripped-of-parts", "region", "location", "redirect"],
)
def test_each_fault_is_reported(
    minio: Server, bucket_name: str, fault: fault_server.Fault, named: dict[str, str]
) -> None:
    minio.client().create_bucket(Bucket=bucket_name)
    with fault_server.faulty(minio, fault) as faulty:
        _, results = examined(faulty, described(faulty, bucket_name))
    assert {name: each.state for name, each in results.items() if each.state != "ok"} == named
    assert all(each.remedy for each in results.values() if each.state == "failed")
    if "region" in named:
        assert "set `region` to eu-west-7 in the stack config" in str(results["region"].remedy)
    assert left(minio, bucket_name) == []


@pytest.mark.parametrize(("status", "code"), [(400, "InvalidArgument"), (501, "NotImplemented")])
def test_rejected_checksums_are_reported(minio: Server, bucket_name: str, status: int, code: str) -> None:
    minio.client().create_bucket(Bucket=bucket_name)
    with fault_server.faulty(minio, fault_server.rejects_checksums(status, code)) as faulty:
        found, results = examined(faulty, described(faulty, bucket_name))
    assert (found.checksums, found.digest) == ("rejected", "content-md5")
    assert "rejected; chaninfra sends none" in results["checksums"].found
    assert "AWS_REQUEST_CHECKSUM_CALCULATION=when_required" in (results["checksums"].remedy or "")
    assert "accept only Content-MD5" in results["deletion"].found
    assert "failed" not in {each.state for each in results.values()}
    assert left(minio, bucket_name) == []


def test_a_store_that_answers_403_for_missing_keys_is_reported(server: Server, bucket: str) -> None:
    with fault_server.faulty(server, look=fault_server.hides_missing) as faulty:
        found, results = examined(faulty, described(faulty, bucket))
    assert (found.missing, results["missing-key"].state) == (403, "failed")
    assert "s3:ListBucket" in (results["missing-key"].remedy or "")
    assert {name for name, each in results.items() if each.state != "ok"} == {"missing-key"}
    assert left(server, bucket) == []


def test_a_store_that_answers_404_to_the_deletion_of_a_missing_key_is_ok(server: Server, bucket: str) -> None:
    with fault_server.faulty(server, fault_server.knows_no_missing(server)) as faulty:
        _, results = examined(faulty, described(faulty, bucket))
    assert {each.state for each in results.values()} == {"ok"}, results
    assert left(server, bucket) == []


def test_an_upload_that_cannot_be_aborted_is_reported_and_swept_later(versitygw: Server, bucket_name: str) -> None:
    versitygw.client().create_bucket(Bucket=bucket_name)
    descriptor = described(versitygw, bucket_name)
    with fault_server.faulty(versitygw, fault_server.refuses_aborts) as faulty:
        found, results = examined(faulty, described(faulty, bucket_name))
    assert found.keeps_uploads
    assert results["scratch"].state == "warning"
    assert "were left open" in results["scratch"].found
    assert "s3:AbortMultipartUpload" in (results["scratch"].remedy or "")
    # One from the test of the condition, and those that lost the races.
    kept = 1 + UPLOAD_ROUNDS * (UPLOADERS - 1)
    assert len(left(versitygw, bucket_name)) == kept

    client = versitygw.client()
    other = client.create_multipart_upload(Bucket=bucket_name, Key=f"{PREFIX}/noarch/a-1-0.conda")["UploadId"]
    credentials = Credentials(versitygw.access_key_id, versitygw.secret_access_key)
    with ScratchFolder(descriptor.location, credentials, PREFIX) as scratch:
        now = datetime.now(UTC)
        assert scratch.sweep(now) == 0
        assert scratch.sweep(now + timedelta(hours=2)) == kept
    (uploads,) = client.list_multipart_uploads(Bucket=bucket_name)["Uploads"]
    assert uploads["UploadId"] == other


def test_init_continues_if_the_probe_fails(versitygw: Server, bucket_name: str) -> None:
    versitygw.client().create_bucket(Bucket=bucket_name)

    def no_deletion(request: fault_server.Request) -> fault_server.Answer | None:
        return fault_server.error(405, "MethodNotAllowed") if request.method == "DELETE" else None

    with fault_server.faulty(versitygw, no_deletion) as faulty:
        done = Place(faulty, bucket_name, f"s3://{bucket_name}/{PREFIX}").run("init")
    assert done.returncode == 0, done.stderr
    assert "the store was not probed" in done.stderr
    assert "405 MethodNotAllowed" in done.stderr
    assert f"{PREFIX}/channel.json" in etags(versitygw, bucket_name)


@contextmanager
def probing(place: Place, gate: fault_server.Gate) -> Iterator[subprocess.Popen[str]]:
    """The program as a child process, held in the middle of a probe."""
    with fault_server.faulty(place.server, look=gate) as faulty:
        child = subprocess.Popen(
            [PROGRAM, "doctor", "--probe", place.url, "--endpoint-url", faulty.endpoint_url],
            env={"PATH": os.environ["PATH"], "HOME": os.devnull, **place.server.environment()},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert gate.reached.wait(60)
            yield child
        finally:
            gate.opened.set()
            child.kill()
            child.communicate(timeout=60)


def is_conditional_replace(request: fault_server.Request) -> bool:
    return request.method == "PUT" and request.header("if-match") is not None


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_probe_leaves_nothing_behind(
    versitygw: Server, bucket_name: str, number: signal.Signals, code: int
) -> None:
    versitygw.client().create_bucket(Bucket=bucket_name)
    place = Place(versitygw, bucket_name, f"s3://{bucket_name}/{PREFIX}")
    with probing(place, fault_server.Gate(is_conditional_replace)) as child:
        assert etags_below(versitygw, bucket_name)
        child.send_signal(number)
        assert child.wait(60) == code
    assert left(versitygw, bucket_name) == []


def test_a_later_probe_deletes_scratch_objects_of_a_killed_one_after_an_hour(tmp_path: Path, bucket_name: str) -> None:
    with s3_servers.versitygw(tmp_path) as server:
        server.client().create_bucket(Bucket=bucket_name)
        place = Place(server, bucket_name, f"s3://{bucket_name}/{PREFIX}")
        with probing(place, fault_server.Gate(is_conditional_replace)) as child:
            child.kill()
            child.wait(60)
        remains = etags_below(server, bucket_name)
        assert remains
        # They may belong to a probe that still runs.
        examined(server, described(server, bucket_name))
        assert etags_below(server, bucket_name) == remains

        before = time.time() - 2 * 60 * 60
        for key in remains:
            os.utime(tmp_path / "data" / bucket_name / key, (before, before))
        found, results = examined(server, described(server, bucket_name))
        assert found.swept == len(remains)
        assert "of an earlier probe were deleted" in results["scratch"].found
        assert left(server, bucket_name) == []


def test_missing_permissions_for_scratch_objects_are_reported(minio: Server, bucket_name: str) -> None:
    minio.client().create_bucket(Bucket=bucket_name)
    place = Place(minio, bucket_name, f"s3://{bucket_name}/{PREFIX}")
    create_channel(minio, place.url)
    before = etags(minio, bucket_name)
    for rights in (("s3:GetObject", "s3:ListBucket"), ("s3:GetObject", "s3:ListBucket", "s3:PutObject")):
        done = place.run("doctor", "--probe", **allowed(minio, bucket_name, *rights))
        assert done.returncode == 5, done.stderr
        assert "may not delete" in done.stderr
        assert ".chaninfra/probe" in done.stderr
        assert "s3:DeleteObject" in done.stderr
        assert etags(minio, bucket_name) == before


def test_doctor_records_the_result_of_the_probe(server: Server, bucket: str) -> None:
    place = Place(server, bucket, f"s3://{bucket}/{PREFIX}")
    create_channel(server, place.url)
    said = json.loads(place.done("doctor", "--probe", "--json"))
    assert said["healthy"]
    assert {each["state"] for each in said["checks"]} == {"ok"}

    key = f"{PREFIX}/channel.json"
    client = server.client()
    document = json.loads(client.get_object(Bucket=bucket, Key=key)["Body"].read())
    assert document["index"]["conditional-writes"] == {"create": True, "replace": True, "multipart": True}
    unknown = {**document, "index": {**document["index"], "conditional-writes": None}}
    client.put_object(Bucket=bucket, Key=key, Body=json.dumps(unknown).encode())
    assert f"chaninfra doctor {place.url} --probe" in place.done("doctor")
    assert "recorded in" in place.done("doctor", "--probe")
    assert json.loads(client.get_object(Bucket=bucket, Key=key)["Body"].read()) == document
    assert left(server, bucket) == []
