"""What the doctor says of the queue on AWS from which a function follows a channel, on moto."""

from __future__ import annotations

from typing import Any

import pytest

from chaninfra.channel.conda.index_settings import Follow
from chaninfra.channel.outputs.descriptor import DescribedIndex
from chaninfra.channel.probe.finding import Finding
from chaninfra.channel.s3.credentials import Credentials
from chaninfra.doctor.dead_letters import dead_letters
from support.channels.examination import examination
from support.servers.s3_servers import Server


class Queue:
    """The dead letters of a bucket, and what the doctor finds."""

    def __init__(self, aws: Server, bucket: str) -> None:
        self.aws, self.bucket, self.sqs = aws, bucket, aws.service("sqs")

    def send(self) -> None:
        url = self.sqs.create_queue(QueueName=f"{self.bucket}-follow-dead")["QueueUrl"]
        self.sqs.send_message(QueueUrl=url, MessageBody="{}")

    def findings(self, **more: Any) -> list[Finding]:
        keys = Credentials(self.aws.access_key_id, self.aws.secret_access_key)
        exam = examination(
            bucket=self.bucket, provider="aws", region=self.aws.region, index=DescribedIndex(follow=Follow())
        )
        exam.credentials = more.get("credentials", keys)
        return [*dead_letters(exam)]


@pytest.fixture
def queue(aws: Server, bucket_name: str, monkeypatch: pytest.MonkeyPatch) -> Queue:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", aws.endpoint_url)
    return Queue(aws, bucket_name)


def test_dead_letters_are_told_with_what_to_do(queue: Queue) -> None:
    queue.send()
    (found,) = queue.findings()
    assert (found.state, found.found) == (
        "failed",
        f"the queue {queue.bucket}-follow-dead has 1 message: events that could not be followed",
    )
    assert found.remedy is not None
    assert f"aws logs tail /aws/lambda/{queue.bucket}-follow --since 2h" in found.remedy
    assert f"--source-arn arn:aws:sqs:{queue.aws.region}:123456789012:{queue.bucket}-follow-dead" in found.remedy


def test_nothing_is_said_without_a_queue_or_without_credentials(queue: Queue) -> None:
    assert queue.findings() == []
    queue.send()
    assert queue.findings(credentials=None) == []


def test_where_sqs_cannot_be_asked_the_check_is_skipped(queue: Queue, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:9")
    (found,) = queue.findings()
    assert found.state == "skipped"
    assert "SQS could not be asked" in found.found
