"""What there is for `gc` to do in a subdir, for the doctor."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from chaninfra.index.commit.authority import read_authority
from chaninfra.index.commit.history import kept_numbers
from chaninfra.index.gc import KEPT, Garbage, garbage_of, listed, read_marks, week_old
from chaninfra.index.subdir_index import SubdirIndex
from chaninfra.index.thinning import thinned


@dataclass(frozen=True, kw_only=True)
class Standing:
    """What there is for `gc` to do in a subdir. Counted without reading the history, which may be large."""

    overdue: tuple[Garbage, ...]
    """Shards, and sidecars and summaries without a package, that an earlier run of `gc` marked at least a week ago."""
    waiting: int
    """Those that it marked later."""
    states: int
    """States of the index that are kept, the last one among them."""
    size: int
    """Their bytes."""
    late: int
    """Those that a run of `gc` a week ago would have deleted."""


def standing(target: SubdirIndex) -> Standing:
    """What there is for `gc` to do. Raises StorageError."""
    (shards, seen), now = listed(target), target.runtime.now_ms()
    history = dict(kept_numbers(target))
    authority = read_authority(target)
    index = authority.index if authority is not None else None
    referenced = index.keys() if index is not None else shards.keys()
    unneeded = seen.unneeded(index.hashes) if index is not None else seen.orphans()
    unreferenced = {**{key: entry for key, entry in shards.items() if key not in referenced}, **unneeded}
    marks = {key: since for key, since in read_marks(target).unreferenced.items() if key in unreferenced}
    overdue = week_old(marks, unreferenced, now)
    return Standing(
        overdue=tuple(
            garbage_of(
                unreferenced[key],
                "unreferenced"
                if key in shards
                else "attestations without a package"
                if key in seen.sidecars
                else "summary without a package",
            )
            for key in overdue
        ),
        waiting=len(marks) - len(overdue),
        states=len(history),
        size=sum(entry.size for entry in history.values()),
        late=len(
            thinned(
                {number: entry.modified for number, entry in history.items()},
                now - KEPT // timedelta(milliseconds=1),
                target.layout.index.history_days,
            )
        ),
    )
