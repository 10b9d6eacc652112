"""Experiments on the digests of what is sent."""

from __future__ import annotations

from base64 import b64encode
from functools import partial
from hashlib import md5
from typing import Any
from zlib import crc32

from botocore.exceptions import ClientError, ResponseStreamingError

from support.servers.s3_servers import Server
from support.stores.columns.asking import BODY, KEY, at_once, bucket_with_file, code_of, prepared, taken
from support.stores.model import Running


def _crc32(data: bytes) -> str:
    return b64encode(crc32(data).to_bytes(4, "big")).decode()


def checksums(running: Running) -> str:
    """`when_supported` if a PUT and an upload of parts with the CRC32 of what they send are done, and one with another
    CRC32 is refused before it is written: else to send it is of no use."""
    bucket, client = bucket_with_file(running), running.server.client()

    def put(data: bytes, **more: Any) -> None:
        client.put_object(Bucket=bucket, Key=KEY, Body=data, **more)

    def upload() -> None:
        place = {"Bucket": bucket, "Key": f"{KEY}-in-parts"}
        begun = client.create_multipart_upload(**place, ChecksumAlgorithm="CRC32")["UploadId"]
        part = client.upload_part(**place, UploadId=begun, PartNumber=1, Body=BODY, ChecksumCRC32=_crc32(BODY))
        parts = [{"PartNumber": 1, "ETag": part["ETag"], "ChecksumCRC32": _crc32(BODY)}]
        client.complete_multipart_upload(**place, UploadId=begun, MultipartUpload={"Parts": parts})
        assert client.get_object(**place)["Body"].read() == BODY

    if not taken(lambda: put(b"new", ChecksumCRC32=_crc32(b"new"))) or not taken(upload):
        return "when_required"
    code = code_of(lambda: put(b"damaged", ChecksumCRC32=_crc32(b"whole")))
    try:
        held = client.get_object(Bucket=bucket, Key=KEY)["Body"].read()
    except ResponseStreamingError:
        # LocalStack refuses it, and empties what was there.
        return "when_required"
    return "when_supported" if code is not None and held == b"new" else "when_required"


def digest(running: Running) -> str:
    """The digest that DeleteObjects takes: `checksum`, or only `content-md5`."""
    bucket = bucket_with_file(running)
    request = prepared(running.server, lambda s3: s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": KEY}]}))
    md5sum = b64encode(md5(request.body, usedforsecurity=False).digest()).decode()
    # boto3 sends CRC32, in a header that is signed.
    assert request.headers["x-amz-checksum-crc32"]
    (answer,) = at_once(running.server, [request])
    assert answer.status < 500 or answer.status == 501, answer
    if answer.done and _is_gone(running.server, bucket):
        return "checksum"
    client = running.server.client(region_name=running.server.region)
    client.meta.events.register("before-call.s3.DeleteObjects", partial(_instead, md5sum))
    client.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": KEY}]})
    assert _is_gone(running.server, bucket)
    return "content-md5"


def _instead(md5sum: str, params: dict[str, Any], **_: Any) -> None:
    params["context"].pop("checksum", None)
    params["headers"]["Content-MD5"] = md5sum


def _is_gone(server: Server, bucket: str) -> bool:
    try:
        server.client().head_object(Bucket=bucket, Key=KEY)
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"] == 404
    return False
