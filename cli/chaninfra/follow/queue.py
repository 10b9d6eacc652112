"""Takes events from a queue of SQS. A message is deleted when its packages are in line; until then it comes again."""

from __future__ import annotations

import re
import threading
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from chaninfra.channel.errors import ChaninfraError, ConfigurationError
from chaninfra.channel.text import shown
from chaninfra.follow.events import EventError, hints_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from chaninfra.follow.follower import Follower
    from chaninfra.index.channel import Channel

_URL = re.compile(r"https?://[A-Za-z0-9.-]{1,253}(?::[0-9]{1,5})?/[0-9]{12}/[A-Za-z0-9_-]{1,80}(?:\.fifo)?")
_AWS = re.compile(r"sqs\.([a-z0-9-]{1,32})\.amazonaws\.com(?:\.cn)?")
_MESSAGES = 10
_WAIT_S = 10
"""Seconds that a request waits for a message: SQS's long polling."""
_LONGEST_BACK_OFF_S = 30.0
_PAUSE_S = 5.0
"""Seconds without a look at the queue while the store cannot be used, or too many names wait: messages stay there."""


def check_queue_url(url: str) -> str:
    """The URL, if it is that of a queue. Raises ConfigurationError."""
    if not _URL.fullmatch(url):
        raise ConfigurationError(
            f"{shown(url)} is not the URL of a queue",
            where="--sqs",
            remedy="copy it: aws sqs get-queue-url --queue-name NAME",
        )
    return url


class QueueReader:
    """Reads messages in a thread of its own, and hands their keys to a follower."""

    def __init__(self, follower: Follower, url: str, open_channel: Callable[[], Channel]) -> None:
        """`open_channel`: opens the channel, whose credentials are those for the queue, and whose region is its own
        where the URL does not tell; also again, since credentials expire.
        """
        self._follower = follower
        self._url = url
        self._open = open_channel
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="queue", daemon=True)

    def start(self) -> None:
        """Start to read."""
        self._thread.start()

    def stop(self) -> None:
        """Read no further message. Those that wait are deleted when their packages are in line."""
        self._stopping.set()

    def _client(self) -> Any:
        import boto3
        from botocore.config import Config

        host = urlsplit(self._url)
        of_aws = _AWS.fullmatch(host.hostname or "")
        channel = self._open()
        keys = channel.credentials
        return boto3.session.Session().client(
            "sqs",
            region_name=of_aws[1] if of_aws else channel.descriptor.region,
            endpoint_url=f"{host.scheme}://{host.netloc}",
            aws_access_key_id=keys.access_key_id if keys else None,
            aws_secret_access_key=keys.secret_access_key if keys else None,
            aws_session_token=keys.session_token if keys else None,
            config=Config(connect_timeout=5, read_timeout=_WAIT_S + 10, retries={"max_attempts": 1}),
        )

    def _run(self) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        from chaninfra.channel.s3.boto import code_and_status

        client, failures = None, 0
        while not self._stopping.is_set():
            if self._follower.failing:
                self._stopping.wait(_PAUSE_S)
                continue
            try:
                client = client or self._client()
                self._receive(client)
                failures = 0
            except Exception as error:
                # Whatever it is: without this thread no event would come.
                client = None
                failures += 1
                known = code_and_status(error)[0] if isinstance(error, BotoCoreError | ClientError) else ""
                reason = error.message if isinstance(error, ChaninfraError) else known or type(error).__name__
                self._follower.log.write("queue-failed", "error", reason=reason)
                self._follower.metrics.failures.inc()
                self._stopping.wait(min(_LONGEST_BACK_OFF_S, 0.5 * 2**failures))

    def _receive(self, client: Any) -> None:
        answer = client.receive_message(QueueUrl=self._url, MaxNumberOfMessages=_MESSAGES, WaitTimeSeconds=_WAIT_S)
        for message in answer.get("Messages", ()):
            delete = partial(self._delete, client, message["ReceiptHandle"])
            try:
                hints = hints_in(message["Body"])
            except EventError as error:
                # It stays, and goes to the dead-letter queue, if there is one.
                self._follower.metrics.refused.labels("malformed").inc()
                self._follower.log.write("refused", "warning", reason="malformed", error=str(error))
                continue
            ours = [hint.key for hint in hints if hint.bucket == self._follower.bucket]
            if len(ours) < len(hints):
                self._follower.metrics.refused.labels("foreign").inc(len(hints) - len(ours))
            if self._follower.hint(ours, "queue", delete) is None:
                # They come again.
                self._stopping.wait(_PAUSE_S)

    def _delete(self, client: Any, handle: str) -> None:
        from botocore.exceptions import BotoCoreError, ClientError

        from chaninfra.channel.s3.boto import code_and_status

        try:
            client.delete_message(QueueUrl=self._url, ReceiptHandle=handle)
        except (BotoCoreError, ClientError) as error:
            # It comes again, and costs a look.
            self._follower.log.write(
                "queue-failed", "warning", reason=code_and_status(error)[0] or type(error).__name__
            )
