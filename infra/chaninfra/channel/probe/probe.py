"""The probe of a store: it shows by requests on scratch objects what the store supports.

The documentation of stores is often out of date. The probe writes below `<prefix>/.chaninfra/probe/` and needs the
permission to delete there; `scratch` says what may stay behind.
"""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Literal

from msgspec import UNSET, Struct, structs

from chaninfra.channel.conda.index_settings import ConditionalWrites
from chaninfra.channel.conda.object_names import PROBE_FOLDER
from chaninfra.channel.errors import (
    ChaninfraError,
    ConfigurationError,
    CredentialsError,
    DeniedError,
    StorageError,
    WrongRegionError,
)
from chaninfra.channel.location import AddressingStyle, EtagForm, Location, join
from chaninfra.channel.probe.answers import ABSENT, addressing, digest, missing, missing_anonymous, reported_region
from chaninfra.channel.probe.race import (
    completes_atomically,
    copies_atomically,
    creates_atomically,
    replaces_atomically,
)
from chaninfra.channel.probe.scratch import ScratchFolder
from chaninfra.channel.providers.model import Digest
from chaninfra.channel.s3.conditional import NEVER_MATCHING, ProbedVerdict, Verdict, outcome_of, verdict_of
from chaninfra.channel.s3.credentials import Credentials
from chaninfra.channel.s3.object_store import S3Store
from chaninfra.channel.s3.trust import context_for

PERMISSIONS = (
    "s3:GetObject, s3:PutObject, s3:DeleteObject and s3:AbortMultipartUpload on it, s3:ListBucket and "
    "s3:ListBucketMultipartUploads, and if the bucket keeps old versions s3:ListBucketVersions and "
    "s3:DeleteObjectVersion; the credentials that deploy the channel have them"
)


class ProbeResult(Struct, frozen=True, kw_only=True, rename="kebab"):
    """What a probe found. The store answered in `region` and by the styles in `addressing`, the first one first."""

    region: str
    refused_region: str | None
    """The given region if the store refuses it, else None."""
    reported_region: str | None
    """The region of the bucket as the store reports it; None if it does not."""
    addressing: tuple[AddressingStyle, ...]
    create: ProbedVerdict
    replace: ProbedVerdict
    multipart: ProbedVerdict
    copy: ProbedVerdict
    """CopyObject with If-None-Match: * and x-amz-copy-source-if-match."""
    copy_is_known: bool = False
    """Whether the table of providers says this of `copy`, so that channel.json need not."""
    etags: EtagForm
    """The form of the ETag with which `replace` was honoured."""
    versioned: bool
    """Whether the bucket keeps versions of new objects. Some stores ignore conditions there."""
    recreate: Literal["done", "refused"] | None
    """Whether an object that was deleted is created again under If-None-Match: *; None where the bucket keeps no
    versions, or the store has no such condition."""
    checksums: Literal["accepted", "rejected"]
    """PUT with the x-amz-checksum headers that AWS's SDKs send by default."""
    digest: Digest | None
    """The digest of the body that DeleteObjects accepts; None if the store does not have DeleteObjects."""
    listing: Literal["at-once", "late"]
    """Whether a listing shows an object right after it was written."""
    missing: int
    """The HTTP status of GET for a key that does not exist."""
    missing_anonymous: int | None
    """The same without credentials; None if there was no answer."""
    swept: int
    """The number of objects and open uploads of earlier probes that this probe deleted."""
    keeps_versions: bool
    """Whether old versions of scratch objects stay, because these credentials may not delete versions."""
    keeps_uploads: bool
    """Whether multipart uploads of scratch objects stay open, because the store refuses to abort them."""

    @property
    def conditional_writes(self) -> ConditionalWrites:
        """The part that channel.json records."""
        return ConditionalWrites(
            create=self.create == "honoured",
            replace=self.replace == "honoured",
            multipart=self.multipart == "honoured",
            etags=self.etags,
            copy=UNSET if self.copy_is_known else self.copy == "honoured",
        )


def probe(location: Location, credentials: Credentials, prefix: str) -> ProbeResult:
    """Find out what the store of a channel supports, by less than 250 requests, many of them at once.

    Raises DeniedError, which names the permissions that the probe needs, and other StorageErrors.
    """
    try:
        reached = _reach(location, credentials, join(prefix, PROBE_FOLDER, ABSENT))
        with ScratchFolder(reached, credentials, prefix) as scratch:
            found = _experiments(scratch, credentials, given=location)
    except CredentialsError:
        raise
    except DeniedError as error:
        raise DeniedError(
            f"the probe writes and deletes scratch objects, but {error.message}",
            where=f"s3://{join(location.bucket, prefix, PROBE_FOLDER)}",
            remedy=f"it needs {PERMISSIONS}",
            code=error.code,
            status=error.status,
        ) from error
    return structs.replace(found, keeps_versions=scratch.keeps_versions, keeps_uploads=scratch.keeps_uploads)


def _reach(location: Location, credentials: Credentials, key: str) -> Location:
    """The location at which the store answers: as given, in the region it reports, or by the other addressing style."""
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
            # Without s3:ListBucket, stores answer so for every key that does not exist.
            return place
        except (StorageError, ConfigurationError) as error:
            problem = problem or error
        else:
            return place
    raise problem or AssertionError("both addressing styles were tried")


