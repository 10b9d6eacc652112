"""Experiments on the settings of a bucket: what is put is read back, acts, and can be removed."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from botocore.exceptions import ClientError

from chaninfra.channel.s3.boto import code_and_status
from chaninfra.channel.spec.model import BucketSettings
from chaninfra.pulumi.bucket_config import holds, settings_documents
from support.stores.columns.asking import (
    BODY,
    DOES_NOT_APPLY,
    KEY,
    at_once,
    becomes,
    bucket_with_file,
    prepared,
    taken,
    yes_or_no,
)
from support.stores.model import Running

_ORIGIN, _OTHER_ORIGIN = "https://a.example.com", "https://b.example.com"


def cors(running: Running) -> str:
    """Whether web pages of the declared origin may read the answers, and those of another one may not."""
    bucket, client = bucket_with_file(running), running.server.client()
    wanted = settings_documents(BucketSettings(cors_origins=(_ORIGIN,)))["cors"]
    if not taken(lambda: client.put_bucket_cors(Bucket=bucket, CORSConfiguration=wanted)):
        return "no"
    assert becomes(lambda: holds(client.get_bucket_cors(Bucket=bucket), wanted))

    def may_read(origin: str) -> bool:
        get = prepared(running.server, lambda s3: s3.get_object(Bucket=bucket, Key=KEY))
        (answer,) = at_once(running.server, [replace(get, headers={**get.headers, "Origin": origin})])
        assert answer.done, answer
        return answer.headers.get("access-control-allow-origin") in (origin, "*")

    found = becomes(lambda: may_read(_ORIGIN)) and not may_read(_OTHER_ORIGIN)
    client.delete_bucket_cors(Bucket=bucket)
    assert becomes(lambda: _is_absent(lambda: client.get_bucket_cors(Bucket=bucket), "CORSRules"))
    return yes_or_no(found)


def lifecycle_versions(running: Running) -> str:
    """Whether a rule that expires old versions is kept. Nobody waits for a day to see it act."""
    return _lifecycle(running, BucketSettings(old_versions_days=3))


def lifecycle_uploads(running: Running) -> str:
    """Whether a rule that aborts abandoned uploads is kept. Nobody waits for a day to see it act."""
    return _lifecycle(running, BucketSettings(open_uploads_days=3))


def _lifecycle(running: Running, settings: BucketSettings) -> str:
    bucket, client = running.new_bucket(), running.server.client()
    wanted = settings_documents(settings)["lifecycle"]
    put, get = client.put_bucket_lifecycle_configuration, client.get_bucket_lifecycle_configuration
    if not taken(lambda: put(Bucket=bucket, LifecycleConfiguration=wanted)):
        return "no"
    if not becomes(lambda: not _is_absent(lambda: get(Bucket=bucket), "Rules") and holds(get(Bucket=bucket), wanted)):
        return "no"
    client.delete_bucket_lifecycle(Bucket=bucket)
    assert becomes(lambda: _is_absent(lambda: get(Bucket=bucket), "Rules"))
    return "yes"


def versioning(running: Running) -> str:
    """Whether what is overwritten and what is deleted can still be read by the ids of versions, which are listed."""
    bucket, client = running.new_bucket(), running.server.client()
    on = {"Status": "Enabled"}
    if not taken(lambda: client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration=on)):
        return "no"
    assert becomes(lambda: client.get_bucket_versioning(Bucket=bucket).get("Status") == "Enabled")
    ids = [client.put_object(Bucket=bucket, Key=KEY, Body=body).get("VersionId") for body in (b"1", b"2")]
    if None in ids:
        return "no"
    client.delete_object(Bucket=bucket, Key=KEY)
    listed = client.list_object_versions(Bucket=bucket)
    kept = [client.get_object(Bucket=bucket, Key=KEY, VersionId=each)["Body"].read() for each in ids]
    return yes_or_no(kept == [b"1", b"2"] and {each["VersionId"] for each in listed["Versions"]} == {*ids})


def encryption(running: Running) -> str:
    """Whether a bucket can have a default encryption, and objects are then written and read."""
    bucket, client = bucket_with_file(running), running.server.client()
    wanted = settings_documents(BucketSettings(encryption="sse-s3"))["encryption"]
    put = client.put_bucket_encryption
    if not taken(lambda: put(Bucket=bucket, ServerSideEncryptionConfiguration=wanted)):
        return "no"
    get = client.get_bucket_encryption
    assert becomes(lambda: holds(get(Bucket=bucket)["ServerSideEncryptionConfiguration"], wanted))

    def is_encrypted() -> bool:
        """Raises ClientError where objects can no longer be written or read."""
        client.put_object(Bucket=bucket, Key=f"{KEY}-after", Body=BODY)
        found = client.get_object(Bucket=bucket, Key=f"{KEY}-after")
        return found["Body"].read() == BODY and found.get("ServerSideEncryption") == "AES256"

    try:
        works = becomes(is_encrypted)
    except ClientError as error:
        if code_and_status(error)[1] < 500:
            raise
        works = False
    client.delete_bucket_encryption(Bucket=bucket)
    # The setting was to blame, and not the store's state.
    assert becomes(lambda: taken(lambda: client.put_object(Bucket=bucket, Key=f"{KEY}-after", Body=BODY)))
    return yes_or_no(works)


def tags(running: Running) -> str:
    """Whether a bucket has tags, which can be replaced and removed."""
    bucket, client = running.new_bucket(), running.server.client()
    for given in ({"team": "packages", "stage": "test"}, {"team": "other"}):
        wanted = settings_documents(BucketSettings(tags=given))["tags"]
        if not taken(lambda wanted=wanted: client.put_bucket_tagging(Bucket=bucket, Tagging=wanted)):
            return "no"
        assert becomes(lambda wanted=wanted: holds(client.get_bucket_tagging(Bucket=bucket), wanted))
    client.delete_bucket_tagging(Bucket=bucket)
    assert becomes(lambda: _is_absent(lambda: client.get_bucket_tagging(Bucket=bucket), "TagSet"))
    return "yes"


def notifications(running: Running) -> str:
    """Whether a bucket can have notifications to a target that the server has, which are read back."""
    bucket = running.new_bucket()
    target = running.store.target(running.server) if running.store.target else "arn:aws:sqs:us-east-1:123456789012:q"
    if not taken(lambda: _notify(running, bucket, _queue("first", target))):
        # Of a target that the server does not have, the answer would say nothing.
        return "no"
    assert becomes(lambda: _ids(running, bucket) == ["first"])
    return "yes"


def notification_change(running: Running) -> str:
    """`by-id` if a notification stays when another one is put, `whole-list` if it does not."""
    bucket = running.new_bucket()
    if running.store.target is None:
        return DOES_NOT_APPLY
    target = running.store.target(running.server)
    assert taken(lambda: _notify(running, bucket, _queue("first", target)))
    assert becomes(lambda: _ids(running, bucket) == ["first"])
    _notify(running, bucket, _queue("second", target))
    time.sleep(1)
    found = _ids(running, bucket)
    assert found in (["second"], ["first", "second"])
    return "whole-list" if found == ["second"] else "by-id"


def _queue(name: str, target: str) -> dict[str, Any]:
    rules = [{"Name": "prefix", "Value": f"{name}/"}]
    kind = "Topic" if ":sns:" in target else "Queue"
    return {
        f"{kind}Configurations": [
            {
                "Id": name,
                f"{kind}Arn": target,
                "Events": ["s3:ObjectCreated:*"],
                "Filter": {"Key": {"FilterRules": rules}},
            }
        ]
    }


def _notify(running: Running, bucket: str, wanted: dict[str, Any]) -> None:
    put = running.server.client().put_bucket_notification_configuration
    put(Bucket=bucket, NotificationConfiguration=wanted)


def _ids(running: Running, bucket: str) -> list[str]:
    found = running.server.client().get_bucket_notification_configuration(Bucket=bucket)
    listed = [*found.get("QueueConfigurations", ()), *found.get("TopicConfigurations", ())]
    return sorted(each["Id"] for each in listed)


def _is_absent(get: Callable[[], dict[str, Any]], name: str) -> bool:
    """Whether a setting is not there: most servers answer 404, some an empty list."""
    try:
        return not get().get(name)
    except ClientError as error:
        if code_and_status(error)[1] != 404:
            raise
        return True
