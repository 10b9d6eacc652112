"""The versions of objects and open uploads: what a deletion for good must name, and a plain listing does not show."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from chaninfra.channel.location import Location
from chaninfra.channel.s3.boto import code_and_status, translating_errors

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

UNSUPPORTED = frozenset({"NotImplemented", "MethodNotAllowed", "InvalidRequest", "UnsupportedOperation"})
"""What a store says to a call of the S3 API that it does not have."""
_GONE = frozenset({"NoSuchKey", "NoSuchVersion"})


def versions(client: S3Client, location: Location, prefix: str) -> Iterator[tuple[str, str | None, bool]]:
    """(key, version id, whether it is a delete marker) of all that is below the folder `prefix`, old versions too.

    The version id is None on a store without versions. Raises StorageError and its kinds.
    """
    from botocore.exceptions import ClientError

    folder = f"{prefix}/" if prefix else ""
    with translating_errors(location, "list", prefix):
        try:
            for page in client.get_paginator("list_object_versions").paginate(Bucket=location.bucket, Prefix=folder):
                for version in page.get("Versions", ()):
                    yield version["Key"], version.get("VersionId"), False
                for marker in page.get("DeleteMarkers", ()):
                    yield marker["Key"], marker.get("VersionId"), True
            return
        except ClientError as error:
            if code_and_status(error)[0] not in UNSUPPORTED:
                raise
        for listed in client.get_paginator("list_objects_v2").paginate(Bucket=location.bucket, Prefix=folder):
            for entry in listed.get("Contents", ()):
                yield entry["Key"], None, False


def delete(client: S3Client, location: Location, key: str, version: str | None) -> None:
    """Delete one version of a key, or the key where that is None; GCS, for one, answers 404 where it is gone already.

    Raises StorageError and its kinds.
    """
    from botocore.exceptions import ClientError

    which: Any = {} if version is None else {"VersionId": version}
    with translating_errors(location, "delete", key):
        try:
            client.delete_object(Bucket=location.bucket, Key=key, **which)
        except ClientError as error:
            if code_and_status(error)[0] not in _GONE:
                raise


def open_uploads(client: S3Client, location: Location, prefix: str) -> Iterator[tuple[str, str, datetime]]:
    """(key, upload id, when it was begun) of the uploads below the folder `prefix` that nobody finished.

    None on a store that cannot list them. Raises StorageError and its kinds.
    """
    from botocore.exceptions import ClientError

    folder = f"{prefix}/" if prefix else ""
    with translating_errors(location, "list the uploads of", prefix):
        try:
            for page in client.get_paginator("list_multipart_uploads").paginate(Bucket=location.bucket, Prefix=folder):
                for upload in page.get("Uploads", ()):
                    yield upload["Key"], upload["UploadId"], upload["Initiated"]
        except ClientError as error:
            if code_and_status(error)[0] not in UNSUPPORTED:
                raise


def abort(client: S3Client, location: Location, key: str, upload: str) -> None:
    """End an upload and delete its parts; one that is gone already is no error. Raises StorageError and its kinds."""
    from botocore.exceptions import ClientError

    with translating_errors(location, "abort the upload of", key):
        try:
            client.abort_multipart_upload(Bucket=location.bucket, Key=key, UploadId=upload)
        except ClientError as error:
            if code_and_status(error)[0] != "NoSuchUpload":
                raise
