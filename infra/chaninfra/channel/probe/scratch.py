"""Scratch objects in a channel, which the probe creates and deletes again, even if it is interrupted.

They lie below `<prefix>/.chaninfra/probe/<run>/`. A process that is killed leaves them there; a later run deletes those
that are older than an hour by the store's clock.
"""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self
from zlib import crc32

from chaninfra.channel.conda.object_names import PROBE_FOLDER
from chaninfra.channel.errors import ChaninfraError, ChecksumRequiredError, DeniedError, StorageError
from chaninfra.channel.location import Dialect, Location, join
from chaninfra.channel.s3.boto import WITH_CHECKSUM, s3_client, translating_errors
from chaninfra.channel.s3.credentials import Credentials
from chaninfra.channel.s3.object_store import S3Store
from chaninfra.channel.s3.object_versions import abort, delete, open_uploads, versions

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

STALE = timedelta(hours=1)
"""No probe runs that long, so older scratch objects are left over."""


class Upload(NamedTuple):
    """An open multipart upload; `part` is the only one, as the completion names it."""

    key: str
    upload_id: str
    part: dict[str, Any]


class ScratchFolder:
    """The scratch folder of one run: a context manager that deletes the folder at the end, also after an error."""

    def __init__(self, location: Location, credentials: Credentials, prefix: str) -> None:
        self.location = location
        self._credentials = credentials
        self.client: S3Client = s3_client(location, credentials)
        self.objects = S3Store(location, credentials)
        self.runs = join(prefix, PROBE_FOLDER)
        self.folder = join(self.runs, secrets.token_hex(8))
        self.keeps_versions = False
        """Whether old versions of scratch objects stay, because these credentials may not delete versions."""
        self.keeps_uploads = False
        """Whether multipart uploads of scratch objects stay open, because the store refuses to abort them."""
        self.versioned = False
        """Whether the bucket keeps versions of scratch objects."""
        self._asked = False
        """Whether it was asked for the version that a scratch object was given."""
        self._uploads: list[tuple[str, str]] = []
        self._checksums: Any = WITH_CHECKSUM if location.dialect.checksums else {}

    def __enter__(self) -> Self:
        # Before the first write, so that credentials that may not delete leave nothing behind.
        self._delete(self.key("none"), None)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> Literal[False]:
        # An upload is still open if the store refused to complete it.
        for key, upload in self._uploads:
            self._abort(key, upload)
        try:
            self._remove(self.folder)
        except ChaninfraError as problem:
            if error is None:
                raise StorageError(
                    f"scratch objects could not be deleted: {problem.message}",
                    where=f"s3://{self.location.bucket}/{self.folder}",
                    remedy="delete them; or run `chaninfra doctor --probe` again in an hour, which deletes them",
                ) from problem
        return False

    def key(self, name: str) -> str:
        """The key of a scratch object."""
        return join(self.folder, name)

    def get(self, name: str) -> tuple[bytes, str]:
        """The bytes and the ETag of a scratch object."""
        with translating_errors(self.location, "read", self.key(name)):
            found = self.client.get_object(Bucket=self.location.bucket, Key=self.key(name))
            return found["Body"].read(), found["ETag"]

    def put(self, name: str, data: bytes, **more: Any) -> None:
        """PutObject; `more` are further arguments of boto3's `put_object`."""
        place: Any = {"Bucket": self.location.bucket, "Key": self.key(name)}

        def put() -> Any:
            return self.client.put_object(**place, Body=data, **{**self._checksum_of(data), **more})

        answer = self._with_checksums(self.key(name), put)
        version = answer.get("VersionId")
        if not self._asked and version not in (None, "null"):
            self._asked = True
            self.versioned = self._answers(self.key(name), version)

    def _answers(self, key: str, version: str) -> bool:
        """Whether the version is one: Garage names a version of each object, and answers the last one for any."""
        try:
            with translating_errors(self.location, "read", key):
                found = self.client.head_object(Bucket=self.location.bucket, Key=key, VersionId=version)
        except StorageError:
            # These credentials may not read versions.
            return True
        return found.get("VersionId") == version

    def _checksum_of(self, data: bytes) -> Any:
        # As a header: over https botocore would send it behind the body, and a store that answers before it has read
        # that far, as to a condition that does not hold, closes the connection.
        return {"ChecksumCRC32": b64encode(crc32(data).to_bytes(4, "big")).decode()} if self._checksums else {}

    def _with_checksums(self, key: str, write: Callable[[], Any]) -> Any:
        """The answer to a write; it is repeated with a checksum where the store asks for one."""
        try:
            with translating_errors(self.location, "write", key):
                return write()
        except ChecksumRequiredError:
            if self._checksums:
                raise
            self._checksums = WITH_CHECKSUM
        with translating_errors(self.location, "write", key):
            return write()

    def speak(self, dialect: Dialect) -> None:
        """Write as the store was found to want it."""
        self.location = replace(self.location, dialect=dialect)
        self.objects = S3Store(self.location, self._credentials)

    def delete(self, name: str) -> None:
        """Delete a scratch object. In a bucket with versions a delete marker takes its place."""
        self._delete(self.key(name), None)

    def copy(self, source: str, name: str, **more: Any) -> None:
        """CopyObject from a scratch object to another one; `more` are further arguments of boto3's `copy_object`."""
        bucket, key = self.location.bucket, self.key(name)
        with translating_errors(self.location, "write", key):
            self.client.copy_object(
                Bucket=bucket, Key=key, CopySource={"Bucket": bucket, "Key": self.key(source)}, **more
            )

    def upload(self, name: str, data: bytes, **more: Any) -> None:
        """A multipart upload of one part; `more` are further arguments of boto3's `complete_multipart_upload`."""
        self.complete(self.begin(name, data), **more)

    def begin(self, name: str, data: bytes) -> Upload:
        """A multipart upload with its only part, not completed yet."""
        key = self.key(name)
        place: Any = {"Bucket": self.location.bucket, "Key": key}

        def begin() -> Upload:
            upload = self.client.create_multipart_upload(**place, **self._checksums)["UploadId"]
            self._uploads.append((key, upload))
            answer: Any = self.client.upload_part(
                **place, UploadId=upload, PartNumber=1, Body=data, **self._checksum_of(data)
            )
            names = ("ETag", "ChecksumCRC32") if self._checksums else ("ETag",)
            return Upload(key, upload, {"PartNumber": 1, **{name: answer[name] for name in names if name in answer}})

        begun: Upload = self._with_checksums(key, begin)
        return begun

    def complete(self, upload: Upload, **more: Any) -> None:
        """Complete the upload; `more` as for `upload`."""
        parts: Any = {"Parts": [upload.part]}
        with translating_errors(self.location, "write", upload.key):
            self.client.complete_multipart_upload(
                Bucket=self.location.bucket, Key=upload.key, UploadId=upload.upload_id, MultipartUpload=parts, **more
            )
        self._uploads.remove((upload.key, upload.upload_id))

    def sweep(self, now: datetime) -> int:
        """Delete objects and abort uploads of earlier runs that are older than STALE; return how many there were.

        `now` is the time by the store's clock.
        """
        start = f"{self.runs}/"
        old = {
            entry.key.removeprefix(start).partition("/")[0]
            for entry in self.objects.list(self.runs)
            if now - entry.modified > STALE
        }
        return sum(self._remove(start + run) for run in sorted(old)) + self._sweep_uploads(now)

    def _sweep_uploads(self, now: datetime) -> int:
        try:
            uploads = [*open_uploads(self.client, self.location, self.runs)]
        except DeniedError:
            return 0
        return sum(self._abort(each.key, each.upload_id) for each in uploads if now - each.initiated > STALE)

    def _abort(self, key: str, upload: str) -> bool:
        """Abort an upload and return whether it worked. If not, the scratch objects must be deleted all the same."""
        try:
            abort(self.client, self.location, key, upload)
        except ChaninfraError:
            self.keeps_uploads = True
            return False
        return True

    def _remove(self, folder: str) -> int:
        """Delete a folder with all old versions, and return the number of keys."""
        found: list[tuple[str, str | None]]
        try:
            found = [(each.key, each.version_id) for each in versions(self.client, self.location, folder)]
        except DeniedError:
            found = [(entry.key, None) for entry in self.objects.list(folder)]
            self.keeps_versions |= self.versioned
        for key, version in found:
            self._delete(key, version)
        return len({key for key, _ in found})

    def _delete(self, key: str, version: str | None) -> None:
        try:
            delete(self.client, self.location, key, version)
        except StorageError:
            # These credentials may not, or a retention keeps the version, which MinIO answers with 400.
            if version is None:
                raise
            self._delete(key, None)
            self.keeps_versions |= version != "null"
