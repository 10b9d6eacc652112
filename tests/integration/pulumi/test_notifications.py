"""The notifications of a bucket: of a stack on MinIO, which sends its events; and by the handler on other stores."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chaninfra.channel.errors import CredentialsError, DeniedError, StorageError, UnsupportedError
from chaninfra.channel.spec.build import build_spec
from chaninfra.pulumi.handlers import kept
from chaninfra.pulumi.notifications import notifications_of
from support.channels.follower_process import FollowerProcess, until
from support.channels.packages import make_package
from support.pulumi.handlers import Store
from support.pulumi.stacks import Stack
from support.servers import fault_server, s3_servers
from support.servers.ceph_notifications_standin import CephNotificationsStandin
from support.servers.s3_servers import Server, Webhook, free_port

TARGET = "arn:minio:sqs::F:webhook"
TOPIC = "arn:aws:sns:default::chaninfra"


@pytest.fixture
def hook() -> Webhook:
    return Webhook(free_port(), secrets.token_hex(16))


@pytest.fixture
def telling(tmp_path: Path, hook: Webhook) -> Iterator[Server]:
    """MinIO with a target for its events."""
    with s3_servers.minio(tmp_path / "server", webhook=hook) as server:
        yield server


def configured(server: Server, bucket: str) -> dict[str, Any]:
    """The notifications of the bucket."""
    found: dict[str, Any] = server.client().get_bucket_notification_configuration(Bucket=bucket)
    return {name: value for name, value in found.items() if name != "ResponseMetadata"}


def suffixes(server: Server, bucket: str) -> set[str]:
    """The endings of the notifications of ours."""
    return {
        rule["Value"]
        for each in configured(server, bucket).get("QueueConfigurations", ())
        if each["Id"].startswith("chaninfra-")
        for rule in each["Filter"]["Key"]["FilterRules"]
        if rule["Name"] == "suffix"
    }


def theirs(server: Server, bucket: str) -> list[dict[str, Any]]:
    """The notifications of others."""
    listed = configured(server, bucket).get("QueueConfigurations", ())
    return [each for each in listed if not each["Id"].startswith("chaninfra-")]


def put(server: Server, bucket: str, *entries: dict[str, Any]) -> None:
    """Replace all notifications, as another tool does."""
    server.client().put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"QueueConfigurations": [*entries]} if entries else {}
    )


# What each step does, the handler is tried for below, without the engine.
@pytest.mark.long
def test_the_notifications_of_a_stack(telling: Server, hook: Webhook, bucket_name: str, tmp_path: Path) -> None:
    """Set, found, mended and taken away, in a bucket that was there before and has a notification of its own."""
    server, target = telling, {"follow": {"target": TARGET}}
    server.client().create_bucket(Bucket=bucket_name)
    elsewhere = {"Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "elsewhere/"}]}}}
    audit = {"Id": "audit", "QueueArn": TARGET, "Events": ["s3:ObjectAccessed:*"], **elsewhere}
    put(server, bucket_name, audit)
    config: dict[str, Any] = {"provider": "minio", "bucket": bucket_name, "endpoint_url": server.endpoint_url}
    config |= {"prefix": "main", "subdirs": ["linux-64"], "adopt": True}
    stack = Stack(tmp_path / "stack", {**config, "index": target}, server.environment())

    # A target that the server does not have: the error says what to set there.
    stack.config(index={"follow": {"target": "arn:minio:sqs::nobody:webhook"}})
    ran = stack.up()
    assert ran.code != 0
    assert "does not take arn:minio:sqs::nobody:webhook as a target of events" in ran.output
    assert "MINIO_NOTIFY_WEBHOOK_ENABLE_nobody=on" in ran.output
    assert configured(server, bucket_name) == {"QueueConfigurations": [audit]}

    stack.config(index=target)
    ran = stack.up()
    assert ran.code == 0, ran
    assert suffixes(server, bucket_name) == {".conda", ".tar.bz2", ".sigs"}
    assert theirs(server, bucket_name) == [audit]
    assert stack.preview(expect_no_changes=True).code == 0
    assert stack.refresh().done == {}

    # With nothing else, an upload by any tool is told to the follower.
    with FollowerProcess(server, f"s3://{bucket_name}/main", tmp_path / "log", hook=hook) as follower:
        follower.until_compared()
        package = make_package(tmp_path, "one", "1.0")
        key = f"main/noarch/{package.name}"
        server.client().put_object(Bucket=bucket_name, Key=key, Body=package.read_bytes())
        until(lambda: follower.metric("chaninfra_follow_changes_total") == 1, follower.told)
        server.client().delete_object(Bucket=bucket_name, Key=key)
        until(lambda: follower.metric("chaninfra_follow_changes_total") == 2, follower.told)
        # The files of the index, which the follower writes itself, are not told.
        assert follower.metric("chaninfra_follow_passed_over_total") == 0
        assert follower.terminate() == 0

    # Another tool changes one of ours, takes one away, and adds its own.
    ours = [each for each in configured(server, bucket_name)["QueueConfigurations"] if each != audit]
    other = {"Id": "other", "QueueArn": TARGET, "Events": ["s3:ObjectCreated:Put"], **elsewhere}
    put(server, bucket_name, audit, {**ours[0], "Events": ["s3:ObjectCreated:*"]}, ours[1], other)
    assert stack.refresh().done == {"updated": 1}
    assert stack.up().done == {"updated": 1}
    assert sorted(theirs(server, bucket_name), key=lambda each: str(each["Id"])) == [audit, other]
    assert {each["Id"]: each for each in configured(server, bucket_name)["QueueConfigurations"]}.items() >= {
        each["Id"]: each for each in ours
    }.items()

    # Without the key, while the channel still follows.
    stack.config(index={"follow": {}})
    ran = stack.up()
    assert ran.done["deleted"] == 1, ran
    assert suffixes(server, bucket_name) == set()
    assert len(theirs(server, bucket_name)) == 2
    ran = stack.destroy()
    assert ran.code == 0, ran
    assert len(theirs(server, bucket_name)) == 2


def props(store: Store, provider: str, target: str, prefix: str = "main") -> dict[str, Any]:
    """The inputs for a channel at the prefix."""
    raw = {"provider": provider, "bucket": store.store["bucket"], "prefix": prefix}
    raw |= {"endpoint-url": store.store["endpoint-url"], "index": {"follow": {"target": target}}}
    return store.props(provider=provider, notifications=notifications_of(build_spec(raw, where="stack")))


def test_ours_are_found_after_a_lost_state_and_taken_away(telling: Server, bucket_name: str) -> None:
    store = Store(telling, bucket_name)
    store.handler("bucket").create(store.props())
    handler = store.handler("notifications")
    # As `mc event add` makes them: without an id.
    put(telling, bucket_name, {"QueueArn": TARGET, "Events": ["s3:ObjectAccessed:*"]})
    others = theirs(telling, bucket_name)
    declared = props(store, "minio", TARGET)
    for _ in range(2):
        assert handler.create(declared)[1] == declared
        assert handler.read(declared) == declared
        assert len(configured(telling, bucket_name)["QueueConfigurations"]) == 4
    # Another channel in the state, as after a change of the prefix.
    moved = props(store, "minio", TARGET, "dev")
    handler.update(declared, moved)
    assert handler.read(moved) == moved
    assert handler.read(declared) is None
    handler.delete(moved)
    assert theirs(telling, bucket_name) == others
    assert handler.read(moved) is None
    handler.delete(moved)
    assert configured(telling, bucket_name)["QueueConfigurations"] == others


def test_where_a_put_adds_by_id_others_are_not_touched(
    minio: Server, bucket_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a stand-in for how Ceph keeps notifications."""
    monkeypatch.setattr(kept, "PAUSES", (0.01,) * 3)
    other = TOPIC.replace("chaninfra", "other")
    standin = CephNotificationsStandin({"arn:aws:sns::chaninfra", "arn:aws:sns::other"})
    with fault_server.faulty(minio, standin) as proxied:
        store = Store(proxied, bucket_name)
        store.handler("bucket").create(store.props())
        handler = store.handler("notifications")
        # A filter that boto3 does not know would not survive being read and written.
        standin.kept["theirs", other] = (
            b"<TopicConfiguration><Id>theirs</Id><Filter><S3Metadata/></Filter></TopicConfiguration>"
        )
        before = dict(standin.kept)

        with pytest.raises(StorageError, match="does not take arn:aws:sns:default::nobody") as caught:
            handler.create(props(store, "ceph", "arn:aws:sns:default::nobody"))
        assert "aws sns create-topic --endpoint-url" in str(caught.value.remedy)
        assert caught.value.code == "NoSuchKey"

        # The zonegroup in the ARN is the store's to say.
        declared = props(store, "ceph", "arn:aws:sns:elsewhere::chaninfra")
        made = handler.create(declared)[1]
        assert handler.read(made) == declared
        assert len(standin.kept) == 4
        changes = len(standin.requests)
        handler.create(declared)
        handler.update(declared, declared)
        assert len(standin.requests) == changes

        # Another topic, and another channel: no id is there twice.
        moved = props(store, "ceph", other)
        handler.update(declared, moved)
        assert {arn for _, arn in standin.kept} == {other}
        assert len(standin.kept) == 4
        dev = props(store, "ceph", other, "dev")
        handler.update(moved, dev)
        assert {id_ for id_, _ in standin.kept} == {"theirs", *(each["id"] for each in dev["notifications"])}
        del standin.kept[dev["notifications"][0]["id"], other]
        drifted = handler.read(dev)
        assert drifted is not None
        assert handler.diff(drifted, dev).changes
        handler.update(drifted, dev)
        assert handler.read(dev) == dev
        handler.delete(dev)
        assert standin.kept == before
        assert handler.read(dev) is None


