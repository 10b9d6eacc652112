"""What a store really does, found on scratch keys: what pages say of stores is often out of date.

It writes below `<prefix>/.chaninfra/probe/` and needs the right to delete there; see `scratch` for what is left behind.
"""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any, Literal

from botocore.exceptions import ClientError
from msgspec import Struct, structs

from chaninfra.channel.conda.index_settings import ConditionalWrites
from chaninfra.channel.conda.object_names import PROBE_FOLDER
from chaninfra.channel.errors import (
    ChaninfraError,
    ConfigurationError,
    ConflictError,
    CredentialsError,
    DeniedError,
    StorageError,
    UnsupportedError,
    WrongRegionError,
)
from chaninfra.channel.location import Location, join
from chaninfra.channel.probe.scratch import Scratch
from chaninfra.channel.providers.model import Addressing, Digest
from chaninfra.channel.s3.boto import code_and_status, newer_digests, translating_errors
from chaninfra.channel.s3.credentials import Credentials
from chaninfra.channel.s3.object_store import S3Store

Verdict = Literal["honoured", "ignored", "rejected"]
"""Of a conditional write: `ignored`: it is done though the condition does not hold; `rejected`: the store has none."""
Answer = Literal["done", "refused", "rejected"]

_OTHER_ETAG = '"00000000000000000000000000000000"'
_ABSENT = "absent"
RIGHTS = (
    "s3:GetObject, s3:PutObject, s3:DeleteObject and s3:AbortMultipartUpload on it, s3:ListBucket and "
    "s3:ListBucketMultipartUploads, and where the bucket keeps old versions s3:ListBucketVersions and "
    "s3:DeleteObjectVersion; the one who deploys the channel has them"
)


class Findings(Struct, frozen=True, kw_only=True, rename="kebab"):
    """What a probe found. `region` and `addressing` are those by which the store could be reached."""

    region: str
    refused_region: str | None
    """The region that was given, where the store refuses it."""
    reported_region: str | None
    """The region that the store says the bucket is in."""
    addressing: tuple[Addressing, ...]
    create: Verdict
    replace: Verdict
    multipart: Verdict
    checksums: Literal["accepted", "rejected"]
    """PUT with the x-amz-checksum headers that AWS's SDKs send by default."""
    digest: Digest | None
    """How DeleteObjects may say what its body is; None: the store does not have it."""
    listing: Literal["at-once", "late"]
    """When a listing shows what was written."""
    missing: int
    """The http status for a key that is not there."""
    missing_anonymous: int | None
    """The same without credentials; None: no answer."""
    swept: int
    """How many objects and open uploads of earlier probes were still there, and are not any more."""
    keeps_versions: bool
    """Whether old versions of scratch objects stay, since these credentials may not delete versions."""
    keeps_uploads: bool
    """Whether uploads of scratch objects stay, since the store refuses to end them."""

    @property
    def conditional_writes(self) -> ConditionalWrites:
        """What the descriptor records."""
        return ConditionalWrites(
            create=self.create == "honoured",
            replace=self.replace == "honoured",
            multipart=self.multipart == "honoured",
        )


def probe(location: Location, credentials: Credentials, prefix: str) -> Findings:
    """Find out what the store of a channel does; some thirty requests.

    Raises DeniedError that names the rights it needs, and StorageError and its kinds.
    """
    try:
        reached = _reach(location, credentials, join(prefix, PROBE_FOLDER, _ABSENT))
        with Scratch(reached, credentials, prefix) as scratch:
            found = _look(scratch, credentials, given=location)
    except CredentialsError:
        raise
    except DeniedError as error:
        raise DeniedError(
            f"the probe writes scratch objects and deletes them, and {error.message}",
            where=f"s3://{join(location.bucket, prefix, PROBE_FOLDER)}",
            remedy=f"it needs {RIGHTS}",
        ) from error
    return structs.replace(found, keeps_versions=scratch.keeps_versions, keeps_uploads=scratch.keeps_uploads)


def _reach(location: Location, credentials: Credentials, key: str) -> Location:
    """The location by which the store answers: as given, or with its own region, or by the other addressing."""
    problem: ChaninfraError | None = None
    for path_style in (location.force_path_style, not location.force_path_style):
        place = replace(location, force_path_style=path_style)
        try:
            try:
                S3Store(place, credentials).get(key)
            except WrongRegionError as error:
                region = error.reported or region_asked_for(place)
                if region in (None, location.region):
                    raise
                place = replace(place, region=region)
                S3Store(place, credentials).get(key)
        except CredentialsError:
            raise
        except DeniedError:
            # Some stores say so of every key that is not there.
            return place
        except (StorageError, ConfigurationError) as error:
            problem = problem or error
        else:
            return place
    raise problem or AssertionError("there are two ways")


def region_asked_for(location: Location) -> str | None:
    """What the store tells anybody who asks for the bucket, as AWS does whatever else it answers."""
    request = urllib.request.Request(location.bucket_url, method="HEAD")  # noqa: S310 (the endpoint's, http or https)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            headers = answer.headers
    except urllib.error.HTTPError as error:
        headers = error.headers
    except OSError:
        return None
    found: str | None = headers.get("x-amz-bucket-region")
    return found


