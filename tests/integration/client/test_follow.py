"""`chaninfra follow` on real servers, which send it their events."""

from __future__ import annotations

import json
import secrets
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from support.channels.channel_at import PREFIX, Place, new_place
from support.channels.cli_runner import chaninfra
from support.channels.follower_process import FollowerProcess, somebody_listens, until
from support.channels.packages import make_package
from support.servers import s3_servers
from support.servers.s3_servers import Server, Webhook, free_port, notify


@dataclass(frozen=True)
class Followed:
    """A channel on a server that sends its events, and a follower that takes them."""

    place: Place
    hook: Webhook
    follower: FollowerProcess

    def put(self, package: Path) -> None:
        """Upload a package as any tool does."""
        key = f"{PREFIX}/noarch/{package.name}"
        self.place.server.client().put_object(Bucket=self.place.bucket, Key=key, Body=package.read_bytes())

    def delete(self, package: Path) -> None:
        """Delete a package by hand."""
        self.place.server.client().delete_object(Bucket=self.place.bucket, Key=f"{PREFIX}/noarch/{package.name}")

    def records(self) -> dict[str, Any]:
        """File name → record."""
        found: dict[str, Any] = self.place.repodata("noarch")["packages.conda"]
        return found

    def until_there(self, *packages: Path) -> None:
        """Wait until the index has exactly these packages."""
        until(lambda: self.records().keys() == {package.name for package in packages}, self.follower.told)


@pytest.fixture(params=["minio", "versitygw"])
def followed(request: pytest.FixtureRequest, tmp_path: Path, bucket_name: str) -> Iterator[Followed]:
    hook = Webhook(free_port(), secrets.token_hex(16))
    with somebody_listens(hook.port):
        starting = getattr(s3_servers, request.param)(tmp_path / "server", webhook=hook)
        server = starting.__enter__()
    try:
        place = new_place(server, bucket_name)
        notify(server, bucket_name)
        with FollowerProcess(server, place.url, tmp_path / "follower.log", hook=hook) as follower:
            follower.until_compared()
            yield Followed(place, hook, follower)
    finally:
        starting.__exit__(None, None, None)


def test_the_index_follows_uploads_overwrites_and_deletions_by_other_tools(followed: Followed, tmp_path: Path) -> None:
    # A plus and a tilde are sent in several spellings.
    one, two = make_package(tmp_path, "one", "1.0"), make_package(tmp_path, "two", "1.0+cu12")
    followed.put(one)
    followed.put(two)
    followed.until_there(one, two)
    first = followed.records()[one.name]["sha256"]
    # Overwritten: held, told, and mended.
    followed.put(make_package(tmp_path / "other", "one", "1.0", payload=b"other"))
    until(lambda: followed.follower.metric("chaninfra_follow_held") == 1, followed.follower.told)
    assert followed.records()[one.name]["sha256"] == first
    listed = followed.place.run("ls")
    assert listed.returncode == 0
    assert f"noarch/{one.name} was overwritten, and is held" in listed.stderr
    checked = followed.place.run("doctor", "--check", "left-out", "--json")
    assert checked.returncode == 1
    assert "is held" in checked.stdout
    followed.delete(one)
    followed.until_there(two)
    assert followed.place.run("doctor", "--check", "left-out").returncode == 0
    assert "held" not in followed.place.run("ls").stderr
    # What is no package.
    bad = tmp_path / "bad-1-0.conda"
    bad.write_bytes(b"none")
    followed.put(bad)
    until(lambda: followed.follower.metric("chaninfra_follow_left_out") == 1, followed.follower.told)
    assert f"noarch/{bad.name}" in followed.place.run("ls").stderr
    followed.delete(bad)
    until(lambda: followed.follower.metric("chaninfra_follow_left_out") == 0, followed.follower.told)
    # SIGTERM finishes what has come.
    three = make_package(tmp_path, "three", "1.0")
    before = followed.follower.metric("chaninfra_follow_hints_total")
    followed.put(three)
    until(lambda: followed.follower.metric("chaninfra_follow_hints_total") > before, followed.follower.told)
    assert followed.follower.terminate() == 0
    followed.until_there(two, three)
    assert followed.place.run("reindex", "--check").returncode == 0
    log = followed.follower.told()
    assert followed.hook.secret not in log
    assert followed.place.server.secret_access_key not in log
    # Only its own lines: no library writes beside it.
    assert all(json.loads(line)["event"] for line in log.splitlines())


