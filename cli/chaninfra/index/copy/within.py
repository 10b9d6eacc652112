"""Copies of packages that a store makes itself, so that no byte of them leaves it.

There are three ways. CopyObject, with conditions on both objects, where the store honours them there. An upload of one
part that is copied: the ETag of the part is the md5 of what was copied, which is compared before the upload is
completed, with the condition. And for what is too large for one part, or has an ETag that is no md5: one of these two
while the source still is the object that its ETag or its checksum proved to be the package.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/copy-object.html
"""

from __future__ import annotations

import base64
from functools import cached_property
from typing import TYPE_CHECKING, Any

from chaninfra.channel.errors import ConflictError, DeniedError, StorageError
from chaninfra.channel.location import Location
from chaninfra.channel.objects import is_etag_of, quoted
from chaninfra.channel.probe.write_mode import honoured
from chaninfra.channel.providers import PROVIDERS
from chaninfra.index.channel import Channel
from chaninfra.index.copy.part_copies import object_of, part_copies
from chaninfra.index.copy.source import S3Object
from chaninfra.index.large_upload import CONTENT_TYPE, IN_ONE_PUT, goes_in_parts
from chaninfra.index.stored import Content

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

IN_ONE_COPY = 5 << 30
"""The most bytes of a CopyObject or an UploadPartCopy."""
_PART = 1 << 30
"""Bytes of a part where there are several: an answer that comes late is taken for none."""
_PARTS = 10_000
"""The most parts of an upload."""


class CopiesWithin:
    """Copies within the store of a channel, into the channel and with its key; several threads may ask for some."""

    def __init__(self, channel: Channel, most: int = IN_ONE_COPY) -> None:
        """`most`: the most bytes of one copy."""
        self._channel = channel
        self._most = most
        self._writes = honoured(channel.descriptor)
        self._condition: Any = {"IfNoneMatch": "*"} if self._writes.create else {}
        self._refused: set[str] = set()
        """The buckets that the key of the channel may not read."""

    def copy(self, source: S3Object, key: str, content: Content) -> str | None:
        """Copy the object to this key, and return the ETag of the copy. None: the store cannot do so, or not with this
        key, or nothing but the bytes would tell whether they are the content; nothing was written then.

        Raises ConflictError if there is an object at the key, or the source has changed meanwhile.
        """
        if not self._is_possible(source, content):
            return None
        try:
            return self._copy(source, key, content, content.size or 0)
        except DeniedError:
            self._refused.add(source.location.bucket)
            return None
        except StorageError:
            # The store lacks the call, or cannot read the source. If it is about the target, a PUT will say so.
            return None

    def _is_possible(self, source: S3Object, content: Content) -> bool:
        return (
            source.location.endpoint_url == self._location.endpoint_url
            # With its key the store may read what the source's own may not.
            and source.credentials == self._channel.credentials
            and source.location.bucket not in self._refused
            and goes_in_parts(self._channel)
            and content.size is not None
            and 0 < content.size <= _PART * _PARTS
        )

    def _copy(self, source: S3Object, key: str, content: Content, size: int) -> str | None:
        # What does not go in one PUT was uploaded in parts, by most tools.
        if self._writes.copy and content.md5 is not None and size <= min(IN_ONE_PUT, self._most):
            try:
                return self._whole(source, key, f'"{content.md5}"')
            except ConflictError:
                # One of the two conditions does not hold.
                if self._channel.writer.head(key) is not None:
                    raise
        elif not self._is_certain and self._channel.writer.head(key) is not None:
            raise ConflictError(f"{key} exists already")
        if content.md5 is not None and size <= self._most and (etag := self._one_part(source, key, content.md5)):
            return etag
        proof = self._proof(source, content)
        if proof is None:
            return None
        in_one = self._writes.copy and size <= self._most
        return self._whole(source, key, proof) if in_one else self._parts(source, key, size, proof)

    def _whole(self, source: S3Object, key: str, etag: str) -> str:
        """CopyObject, if the source has this ETag. Headers and metadata are those of an upload."""
        from chaninfra.channel.s3.boto import translating_errors

        with translating_errors(self._location, "copy to", key):
            answer = self._client.copy_object(
                Bucket=self._location.bucket,
                Key=key,
                CopySource=object_of(source),
                CopySourceIfMatch=etag,
                MetadataDirective="REPLACE",
                ContentType=CONTENT_TYPE,
                IfNoneMatch="*",
            )
        return quoted(answer["CopyObjectResult"]["ETag"])

    def _one_part(self, source: S3Object, key: str, md5: str) -> str | None:
        """An upload of one part; None if its ETag is not the md5."""
        with part_copies(self._client, self._location, key) as upload:
            same = is_etag_of(upload.copy(source), md5)
            return upload.complete(**self._condition) if same else None

    def _parts(self, source: S3Object, key: str, size: int, proof: str) -> str | None:
        """An upload of parts, if the source has this ETag from first to last."""
        most = min(self._most, _PART)
        with part_copies(self._client, self._location, key) as upload:
            for start in range(0, size, most):
                end = min(start + most, size) - 1
                upload.copy(source, CopySourceIfMatch=proof, CopySourceRange=f"bytes={start}-{end}")
            # Not every store heeds the condition on the source.
            return upload.complete(**self._condition) if self._look_at(source)["ETag"] == proof else None

    def _proof(self, source: S3Object, content: Content) -> str | None:
        """The ETag of the source, if that or a stored checksum tells that it is the content; else None."""
        found = self._look_at(source)
        if found["ContentLength"] != content.size:
            return None
        # That of an upload in parts is one of the checksums of its parts.
        whole = found.get("ChecksumType", "FULL_OBJECT") == "FULL_OBJECT" and "-" not in found["ETag"]
        sha256 = base64.b64encode(bytes.fromhex(content.sha256 or "")).decode()
        proven = bool(sha256) and whole and found.get("ChecksumSHA256") == sha256
        return str(found["ETag"]) if proven or is_etag_of(found["ETag"], content.md5) else None

    def _look_at(self, source: S3Object) -> Any:
        from chaninfra.channel.s3.boto import translating_errors

        with translating_errors(source.location, "look at", source.key):
            return self._client.head_object(**object_of(source), ChecksumMode="ENABLED")

    @cached_property
    def _is_certain(self) -> bool:
        """Whether it is known that the store honours the condition of a completion."""
        row = PROVIDERS.get(self._channel.descriptor.provider)
        known = row is not None and row.capabilities["conditional-multipart"].value == "yes"
        return self._writes.multipart and (known or self._channel.descriptor.index.conditional_writes is not None)

    @property
    def _location(self) -> Location:
        return self._channel.descriptor.location

    @property
    def _client(self) -> S3Client:
        return self._channel.client()
