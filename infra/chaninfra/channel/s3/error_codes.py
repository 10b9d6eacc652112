"""The meaning of an S3 error: a code and a status in, one of our errors out.

The code decides, not the status. versitygw, for example, answers 404 to an access key that it does not know, and a
client that takes every 404 for "the object does not exist" would then write an empty index over a full one.
Codes: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from chaninfra.channel.errors import (
    BucketMissingError,
    ChaninfraError,
    ChecksumRequiredError,
    ClockError,
    ConflictError,
    CredentialsError,
    DeniedError,
    NotS3Error,
    Remedy,
    StorageError,
    UnreachableError,
    UnsupportedError,
    WrongRegionError,
)
from chaninfra.channel.location import Location
from chaninfra.channel.s3.credentials import REMEDY
from chaninfra.channel.s3.unreachable import reason
from chaninfra.channel.text import shown

ABSENT = "NoSuchKey"
ENDED = "NoSuchUpload"
"""S3's answer about a multipart upload that was completed or aborted."""
ARCHIVED = "InvalidObjectState"
"""S3's answer, with 403, to whoever reads an object of a storage class such as GLACIER."""
RESTORE = "restore it into a storage class that is read at once, such as STANDARD"
UNSUPPORTED = frozenset({"NotImplemented", "MethodNotAllowed", "InvalidRequest", "UnsupportedOperation"})
"""The error codes with which stores answer a call of the S3 API that they do not have."""
NOT_PERMITTED = (
    "ask for the permission; or check the name: the prefix may be misspelt, or the bucket may belong to another account"
)
"""What to do after a refusal, as long as nothing tells that the name is right."""
_LOST = {"PreconditionFailed", "ConditionalRequestConflict"}
_UNKNOWN_KEY = (
    "it does not know this access key",
    "check the access key, and that it is for this store and not for another one",
)
_WRONG_SECRET = (
    "the secret access key is not the one of this access key",
    "check the secret access key, which belongs to the access key, for missing characters; and `region`, which is "
    "signed too",
)
_WRONG_TOKEN = (
    "the session token is not valid, or not for this access key",
    "check the session token: it belongs to one access key and its secret; a long-lived key has none, so unset "
    "S3_SESSION_TOKEN and AWS_SESSION_TOKEN",
)
_EXPIRED = (
    "they have expired",
    "log in again (for AWS: aws sso login), or run the job again, and set all three variables anew",
)
# Error code → what is wrong with the credentials, and what to do
_CREDENTIALS = {
    "InvalidAccessKeyId": _UNKNOWN_KEY,
    "InvalidClientTokenId": _UNKNOWN_KEY,
    "UnrecognizedClientException": _UNKNOWN_KEY,
    "XAdminUserNotFound": _UNKNOWN_KEY,
    "NotSignedUp": _UNKNOWN_KEY,
    "SignatureDoesNotMatch": _WRONG_SECRET,
    "InvalidSecurity": _WRONG_TOKEN,
    "InvalidToken": _WRONG_TOKEN,
    "InvalidTokenId": _WRONG_TOKEN,
    "ExpiredToken": _EXPIRED,
    "ExpiredTokenException": _EXPIRED,
    "TokenRefreshRequired": _EXPIRED,
}
# Garage answers AccessDenied to all of these, and says what is wrong in the message alone.
_DENIED_FOR = (
    (re.compile(r"invalid signature", re.IGNORECASE), _WRONG_SECRET),
    (re.compile(r"no such (?:access )?key", re.IGNORECASE), _UNKNOWN_KEY),
)
# Garage's InvalidRequest for a signature that is more than a day old; it takes all others.
_OLD_DATE = re.compile(r"date is too old", re.IGNORECASE)
# What a bucket with Object Lock wants: AWS and Ceph in the message of InvalidRequest, MinIO by a code of its own.
_CHECKSUM = re.compile(r"content-md5|x-amz-(?:checksum|sdk-checksum)", re.IGNORECASE)
# MinIO's console, to whoever signs as for S3; to others it answers with its page.
_CONSOLE = re.compile(r"API Requests must be made to API port", re.IGNORECASE)
_MINIO_API_PORT = 9000
_REGION = {"AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "PermanentRedirect", "InvalidRegion"}


def error_for(
    location: Location,
    code: str,
    status: int | None,
    *,
    doing: str,
    key: str = "",
    detail: str = "",
    text: str = "",
    region: str = "",
    anonymous: bool = False,
) -> ChaninfraError:
    """The error for an answer of the store. A StorageError carries `code` and `status`.

    `code` is the S3 error code ("" if the answer has none) and `status` the HTTP status (None: no answer at all).
    `doing` is the verb for the message: "read", "list". `region` is the right region, if the answer names it. `detail`
    is a word on the cause, without an answer; `text` all that the store or the client says of it. `anonymous`: the
    request was not signed. The error never means that the object does not exist.
    """
    what = f"s3://{location.bucket}/{key}" if key else f"s3://{location.bucket}"
    where = location.endpoint_url
    if status is None:
        why = reason(location, text)
        if why and why.about_host:
            why = why._replace(remedy=_without_bucket(location) or why.remedy)
        return UnreachableError(
            f"no answer: {why.message}" if why else f"no answer{f' ({detail})' if detail else ''}",
            where=where,
            remedy=why.remedy if why else "check `endpoint-url`, the network and the server's certificate",
            code=code,
        )
    if code == "NoSuchBucket":
        return BucketMissingError(
            f"there is no bucket {location.bucket!r}",
            where=where,
            remedy=_without_bucket(location) or "check `bucket` and `endpoint-url`; `pulumi up` creates the bucket",
            code=code,
            status=status,
        )
    if code in _LOST or (status == 412 and code not in _CREDENTIALS):
        return ConflictError(f"{what} was changed by another writer meanwhile", remedy="try again")
    wrong = _CREDENTIALS.get(code) or (_wrong_credentials(text) if status == 403 else None)
    if wrong:
        return CredentialsError(
            f"the store does not accept these credentials: {wrong[0]} ({code})",
            where=where,
            remedy=wrong[1],
            code=code,
            status=status,
        )
    if code == "RequestTimeTooSkewed" or (status == 400 and _OLD_DATE.search(message_in(text))):
        return ClockError(
            "the clocks of this machine and of the store differ too much",
            where=where,
            remedy="set this machine's clock",
            code=code,
            status=status,
        )
    if code in _REGION or status in (301, 307):
        return WrongRegionError(
            f"the store does not serve {what} in region {location.region!r} ({code or status})",
            where=where,
            remedy=Remedy(
                f"set `region` to {region}; for a single command, add --region {region}",
                stack=f"set `region` to {region}",
            )
            if region and region != location.region
            else _without_bucket(location) or "check `region`, `endpoint-url` and `force-path-style`",
            code=code,
            status=status,
            reported=region or None,
        )
    if code == ARCHIVED:
        return StorageError(
            f"cannot {doing} {what}: it is archived", where=where, remedy=RESTORE, code=code, status=status
        )
    if status in (401, 403) or code == "AccessDenied":
        if anonymous:
            return DeniedError(
                f"there are no credentials, and without them the store lets nobody {doing} {what}",
                where=where,
                remedy=REMEDY,
                code=code,
                status=status,
            )
        return DeniedError(
            f"these credentials may not {doing} {what}" + (f" ({code})" if code else ""),
            where=where,
            remedy=NOT_PERMITTED,
            code=code,
            status=status,
        )
    if code == "NotImplemented" or status == 501:
        return UnsupportedError(
            f"the store does not support this request to {doing} {what} ({code or status})",
            where=where,
            remedy="this request changed nothing; `chaninfra doctor --probe` shows what the store supports",
            code=code,
            status=status,
        )
    if status == 400 and (code == "MissingContentMD5" or _CHECKSUM.search(message_in(text))):
        return ChecksumRequiredError(
            f"the store wants a checksum with each PUT, as a bucket with Object Lock does; {what} was not written",
            where=where,
            remedy="use a bucket without a default retention, if this store takes none of the checksums of AWS",
            code=code,
            status=status,
        )
    answer = f"{status} {code}".strip()
    said = message_in(text)
    if _CONSOLE.search(said):
        return not_s3(location, f"the answer was {shown(said)}", code=code, status=status)
    return StorageError(
        f"cannot {doing} {what}: the store answered {answer}{f', {shown(said)}' if said else ''}",
        where=where,
        remedy=_without_bucket(location) or "this request changed nothing; try again, or look into the store's log",
        code=code,
        status=status,
    )


def not_s3(location: Location, why: str, *, code: str = "", status: int | None = None) -> NotS3Error:
    """The error for an endpoint at which something else answers."""
    parts = urlsplit(location.endpoint_url)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    probable = f"{parts.scheme}://{host}:{_MINIO_API_PORT}"
    told = "MinIO says it in its log, after `API:`"
    if parts.port == _MINIO_API_PORT:
        remedy = Remedy(f"set `endpoint-url` to the URL of the S3 API; {told}", stack=f"set `endpoint-url`; {told}")
    else:
        remedy = Remedy(
            f"give the port of the S3 API, which is probably {_MINIO_API_PORT}: --endpoint-url {probable}; {told}",
            stack=f"set `endpoint-url` to the port of the S3 API, which is probably {probable}; {told}",
        )
    return NotS3Error(
        f"this is not the S3 API, but perhaps the store's console: {why}",
        where=location.endpoint_url,
        remedy=remedy,
        code=code,
        status=status,
    )


def is_missing_call(code: str, status: int | None) -> bool:
    """Whether the answer to a call that is well-formed means that the store does not have it."""
    return code in UNSUPPORTED or (not code and status in (405, 501))


def message_in(text: str) -> str:
    """The message of an S3 error within a text: of its XML, or what botocore says after the operation; else ""."""
    found = re.search(r"<Message>([^<]{1,1000})</Message>", text) or re.search(
        r"operation(?: \(reached max retries: [0-9]+\))?: (.{1,1000})", text
    )
    return found[1].strip() if found else ""


def _wrong_credentials(text: str) -> tuple[str, str] | None:
    message = message_in(text)
    return next((wrong for pattern, wrong in _DENIED_FOR if pattern.search(message)), None)


def _without_bucket(location: Location) -> str | None:
    """What to do where the endpoint begins with the bucket, as AWS's own URLs of buckets do; None where it does not."""
    scheme, _, host = location.endpoint_url.partition("://")
    if not host.startswith(f"{location.bucket}."):
        return None
    url = f"{scheme}://{host.removeprefix(f'{location.bucket}.')}"
    wrong = "`endpoint-url` begins with the bucket's name; "
    return Remedy(f"{wrong}without it: --endpoint-url {url}", stack=f"{wrong}set it to {url}")
