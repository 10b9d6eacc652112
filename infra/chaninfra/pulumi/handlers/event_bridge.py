"""Events of a bucket on AWS: whether S3 sends them to EventBridge.

It is a part of the bucket's notification configuration, which S3 replaces as a whole. So the configuration is read
before each write, and what others set in it (queues, topics, functions) is written again.

There is one switch for all rules of EventBridge, and no telling who relies on it. So in an adopted bucket, where other
stacks may have channels, the events are not turned off again: without a rule they do nothing.
"""

from __future__ import annotations

from typing import Any, TypedDict

from botocore.exceptions import ClientError

from chaninfra.channel.errors import BucketMissingError
from chaninfra.channel.s3.boto import code_and_status, translating_errors
from chaninfra.pulumi.bucket_session import StoreInput
from chaninfra.pulumi.handlers.base import Handler
from chaninfra.pulumi.handlers.kept import change_and_read_back

_KEY = "EventBridgeConfiguration"

Configuration = dict[str, Any]


class EventBridgeInputs(TypedDict):
    """The bucket; `adopted`: whether it is one that others made, and may use."""

    store: StoreInput
    adopted: bool


class EventBridgeOutputs(EventBridgeInputs):
    """`ours`: whether this resource turned the events on, and so turns them off again."""

    ours: bool


class EventBridgeHandler(Handler[EventBridgeInputs, EventBridgeOutputs]):
    """Turns the events on."""

    def create(self, props: EventBridgeInputs) -> tuple[str, EventBridgeOutputs]:
        """Turns them on; where they are on already, somebody else needs them. Raises StorageError."""
        found, location = self._get(), self.session.location
        if found is None:
            raise BucketMissingError(
                f"there is no bucket {location.bucket}, whose events are to go to EventBridge",
                where=location.endpoint_url,
                remedy="make it again, or restore it, then run `pulumi up --refresh`",
            )
        off = _KEY not in found
        if off:
            self._change(on=True)
        return f"{location.bucket}/event-bridge", {**props, "ours": off and not props["adopted"]}

    def read(self, props: EventBridgeOutputs) -> EventBridgeOutputs | None:
        """None if they are off, or the bucket is missing."""
        found = self._get()
        return props if found is not None and _KEY in found else None

    def update(self, olds: EventBridgeOutputs, news: EventBridgeInputs) -> EventBridgeOutputs:
        """Other credentials or another endpoint for the same bucket, or it was adopted since."""
        return {**news, "ours": olds["ours"] and not news["adopted"]}

    def delete(self, props: EventBridgeOutputs) -> None:
        """Turns them off, if this resource turned them on."""
        found = self._get()
        if props["ours"] and found is not None and _KEY in found:
            self._change(on=False)

    def _change(self, *, on: bool) -> None:
        location = self.session.location

        def change() -> None:
            found = self._get() or {}
            wanted: Any = {key: value for key, value in found.items() if key != _KEY}
            if on:
                wanted[_KEY] = {}
            with translating_errors(location, "write the notifications of"):
                # Without validation: it is of the destinations of others, which may be gone meanwhile.
                self.session.client.put_bucket_notification_configuration(
                    Bucket=location.bucket, NotificationConfiguration=wanted, SkipDestinationValidation=True
                )

        change_and_read_back(location, "notifications", change, lambda: (_KEY in (self._get() or {})) == on)

    def _get(self) -> Configuration | None:
        """The bucket's notification configuration; None if there is no bucket."""
        with translating_errors(self.session.location, "read the notifications of"):
            try:
                answer: Configuration = {
                    **self.session.client.get_bucket_notification_configuration(Bucket=self.session.location.bucket)
                }
            except ClientError as error:
                if code_and_status(error)[0] == "NoSuchBucket":
                    return None
                raise
        answer.pop("ResponseMetadata", None)
        return answer
