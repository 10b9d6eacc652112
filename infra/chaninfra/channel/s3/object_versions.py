"""Versions of objects and unfinished multipart uploads, by boto3: a plain listing shows neither.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html and .../API_ListMultipartUploads.html
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from chaninfra.channel.errors import StorageError, UnsupportedError
from chaninfra.channel.location import Location
from chaninfra.channel.s3.boto import code_and_status, translating_errors
from chaninfra.channel.s3.error_codes import ENDED, is_missing_call

if TYPE_CHECKING:
    from botocore.exceptions import ClientError
    from mypy_boto3_s3 import S3Client

_DELETED = frozenset({"NoSuchKey", "NoSuchVersion"})


class ObjectVersion(NamedTuple):
    """A version of an object; `version_id` is None on a store without versions."""

    key: str
    version_id: str | None
    is_delete_marker: bool
    is_latest: bool = False


class OpenUpload(NamedTuple):
    """A multipart upload that was neither completed nor aborted; `initiated` by the store's clock."""

    key: str
    upload_id: str
    initiated: datetime


def versions(client: S3Client, location: Location, prefix: str) -> Iterator[ObjectVersion]:
    """Every version and delete marker below the folder `prefix`; the objects, on a store that cannot list versions.

    Raises StorageError.
    """
    return _versions(client, location, f"{prefix}/" if prefix else "")


def versions_of(client: S3Client, location: Location, key: str) -> Iterator[ObjectVersion]:
    """Every version and delete marker of one object; the object, on a store that cannot list versions.

    Raises StorageError.
    """
    return (each for each in _versions(client, location, key) if each.key == key)


def _versions(client: S3Client, location: Location, start: str) -> Iterator[ObjectVersion]:
    """The versions of the objects whose keys begin with `start`."""
    from botocore.exceptions import ClientError

    with translating_errors(location, "list", start.rstrip("/")):
        try:
            for page in client.get_paginator("list_object_versions").paginate(Bucket=location.bucket, Prefix=start):
                for version in page.get("Versions", ()):
                    yield ObjectVersion(
                        version["Key"],
                        version.get("VersionId"),
                        is_delete_marker=False,
                        is_latest=version.get("IsLatest", False),
                    )
                for marker in page.get("DeleteMarkers", ()):
                    yield ObjectVersion(marker["Key"], marker.get("VersionId"), is_delete_marker=True)
            return
        except ClientError as error:
            if not is_missing_call(*code_and_status(error)):
                raise
        for listed in client.get_paginator("list_objects_v2").paginate(Bucket=location.bucket, Prefix=start):
            for entry in listed.get("Contents", ()):
                yield ObjectVersion(entry["Key"], None, is_delete_marker=False)


def is_older_than_versioning(client: S3Client, location: Location, key: str) -> bool:
    """Whether the bucket keeps versions and the object was written before it did so, and thus has the version `null`.

    False where the store or the credentials do not say. Raises no StorageError.
    """
    with suppress(StorageError), translating_errors(location, "look at"):
        if client.get_bucket_versioning(Bucket=location.bucket).get("Status") != "Enabled":
            return False
        listed = client.list_object_versions(Bucket=location.bucket, Prefix=key, MaxKeys=1).get("Versions", ())
        return any(each["Key"] == key and each.get("VersionId") == "null" for each in listed)
    return False


def read(client: S3Client, location: Location, version: ObjectVersion, most: int) -> bytes | None:
    """The bytes of a version of an object; None if it is gone, or has more than `most` bytes. Raises StorageError."""
    from botocore.exceptions import ClientError

    which: Any = {} if version.version_id is None else {"VersionId": version.version_id}
    with translating_errors(location, "read", version.key):
        try:
            answer = client.get_object(Bucket=location.bucket, Key=version.key, **which)
        except ClientError as error:
            if code_and_status(error)[0] not in _DELETED:
                raise
            return None
        with answer["Body"] as body:
            return body.read() if answer["ContentLength"] <= most else None


def delete(client: S3Client, location: Location, key: str, version: str | None) -> None:
    """Delete one version of a key, or the key itself if `version` is None.

    A version that does not exist is no error; GCS, for example, answers 404. Raises StorageError.
    """
    from botocore.exceptions import ClientError

    which: Any = {} if version is None else {"VersionId": version}
    with translating_errors(location, "delete", key):
        try:
            client.delete_object(Bucket=location.bucket, Key=key, **which)
        except ClientError as error:
            if code_and_status(error)[0] not in _DELETED:
                raise


def open_uploads(client: S3Client, location: Location, prefix: str) -> Iterator[OpenUpload]:
    """The open multipart uploads below the folder `prefix`; none on a store that cannot list them.

    Raises StorageError.
    """
    with suppress(UnsupportedError):
        yield from listed_uploads(client, location, prefix)


def listed_uploads(client: S3Client, location: Location, prefix: str) -> Iterator[OpenUpload]:
    """The open multipart uploads below the folder `prefix`.

    Raises UnsupportedError on a store that cannot list them, and other StorageErrors.
    """
    from botocore.exceptions import ClientError

    folder = f"{prefix}/" if prefix else ""
    with translating_errors(location, "list the uploads of", prefix):
        try:
            for page in client.get_paginator("list_multipart_uploads").paginate(Bucket=location.bucket, Prefix=folder):
                for upload in page.get("Uploads", ()):
                    yield OpenUpload(upload["Key"], upload["UploadId"], upload["Initiated"])
        except ClientError as error:
            raise_missing_call(error, location, "list the uploads of")
            raise


def raise_missing_call(error: ClientError, location: Location, doing: str) -> None:
    """Raise UnsupportedError where the answer means that the store does not have the call."""
    code, status = code_and_status(error)
    if is_missing_call(code, status):
        raise UnsupportedError(
            f"the store has no call to {doing} a bucket ({code or status})",
            where=location.endpoint_url,
            code=code,
            status=status,
        ) from error


def abort(client: S3Client, location: Location, key: str, upload: str) -> bool:
    """Abort an upload, which deletes its parts; False if it had ended already.

    Raises UnsupportedError on a store that cannot abort one, and other StorageErrors.
    """
    from botocore.exceptions import ClientError

    with translating_errors(location, "abort the upload of", key):
        try:
            client.abort_multipart_upload(Bucket=location.bucket, Key=key, UploadId=upload)
        except ClientError as error:
            if code_and_status(error)[0] != ENDED:
                raise_missing_call(error, location, "abort an upload to")
                raise
            return False
    return True
