"""Commits that yank or bring back, until it holds, with yanked.json in line."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TypeVar

from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.index.channel import Channel
from chaninfra.index.progress import Progress
from chaninfra.index.report import SubdirReport
from chaninfra.index.subdir_index import SubdirIndex
from chaninfra.index.yanked_document import after_commit

T = TypeVar("T")

ATTEMPTS = 3
"""Times that a yank is committed which another tool undoes, and that packages are brought back which others replace."""


def until_it_holds(
    channel: Channel,
    subdir_indexes: Mapping[Subdir, SubdirIndex],
    names: Mapping[Subdir, Collection[str]],
    yanked: Mapping[Subdir, Mapping[str, bool]],
    commit_to: Callable[[Subdir, int], SubdirReport],
    progress: Progress,
) -> list[SubdirReport]:
    """Commit to the subdirs, and bring yanked.json in line; again where files are not as they should be then.

    `names`: the package names of the subdirs, of which yanked.json is brought in line. `yanked`: for each subdir that
    is committed to, file name → whether it is to be yanked; `commit_to` may take files out. It is called with the
    subdir and the number of the attempt, from 0.

    Rule: it is looked whether the commit has lasted. Another tool may replace the index before that was kept, and
    another writer adopt the state before it. Whoever does the opposite at the same time looks, too: the last one
    counts.
    """
    reports: dict[Subdir, list[SubdirReport]] = {subdir: [] for subdir in yanked}
    todo = [*yanked]
    for attempt in range(ATTEMPTS):
        for subdir in todo:
            progress.at(subdir)
            reports[subdir].append(commit_to(subdir, attempt))
            if not attempt:
                progress.done()
        decided = after_commit(channel, subdir_indexes, names)
        todo = [
            subdir
            for subdir, files in yanked.items()
            if subdir not in decided or any((file in decided[subdir]) != wanted for file, wanted in files.items())
        ]
        if not todo:
            break
        channel.runtime.pause(attempt)
    return [joined(each) for each in reports.values()]


def joined(reports: Sequence[SubdirReport]) -> SubdirReport:
    """The report of several commits of one subdir."""
    return dataclasses.replace(
        reports[-1],
        before=reports[0].before,
        added=tuple(sorted({file for each in reports for file in each.added})),
        remade=tuple(sorted({file for each in reports for file in each.remade})),
        yanked=tuple(sorted({file for each in reports for file in each.yanked})),
        patched=tuple(sorted({file for each in reports for file in each.patched})),
        # Any of them may have indexed again what another tool had written.
        left_out=_once(skipped for each in reports for skipped in each.left_out),
        invalid=_once(invalid for each in reports for invalid in each.invalid),
        stale=_once(name for each in reports for name in each.stale),
        odd_names=_once(odd for each in reports for odd in each.odd_names),
        many_streams=_once(file for each in reports for file in each.many_streams),
    )


def _once(found: Iterable[T]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(found))
