"""The versions of objects: what a deletion for good must name, and what a plain listing does not show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from chaninfra.channel.control import code_and_status, our_errors
from chaninfra.channel.location import Location

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

UNSUPPORTED = frozenset({"NotImplemented", "MethodNotAllowed", "InvalidRequest", "UnsupportedOperation"})
"""What a store says to a call of the S3 API that it does not have."""


def versions(client: S3Client, location: Location, prefix: str) -> Iterator[tuple[str, str | None, bool]]:
    """(key, version id, whether it is a delete marker) of all that is below the folder `prefix`, old versions too.

    The version id is None on a store without versions. Raises StorageError and its kinds.
    """
    from botocore.exceptions import ClientError

    folder = f"{prefix}/" if prefix else ""
    with our_errors(location, "list", prefix):
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