def _look(scratch: Scratch, credentials: Credentials, given: Location) -> Findings:
    reached = scratch.location
    create, replaced, multipart = _create(scratch), _replace(scratch), _multipart(scratch)
    checksums = _answer(lambda: scratch.put("checksum", b"", ChecksumAlgorithm="CRC32"))
    own = next((each for each in scratch.objects.list(scratch.runs) if each.key == scratch.key("object")), None)
    return Findings(
        region=reached.region,
        refused_region=None if reached.region == given.region else given.region,
        reported_region=_reported_region(scratch) if reached.region == given.region else reached.region,
        addressing=_addressing(scratch, credentials),
        create=create,
        replace=replaced,
        multipart=multipart,
        checksums="accepted" if checksums == "done" else "rejected",
        digest=_digest(scratch),
        listing="at-once" if own else "late",
        missing=_missing(scratch),
        missing_anonymous=_missing_anonymous(scratch),
        swept=scratch.sweep(own.modified) if own else 0,
        keeps_versions=False,
        keeps_uploads=False,
    )


def _create(scratch: Scratch) -> Verdict:
    # Refused is our own success whose answer was lost: nobody else knows the key.
    if _answer(lambda: scratch.put("object", b"first", IfNoneMatch="*")) == "rejected":
        scratch.put("object", b"first")
        return "rejected"
    return _verdict(scratch, "object", b"first", lambda: scratch.put("object", b"second", IfNoneMatch="*"))


def _replace(scratch: Scratch) -> Verdict:
    held, etag = scratch.get("object")
    verdict = _verdict(scratch, "object", held, lambda: scratch.put("object", b"", IfMatch=_OTHER_ETAG))
    if verdict == "honoured":
        right = _answer(lambda: scratch.put("object", b"third", IfMatch=etag))
        # A store that refuses every such write can never replace anything.
        return "honoured" if right == "done" else "rejected"
    return verdict


def _multipart(scratch: Scratch) -> Verdict:
    if _answer(lambda: scratch.upload("parts", b"first", IfNoneMatch="*")) == "rejected":
        return "rejected"
    return _verdict(scratch, "parts", b"first", lambda: scratch.upload("parts", b"second", IfNoneMatch="*"))


def _verdict(scratch: Scratch, name: str, held: bytes, write: Callable[[], None]) -> Verdict:
    """Of a write whose condition does not hold, while `held` is there."""
    answer = _answer(write)
    if answer != "refused":
        return "ignored" if answer == "done" else "rejected"
    return "honoured" if scratch.get(name)[0] == held else "ignored"


def _answer(write: Callable[[], Any]) -> Answer:
    try:
        write()
    except ConflictError:
        return "refused"
    except UnsupportedError:
        return "rejected"
    except StorageError as error:
        # 400 is what some stores say to a header that they do not know; of credentials it would be another error.
        cause = error.__cause__
        if type(error) is StorageError and isinstance(cause, ClientError) and code_and_status(cause)[1] == 400:
            return "rejected"
        raise
    return "done"


def _digest(scratch: Scratch) -> Digest | None:
    objects: Any = {"Objects": [{"Key": scratch.key("checksum")}], "Quiet": True}

    def delete() -> None:
        with translating_errors(scratch.location, "delete", scratch.key("checksum")):
            scratch.client.delete_objects(Bucket=scratch.location.bucket, Delete=objects)

    with newer_digests(scratch.client):
        if _answer(delete) == "done":
            return "checksum"
    return "content-md5" if _answer(delete) == "done" else None


def _addressing(scratch: Scratch, credentials: Credentials) -> tuple[Addressing, ...]:
    """The styles by which the scratch object is found, the one by which the store was reached first."""
    path_style = scratch.location.force_path_style
    style: Addressing = "path" if path_style else "virtual-host"
    other: Addressing = "virtual-host" if path_style else "path"
    with suppress(ChaninfraError):
        elsewhere = S3Store(replace(scratch.location, force_path_style=not path_style), credentials)
        if elsewhere.get(scratch.key("object")) is not None:
            return style, other
    return (style,)


def _reported_region(scratch: Scratch) -> str | None:
    with suppress(ChaninfraError), translating_errors(scratch.location, "look at"):
        found = scratch.client.get_bucket_location(Bucket=scratch.location.bucket).get("LocationConstraint")
        # Nothing means us-east-1 to AWS, and nothing to most others.
        return "eu-west-1" if found == "EU" else found or None
    return None


def _missing(scratch: Scratch) -> int:
    try:
        scratch.client.get_object(Bucket=scratch.location.bucket, Key=scratch.key(_ABSENT))
    except ClientError as error:
        return code_and_status(error)[1]
    return 200


def _missing_anonymous(scratch: Scratch) -> int | None:
    url = scratch.location.url(scratch.key(_ABSENT))
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 (the endpoint's, http or https)
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None
