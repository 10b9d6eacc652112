"""Uploads of what does not fit into one small PUT: by boto3 in parts, with the condition on the request that completes
the upload. In one PUT only where the completion does not honour the condition, and PUT does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from chaninfra.channel.errors import ChaninfraError, ConflictError, StorageError
from chaninfra.channel.objects import IfAbsent, quoted
from chaninfra.channel.probe.write_mode import honoured
from chaninfra.index.channel import Channel

if TYPE_CHECKING:
    from boto3.s3.transfer import TransferConfig
    from mypy_boto3_s3 import S3Client

Advance = Callable[[int], None]
"""Called with the number of bytes that were uploaded since the last call."""

CONTENT_TYPE = "application/octet-stream"
"""The type with which rattler and conda upload packages, too. With a type that it takes for text, a store might
compress or decompress the packages."""
IN_ONE_PUT = 16 << 20
"""Packages larger than this (bytes) are uploaded in parts."""
PART = 8 << 20
_CREATING_OPERATIONS = ("PutObject", "CompleteMultipartUpload")
_ONE_PIECE = 1 << 50
"""multipart_threshold that no file reaches, so that boto3 sends one PutObject (max 5 GiB)."""
_OURS = "chaninfra-upload"
"""The mark of a request in what botocore tells of it."""
_IN_MEMORY = 2
"""So many parts of a stream are in memory: what was read of it can be read once."""


class UploadedFile(Protocol):
    """What is uploaded: a file, or a stream that is read once. It may have an attribute `error`: why it could not be
    read, as the client that reads it may raise another error instead.
    """

    def read(self, size: int, /) -> bytes:
        """See io."""

    def seekable(self) -> bool:
        """See io."""


def goes_in_parts(channel: Channel) -> bool:
    """Whether large packages are uploaded in parts. Else in one PUT, for which a client needs all bytes twice."""
    writes = honoured(channel.descriptor)
    return writes.multipart or not writes.create


def put_large(
    channel: Channel, key: str, file: UploadedFile, condition: IfAbsent | None, advance: Advance, *, checksums: bool
) -> str:
    """Upload the file and return its ETag. With `condition`, raises ConflictError where the key exists, if it does so
    before the upload, before that reads the file.

    Raises ChecksumRequiredError, and then took nothing, where the store wants `checksums`; StorageError; the `error` of
    the file.
    """
    from chaninfra.channel.s3.boto import WITH_CHECKSUM, translating_errors

    client, location = channel.client(), channel.descriptor.location
    if condition is not None and channel.writer.head(key) is not None:
        # Saves the upload of a large file that would be refused; and replaces the condition where the store ignores it.
        raise ConflictError(f"{key} exists already")
    create_only = condition is not None and honoured(channel.descriptor).create
    extra = {"ContentType": CONTENT_TYPE, **(WITH_CHECKSUM if checksums else {})}
    config = _config(file) if goes_in_parts(channel) else _in_one_piece()
    with _upload_to(client, key, create_only=create_only) as etags:
        try:
            with translating_errors(location, "write", key):
                given: Any = file
                client.upload_fileobj(given, location.bucket, key, ExtraArgs=extra, Callback=advance, Config=config)
        except ChaninfraError:
            if isinstance(error := getattr(file, "error", None), ChaninfraError):
                raise error from None
            raise
    if not etags:
        raise StorageError("the store did not return the ETag of the upload", where=key, remedy="publish it again")
    return etags[-1]


def _in_one_piece() -> TransferConfig:
    from boto3.s3.transfer import TransferConfig

    return TransferConfig(multipart_threshold=_ONE_PIECE)


def _config(file: UploadedFile) -> TransferConfig | None:
    """boto3's default; of a stream less is in memory."""
    if file.seekable():
        return None
    from boto3.s3.transfer import TransferConfig

    config = TransferConfig(multipart_threshold=PART, multipart_chunksize=PART, max_concurrency=_IN_MEMORY)
    # Which boto3 has no argument for.
    config.max_in_memory_upload_chunks = _IN_MEMORY
    return config


@contextmanager
def _upload_to(client: S3Client, key: str, *, create_only: bool) -> Iterator[list[str]]:
    """The ETags that the store returns for uploads to this key inside this context: a HEAD afterwards could give the
    ETag of another writer's upload. With `create_only` they fail if the key exists. Other keys are left alone.
    """
    etags: list[str] = []

    def begin(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        if params.get("Key") == key:
            context[_OURS] = True
            if create_only:
                # boto3's uploads have no argument for the condition.
                params["IfNoneMatch"] = "*"

    def end(parsed: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        if context.get(_OURS) and "ETag" in parsed:
            etags.append(quoted(parsed["ETag"]))

    handlers = [
        (f"{event}.s3.{operation}", handler)
        for operation in _CREATING_OPERATIONS
        for event, handler in (("provide-client-params", begin), ("after-call", end))
    ]
    try:
        for event, handler in handlers:
            client.meta.events.register(event, handler)
        yield etags
    finally:
        for event, handler in handlers:
            client.meta.events.unregister(event, handler)