def test_it_waits_for_the_store_and_finds_what_happened_before(tmp_path: Path, bucket_name: str) -> None:
    """versitygw starts only where somebody listens, so the follower starts first."""
    hook = Webhook(free_port(), secrets.token_hex(16))
    folder = tmp_path / "server"
    with s3_servers.versitygw(folder) as server:
        place = new_place(server, bucket_name)
        package = make_package(tmp_path, "one", "1.0")
        server.client().put_object(Bucket=bucket_name, Key=f"{PREFIX}/noarch/{package.name}", Body=package.read_bytes())
    with FollowerProcess(server, place.url, tmp_path / "log", hook=hook) as follower:
        until(lambda: follower.ask("/healthz")[0] == 503, follower.told)
        with s3_servers.versitygw(folder, webhook=hook, like=server):
            follower.until_compared()
            assert [*place.repodata("noarch")["packages.conda"]] == [package.name]
            assert follower.terminate() == 0


def test_a_listing_finds_changes_without_events(server: Server, bucket_name: str, tmp_path: Path) -> None:
    place = new_place(server, bucket_name)
    with FollowerProcess(server, place.url, tmp_path / "log", "--every", "10s") as follower:
        follower.until_compared()
        package = make_package(tmp_path, "one", "1.0")
        server.client().put_object(Bucket=bucket_name, Key=f"{PREFIX}/noarch/{package.name}", Body=package.read_bytes())
        until(lambda: package.name in place.repodata("noarch")["packages.conda"], follower.told)
        until(lambda: "by `chaninfra follow`" in place.done("doctor", "--check", "follow"), follower.told)
        assert follower.terminate() == 0


def test_events_come_by_sqs(aws: Server, bucket_name: str, tmp_path: Path) -> None:
    """moto, a stand-in for S3 and SQS, sends the events of the bucket to the queue."""
    sqs = boto3.session.Session().client(
        "sqs",
        endpoint_url=aws.endpoint_url,
        region_name=aws.region,
        aws_access_key_id=aws.access_key_id,
        aws_secret_access_key=aws.secret_access_key,
    )
    queue = sqs.create_queue(QueueName=bucket_name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    place = new_place(aws, bucket_name)
    aws.client().put_bucket_notification_configuration(
        Bucket=bucket_name,
        NotificationConfiguration={
            "QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]}]
        },
    )
    sqs.send_message(QueueUrl=queue, MessageBody="no event")
    with FollowerProcess(aws, place.url, tmp_path / "log", "--sqs", queue, "--region", aws.region) as follower:
        follower.until_compared()
        package = make_package(tmp_path, "one", "1.0")
        key = f"{PREFIX}/noarch/{package.name}"
        aws.client().put_object(Bucket=bucket_name, Key=key, Body=package.read_bytes())
        until(lambda: package.name in place.repodata("noarch")["packages.conda"], follower.told)
        aws.client().delete_object(Bucket=bucket_name, Key=key)
        until(lambda: package.name not in place.repodata("noarch")["packages.conda"], follower.told)

        def waiting() -> int:
            found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
            return int(found["ApproximateNumberOfMessages"]) + int(found["ApproximateNumberOfMessagesNotVisible"])

        # Only what is no event stays, for a dead-letter queue.
        until(lambda: waiting() == 1, follower.told)
        assert follower.terminate() == 0


@pytest.mark.parametrize(
    ("args", "env", "message"),
    [
        ((), {}, "add --every 30s"),
        (("--every", "5s"), {}, "'5s' is not a time"),
        (("--every", "soon"), {}, "'soon' is not a time"),
        (("--listen", "here"), {}, "'here' is not HOST:PORT"),
        (("--listen", "127.0.0.1:99999"), {}, "is not HOST:PORT"),
        (("--listen", "127.0.0.1:8765"), {}, "openssl rand -hex 32"),
        # Not even where a listing finds changes too, and on no other address.
        (("--listen", "0.0.0.0:8765", "--every", "30s"), {}, "without a secret anybody could send events"),
        (("--listen", "[::]:8765"), {"CHANINFRA_FOLLOW_SECRET": ""}, "without a secret anybody could send events"),
        (
            ("--listen", "127.0.0.1:8765"),
            {"CHANINFRA_FOLLOW_SECRET": "short"},
            "$CHANINFRA_FOLLOW_SECRET: the secret is not 16",
        ),
        (("--listen", "127.0.0.1:8765", "--secret-file", "/nowhere"), {}, "/nowhere: the secret cannot be read"),
        (("--sqs", "https://example.com/"), {}, "is not the URL of a queue"),
    ],
)
def test_wrong_usage(args: tuple[str, ...], env: dict[str, str], message: str) -> None:
    done = chaninfra("follow", "s3://b/c", "--endpoint-url", "http://127.0.0.1:1", *args, env=env)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert len(done.stderr.splitlines()) <= 2


def test_an_address_that_is_taken(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        start = time.monotonic()
        done = chaninfra(
            "follow", "s3://b/c", "--endpoint-url", "http://127.0.0.1:1", "--listen", f"127.0.0.1:{port}",
            env={"CHANINFRA_FOLLOW_SECRET": "0" * 16},
        )  # fmt: skip
    assert done.returncode == 2
    assert "cannot listen there" in done.stderr
    assert time.monotonic() - start < 60
