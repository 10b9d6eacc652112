"""Events of a bucket that go to EventBridge, on moto: what others set in the bucket's notifications stays."""

from __future__ import annotations

from typing import Any

import pytest

from chaninfra.channel.errors import BucketMissingError, DeniedError, StorageError
from chaninfra.pulumi.handlers import kept
from support.pulumi.handlers import Store
from support.servers.fault_server import Answer, Request, error, faulty
from support.servers.s3_servers import Server

ON = {"EventBridgeConfiguration": {}}


class Bucket:
    """A bucket, and the handler of its events."""

    def __init__(self, server: Server, name: str) -> None:
        self.client, self.name = server.client(), name
        elsewhere: Any = {"LocationConstraint": server.region}
        self.client.create_bucket(Bucket=name, CreateBucketConfiguration=elsewhere)
        queue = server.service("sqs").create_queue(QueueName=name)["QueueUrl"].rpartition("/")[2]
        arn = f"arn:aws:sqs:{server.region}:123456789012:{queue}"
        rules = [{"Name": "prefix", "Value": "logs/"}, {"Name": "suffix", "Value": ".gz"}]
        theirs = {"Id": "theirs", "QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}
        self.theirs = {"QueueConfigurations": [{**theirs, "Filter": {"Key": {"FilterRules": rules}}}]}
        self.handler = Store(server, name).handler("event-bridge")
        self.props = {"store": Store(server, name).store, "adopted": False}

    def put(self, **configuration: Any) -> None:
        self.client.put_bucket_notification_configuration(
            Bucket=self.name, NotificationConfiguration=configuration, SkipDestinationValidation=True
        )

    def get(self) -> dict[str, Any]:
        found = self.client.get_bucket_notification_configuration(Bucket=self.name)
        return {name: value for name, value in found.items() if name != "ResponseMetadata"}


@pytest.fixture
def bucket(aws: Server, bucket_name: str) -> Bucket:
    return Bucket(aws, bucket_name)


def test_notifications_of_others_stay(bucket: Bucket) -> None:
    bucket.put(**bucket.theirs)
    _, made = bucket.handler.create(bucket.props)
    assert bucket.get() == {**bucket.theirs, **ON}
    assert bucket.handler.read(made) == made
    assert not bucket.handler.diff(made, bucket.props).changes
    bucket.handler.delete(made)
    assert bucket.get() == bucket.theirs


def test_what_others_turned_on_stays_on(bucket: Bucket) -> None:
    bucket.put(**ON)
    _, made = bucket.handler.create(bucket.props)
    made = bucket.handler.update(made, bucket.props)
    bucket.handler.delete(made)
    assert bucket.get() == ON


def test_what_others_turned_off_is_missing_and_ours_from_then_on(bucket: Bucket) -> None:
    bucket.put(**ON)
    _, made = bucket.handler.create(bucket.props)
    bucket.put()
    assert bucket.handler.read(made) is None
    bucket.handler.delete(made)
    assert bucket.get() == {}
    _, made = bucket.handler.create(bucket.props)
    bucket.handler.delete(made)
    assert bucket.get() == {}


def test_in_an_adopted_bucket_they_stay_on_since_another_stack_may_rely_on_them(bucket: Bucket) -> None:
    adopted = {**bucket.props, "adopted": True}
    _, first = bucket.handler.create(adopted)
    _, second = bucket.handler.create(adopted)
    bucket.handler.delete(first)
    assert bucket.handler.read(second) == second
    bucket.handler.delete(second)
    assert bucket.get() == ON


def test_they_stay_on_in_a_bucket_that_was_adopted_since(bucket: Bucket) -> None:
    _, made = bucket.handler.create(bucket.props)
    adopted = {**bucket.props, "adopted": True}
    assert bucket.handler.diff(made, adopted).changes
    bucket.handler.delete(bucket.handler.update(made, adopted))
    assert bucket.get() == ON


def test_there_are_no_events_of_a_bucket_that_is_missing(bucket: Bucket) -> None:
    bucket.client.delete_bucket(Bucket=bucket.name)
    with pytest.raises(BucketMissingError, match=f"there is no bucket {bucket.name}"):
        bucket.handler.create(bucket.props)


def test_a_bucket_that_is_gone_has_no_events(aws: Server, bucket: Bucket) -> None:
    _, made = bucket.handler.create(bucket.props)
    bucket.client.delete_bucket(Bucket=bucket.name)
    assert bucket.handler.read(made) is None
    bucket.handler.delete(made)


def test_an_error_does_not_count_as_missing(aws: Server, bucket: Bucket) -> None:
    bucket.put(**bucket.theirs)
    _, made = bucket.handler.create(bucket.props)

    def denied(request: Request) -> Answer | None:
        return error(403, "AccessDenied") if "notification" in request.path and request.method == "GET" else None

    with faulty(aws, denied) as store:
        handler = Store(store, bucket.name).handler("event-bridge")
        for call in (lambda: handler.read(made), lambda: handler.create(bucket.props), lambda: handler.delete(made)):
            with pytest.raises(DeniedError, match="read the notifications of"):
                call()
    assert bucket.get() == {**bucket.theirs, **ON}


def test_a_change_that_is_lost_is_told(aws: Server, bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "PAUSES", (0.0, 0.0))

    def forgets(request: Request) -> Answer | None:
        return Answer(200, [], b"") if "notification" in request.path and request.method == "PUT" else None

    with faulty(aws, forgets) as store:
        handler = Store(store, bucket.name).handler("event-bridge")
        with pytest.raises(StorageError, match="the change of the notifications of"):
            handler.create(bucket.props)
    assert bucket.get() == {}
