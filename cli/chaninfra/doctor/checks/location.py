"""Where the bucket is: region, addressing, and whether there is one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from chaninfra.channel.conda.object_names import CHANNEL_JSON
from chaninfra.channel.errors import (
    ChaninfraError,
    CredentialsError,
    DeniedError,
    WrongRegionError,
)
from chaninfra.channel.location import Location
from chaninfra.channel.objects import StoredObject
from chaninfra.channel.probe.finding import Finding
from chaninfra.channel.probe.probe import region_asked_for
from chaninfra.doctor.examination import Case


def region(case: Case) -> Iterator[Finding]:
    """The region that requests are signed with is the bucket's."""
    said, answer = case.asked.region, case.answer
    if not isinstance(answer, WrongRegionError):
        signed = "is accepted" if case.credentials else "was not judged: requests of nobody are not signed"
        yield Finding(name="region", state="ok", found=f"{said!r} {signed}")
        return
    right = answer.reported or region_asked_for(case.asked)
    yield Finding(
        name="region",
        state="failed",
        found=f"the store refuses {said!r}" + (f" and says that it is {right!r}" if right else ""),
        remedy=case.remedies.set("region", right, written=case.by_channel_json) if right else answer.remedy,
    )


def addressing(case: Case) -> Iterator[Finding]:
    """The bucket is found where the URLs of its objects have its name: in their path, or in their host."""
    asked, answer = case.asked, case.answer
    if not isinstance(answer, StoredObject) and _better(case, answer):
        right = not asked.force_path_style
        yield Finding(
            name="addressing",
            state="failed",
            found=f"{_style(asked)} does not work, {_style(replace(asked, force_path_style=right))} does",
            remedy=case.remedies.set("force-path-style", str(right).lower(), written=case.by_channel_json),
        )
        return
    yield Finding(name="addressing", state="ok", found=f"{_style(asked)}: {asked.bucket_url}")


def bucket(case: Case) -> Iterator[Finding]:
    """There is such a bucket, and the store says what is in it."""
    answer = case.answer
    if isinstance(answer, ChaninfraError) and (
        isinstance(answer, CredentialsError) or not isinstance(answer, DeniedError)
    ):
        yield Finding(name="bucket", state="failed", found=answer.message, remedy=answer.remedy)
        return
    yield Finding(name="bucket", state="ok", found=f"there is a bucket {case.asked.bucket!r}")


def _better(case: Case, answer: ChaninfraError | None) -> bool:
    """Whether the other addressing finds what this one does not."""
    other = replace(case.asked, force_path_style=not case.asked.force_path_style)
    found = case.read(other, case.descriptor.key(CHANNEL_JSON), case.credentials)
    if isinstance(found, StoredObject):
        return True
    return isinstance(answer, ChaninfraError) and not isinstance(answer, DeniedError) and found is None


def _style(location: Location) -> str:
    return "path" if location.force_path_style else "virtual-host"
