"""The experiment on several changes of one bucket's settings at the same moment."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from chaninfra.channel.policy.statements import document, public_read
from chaninfra.channel.spec.model import BucketSettings
from chaninfra.pulumi.bucket_config import holds, settings_documents
from support.stores.columns.asking import at_once, becomes, code_of, prepared, taken
from support.stores.model import Running

ROUNDS = 12
_DECLARED = settings_documents(
    BucketSettings(
        versioning=True,
        open_uploads_days=3,
        old_versions_days=3,
        cors_origins=("https://a.example.com",),
        tags={"team": "packages"},
    )
)


def settings_changes(running: Running) -> str:
    """`one-by-one` if of several settings that are put at once, and taken, one is lost; `independent` if all stay;
    `unknown` if the store does not have two."""
    had = [name for name in _PUT if taken(lambda name=name: _PUT[name](running.server.client(), running.new_bucket()))]
    if len(had) < 2:
        return "unknown"
    return "independent" if all(_all_stay(running, had) for _ in range(ROUNDS)) else "one-by-one"


def _all_stay(running: Running, names: list[str]) -> bool:
    """Whether each setting that was taken is there."""
    bucket, client = running.new_bucket(), running.server.client()
    answers = at_once(running.server, [prepared(running.server, _of(name, bucket)) for name in names])
    put = [name for name, answer in zip(names, answers, strict=True) if answer.done]
    assert len(put) > 1, answers
    return all(becomes(lambda name=name: _is_there(client, bucket, name)) for name in put)


def _of(name: str, bucket: str) -> Callable[[Any], object]:
    return lambda client: _PUT[name](client, bucket)


def _is_there(client: Any, bucket: str, name: str) -> bool:
    return code_of(lambda: _GET[name](client, bucket)) is None and bool(_GET[name](client, bucket))


def _policy(bucket: str) -> str:
    return json.dumps(document(public_read(bucket, ["main"])))


_PUT: Mapping[str, Callable[[Any, str], object]] = {
    "versioning": lambda client, bucket: client.put_bucket_versioning(
        Bucket=bucket, VersioningConfiguration=_DECLARED["versioning"]
    ),
    "lifecycle": lambda client, bucket: client.put_bucket_lifecycle_configuration(
        Bucket=bucket, LifecycleConfiguration=_DECLARED["lifecycle"]
    ),
    "cors": lambda client, bucket: client.put_bucket_cors(Bucket=bucket, CORSConfiguration=_DECLARED["cors"]),
    "tags": lambda client, bucket: client.put_bucket_tagging(Bucket=bucket, Tagging=_DECLARED["tags"]),
    "policy": lambda client, bucket: client.put_bucket_policy(Bucket=bucket, Policy=_policy(bucket)),
}
_GET: Mapping[str, Callable[[Any, str], bool]] = {
    "versioning": lambda client, bucket: holds(client.get_bucket_versioning(Bucket=bucket), _DECLARED["versioning"]),
    "lifecycle": lambda client, bucket: holds(
        client.get_bucket_lifecycle_configuration(Bucket=bucket), _DECLARED["lifecycle"]
    ),
    "cors": lambda client, bucket: holds(client.get_bucket_cors(Bucket=bucket), _DECLARED["cors"]),
    "tags": lambda client, bucket: holds(client.get_bucket_tagging(Bucket=bucket), _DECLARED["tags"]),
    "policy": lambda client, bucket: bool(client.get_bucket_policy(Bucket=bucket)["Policy"]),
}
