"""The queue of the function in AWS Lambda that follows a channel: what waits in it, and what has failed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import msgspec
from msgspec import Struct

from chaninfra.channel.conda.structs import prepared
from chaninfra.channel.conda.untrusted import MALFORMED
from chaninfra.channel.outputs.descriptor import Descriptor
from chaninfra.channel.providers.aws_partitions import is_s3_of_aws
from chaninfra.channel.s3.credentials import Credentials
from chaninfra.channel.s3.endpoint import AWS_VARIABLES, named_endpoint, same_endpoint

_ARN = re.compile(r"arn:aws[a-z-]{0,16}:sqs:[a-z0-9-]{1,32}:[0-9]{12}:([A-Za-z0-9_-]{1,80})")
_MISSING = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")


@dataclass(frozen=True, kw_only=True)
class Queue:
    """What a queue and that of its dead letters hold: numbers of messages, which SQS calls approximate."""

    waiting: int
    dead: int
    dead_letters: str | None
    """The ARN of the queue of dead letters; None: it has none."""


class QueueError(Exception):
    """The queue could not be looked at; the text says why."""


@prepared
class _Redrive(Struct, rename="camel"):
    dead_letter_target_arn: str = ""


def read_queue(descriptor: Descriptor, credentials: Credentials | None, name: str) -> Queue:
    """Look at the queue with this name in the region of the channel, which is that of the function. Nothing is taken
    from it. Raises QueueError.
    """
    if credentials is None:
        raise QueueError("there are no credentials")
    if not _is_aws(descriptor.endpoint_url):
        # The keys are those of another store.
        raise QueueError(f"{descriptor.endpoint_url} is none of AWS")
    from botocore.exceptions import BotoCoreError, ClientError

    from chaninfra.channel.s3.boto import code_and_status

    try:
        client = _client(descriptor.region, credentials)
        attributes = _attributes(client, name, "RedrivePolicy")
        arn = _dead_letters(attributes.get("RedrivePolicy", ""))
        dead = _attributes(client, arn[1]) if arn else {}
    except ClientError as error:
        code = code_and_status(error)[0]
        raise QueueError("it does not exist" if code in _MISSING else code or "no answer") from error
    except BotoCoreError as error:
        raise QueueError(type(error).__name__) from error
    return Queue(waiting=_count(attributes), dead=_count(dead), dead_letters=arn[0] if arn else None)


def _is_aws(endpoint_url: str) -> bool:
    if is_s3_of_aws(endpoint_url):
        return True
    said = named_endpoint(variables=AWS_VARIABLES)
    return said is not None and same_endpoint(endpoint_url, said.url)


def _client(region: str, credentials: Credentials) -> Any:
    import boto3
    from botocore.config import Config

    return boto3.session.Session().client(
        "sqs",
        region_name=region,
        aws_access_key_id=credentials.access_key_id,
        aws_secret_access_key=credentials.secret_access_key,
        aws_session_token=credentials.session_token,
        config=Config(connect_timeout=5, read_timeout=10, retries={"max_attempts": 1}),
    )


def _attributes(client: Any, name: str, *more: str) -> dict[str, str]:
    url = client.get_queue_url(QueueName=name)["QueueUrl"]
    found: dict[str, str] = client.get_queue_attributes(
        QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages", *more]
    ).get("Attributes", {})
    return found


def _count(attributes: dict[str, str]) -> int:
    number = attributes.get("ApproximateNumberOfMessages", "0")
    return int(number) if re.fullmatch("[0-9]{1,15}", number) else 0


def _dead_letters(policy: str) -> re.Match[str] | None:
    try:
        return _ARN.fullmatch(msgspec.json.decode(policy or "{}", type=_Redrive).dead_letter_target_arn)
    except MALFORMED:
        return None
