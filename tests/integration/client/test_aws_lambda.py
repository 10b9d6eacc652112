"""The function in AWS Lambda on messages that moto, a stand-in for AWS, made from real uploads."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chaninfra.channel.conda.object_names import HISTORY_FOLDER
from chaninfra.channel.conda.upkeep import CHANNELS_VARIABLE
from chaninfra.channel.errors import ChaninfraError
from chaninfra.follow import aws_lambda
from support.channels.channel_at import PREFIX, Place, new_place
from support.channels.followed import package_bytes
from support.channels.lambda_calls import Context, StandInForLambdasPoller
from support.channels.new_channel import create_channel
from support.channels.packages import make_package
from support.servers.s3_servers import Server

EVENTS = ["s3:ObjectCreated:*", "s3:ObjectRemoved:*"]


@dataclass(frozen=True)
class Queues:
    """A queue, and that of its dead letters."""

    sqs: Any
    url: str
    arn: str
    dead: str

    def waiting(self, url: str) -> int:
        """How many messages a queue has, those that are being worked on too."""
        found = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return int(found["ApproximateNumberOfMessages"]) + int(found["ApproximateNumberOfMessagesNotVisible"])

    def dead_letters(self) -> list[str]:
        """The bodies."""
        found = self.sqs.receive_message(QueueUrl=self.dead, MaxNumberOfMessages=10, WaitTimeSeconds=0)
        return [message["Body"] for message in found.get("Messages", [])]


@pytest.fixture
def queues(aws: Server, bucket_name: str) -> Queues:
    """A message that failed is there again at once, and a dead letter when it has failed three times."""
    sqs = aws.service("sqs")
    dead = sqs.create_queue(QueueName=f"{bucket_name}-dead")["QueueUrl"]
    redrive = json.dumps({"deadLetterTargetArn": _arn(sqs, dead), "maxReceiveCount": 3})
    attributes = {"VisibilityTimeout": "0", "RedrivePolicy": redrive}
    url = sqs.create_queue(QueueName=bucket_name, Attributes=attributes)["QueueUrl"]
    return Queues(sqs, url, _arn(sqs, url), dead)


def _arn(sqs: Any, url: str) -> str:
    found: str = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    return found


@pytest.fixture
def called(aws: Server, bucket_name: str, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Callable[[Any], Any]]:
    """The function as Lambda starts it, with these channels."""

    def start(*urls: str) -> Callable[[Any], Any]:
        monkeypatch.setattr(aws_lambda, "_function", None)
        for name, value in {
            CHANNELS_VARIABLE: json.dumps(urls),
            "AWS_REGION": aws.region,
            "AWS_ENDPOINT_URL_S3": aws.endpoint_url,
            **aws.environment(),
        }.items():
            monkeypatch.setenv(name, value)
        return lambda event: aws_lambda.handler(event, Context())

    return start


def by_eventbridge(aws: Server, bucket: str, queues: Queues) -> dict[str, Any]:
    """S3 → EventBridge → SQS."""
    events = aws.service("events")
    pattern = {
        "source": ["aws.s3"],
        "detail-type": ["Object Created", "Object Deleted"],
        "detail": {"bucket": {"name": [bucket]}},
    }
    events.put_rule(Name=bucket, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=bucket, Targets=[{"Id": "queue", "Arn": queues.arn}])
    return {"EventBridgeConfiguration": {}}


def by_s3(aws: Server, bucket: str, queues: Queues) -> dict[str, Any]:
    """S3 → SQS."""
    return {"QueueConfigurations": [{"QueueArn": queues.arn, "Events": EVENTS}]}


def by_sns(aws: Server, bucket: str, queues: Queues) -> dict[str, Any]:
    """S3 → SNS → SQS."""
    sns = aws.service("sns")
    topic = sns.create_topic(Name=bucket)["TopicArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queues.arn)
    return {"TopicConfigurations": [{"TopicArn": topic, "Events": EVENTS}]}


def notify(aws: Server, bucket: str, queues: Queues, way: Callable[[Server, str, Queues], dict[str, Any]]) -> None:
    aws.client().put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration=way(aws, bucket, queues)
    )


@pytest.mark.parametrize("way", [by_eventbridge, by_s3, by_sns])
def test_the_index_follows_uploads_overwrites_and_deletions(
    aws: Server,
    bucket_name: str,
    queues: Queues,
    called: Callable[..., Callable[[Any], Any]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    way: Callable[[Server, str, Queues], dict[str, Any]],
) -> None:
    place = new_place(aws, bucket_name)
    notify(aws, bucket_name, queues, way)
    poller = StandInForLambdasPoller(queues.sqs, queues.url, called(place.url))
    # A plus is sent in several spellings.
    one, two = make_package(tmp_path, "one", "1.0"), make_package(tmp_path, "two", "1.0+cu12")
    for package in (one, two):
        _put(place, package)
    poller.until_empty()
    records = place.repodata("noarch")["packages.conda"]
    assert records.keys() == {one.name, two.name}
    _put(place, make_package(tmp_path / "other", "one", "1.0", payload=b"other"))
    aws.client().delete_object(Bucket=bucket_name, Key=f"{PREFIX}/noarch/{two.name}")
    poller.until_empty()
    assert place.repodata("noarch")["packages.conda"] == {one.name: records[one.name]}
    assert poller.answers
    assert all(answer == {"batchItemFailures": []} for answer in poller.answers)
    assert queues.waiting(queues.url) == 0
    held = [line for line in map(json.loads, capsys.readouterr().out.splitlines()) if line["event"] == "held"]
    assert [line["package"] for line in held] == [f"noarch/{one.name}"]


def test_what_fails_comes_again_and_becomes_a_dead_letter(
    aws: Server,
    bucket_name: str,
    queues: Queues,
    called: Callable[..., Callable[[Any], Any]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of two channels in a bucket one lacks its channel.json."""
    monkeypatch.setattr(aws_lambda.time, "sleep", lambda _: None)
    place = new_place(aws, bucket_name)
    broken = f"s3://{bucket_name}/broken"
    create_channel(aws, broken, "noarch")
    aws.client().delete_object(Bucket=bucket_name, Key="broken/channel.json")
    notify(aws, bucket_name, queues, by_eventbridge)
    poller = StandInForLambdasPoller(queues.sqs, queues.url, called(broken, place.url))
    package = make_package(tmp_path, "one", "1.0")
    aws.client().put_object(Bucket=bucket_name, Key=f"broken/noarch/{package.name}", Body=package.read_bytes())
    _put(place, package)
    queues.sqs.send_message(QueueUrl=queues.url, MessageBody="no event")
    poller.until_empty()
    assert [len(answer["batchItemFailures"]) for answer in poller.answers] == [2, 2, 2]
    assert place.repodata("noarch")["packages.conda"].keys() == {package.name}
    dead = queues.dead_letters()
    assert "no event" in dead
    assert [json.loads(body)["detail"]["object"]["key"] for body in dead if body != "no event"] == [
        f"broken/noarch/{package.name}"
    ]


