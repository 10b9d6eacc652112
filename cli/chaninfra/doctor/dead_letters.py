"""The dead letters of the queue on AWS, from which a function follows the channels of a bucket."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from chaninfra.channel.probe.finding import Finding
from chaninfra.channel.s3.boto import code_and_status
from chaninfra.channel.spec.follower_names import of_own_bucket
from chaninfra.channel.text import count

if TYPE_CHECKING:
    from chaninfra.doctor.examination import Examination

_WITHOUT_QUEUE = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")
_DENIED = ("AccessDenied", "AccessDeniedException")


def dead_letters(exam: Examination) -> Iterator[Finding]:
    """A finding if there are any. None where there is no such queue: a process may follow instead, and the name for an
    adopted bucket is known to its stack alone.
    """
    if exam.credentials is None:
        return
    from botocore.exceptions import BotoCoreError, ClientError

    name = f"{of_own_bucket(exam.descriptor.bucket)}-dead"
    try:
        client = _sqs(exam)
        url = client.get_queue_url(QueueName=name)["QueueUrl"]
        names = ["ApproximateNumberOfMessages", "QueueArn"]
        found = client.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
    except ClientError as error:
        code = code_and_status(error)[0]
        if code in _DENIED:
            yield Finding(state="skipped", found=f"these credentials may not look at the queue {name}")
        elif code not in _WITHOUT_QUEUE:
            yield Finding(state="skipped", found=f"SQS did not say what is in the queue {name}: {code}")
        return
    except BotoCoreError as error:
        # A network may have an endpoint for S3 alone.
        yield Finding(state="skipped", found=f"SQS could not be asked for the queue {name}: {type(error).__name__}")
        return
    messages = int(found["ApproximateNumberOfMessages"])
    if messages:
        yield Finding(
            state="failed",
            found=f"the queue {name} has {count(messages, 'message')}: events that could not be followed",
            remedy=f"mend what the log names: `{log_command(exam)}`. Then send them again: `aws sqs "
            f"start-message-move-task --source-arn {found['QueueArn']}`",
        )


def log_command(exam: Examination) -> str:
    """The command that shows the log of the function."""
    return f"aws logs tail /aws/lambda/{of_own_bucket(exam.descriptor.bucket)} --since 2h"


def _sqs(exam: Examination) -> Any:
    import boto3
    from botocore.config import Config

    keys = exam.credentials
    return boto3.session.Session().client(
        "sqs",
        region_name=exam.descriptor.region,
        aws_access_key_id=keys.access_key_id if keys else None,
        aws_secret_access_key=keys.secret_access_key if keys else None,
        aws_session_token=keys.session_token if keys else None,
        config=Config(connect_timeout=3, read_timeout=10, retries={"max_attempts": 1}),
    )
