"""The bucket's location: its region, its addressing style, and whether it exists."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from chaninfra.channel.conda.object_names import CHANNEL_JSON
from chaninfra.channel.errors import (
    ChaninfraError,
    CredentialsError,
    DeniedError,
    WrongRegionError,
)
from chaninfra.channel.objects import StoredObject, TooLargeError
from chaninfra.channel.probe.finding import Finding

if TYPE_CHECKING:
    from chaninfra.doctor.examination import Examination, ReadResult


def region(exam: Examination) -> Iterator[Finding]:
    """Requests are signed for the bucket's region."""
    from chaninfra.channel.probe.probe import region_asked_for

    used, result = exam.probed_location.region, exam.channel_json_read
    if not isinstance(result, WrongRegionError):
        verified = "is accepted" if exam.credentials else "was not verified: anonymous requests are not signed"
        yield Finding(state="ok", found=f"{used!r} {verified}")
        return
    right = result.reported or region_asked_for(exam.probed_location)
    yield Finding(
        state="failed",
        found=f"the store refuses {used!r}" + (f"; the bucket's region is {right!r}" if right else ""),
        remedy=exam.remedies.store_setting("region", right, stored=exam.location_is_stored) if right else result.remedy,
    )


def addressing(exam: Examination) -> Iterator[Finding]:
    """The bucket is found with the addressing style, path or virtual-host."""
    location, result = exam.probed_location, exam.channel_json_read
    other = replace(location, force_path_style=not location.force_path_style)
    if not isinstance(result, StoredObject) and _finds_more(
        exam.read(other, exam.descriptor.key(CHANNEL_JSON), exam.credentials), result
    ):
        yield Finding(
            state="failed",
            found=f"{location.addressing_style} does not work, {other.addressing_style} does",
            remedy=exam.remedies.store_setting(
                "force-path-style", str(other.force_path_style).lower(), stored=exam.location_is_stored
            ),
        )
        return
    yield Finding(state="ok", found=f"{location.addressing_style}: {location.bucket_url}")


def bucket(exam: Examination) -> Iterator[Finding]:
    """The bucket exists: the store answers requests for its objects, if only with a refusal (403)."""
    result = exam.channel_json_read
    if isinstance(result, ChaninfraError) and (
        isinstance(result, CredentialsError) or not isinstance(result, DeniedError | TooLargeError)
    ):
        yield Finding(state="failed", found=result.message, remedy=result.remedy)
        return
    # A 403 passes: `reading` reports it, with the permission that is missing.
    yield Finding(state="ok", found=f"the store answers for bucket {exam.probed_location.bucket!r}")


def _finds_more(found: ReadResult, result: ChaninfraError | None) -> bool:
    """Whether the other addressing style (`found`) reaches the bucket where the configured one (`result`) does not."""
    if isinstance(found, StoredObject):
        return True
    # A 404 for channel.json means that the bucket was reached; a 403 does not tell.
    return isinstance(result, ChaninfraError) and not isinstance(result, DeniedError) and found is None
