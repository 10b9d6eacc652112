"""The packages that were deleted for good."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from chaninfra.channel.probe.finding import Finding
from chaninfra.channel.text import count, one_line
from chaninfra.index.withdrawal.health import health

if TYPE_CHECKING:
    from chaninfra.doctor.examination import Examination

_SHOWN = 20


def withdrawn(exam: Examination) -> Iterator[Finding]:
    """No deletion of a package was stopped, and no package that was deleted is there again."""
    found = health(exam.channel)
    for each in found.unfinished[:_SHOWN]:
        yield Finding(
            state="failed",
            found=one_line(f"{each.path} is being deleted since {each.when}, or that was stopped"),
            remedy=exam.remedies.command("delete", each.path, "--reason", each.reason, "--yes"),
        )
    for each in found.back[:_SHOWN]:
        yield Finding(
            state="warning",
            found=one_line(f"{each.path} is there again, and was deleted on {each.when}: {each.reason}"),
            remedy="if it is not meant to be: "
            + exam.remedies.command("delete", each.path, "--reason", each.reason, "--yes"),
        )
    more = max(0, len(found.unfinished) - _SHOWN) + max(0, len(found.back) - _SHOWN)
    if more:
        yield Finding(state="warning", found=f"{more:,} more such packages", remedy="see to those above first")
    if not (found.unfinished or found.back):
        yield Finding(
            state="ok",
            found=f"{count(found.total, 'deleted package')}, gone" if found.total else "no package was deleted",
        )