def test_a_burst_of_uploads_is_one_commit(
    aws: Server, bucket_name: str, queues: Queues, called: Callable[..., Callable[[Any], Any]]
) -> None:
    """The events of its index files, which moto sends too, are no work."""
    queues.sqs.set_queue_attributes(QueueUrl=queues.url, Attributes={"VisibilityTimeout": "60"})
    place = new_place(aws, bucket_name)
    notify(aws, bucket_name, queues, by_eventbridge)
    poller = StandInForLambdasPoller(queues.sqs, queues.url, called(place.url), batch_size=500)
    names = [f"p-{number}-0.conda" for number in range(40)]
    for name in names:
        data = package_bytes(name.removesuffix("-0.conda"))
        aws.client().put_object(Bucket=bucket_name, Key=f"{PREFIX}/noarch/{name}", Body=data)
    history = f"{PREFIX}/{HISTORY_FOLDER}/noarch/"
    before = aws.client().list_objects_v2(Bucket=bucket_name, Prefix=history)["KeyCount"]
    assert poller.poll() == len(names)
    assert {*place.repodata("noarch")["packages.conda"]} == {*names}
    poller.until_empty()
    # The first commit keeps the state before it, too.
    assert aws.client().list_objects_v2(Bucket=bucket_name, Prefix=history)["KeyCount"] <= before + 2
    assert queues.waiting(queues.dead) == 0


@pytest.mark.parametrize("task", ["compare", "reindex", "gc"])
def test_tasks_of_the_clock(
    aws: Server, bucket_name: str, called: Callable[..., Callable[[Any], Any]], tmp_path: Path, task: str
) -> None:
    place = new_place(aws, bucket_name)
    call = called(place.url)
    package = make_package(tmp_path, "one", "1.0")
    _put(place, package)
    assert call({"chaninfra": task}) is None
    found = place.repodata("noarch")["packages.conda"].keys()
    assert found == (set() if task == "gc" else {package.name})
    assert "by AWS Lambda, which does so every " in place.done("doctor", "--check", "follow")


def test_it_makes_the_snapshots_of_the_channels_that_say_how_often(
    aws: Server, bucket_name: str, called: Callable[..., Callable[[Any], Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    place = new_place(aws, bucket_name)
    create_channel(aws, f"s3://{bucket_name}/other", "noarch")
    client, key = aws.client(), f"{PREFIX}/channel.json"
    document = json.loads(client.get_object(Bucket=bucket_name, Key=key)["Body"].read())
    client.put_object(
        Bucket=bucket_name, Key=key, Body=json.dumps({**document, "snapshots": {"every": "1d", "keep": 2}})
    )
    call = called(place.url, f"s3://{bucket_name}/other")
    for _ in range(2):
        assert call({"chaninfra": "snapshots"}) is None
    (made,) = json.loads(place.done("snapshot ls", "--json"))
    assert made["name"].startswith("auto-")
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["made"] for line in told if line["event"] == "snapshots"] == [[made["name"]]]
    # The snapshots themselves say when it ran.
    assert "nothing has followed the channel" in place.done("doctor", "--check", "follow")
    client.put_object(Bucket=bucket_name, Key=f"{PREFIX}/snapshots/index.json", Body=b"nonsense")
    with pytest.raises(ChaninfraError, match=f"snapshots failed for {place.url}"):
        call({"chaninfra": "snapshots"})


def _put(place: Place, package: Path) -> None:
    key = f"{PREFIX}/noarch/{package.name}"
    place.server.client().put_object(Bucket=place.bucket, Key=key, Body=package.read_bytes())
