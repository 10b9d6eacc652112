"""The packages that a follower has left out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from chaninfra.channel.probe.finding import Finding
from chaninfra.channel.text import one_line
from chaninfra.index.contents import left_out_of

if TYPE_CHECKING:
    from chaninfra.doctor.examination import Examination

_SHOWN = 20


def left_out(exam: Examination) -> Iterator[Finding]:
    """left-out.json lists no package."""
    found = left_out_of(exam.channel)
    for path, left in sorted(found.items())[:_SHOWN]:
        yield Finding(
            state="failed",
            found=f"{one_line(path)} {one_line(left.reason)}",
            remedy=one_line(left.remedy) or "publish it again, or delete it",
        )
    if len(found) > _SHOWN:
        remedy = "fix those above first"
        yield Finding(
            state="failed", found=f"{len(found) - _SHOWN:,} more packages are not indexed, or held back", remedy=remedy
        )
    if not found:
        yield Finding(state="ok", found="no follower says that it could not index a package, or holds one back")
