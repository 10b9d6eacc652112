"""What each action of the access table does to a store: a call, and what then must have changed."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from chaninfra.channel.access_table import Place

CHANNEL, NEIGHBOUR = "team/stable", "team/other"
SUBDIRS = ("linux-64", "noarch")
PREFIXES: dict[Place, str] = {"own": CHANNEL, "neighbour": NEIGHBOUR}
_PART = b"0" * (5 * 1024 * 1024)

Act = Callable[[Any, Any, str, str], None]
"""(root's client, the principal's client, bucket, prefix): does the action, and asserts that it was done."""


def may(act: Act, root: Any, client: Any, bucket: str, prefix: str) -> bool:
    """Whether the store let the action be done; False only where it says 403, and then nothing has changed."""
    before = _objects(root, bucket)
    try:
        act(root, client, bucket, prefix)
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        assert status == 403, f"neither allowed nor denied: {error}"
        made = {key: etag for key, etag in _objects(root, bucket).items() if before.get(key, etag) != etag}
        assert not made, f"denied, and yet done: {made}"
        return False
    return True


def _get(root: Any, client: Any, bucket: str, prefix: str) -> None:
    key = _prepared(root, bucket, f"{prefix}/noarch/{_name()}")
    assert client.get_object(Bucket=bucket, Key=key)["Body"].read() == b"prepared"
    assert client.head_object(Bucket=bucket, Key=key)["ContentLength"] == len(b"prepared")


def _list(root: Any, client: Any, bucket: str, prefix: str) -> None:
    key = _prepared(root, bucket, f"{prefix}/noarch/{_name()}")
    found = client.list_objects_v2(Bucket=bucket, Prefix=key)["Contents"]
    assert [one["Key"] for one in found] == [key]


def _put(name: str) -> Act:
    def act(root: Any, client: Any, bucket: str, prefix: str) -> None:
        key = f"{prefix}/{name or f'noarch/{_name()}'}"
        body = secrets.token_bytes(8)
        client.put_object(Bucket=bucket, Key=key, Body=body)
        assert root.get_object(Bucket=bucket, Key=key)["Body"].read() == body

    return act


def _new(root: Any, client: Any, bucket: str, prefix: str) -> None:
    key = f"{prefix}/linux-64/{_name()}"
    client.put_object(Bucket=bucket, Key=key, Body=b"new", IfNoneMatch="*")
    assert root.get_object(Bucket=bucket, Key=key)["Body"].read() == b"new"


def _overwrite(root: Any, client: Any, bucket: str, prefix: str) -> None:
    key = _prepared(root, bucket, f"{prefix}/noarch/{_name()}")
    client.put_object(Bucket=bucket, Key=key, Body=b"other")
    assert root.get_object(Bucket=bucket, Key=key)["Body"].read() == b"other"


def _multipart(root: Any, client: Any, bucket: str, prefix: str) -> None:
    at = {"Bucket": bucket, "Key": f"{prefix}/noarch/{_name()}"}
    upload = {**at, "UploadId": client.create_multipart_upload(**at)["UploadId"]}
    parts = []
    for number, body in enumerate((_PART, b"the end"), 1):
        etag = client.upload_part(**upload, PartNumber=number, Body=body)["ETag"]
        parts.append({"PartNumber": number, "ETag": etag})
    assert len(client.list_parts(**upload)["Parts"]) == 2
    client.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts}, IfNoneMatch="*")
    assert root.head_object(**at)["ContentLength"] == len(_PART) + len(b"the end")
    given_up = {**at, "UploadId": client.create_multipart_upload(**at)["UploadId"]}
    client.abort_multipart_upload(**given_up)
    root.delete_object(**at)


def _delete(name: str) -> Act:
    def act(root: Any, client: Any, bucket: str, prefix: str) -> None:
        key = _prepared(root, bucket, f"{prefix}/{name or f'noarch/{_name()}'}")
        client.delete_object(Bucket=bucket, Key=key)
        assert key not in _objects(root, bucket)

    return act


# `overwrite-guarded` is an overwrite in a bucket whose policy has the guard, which the test servers refuse to take.
ACTS: dict[str, Act] = {
    "get": _get,
    "list": _list,
    "put-package": _new,
    "overwrite-package": _overwrite,
    "overwrite-guarded": _overwrite,
    "multipart": _multipart,
    "put-index": _put("noarch/repodata.json"),
    "delete-package": _delete(""),
    "put-yanked": _put("yanked.json"),
    "put-internal": _put(".chaninfra/probe"),
    "put-descriptor": _put("channel.json"),
    "delete-descriptor": _delete("channel.json"),
}


def _name() -> str:
    return f"package-{secrets.token_hex(6)}-0.conda"


def _prepared(root: Any, bucket: str, key: str) -> str:
    root.put_object(Bucket=bucket, Key=key, Body=b"prepared")
    return key


def _objects(root: Any, bucket: str) -> dict[str, str]:
    return {one["Key"]: one["ETag"] for one in root.list_objects_v2(Bucket=bucket).get("Contents", [])}
