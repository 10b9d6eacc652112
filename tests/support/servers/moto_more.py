"""What AWS has and moto has not, added to moto, which runs in the tests' own process."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import unquote

from moto.core.responses import ActionResult, EmptyResult
from moto.events.models import Rule
from moto.iam.access_control import IAMPolicy, PermissionResult
from moto.iam.models import OpenIDConnectProvider
from moto.iam.responses import IamResponse
from moto.s3.exceptions import PreconditionFailed
from moto.s3.models import FakeBucket, S3Backend
from moto.s3.responses import S3Response
from moto.sqs.models import Queue
from moto.sts.models import STSBackend

from chaninfra.demo.server import moto_server
from support.servers import moto_cloudfront


@contextmanager
def served() -> Iterator[str]:
    """The URL of an AWS in memory."""
    mend()
    with moto_server() as url:
        yield url


def mend() -> None:
    """Adds it; doing so twice changes nothing."""
    moto_cloudfront.mend()
    IamResponse.add_client_id_to_open_id_connect_provider = _add_client
    IamResponse.remove_client_id_from_open_id_connect_provider = _remove_client
    FakeBucket.get_permission = _permission  # type: ignore[method-assign]
    S3Response.head_bucket = _head_bucket  # type: ignore[method-assign]
    S3Response.copy_object = _copy_object  # type: ignore[method-assign]
    S3Response.upload_part_copy = _upload_part_copy  # type: ignore[method-assign]
    Queue._set_attributes = _set_attributes  # type: ignore[method-assign]
    Rule.send_to_targets = _send_to_targets  # type: ignore[method-assign]
    S3Response.get_bucket_notification = _get_notification  # type: ignore[method-assign]
    S3Response.get_bucket_encryption = _get_encryption  # type: ignore[method-assign]
    S3Backend.put_bucket_encryption = _put_encryption  # type: ignore[method-assign]


def _add_client(self: IamResponse) -> ActionResult:
    clients = _provider(self).client_id_list
    if self._get_param("ClientID") not in clients:
        clients.append(self._get_param("ClientID"))
    return EmptyResult()


def _remove_client(self: IamResponse) -> ActionResult:
    # "This operation is idempotent; it does not fail or return an error if you try to remove a client ID that does not
    # exist" (IAM API reference).
    provider = _provider(self)
    provider.client_id_list = [one for one in provider.client_id_list if one != self._get_param("ClientID")]
    return EmptyResult()


def _provider(response: IamResponse) -> OpenIDConnectProvider:
    return response.backend.get_open_id_connect_provider(response._get_param("OpenIDConnectProviderArn"))


_HEAD_BUCKET = S3Response.head_bucket


def _head_bucket(self: S3Response) -> Any:
    # "If the account ID that you provide does not match the actual owner of the bucket, the request fails with the HTTP
    # status code 403 Forbidden (access denied)" (Amazon S3 API reference, HeadBucket).
    expected = self.headers.get("x-amz-expected-bucket-owner")
    answer = _HEAD_BUCKET(self)
    if answer[0] == 200 and expected and self.backend.head_bucket(self.bucket_name).account_id != expected:
        return 403, {"x-amz-bucket-region": answer[1]["x-amz-bucket-region"]}, ""
    return answer


_COPY_OBJECT = S3Response.copy_object
_UPLOAD_PART_COPY = S3Response.upload_part_copy


def _copy_object(self: S3Response) -> Any:
    # "Copies the object only if the object key name at the destination does not already exist in the bucket specified.
    # Otherwise, Amazon S3 returns a 412 Precondition Failed error" (Amazon S3 API reference, CopyObject).
    _check_source(self)
    if self.headers.get("If-None-Match") == "*" and self.backend.get_object(self.bucket_name, self.parse_key_name()):
        raise PreconditionFailed(failed_condition="If-None-Match")
    return _COPY_OBJECT(self)


def _upload_part_copy(self: S3Response) -> Any:
    _check_source(self)
    return _UPLOAD_PART_COPY(self)


def _check_source(self: S3Response) -> None:
    """The same page: "Copies the object if its entity tag (ETag) matches the specified tag"."""
    wanted = self.headers.get("x-amz-copy-source-if-match")
    bucket, _, key = unquote(self.headers["x-amz-copy-source"]).lstrip("/").partition("/")
    found = self.backend.get_object(bucket, key)
    if wanted and found is not None and found.etag.strip('"') != wanted.strip('"'):
        raise PreconditionFailed(failed_condition="x-amz-copy-source-If-Match")


_PUT_ENCRYPTION = S3Backend.put_bucket_encryption


def _put_encryption(self: S3Backend, bucket_name: str, encryption: dict[str, Any]) -> None:
    """Like AWS, it keeps the blocked types of a bucket where a request says nothing of them."""
    before = (self.get_bucket(bucket_name).encryption or {}).get("Rule", {})
    kept = {name: before[name] for name in ("BlockedEncryptionTypes",) if name in before}
    _PUT_ENCRYPTION(self, bucket_name, {**encryption, "Rule": {**kept, **encryption["Rule"]}})


def _get_encryption(self: S3Response) -> Any:
    """The rule with its blocked types, which moto keeps and does not answer."""
    self.data["Action"] = "GetBucketEncryption"
    found = self.backend.get_bucket_encryption(self.bucket_name)
    blocked = (found or {}).get("Rule", {}).get("BlockedEncryptionTypes")
    if found is None or blocked is None:
        return _GET_ENCRYPTION(self)
    types = blocked["EncryptionType"]
    rule = {
        "ApplyServerSideEncryptionByDefault": found["Rule"]["ApplyServerSideEncryptionByDefault"],
        "BucketKeyEnabled": found["Rule"].get("BucketKeyEnabled") == "true",
        "BlockedEncryptionTypes": {"EncryptionType": types if isinstance(types, list) else [types]},
    }
    return self.serialized(ActionResult({"ServerSideEncryptionConfiguration": {"Rules": [rule]}}))


_GET_ENCRYPTION = S3Response.get_bucket_encryption


_GET_NOTIFICATION = S3Response.get_bucket_notification


def _get_notification(self: S3Response) -> Any:
    """With the part for EventBridge, which moto keeps and does not answer."""
    kept = self.backend.get_bucket_notification_configuration(self.bucket_name)
    if kept is not None and kept.event_bridge is not None:
        # Its own answer is taken, and that part added.
        serialized = self.serialized

        def with_event_bridge(result: ActionResult) -> Any:
            return serialized(ActionResult({**result.result, "EventBridgeConfiguration": {}}))

        self.serialized = with_event_bridge  # type: ignore[assignment, method-assign]
    return _GET_NOTIFICATION(self)


_SET_ATTRIBUTES = Queue._set_attributes


def _set_attributes(self: Queue, attributes: dict[str, Any], now: float | None = None) -> None:
    """Attributes that a request does not name stay; moto forgets the policy then."""
    kept = {"Policy": self.policy} if hasattr(self, "_policy_json") else {}
    _SET_ATTRIBUTES(self, {**kept, **attributes}, now)


_SEND_TO_TARGETS = Rule.send_to_targets


def _send_to_targets(self: Rule, original_event: Any, transform_input: bool = True) -> None:
    """A rule without a pattern runs by the clock alone; moto takes it for one that every event matches."""
    if self.event_pattern.dump():
        _SEND_TO_TARGETS(self, original_event, transform_input)


def _permission(self: FakeBucket, action: str, resource: str) -> PermissionResult:
    """What the bucket's policy says of a request.

    Moto knows no condition, so it takes a denial of all but some for one of all. Of aws:PrincipalArn the value is known
    here: whatever keys it gets, moto takes them for those of one user.
    """
    if self.policy is None:
        return PermissionResult.NEUTRAL
    policy = json.loads(self.policy)
    statements = policy["Statement"] if isinstance(policy["Statement"], list) else [policy["Statement"]]
    _, caller, _ = STSBackend(self.region_name, self.account_id).get_caller_identity("", self.region_name)
    kept = [one for one in statements if not _exempt(one, caller)]
    return IAMPolicy(json.dumps({**policy, "Statement": kept})).is_action_permitted(action, resource)


def _exempt(statement: dict[str, Any], caller: str) -> bool:
    """Whether a denial names the caller among those whom it does not concern."""
    patterns = statement.get("Condition", {}).get("ArnNotLike", {}).get("aws:PrincipalArn", [])
    named = [patterns] if isinstance(patterns, str) else patterns
    return statement["Effect"] == "Deny" and any(fnmatchcase(caller, pattern) for pattern in named)
