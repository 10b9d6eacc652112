"""What the doctor reads of a queue, and what keeps it from that."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from chaninfra.channel.s3.credentials import Credentials
from chaninfra.doctor import follower_queue as module
from chaninfra.doctor.follower_queue import Queue, QueueError, read_queue
from support.channels.channels import descriptor

KEYS = Credentials("AKIAIOSFODNN7EXAMPLE", "secret")
AWS = descriptor(endpoint_url="https://s3.eu-central-1.amazonaws.com", region="eu-central-1")
ARN = "arn:aws:sqs:eu-central-1:123456789012:q-dead"


class Sqs:
    """A client that answers this."""

    def __init__(self, attributes: dict[str, dict[str, str]], error: Exception | None = None) -> None:
        self.attributes = attributes
        self.error = error

    def get_queue_url(self, QueueName: str) -> dict[str, str]:  # noqa: N803 - boto3's name
        if self.error is not None:
            raise self.error
        return {"QueueUrl": QueueName}

    def get_queue_attributes(self, QueueUrl: str, AttributeNames: list[str]) -> dict[str, Any]:  # noqa: N803
        return {"Attributes": self.attributes.get(QueueUrl, {})}


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Any:
    def answer(attributes: dict[str, dict[str, str]], error: Exception | None = None) -> None:
        monkeypatch.setattr(module, "_client", lambda *_: Sqs(attributes, error))

    return answer


def test_what_waits_and_what_has_failed(answers: Any) -> None:
    redrive = json.dumps({"deadLetterTargetArn": ARN, "maxReceiveCount": 5})
    answers(
        {
            "q": {"ApproximateNumberOfMessages": "7", "RedrivePolicy": redrive},
            "q-dead": {"ApproximateNumberOfMessages": "2"},
        }
    )
    assert read_queue(AWS, KEYS, "q") == Queue(waiting=7, dead=2, dead_letters=ARN)


@pytest.mark.parametrize(
    "policy", ["", "{", "[]", "{}", '{"deadLetterTargetArn": 5}', '{"deadLetterTargetArn": "a;b"}']
)
def test_a_queue_without_dead_letters(answers: Any, policy: str) -> None:
    answers({"q": {"ApproximateNumberOfMessages": "x", "RedrivePolicy": policy}})
    assert read_queue(AWS, KEYS, "q") == Queue(waiting=0, dead=0, dead_letters=None)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (ClientError({"Error": {"Code": "AccessDenied"}}, "GetQueueUrl"), "AccessDenied"),
        (ClientError({"Error": {"Code": "AWS.SimpleQueueService.NonExistentQueue"}}, "GetQueueUrl"), "does not exist"),
        (EndpointConnectionError(endpoint_url="https://me:word@host"), "EndpointConnectionError"),
    ],
)
def test_errors_are_told_in_a_word(answers: Any, error: Exception, says: str) -> None:
    answers({}, error)
    with pytest.raises(QueueError, match=says) as raised:
        read_queue(AWS, KEYS, "q")
    assert "word" not in str(raised.value)


def test_keys_of_another_store_are_sent_nowhere(answers: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    answers({}, AssertionError())
    for variable in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(variable, raising=False)
    with pytest.raises(QueueError, match="none of AWS"):
        read_queue(descriptor(), KEYS, "q")
    with pytest.raises(QueueError, match="no credentials"):
        read_queue(AWS, None, "q")
