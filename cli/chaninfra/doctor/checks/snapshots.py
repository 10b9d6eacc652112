"""The snapshots of the channel."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from msgspec import UnsetType

from chaninfra.channel.conda.object_names import SNAPSHOTS_JSON
from chaninfra.channel.conda.snapshot_schedule import begin_of
from chaninfra.channel.objects import StoredObject
from chaninfra.channel.probe.finding import Finding
from chaninfra.channel.text import count, one_line
from chaninfra.index.snapshots.automatic import automatic, is_ahead, is_overdue
from chaninfra.index.snapshots.document import Snapshot
from chaninfra.index.snapshots.health import Fault, faults
from chaninfra.index.snapshots.words import making

if TYPE_CHECKING:
    from chaninfra.doctor.examination import Examination

_SHOWN = 20


def snapshots(exam: Examination) -> Iterator[Finding]:
    """Each snapshot that is listed has its index, and its shards are there; none was left behind by a kill; and where
    they are made by the clock, none is overdue.
    """
    listed, found = faults(exam.channel)
    for fault in found[:_SHOWN]:
        yield Finding(
            state="failed" if fault.kind == "broken" else "warning",
            found=one_line(fault.found),
            remedy=_remedy(exam, fault),
        )
    if len(found) > _SHOWN:
        remedy = "mend those above first"
        yield Finding(state="warning", found=f"{len(found) - _SHOWN:,} more faults of snapshots", remedy=remedy)
    late = [*_late(exam, listed)]
    yield from late
    if not found and not late:
        yield Finding(state="ok", found=f"{count(len(listed), 'snapshot')}, whole" if listed else "no snapshots")


def _remedy(exam: Examination, fault: Fault) -> str:
    remove = exam.remedies.command("snapshot rm", fault.name)
    match fault.kind:
        case "unlisted":
            return (
                f"if {SNAPSHOTS_JSON} was deleted or replaced, restore an older version of it, where the bucket keeps "
                f"them; else remove the files: `{remove}`"
            )
        case "unfinished" if fault.stage == "creating" and begin_of(fault.name):
            return f"the next run finishes it: `{exam.remedies.command(*making(fault.name))}`"
    return remove


def _late(exam: Examination, listed: Mapping[str, Snapshot]) -> Iterator[Finding]:
    """What is wrong with those that are made by the clock."""
    schedule = exam.descriptor.snapshots
    if isinstance(schedule, UnsetType):
        return
    now_ms = exam.channel.runtime.now_ms()
    names = [*automatic(listed)]
    if names and is_ahead(names[-1], now_ms):
        yield Finding(
            state="warning",
            found=f"the automatic snapshot {names[-1]} is of the future: the clock of what made it was wrong, and none "
            "is made until then",
            remedy=exam.remedies.command("snapshot rm", names[-1]),
        )
        return
    written = exam.channel_json_read
    since_ms = int(written.entry.modified.timestamp() * 1000) if isinstance(written, StoredObject) else 0
    if is_overdue(listed, schedule, now_ms, since_ms):
        whole = [name for name in names if listed[name].stage == "ready"]
        last = f"the last one is {whole[-1]}" if whole else "there is none"
        command = exam.remedies.command("snapshot create", "--scheduled")
        yield Finding(
            state="warning",
            found=f"automatic snapshots are overdue: one is due every {schedule.every}, and {last}",
            remedy="see why what makes them has stopped (`chaninfra follow`, the function on AWS, or a scheduled "
            f"job); or make the one that is due: `{command}`",
        )
