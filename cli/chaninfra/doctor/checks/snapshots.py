"""The snapshots of the channel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from chaninfra.channel.probe.finding import Finding
from chaninfra.channel.text import count, one_line
from chaninfra.index.snapshots.health import faults

if TYPE_CHECKING:
    from chaninfra.doctor.examination import Examination

_SHOWN = 20


def snapshots(exam: Examination) -> Iterator[Finding]:
    """Each snapshot that is listed has its index, and its shards are there; none was left behind by a kill."""
    number, found = faults(exam.channel)
    for fault in found[:_SHOWN]:
        yield Finding(
            state="failed" if fault.kind == "broken" else "warning",
            found=one_line(fault.found),
            remedy=exam.remedies.command("snapshot rm", fault.name),
        )
    if len(found) > _SHOWN:
        remedy = "mend those above first"
        yield Finding(state="warning", found=f"{len(found) - _SHOWN:,} more faults of snapshots", remedy=remedy)
    if not found:
        yield Finding(state="ok", found=f"{count(number, 'snapshot')}, whole" if number else "no snapshots")
