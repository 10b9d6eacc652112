"""The meaning of an S3 error: a code and a status in, one of our errors out.

The code decides, not the status. versitygw, for example, answers 404 to an access key that it does not know, and a
client that takes every 404 for "the object does not exist" would then write an empty index over a full one.
Codes: https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
"""

from __future__ import annotations

from chaninfra.channel.errors import (
    BucketMissingError,
    ChaninfraError,
    ClockError,
    ConflictError,
    CredentialsError,
    DeniedError,
    StorageError,
    UnreachableError,
    UnsupportedError,
    WrongRegionError,
)
from chaninfra.channel.location import Location

ABSENT = "NoSuchKey"
ARCHIVED = "InvalidObjectState"
"""S3's answer, with 403, to whoever reads an object of a storage class such as GLACIER."""
RESTORE = "restore it into a storage class that is read at once, such as STANDARD"
_LOST = {"PreconditionFailed", "ConditionalRequestConflict"}
_CREDENTIALS = {
    "ExpiredToken",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidToken",
    "SignatureDoesNotMatch",
    "TokenRefreshRequired",
    "UnrecognizedClientException",
    "XAdminUserNotFound",
}
_REGION = {"AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "PermanentRedirect", "InvalidRegion"}


def error_for(
    location: Location, code: str, status: int | None, *, doing: str, key: str = "", detail: str = "", region: str = ""
) -> ChaninfraError:
    """The error for an answer of the store. A StorageError carries `code` and `status`.

    `code` is the S3 error code ("" if the answer has none) and `status` the HTTP status (None: no answer at all).
    `doing` is the verb for the message: "read", "list". `region` is the right region, if the answer names it. The error
    never means that the object does not exist.
    """
    what = f"s3://{location.bucket}/{key}" if key else f"s3://{location.bucket}"
    where = location.endpoint_url
    if status is None:
        return UnreachableError(
            f"no answer{f' ({detail})' if detail else ''}",
            where=where,
            remedy="check `endpoint-url`, the network and the server's certificate",
            code=code,
        )
    if code == "NoSuchBucket":
        return BucketMissingError(
            f"there is no bucket {location.bucket!r}",
            where=where,
            remedy="check `bucket` and `endpoint-url`; `pulumi up` creates the bucket",
            code=code,
            status=status,
        )
    if code in _LOST or (status == 412 and code not in _CREDENTIALS):
        return ConflictError(f"{what} was changed by another writer meanwhile", remedy="try again")
    if code in _CREDENTIALS:
        return CredentialsError(
            f"the store does not accept these credentials ({code})",
            where=where,
            remedy="check the access key, its secret and session token, and that they are for this store",
            code=code,
            status=status,
        )
    if code == "RequestTimeTooSkewed":
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
            remedy=f"set `region` to {region}; for a single command, add --region {region}"
            if region and region != location.region
            else "check `region`, `endpoint-url` and `force-path-style`",
            code=code,
            status=status,
            reported=region or None,
        )
    if code == ARCHIVED:
        return StorageError(
            f"cannot {doing} {what}: it is archived", where=where, remedy=RESTORE, code=code, status=status
        )
    if status in (401, 403) or code == "AccessDenied":
        return DeniedError(
            f"these credentials may not {doing} {what}" + (f" ({code})" if code else ""),
            where=where,
            remedy="ask for the permission, or check the name: the bucket may belong to another account",
            code=code,
            status=status,
        )
    if code == "NotImplemented" or status == 501:
        return UnsupportedError(
            f"the store does not support this request to {doing} {what} ({code or status})",
            where=where,
            remedy="this request changed nothing; `chaninfra doctor --probe CHANNEL` shows what the store supports",
            code=code,
            status=status,
        )
    answer = f"{status} {code}".strip()
    return StorageError(
        f"cannot {doing} {what}: the store answered {answer}{f', {detail}' if detail else ''}",
        where=where,
        remedy="this request changed nothing; try again, or look into the store's log",
        code=code,
        status=status,
    )
