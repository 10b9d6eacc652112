"""What the doctor reads of the queue on AWS from which a function follows a channel, on moto."""

from __future__ import annotations

import json

import pytest

from chaninfra.channel.outputs.descriptor import Descriptor
from chaninfra.channel.s3.credentials import Credentials
from chaninfra.doctor.follower_queue import Queue, QueueError, read_queue
from support.channels.channels import descriptor
from support.servers.s3_servers import Server


@pytest.fixture
def described(aws: Server, bucket_name: str, monkeypatch: pytest.MonkeyPatch) -> Descriptor:
    """A channel in AWS, which moto stands in for."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", aws.endpoint_url)
    return descriptor(bucket=bucket_name, provider="aws", endpoint_url=aws.endpoint_url, region=aws.region)


def test_what_waits_and_what_has_failed(aws: Server, bucket_name: str, described: Descriptor) -> None:
    sqs, name = aws.service("sqs"), f"{bucket_name}-follow"
    dead = sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 5})
    queue = sqs.create_queue(QueueName=name, Attributes={"RedrivePolicy": policy})["QueueUrl"]
    keys = Credentials(aws.access_key_id, aws.secret_access_key)
    assert read_queue(described, keys, name) == Queue(waiting=0, dead=0, dead_letters=arn)
    sqs.send_message(QueueUrl=dead, MessageBody="{}")
    for _ in range(2):
        sqs.send_message(QueueUrl=queue, MessageBody="{}")
    assert read_queue(described, keys, name) == Queue(waiting=2, dead=1, dead_letters=arn)


def test_a_queue_that_is_not_there(aws: Server, bucket_name: str, described: Descriptor) -> None:
    keys = Credentials(aws.access_key_id, aws.secret_access_key)
    with pytest.raises(QueueError, match="it does not exist"):
        read_queue(described, keys, f"{bucket_name}-follow")
