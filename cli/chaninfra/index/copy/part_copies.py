"""A multipart upload whose parts the store copies from an object that it has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from chaninfra.channel.errors import ChaninfraError, ConflictError, StorageError
from chaninfra.channel.location import Location
from chaninfra.channel.objects import quoted
from chaninfra.channel.s3.error_codes import ENDED
from chaninfra.index.copy.source import S3Object
from chaninfra.index.large_upload import CONTENT_TYPE

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class PartCopies:
    """An upload that was begun, see `part_copies`."""

    def __init__(self, client: S3Client, location: Location, key: str, upload_id: str) -> None:
        self._client = client
        self._location = location
        self._key = key
        self._upload: Any = {"Bucket": location.bucket, "Key": key, "UploadId": upload_id}
        self._parts: list[Mapping[str, Any]] = []
        self.is_completed = False

    def copy(self, source: S3Object, **more: Any) -> str:
        """Copy the next part, and return its ETag; `more` are further arguments of boto3's `upload_part_copy`."""
        from chaninfra.channel.s3.boto import translating_errors

        number = len(self._parts) + 1
        with translating_errors(self._location, "copy to", self._key):
            answer = self._client.upload_part_copy(
                **self._upload, PartNumber=number, CopySource=object_of(source), **more
            )
        etag = answer["CopyPartResult"]["ETag"]
        self._parts.append({"PartNumber": number, "ETag": etag})
        return etag

    def complete(self, **more: Any) -> str:
        """Complete the upload, and return the ETag of the object; `more` as above, of `complete_multipart_upload`.

        Raises ConflictError where a condition does not hold, and where the upload has ended already: this request was
        repeated, since the first answer was lost.
        """
        from chaninfra.channel.s3.boto import translating_errors

        parts: Any = {"Parts": self._parts}
        try:
            with translating_errors(self._location, "copy to", self._key):
                answer = self._client.complete_multipart_upload(**self._upload, MultipartUpload=parts, **more)
        except StorageError as error:
            if error.code == ENDED:
                raise ConflictError(f"{self._key} exists already") from error
            raise
        self.is_completed = True
        return quoted(answer["ETag"])


@contextmanager
def part_copies(client: S3Client, location: Location, key: str) -> Iterator[PartCopies]:
    """An upload to the key, which ends here: what was not completed is aborted."""
    from chaninfra.channel.s3.boto import translating_errors
    from chaninfra.channel.s3.object_versions import abort

    with translating_errors(location, "copy to", key):
        begun = client.create_multipart_upload(Bucket=location.bucket, Key=key, ContentType=CONTENT_TYPE)
    upload = PartCopies(client, location, key, begun["UploadId"])
    try:
        yield upload
    finally:
        if not upload.is_completed:
            with suppress(ChaninfraError):
                abort(client, location, key, begun["UploadId"])


def object_of(source: S3Object) -> Any:
    """The object as boto3 takes it."""
    return {"Bucket": source.location.bucket, "Key": source.key}