def region_asked_for(location: Location) -> str | None:
    """The bucket's region by an anonymous HEAD, or None. AWS names it in every answer, also in a 403."""
    request = urllib.request.Request(location.bucket_url, method="HEAD")  # noqa: S310 (the endpoint's URL, http or https)
    try:
        with urllib.request.urlopen(request, timeout=10, context=context_for(location.bucket_url)) as answer:  # noqa: S310
            headers = answer.headers
    except urllib.error.HTTPError as error:
        headers = error.headers
    except OSError:
        return None
    found: str | None = headers.get("x-amz-bucket-region")
    return found


def _experiments(scratch: ScratchFolder, credentials: Credentials, given: Location) -> ProbeResult:
    reached = scratch.location
    # In this order: `_create` and `_multipart` leave the objects that the others use.
    create = _create(scratch)
    replaced, etags = _replace(scratch)
    multipart = _multipart(scratch)
    copy = _copy(scratch)
    scratch.speak(replace(reached.dialect, etags=etags))
    checksums = outcome_of(lambda: scratch.put("checksum", b"", ChecksumAlgorithm="CRC32"))
    raced_create = _raced(create, creates_atomically, scratch)
    raced_replace = _raced(replaced, replaces_atomically, scratch)
    completes = partial(completes_atomically, suspected="not-atomic" in (raced_create, raced_replace))
    listed = next((each for each in scratch.objects.list(scratch.runs) if each.key == scratch.key("object")), None)
    return ProbeResult(
        region=reached.region,
        refused_region=None if reached.region == given.region else given.region,
        reported_region=reported_region(scratch) if reached.region == given.region else reached.region,
        addressing=addressing(scratch, credentials),
        create=raced_create,
        replace=raced_replace,
        multipart=_raced(multipart, completes, scratch),
        copy=_raced(copy, copies_atomically, scratch),
        etags=etags,
        versioned=scratch.versioned,
        recreate=_recreate(scratch) if create == "honoured" and scratch.versioned else None,
        checksums="accepted" if checksums == "done" else "rejected",
        digest=digest(scratch),
        listing="at-once" if listed else "late",
        missing=missing(scratch),
        missing_anonymous=missing_anonymous(scratch),
        swept=scratch.sweep(listed.modified) if listed else 0,
        keeps_versions=False,
        keeps_uploads=False,
    )


def _create(scratch: ScratchFolder) -> Verdict:
    # "refused" would mean that a retry met our own success, whose answer was lost: nobody else knows the key.
    if outcome_of(lambda: scratch.put("object", b"first", IfNoneMatch="*")) == "unsupported":
        scratch.put("object", b"first")
        return "unsupported"
    return _verdict(scratch, "object", b"first", lambda: scratch.put("object", b"second", IfNoneMatch="*"))


def _replace(scratch: ScratchFolder) -> tuple[Verdict, EtagForm]:
    """The verdict on If-Match, and the form of the ETag that it is about."""
    held, etag = scratch.get("object")
    forms: dict[EtagForm, Callable[[str], str]] = {"quoted": str, "unquoted": lambda given: given.strip('"')}
    for form, spelled in forms.items():
        never, right = spelled(NEVER_MATCHING.etag), spelled(etag)
        verdict = _verdict(scratch, "object", held, partial(scratch.put, "object", b"", IfMatch=never))
        if verdict != "honoured":
            return verdict, "quoted"
        # A store that refuses the right ETag too honours the other form of it, or can never replace an object.
        if outcome_of(partial(scratch.put, "object", b"third", IfMatch=right)) == "done":
            return "honoured", form
    return "unsupported", "quoted"


def _recreate(scratch: ScratchFolder) -> Literal["done", "refused"]:
    """Whether an object is created again over the delete marker that its deletion left."""
    scratch.put("again", b"first", IfNoneMatch="*")
    scratch.delete("again")
    return "done" if outcome_of(lambda: scratch.put("again", b"second", IfNoneMatch="*")) == "done" else "refused"


def _multipart(scratch: ScratchFolder) -> Verdict:
    if outcome_of(lambda: scratch.upload("parts", b"first", IfNoneMatch="*")) == "unsupported":
        return "unsupported"
    return _verdict(scratch, "parts", b"first", lambda: scratch.upload("parts", b"second", IfNoneMatch="*"))


def _copy(scratch: ScratchFolder) -> Verdict:
    """The verdict on two copies: one over an object that is there, and one of a source that has another ETag."""
    held = scratch.get("object")[0]
    try:
        over = _verdict(scratch, "object", held, lambda: scratch.copy("parts", "object", IfNoneMatch="*"))
        if over != "honoured":
            return over
        of_another = verdict_of(lambda: scratch.copy("parts", "copied", CopySourceIfMatch=NEVER_MATCHING.etag))
    except StorageError:
        # What the store does not do at all. Who may not read what they have written could not copy either.
        return "unsupported"
    return of_another


def _verdict(scratch: ScratchFolder, name: str, held: bytes, write: Callable[[], None]) -> Verdict:
    """The verdict on a write whose condition does not hold, while the object `name` holds the bytes `held`."""
    verdict = verdict_of(write)
    # A store may answer 412 and write all the same.
    return "ignored" if verdict == "honoured" and scratch.get(name)[0] != held else verdict


def _raced(verdict: Verdict, is_atomic: Callable[[ScratchFolder], bool], scratch: ScratchFolder) -> ProbedVerdict:
    return "not-atomic" if verdict == "honoured" and not is_atomic(scratch) else verdict
