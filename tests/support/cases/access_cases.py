"""The actions of the access table as S3 calls."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from access_table import Place

# Short: versitygw keeps the policy of a bucket as an attribute of a file, of less than 4 KiB on ext4.
CHANNEL, NEIGHBOUR = "t/s", "t/s-2"
SUBDIRS = ("linux-64", "noarch")
PREFIXES: dict[Place, str] = {"own": CHANNEL, "neighbour": NEIGHBOUR, "source": "t/f"}
_PREPARED, _PUT = b"prepared", b"what was put"
_PART = b"0" * (5 * 1024 * 1024)


@dataclass(frozen=True)
class Case:
    """One action: the calls, and the content of the object before and after them (None: there is no object)."""

    do: Callable[[Any, str, str], None]
    """Called with the client, the bucket and the object key."""
    after: bytes | None
    before: bytes | None = _PREPARED
    name: str = ""
    """Name of the file below the prefix, with `{new}` for what no other file has; the default is a new package file."""

    def may(self, root: Any, client: Any, bucket: str, prefix: str) -> bool:
        """Whether the store allows it to `client`; False only if it answers 403 and the object did not change."""
        name = self.name or "noarch/package-{new}-0.conda"
        key = f"{prefix}/{name.format(new=secrets.token_hex(6))}"
        if self.before is not None:
            root.put_object(Bucket=bucket, Key=key, Body=self.before)
        assert content(root, bucket, key) == self.before
        try:
            self.do(client, bucket, key)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 403:
                raise
            assert content(root, bucket, key) == self.before, "denied, but done"
            return False
        assert content(root, bucket, key) == self.after, "allowed, but not done"
        return True


@dataclass(frozen=True)
class VersionCase:
    """An action on an old version of an object: the call, and whether the version is there after it."""

    do: Callable[[Any, str, str, str], None]
    """Called with the client, the bucket, the object key and the version's id."""
    stays: bool

    def may(self, root: Any, client: Any, bucket: str, prefix: str) -> bool:
        """Whether the store allows it to `client`; False only if it answers 403 and the version is still there."""
        key = f"{prefix}/noarch/package-{secrets.token_hex(6)}-0.conda"
        root.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        version = root.put_object(Bucket=bucket, Key=key, Body=_PREPARED)["VersionId"]
        root.put_object(Bucket=bucket, Key=key, Body=_PUT)
        try:
            self.do(client, bucket, key, version)
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] != 403:
                raise
            assert content(root, bucket, key, VersionId=version) == _PREPARED, "denied, but done"
            return False
        assert (content(root, bucket, key, VersionId=version) == _PREPARED) == self.stays
        return True


def content(root: Any, bucket: str, key: str, **version: str) -> bytes | None:
    """The content of the object; None if there is no object."""
    try:
        data: bytes = root.get_object(Bucket=bucket, Key=key, **version)["Body"].read()
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("NoSuchKey", "NoSuchVersion"):
            raise
        return None
    return data


def _get(client: Any, bucket: str, key: str) -> None:
    assert client.get_object(Bucket=bucket, Key=key)["Body"].read() == _PREPARED
    assert client.head_object(Bucket=bucket, Key=key)["ContentLength"] == len(_PREPARED)


def _list(client: Any, bucket: str, key: str) -> None:
    contents = client.list_objects_v2(Bucket=bucket, Prefix=key)["Contents"]
    assert [each["Key"] for each in contents] == [key]


def _add(client: Any, bucket: str, key: str) -> None:
    client.put_object(Bucket=bucket, Key=key, Body=_PUT, IfNoneMatch="*")


def _put(client: Any, bucket: str, key: str) -> None:
    client.put_object(Bucket=bucket, Key=key, Body=_PUT)


def _delete(client: Any, bucket: str, key: str) -> None:
    client.delete_object(Bucket=bucket, Key=key)


def _get_version(client: Any, bucket: str, key: str, version: str) -> None:
    at = {"Bucket": bucket, "Key": key, "VersionId": version}
    assert client.get_object(**at)["Body"].read() == _PREPARED


def _delete_version(client: Any, bucket: str, key: str, version: str) -> None:
    client.delete_object(Bucket=bucket, Key=key, VersionId=version)


def _multipart(client: Any, bucket: str, key: str) -> None:
    at = {"Bucket": bucket, "Key": key}
    client.abort_multipart_upload(**at, UploadId=client.create_multipart_upload(**at)["UploadId"])
    upload = {**at, "UploadId": client.create_multipart_upload(**at)["UploadId"]}
    parts = []
    for number, body in enumerate((_PART, _PUT), 1):
        etag = client.upload_part(**upload, PartNumber=number, Body=body)["ETag"]
        parts.append({"PartNumber": number, "ETag": etag})
    assert len(client.list_parts(**upload)["Parts"]) == len(parts)
    client.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts}, IfNoneMatch="*")


# `overwrite-guarded` needs a bucket with `aws.no-overwrite`, whose policy the test servers refuse.
CASES: dict[str, Case | VersionCase] = {
    "get": Case(_get, after=_PREPARED),
    "list": Case(_list, after=_PREPARED),
    "put-package": Case(_add, before=None, after=_PUT),
    "overwrite-package": Case(_put, after=_PUT),
    "overwrite-guarded": Case(_put, after=_PUT),
    "multipart": Case(_multipart, before=None, after=_PART + _PUT),
    "put-sidecar": Case(_put, after=_PUT, name="noarch/package-{new}-0.conda.sigs"),
    "put-index": Case(_put, after=_PUT, name="noarch/repodata.json"),
    "delete-package": Case(_delete, after=None),
    "delete-shard": Case(_delete, after=None, name=f"noarch/shards/{'0' * 52}{{new}}.msgpack.zst"),
    "delete-index": Case(_delete, after=None, name="noarch/repodata_shards.msgpack.zst"),
    "get-version": VersionCase(_get_version, stays=True),
    "delete-version": VersionCase(_delete_version, stays=False),
    "put-yanked": Case(_put, after=_PUT, name="yanked.json"),
    "put-withdrawn": Case(_put, after=_PUT, name="withdrawn.json"),
    "put-notices": Case(_put, after=_PUT, name="notices.json"),
    "put-history": Case(_add, before=None, after=_PUT, name=".chaninfra/history/noarch/{new}"),
    "delete-history": Case(_delete, after=None, name=".chaninfra/history/noarch/{new}"),
    "put-snapshot": Case(_add, before=None, after=_PUT, name="snapshots/{new}/noarch/repodata.json"),
    "delete-snapshot": Case(_delete, after=None, name="snapshots/{new}/noarch/repodata.json"),
    "put-patches": Case(_put, after=_PUT, name=".chaninfra/patches/noarch.json"),
    "put-internal": Case(_put, after=_PUT, name=".chaninfra/probe"),
    "put-descriptor": Case(_put, after=_PUT, name="channel.json"),
    "delete-descriptor": Case(_delete, after=None, name="channel.json"),
    "put-page": Case(_put, after=_PUT, name="index.html"),
    "put-asset": Case(_add, before=None, after=_PUT, name="assets/page-{new}0000.js"),
    "delete-page": Case(_delete, after=None, name="index.html"),
}
