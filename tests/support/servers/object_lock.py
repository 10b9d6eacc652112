"""A stand-in for S3 where a bucket has Object Lock with a default retention, before a real server.

S3 refuses a PUT there that has neither Content-MD5 nor an x-amz-checksum header (API reference, PutObject and
UploadPart). MinIO and versitygw make such buckets and keep their versions, and take a PUT without.
"""

from __future__ import annotations

from support.servers.fault_server import Answer, Fault, Request, error

_SAYS = (
    "<Message>Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock "
    "parameters</Message>"
)


def wants_checksums(refused: list[str] | None = None, *, known: str = "x-amz-checksum-") -> Fault:
    """Refuses each PUT of an object or a part that has no checksum; its path is added to `refused`.

    `known`: how the headers begin that this store takes for one, besides Content-MD5.
    """

    def fault(request: Request) -> Answer | None:
        is_object = request.method == "PUT" and request.path.partition("?")[0].count("/") > 1
        names = [name.lower() for name in request.headers]
        # Of a copy, which has no body, S3 asks none.
        is_object = is_object and "x-amz-copy-source" not in names
        has_one = any(
            name == "content-md5"
            or name.startswith(known)
            or (name == "x-amz-trailer" and (request.header(name) or "").startswith(known))
            for name in names
        )
        if not is_object or has_one:
            return None
        if refused is not None:
            refused.append(request.path)
        answer = error(400, "InvalidRequest")
        return Answer(400, answer.headers, answer.body.replace(b"<Message>no</Message>", _SAYS.encode()))

    return fault
