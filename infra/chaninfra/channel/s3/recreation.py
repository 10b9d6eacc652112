"""A store that refuses to create an object again after its deletion: it takes the delete marker for an object.

On S3 a PUT with If-None-Match: * succeeds where the current version is a delete marker
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html); versitygw 1.8 answers 412.
"""

from __future__ import annotations

import shlex
from contextlib import suppress

from chaninfra.channel.errors import ChaninfraError, RecreationError
from chaninfra.channel.location import Location
from chaninfra.channel.s3.credentials import Credentials


def recreation_refused(location: Location, credentials: Credentials | None, key: str) -> RecreationError:
    """The error for a create that was refused twice although nothing is there. Asks the store for the delete marker."""
    what = f"s3://{location.bucket}/{key}"
    marker = _marker(location, credentials, key)
    if marker is None:
        return RecreationError(
            f"the store refuses to create {what} although nothing is there (412), as some do where it was deleted "
            "before in a bucket with versions: they take the delete marker for an object",
            where=location.endpoint_url,
            remedy="with rights to list and delete versions, find the marker's VersionId and delete it: "
            f"{_aws(location, 'list-object-versions', '--prefix', key)}",
            code="PreconditionFailed",
            status=412,
        )
    return RecreationError(
        f"{what} was deleted before, and this store takes its delete marker for an object, so it refuses to create it "
        "again; no other writer is at work",
        where=location.endpoint_url,
        remedy="delete the marker, which brings back what was there before the deletion, then try again: "
        f"{_aws(location, 'delete-object', '--key', key, '--version-id', marker)}",
        code="PreconditionFailed",
        status=412,
    )


def _marker(location: Location, credentials: Credentials | None, key: str) -> str | None:
    """The version id of the delete marker that is the current version; None where the store does not tell."""
    from chaninfra.channel.s3.boto import s3_client, translating_errors

    with suppress(ChaninfraError), translating_errors(location, "list"):
        listed = s3_client(location, credentials).list_object_versions(Bucket=location.bucket, Prefix=key, MaxKeys=100)
        for each in listed.get("DeleteMarkers", ()):
            if each.get("Key") == key and each.get("IsLatest"):
                return each.get("VersionId")
    return None


def _aws(location: Location, command: str, *arguments: str) -> str:
    words = ["aws", "s3api", command, "--endpoint-url", location.endpoint_url, "--bucket", location.bucket, *arguments]
    return shlex.join(words)
