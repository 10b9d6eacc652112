"""Looks at packages whose grace period is over: at their files, and at the snapshots that list them."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from chaninfra.channel.conda.retention import Rules
from chaninfra.index.prune.plan import Going, Kept
from chaninfra.index.prune.snapshots import listed_by_snapshots
from chaninfra.index.runtime import run_all
from chaninfra.index.subdir_index import SubdirIndex


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What can be done now with packages of a subdir whose grace period is over."""

    delete: tuple[Going, ...]
    gone: tuple[Going, ...]
    """Their file is not there."""
    waiting: tuple[Going, ...]
    """Their file was put again since they were yanked."""
    kept: tuple[Kept, ...]
    unknown: str | None = None
    """The key of a file of a snapshot that cannot be read, so that nothing can be deleted; None: all can be read."""


def look(target: SubdirIndex, rules: Rules, due: Sequence[Going], now_ms: int) -> Looked:
    """Ask the store for their files, and then the snapshots for those that could be deleted.

    Rule: the grace period begins anew when a file is put again. One of another size stays: these bytes are of another
    package, which no rule has taken.
    """
    heads = run_all(target.runtime, [partial(target.store.head, target.key(each.package.file)) for each in due])
    delete: list[Going] = []
    gone: list[Going] = []
    waiting: list[Going] = []
    kept: list[Kept] = []
    for each, entry in zip(due, heads, strict=True):
        if entry is None:
            gone.append(each)
            continue
        until = int(entry.modified.timestamp() * 1000) + rules[each.rule].grace_ms
        if each.facts.size is not None and entry.size != each.facts.size:
            kept.append(Kept(going=each, needed_by="its file has other bytes than when it was yanked"))
        elif until > now_ms:
            waiting.append(dataclasses.replace(each, deletable_ms=until))
        else:
            delete.append(each)
    unknown = None
    if delete:
        listed = listed_by_snapshots(target, {each.package.file for each in delete})
        unknown = listed.unknown
        kept += [
            Kept(going=each, needed_by=f"the snapshot {listed.files[each.package.file]} has it")
            for each in delete
            if each.package.file in listed.files
        ]
        delete = [] if unknown is not None else [each for each in delete if each.package.file not in listed.files]
    return Looked(delete=tuple(delete), gone=tuple(gone), waiting=tuple(waiting), kept=tuple(kept), unknown=unknown)
