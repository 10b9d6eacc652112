"""Listing objects and folders whatever their keys are: a bucket may have keys that obstore has no name for."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from chaninfra.channel.location import Location
from chaninfra.channel.objects import ObjectMeta
from chaninfra.channel.s3.credentials import Credentials


def list_after(location: Location, credentials: Credentials | None, prefix: str, last: str) -> Iterator[ObjectMeta]:
    """The objects below the folder `prefix` whose keys come after `last`, in the store's order.

    The store is asked to encode the keys as URLs do, since XML cannot hold all characters. Raises as ObjectStore.
    """
    # Imported here, since boto3 takes long to import and hardly any bucket needs it.
    from chaninfra.channel.s3.boto import s3_client, translating_errors

    folder = f"{prefix}/" if prefix else ""
    with translating_errors(location, "list", prefix):
        pages = s3_client(location, credentials).get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=location.bucket, Prefix=folder, StartAfter=last or folder):
            for entry in page.get("Contents", ()):
                yield ObjectMeta(
                    key=entry["Key"], size=entry["Size"], etag=entry.get("ETag", ""), modified=entry["LastModified"]
                )


def folders_in(location: Location, credentials: Credentials | None, prefix: str) -> Iterator[str]:
    """The keys of the folders directly below the folder `prefix`, without their last slash. Raises as ObjectStore."""
    from chaninfra.channel.s3.boto import s3_client, translating_errors

    folder = f"{prefix}/" if prefix else ""
    with translating_errors(location, "list", prefix):
        pages = s3_client(location, credentials).get_paginator("list_objects_v2")
        for page in pages.paginate(Bucket=location.bucket, Prefix=folder, Delimiter="/"):
            yield from (found["Prefix"].removesuffix("/") for found in page.get("CommonPrefixes", ()))


def with_etag(entry: ObjectMeta, head: Callable[[str], ObjectMeta | None]) -> ObjectMeta | None:
    """A listed object with its ETag; None if it is gone meanwhile.

    S3 lists ETags. Where a listing has none (s3s-fs), the object is asked for, one request each: what compares a listed
    ETag with another would else take every object for a changed one, or no object for one.
    """
    return entry if entry.etag else head(entry.key)
