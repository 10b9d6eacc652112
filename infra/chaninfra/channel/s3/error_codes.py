"""What an S3 error means: a code and a status in, one of our errors out.

The code counts, not the status. versitygw, for one, answers 404 to an access key that it does not know, and a client
that takes every 404 for "not there" would then write an empty index over a full one.
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
    """The error for an answer of the store; `doing` is what was tried ("read", "list" …), `code` may be empty.

    `region` is the right one where the answer says it. `status` None means that there was no answer at all. The result
    is never to be taken for "not there".
    """
    what = f"s3://{location.bucket}/{key}" if key else f"s3://{location.bucket}"
    where = location.endpoint_url
    if status is None:
        return UnreachableError(
            f"no answer{f' ({detail})' if detail else ''}",
            where=where,
            remedy="check `endpoint-url`, the network and the server's certificate",
        )
    if code == "NoSuchBucket":
        return BucketMissingError(
            f"there is no bucket {location.bucket!r}",
            where=where,
            remedy="check `bucket` and `endpoint-url`; `pulumi up` makes it",
        )
    if code in _LOST or (status == 412 and code not in _CREDENTIALS):
        return ConflictError(f"{what} was changed by another writer meanwhile", remedy="try again")
    if code in _CREDENTIALS:
        return CredentialsError(
            f"the store does not accept these credentials ({code})",
            where=where,
            remedy="check the access key, its secret and session token, and that they are for this store",
        )
    if code == "RequestTimeTooSkewed":
        return ClockError("the clocks differ too much", where=where, remedy="set this machine's clock")
    if code in _REGION or status in (301, 307):
        return WrongRegionError(
            f"the store does not serve {what} in region {location.region!r} ({code or status})",
            where=where,
            remedy=f"set `region` to {region}"
            if region and region != location.region
            else "check `region`, `endpoint-url` and `force-path-style`",
            reported=region or None,
        )
    if status in (401, 403) or code == "AccessDenied":
        return DeniedError(
            f"these credentials may not {doing} {what}" + (f" ({code})" if code else ""),
            where=where,
            remedy="ask for the right to, or check the name: the bucket may belong to somebody else",
        )
    if code == "NotImplemented" or status == 501:
        return UnsupportedError(
            f"the store cannot {doing} {what} in the way it was asked to ({code or status})",
            where=where,
            remedy="nothing was changed by this request; `chaninfra doctor --probe` finds out what the store can do",
        )
    answer = f"{status} {code}".strip()
    return StorageError(
        f"cannot {doing} {what}: the store answered {answer}{f', {detail}' if detail else ''}",
        where=where,
        remedy="nothing was changed by this request; try again, or look into the store's log",
    )