def test_a_store_without_notifications_says_what_else_to_do(versitygw: Server, bucket_name: str) -> None:
    store = Store(versitygw, bucket_name)
    store.handler("bucket").create(store.props())
    with pytest.raises(UnsupportedError, match="the store has no notifications of buckets") as caught:
        store.handler("notifications").create(props(store, "custom", TOPIC))
    assert "chaninfra follow CHANNEL --every 30s" in str(caught.value.remedy)


@pytest.mark.parametrize("wrong", ["stranger", "wrong secret"])
def test_an_error_does_not_count_as_missing(minio: Server, bucket_name: str, wrong: str) -> None:
    Store(minio, bucket_name).handler("bucket").create(Store(minio, bucket_name).props())
    keys = minio.stranger() if wrong == "stranger" else {**minio.environment(), "AWS_SECRET_ACCESS_KEY": "wrong"}
    store = Store(minio, bucket_name, keys)
    handler, declared = store.handler("notifications"), props(store, "minio", TARGET)
    expected = DeniedError if wrong == "stranger" else CredentialsError
    for call in (handler.read, handler.create, handler.delete):
        with pytest.raises(expected, match=r"notifications of|does not accept these credentials"):
            call(declared)


def test_a_bucket_that_is_gone_has_none(minio: Server, bucket_name: str) -> None:
    store = Store(minio, bucket_name)
    handler = store.handler("notifications")
    declared = props(store, "minio", TARGET)
    assert handler.read(declared) is None
    handler.delete(declared)
