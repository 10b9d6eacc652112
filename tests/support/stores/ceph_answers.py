"""Requests whose answers the stand-ins for Ceph claim to know, to be sent to one of them and to the real server."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from botocore.httpsession import URLLib3Session

from chaninfra.channel.policy.statements import document, public_read
from chaninfra.channel.s3.boto import code_and_status
from support.servers.s3_servers import Server

Answers = dict[str, str]
"""What was asked → `done`, or the status and the code of the error."""

_OTHER = "0123456789abcdef0123456789abcdef"
_RULES = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}


def answer(call: Callable[[], object]) -> str:
    """What a server says to a call."""
    try:
        call()
    except ClientError as error:
        code, status = code_and_status(error)
        return f"{status} {code}"
    return "done"


def of_conditions(server: Server) -> Answers:
    """PUT, GET, CopyObject and CompleteMultipartUpload with conditions."""
    client, bucket = server.client(), _bucket(server)

    def put(key: str = "a", **condition: str) -> str:
        return answer(lambda: client.put_object(Bucket=bucket, Key=key, Body=b"other", **condition))

    def get(**condition: str) -> str:
        return answer(lambda: client.get_object(Bucket=bucket, Key="a", **condition))

    def copy(**condition: str) -> str:
        source = {"Bucket": bucket, "Key": "a"}
        return answer(lambda: client.copy_object(Bucket=bucket, Key="copy", CopySource=source, **condition))

    def complete(**condition: str) -> str:
        at = {"Bucket": bucket, "Key": "a"}
        upload = {**at, "UploadId": client.create_multipart_upload(**at)["UploadId"]}
        part = client.upload_part(**upload, PartNumber=1, Body=b"a part")["ETag"]
        parts = {"Parts": [{"PartNumber": 1, "ETag": part}]}
        return answer(lambda: client.complete_multipart_upload(**upload, MultipartUpload=parts, **condition))

    quoted = client.put_object(Bucket=bucket, Key="a", Body=b"one")["ETag"]
    bare = quoted.strip('"')
    return {
        "create what is there": put(IfNoneMatch="*"),
        "create what is new": put("new", IfNoneMatch="*"),
        "replace, quoted": put(IfMatch=quoted),
        "replace another, quoted": put(IfMatch=f'"{_OTHER}"'),
        "replace another": put(IfMatch=_OTHER),
        "replace nothing": put("nothing", IfMatch=bare),
        "get, quoted": get(IfMatch=quoted),
        "get": get(IfMatch=bare),
        "get another": get(IfMatch=_OTHER),
        "get what is known, quoted": get(IfNoneMatch=quoted),
        "get what is known": get(IfNoneMatch=bare),
        "copy": copy(),
        "copy over what is there": copy(IfNoneMatch="*"),
        "copy, quoted": copy(CopySourceIfMatch=quoted),
        "copy another": copy(CopySourceIfMatch=f'"{_OTHER}"'),
        "complete over what is there": complete(IfNoneMatch="*"),
        "complete over another": complete(IfMatch=_OTHER),
        "replace after all that": put(IfMatch=client.head_object(Bucket=bucket, Key="a")["ETag"].strip('"')),
    }


def of_settings(server: Server) -> Answers:
    """Each setting of a bucket: read where it is absent, put, and deleted."""
    client, bucket = server.client(), {"Bucket": _bucket(server)}
    found: Answers = {}
    for setting, (name, value) in {**_settings(bucket["Bucket"]), "encryption": _ENCRYPTION}.items():
        get, put = getattr(client, f"get_bucket_{setting}"), getattr(client, f"put_bucket_{setting}")
        found[f"get {setting}"] = answer(partial(get, **bucket))
        found[f"put {setting}"] = answer(partial(put, **bucket, **{name: value}))
        delete = getattr(client, f"delete_bucket_{setting.removesuffix('_configuration')}", None)
        if delete is not None and setting != "encryption":
            found[f"delete {setting}"] = answer(partial(delete, **bucket))
            found[f"get {setting} again"] = answer(partial(get, **bucket))
    # Ceph takes ?x that it does not know for a request about the bucket.
    found["delete encryption"] = answer(partial(client.delete_bucket_encryption, **bucket))
    found["the bucket"] = answer(partial(client.head_bucket, **bucket))
    return found


_ENCRYPTION = ("ServerSideEncryptionConfiguration", _RULES)


def _settings(bucket: str) -> dict[str, tuple[str, Any]]:
    policy = json.dumps(document(public_read(bucket, ["main"])))
    uploads = {"ID": "uploads", "Status": "Enabled", "Filter": {"Prefix": ""}}
    return {
        "tagging": ("Tagging", {"TagSet": [{"Key": "team", "Value": "a"}]}),
        "policy": ("Policy", policy),
        "cors": (
            "CORSConfiguration",
            {"CORSRules": [{"AllowedOrigins": ["https://a.example.com"], "AllowedMethods": ["GET"]}]},
        ),
        "lifecycle_configuration": (
            "LifecycleConfiguration",
            {"Rules": [{**uploads, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 3}}]},
        ),
        "versioning": ("VersioningConfiguration", {"Status": "Enabled"}),
    }


def lost_at_once(server: Server) -> set[str]:
    """The settings that were lost of those that were put into one bucket at the same moment, and answered `done`."""
    client, bucket = server.client(), _bucket(server)
    wanted = _settings(bucket)

    def put(setting: str) -> str:
        name, value = wanted[setting]
        return answer(lambda: getattr(client, f"put_bucket_{setting}")(Bucket=bucket, **{name: value}))

    with ThreadPoolExecutor(len(wanted)) as pool:
        answers = dict(zip(wanted, pool.map(put, wanted), strict=True))
    assert {*answers.values()} <= {"done", "500 UnknownError"}, answers
    versions = client.get_bucket_versioning(Bucket=bucket).get("Status")
    there = {
        setting: answer(partial(getattr(client, f"get_bucket_{setting}"), Bucket=bucket)) == "done"
        for setting in wanted
    } | {"versioning": versions == "Enabled"}
    return {setting for setting, said in answers.items() if said == "done" and not there[setting]}


def of_notifications(server: Server, topic: str) -> Answers:
    """Notifications that are put, read and deleted; `topic` is one that is there, without its zonegroup."""
    client, bucket = server.client(), _bucket(server)

    def put(*ids: str | None, to: str = topic) -> str:
        listed = [
            {**({} if id_ is None else {"Id": id_}), "TopicArn": to, "Events": ["s3:ObjectCreated:*"]} for id_ in ids
        ]
        wanted = {"TopicConfigurations": listed} if listed else {}
        return answer(
            lambda: client.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=wanted)
        )

    def there() -> str:
        found = client.get_bucket_notification_configuration(Bucket=bucket).get("TopicConfigurations", [])
        return " ".join(f"{each['Id']}={each['TopicArn']}" for each in sorted(found, key=lambda each: each["Id"]))

    def delete(query: str) -> str:
        return str(_status(server, "DELETE", f"/{bucket}?{query}"))

    return {
        "none": there(),
        "without an id": put(None),
        "an empty list": put(),
        "to nobody": put("a", to=topic.replace("::", "::no-")),
        "one": put("one"),
        "another": put("two"),
        "both": there(),
        "again": put("one"),
        "still both": there(),
        "delete one": delete("notification=one"),
        "only the other": there(),
        "delete it again": delete("notification=one"),
    }


def _status(server: Server, method: str, path: str) -> int:
    """The status of the answer to a request that boto3 does not know."""
    request = AWSRequest(method=method, url=server.endpoint_url + path)
    S3SigV4Auth(Credentials(server.access_key_id, server.secret_access_key), "s3", server.region).add_auth(request)
    return int(URLLib3Session().send(request.prepare()).status_code)


def _bucket(server: Server) -> str:
    name = f"answers-{secrets.token_hex(5)}"
    server.client().create_bucket(Bucket=name)
    return name
