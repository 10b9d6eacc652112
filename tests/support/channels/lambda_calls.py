"""Calls of the function in AWS Lambda, by what stands in for Lambda."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any


class Context:
    """As much of Lambda's context as the function uses: the time that is left, in ms."""

    def __init__(self, left: int = 900_000, per_look: int = 0) -> None:
        """`per_look`: so much goes by between two looks."""
        self.left = left
        self.per_look = per_look

    def get_remaining_time_in_millis(self) -> int:
        self.left -= self.per_look
        return self.left


def sqs_event(bodies: Mapping[str, str]) -> dict[str, Any]:
    """What Lambda hands over for messages: id → body (AWS Lambda Developer Guide, "Using Lambda with Amazon SQS")."""
    return {
        "Records": [
            {
                "messageId": name,
                "receiptHandle": f"handle-{name}",
                "body": body,
                "attributes": {"ApproximateReceiveCount": "1"},
                "messageAttributes": {},
                "md5OfBody": "",
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:my-queue",
                "awsRegion": "us-east-1",
            }
            for name, body in bodies.items()
        ]
    }


def eventbridge(bucket: str, key: str) -> str:
    """The event of an upload as EventBridge puts it into a queue."""
    detail = {"version": "0", "bucket": {"name": bucket}, "object": {"key": key, "size": 1, "etag": "0"}}
    return json.dumps({"detail-type": "Object Created", "source": "aws.s3", "detail": detail})


class StandInForLambdasPoller:
    """Takes the messages of a queue of SQS, calls the function with them, and deletes those that did not fail, as
    Lambda does ("Using Lambda with Amazon SQS").
    """

    def __init__(
        self, sqs: Any, queue_url: str, call: Callable[[dict[str, Any]], Any], *, batch_size: int = 10
    ) -> None:
        """`batch_size`: most messages of a call."""
        self._sqs, self._url, self._call, self._batch_size = sqs, queue_url, call, batch_size
        self.answers: list[Any] = []

    def poll(self) -> int:
        """Take what is there, call the function, and return how many messages it was."""
        messages: dict[str, Any] = {}
        while len(messages) < self._batch_size:
            # SQS gives ten at most.
            found = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10, WaitTimeSeconds=0)
            new = {each["MessageId"]: each for each in found.get("Messages", [])}
            messages |= new
            if len(new) < 10:
                break
        if messages:
            answer = self._call(sqs_event({name: message["Body"] for name, message in messages.items()}))
            self.answers.append(answer)
            failed = {each["itemIdentifier"] for each in answer["batchItemFailures"]}
            for name in messages.keys() - failed:
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=messages[name]["ReceiptHandle"])
        return len(messages)

    def until_empty(self) -> None:
        """Poll until nothing comes."""
        while self.poll():
            pass
