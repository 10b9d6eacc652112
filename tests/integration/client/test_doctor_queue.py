"""What the doctor says of the queue of the function in AWS Lambda; moto stands in for AWS."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chaninfra.channel.conda.object_names import CHANNEL_JSON, FOLLOW_JSON
from chaninfra.follow import aws_lambda
from chaninfra.follow.aws_channels import VARIABLE
from support.channels.channel_at import PREFIX, new_place
from support.channels.lambda_calls import Context
from support.servers.s3_servers import Server


class Followed:
    """A channel that declares it is followed, whose function has just compared it; and its queues."""

    def __init__(self, aws: Server, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.place = new_place(aws, bucket)
        self.sqs = aws.service("sqs")
        self.dead = self.sqs.create_queue(QueueName=f"{bucket}-dead")["QueueUrl"]
        arn = self.sqs.get_queue_attributes(QueueUrl=self.dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 3})
        self.queue = self.sqs.create_queue(QueueName=bucket, Attributes={"RedrivePolicy": redrive})["QueueUrl"]
        self.arn = arn
        self.change(CHANNEL_JSON, lambda document: document["index"].update({"follow": {}}))
        monkeypatch.setattr(aws_lambda, "_function", None)
        for name, value in {
            VARIABLE: json.dumps([self.place.url]),
            "AWS_REGION": aws.region,
            "AWS_ENDPOINT_URL_S3": aws.endpoint_url,
            # The queue has the name of the function.
            "AWS_LAMBDA_FUNCTION_NAME": bucket,
            **aws.environment(),
        }.items():
            monkeypatch.setenv(name, value)
        aws_lambda.handler({"chaninfra": "compare"}, Context())

    def change(self, name: str, change: Any) -> None:
        """Change a document of the channel."""
        client, where = self.place.server.client(), {"Bucket": self.place.bucket, "Key": f"{PREFIX}/{name}"}
        document = json.loads(client.get_object(**where)["Body"].read())
        change(document)
        client.put_object(**where, Body=json.dumps(document).encode())

    def doctor(self, *, endpoint: str | None = None) -> tuple[int, list[dict[str, str]]]:
        """The exit code of the check, and what it found."""
        given = {"AWS_ENDPOINT_URL": endpoint or self.place.server.endpoint_url, "AWS_ENDPOINT_URL_S3": ""}
        done = self.place.run("doctor", "--check", "follow", "--json", **given)
        return done.returncode, json.loads(done.stdout)["checks"]


@pytest.fixture
def followed(aws: Server, bucket_name: str, monkeypatch: pytest.MonkeyPatch) -> Followed:
    return Followed(aws, bucket_name, monkeypatch)


def test_the_queue_is_looked_at_and_nothing_is_taken_from_it(followed: Followed) -> None:
    bucket = followed.place.bucket
    followed.sqs.send_message(QueueUrl=followed.queue, MessageBody="one")
    code, (compared, queue) = followed.doctor()
    assert code == 0
    assert "by AWS Lambda, which does so every hour" in compared["found"]
    assert (queue["state"], queue["found"]) == ("ok", f"1 message waiting in the queue {bucket}, no dead letters")
    # Dead letters are a failure, whose remedy moves them.
    followed.sqs.send_message(QueueUrl=followed.dead, MessageBody="two")
    code, (compared, queue) = followed.doctor()
    assert (code, compared["state"], queue["state"]) == (1, "ok", "failed")
    assert queue["found"] == f"1 message of the queue {bucket} could not be worked on: dead letters"
    assert queue["remedy"] == (
        f"see why: `aws logs tail /aws/lambda/{bucket} --since 1d`; then send them again: `aws sqs "
        f"start-message-move-task --source-arn {followed.arn}`"
    )
    assert len(followed.sqs.receive_message(QueueUrl=followed.queue).get("Messages", ())) == 1


def test_what_keeps_the_doctor_from_the_queue_is_no_failure(followed: Followed) -> None:
    bucket = followed.place.bucket
    # Another endpoint than the channel's: the keys are not sent there.
    code, found = followed.doctor(endpoint="https://sqs.example.com")
    assert code == 0
    assert (found[1]["state"], found[1]["found"]) == (
        "skipped",
        f"the queue {bucket} cannot be looked at: {followed.place.server.endpoint_url} is none of AWS",
    )
    followed.sqs.delete_queue(QueueUrl=followed.queue)
    code, found = followed.doctor()
    assert code == 0
    assert found[1]["found"] == f"the queue {bucket} cannot be looked at: it does not exist"


@pytest.mark.parametrize("name", ["a b", "../x", "a" * 65, "x\n", ""])
def test_a_name_that_is_none_reaches_no_request(followed: Followed, name: str) -> None:
    followed.change(FOLLOW_JSON, lambda document: document["compare"].update({"function": name}))
    code, (found,) = followed.doctor()
    assert code == 1
    assert "is not valid" in found["found"]
