"""Copies what a plan says: brings the packages, and commits them in batches, so that a kill loses little.

The packages of a batch are in the target before its commit names them. What is there already, the next run does not
bring again, and what is in the index it passes over.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Protocol

from chaninfra.channel.conda.subdirs import NOARCH
from chaninfra.channel.errors import (
    ChaninfraError,
    ConflictError,
    DeniedError,
    SkippedError,
)
from chaninfra.index.channel import Channel
from chaninfra.index.commit.adopting import commit_adopting
from chaninfra.index.commit.change import Change
from chaninfra.index.copy.batch import Arrived, BatchDone, commit_batch
from chaninfra.index.copy.brought import Brought
from chaninfra.index.copy.checked import UnreadableSourceError
from chaninfra.index.copy.deletions import Deletions
from chaninfra.index.copy.plan import Plan, SubdirPlan, Task
from chaninfra.index.copy.report import Copied, CopiedPackage, Failed, together
from chaninfra.index.copy.rights import prove_rights
from chaninfra.index.copy.source import Source, SourcePackage
from chaninfra.index.progress import SILENT, Progress
from chaninfra.index.publish import first_index
from chaninfra.index.report import Report, SubdirReport
from chaninfra.index.runtime import Runtime, Threads
from chaninfra.index.yanked_document import after_commit

COPYING = "copying"
"""A stage of the progress."""
AT_ONCE = 8
"""Packages that are brought at the same time, as a default."""
_MOST = 500
_MOST_BYTES = 4 << 30
_LONGEST_MS = 120_000
"""A batch has so many packages or bytes, or took so long to bring, at most."""
_YANKED_AT_ONCE = 16
"""Packages that come yanked, of a batch."""
_ERRORS_IN_A_ROW = 10
"""So many packages that fail one after the other, each for a reason that is not of the package, end a copy."""


class Transfer(Protocol):
    """What brings the bytes of a package, see `transfer.Transfer`."""

    def bring(self, package: SourcePackage, advance: Callable[[int], None], *, there: bool = False) -> Brought:
        """The package, in the target; `advance` is called with the numbers of bytes that are there. `there`: it was
        there when the copy was planned, so that is looked at first.

        Raises ConflictError where other bytes are there; SkippedError where the source does not have it, or has other
        bytes, and where it is not there any more; StorageError.
        """


Committing = Callable[[SubdirPlan, Sequence[Arrived], Callable[[], BatchDone]], BatchDone]
"""Is called for each batch of packages that are in the target, with what commits it, and does what belongs to that."""


@dataclass(kw_only=True)
class SoFar:
    """How far a copy is, for whoever stops it."""

    brought: int = 0
    """Packages whose bytes are in the target."""
    indexed: int = 0
    """Those of them that the index has."""


@dataclass(kw_only=True)
class _State:
    so_far: SoFar
    deletions: Deletions
    packages: list[CopiedPackage] = field(default_factory=list)
    failed: list[Failed] = field(default_factory=list)
    reports: list[SubdirReport] = field(default_factory=list)
    errors: int = 0
    stopped: ChaninfraError | None = None


def copy(
    channel: Channel,
    source: Source,
    plan: Plan,
    transfer: Transfer,
    progress: Progress = SILENT,
    *,
    so_far: SoFar | None = None,
    at_once: int = AT_ONCE,
    bringing: Runtime | None = None,
    committing: Committing | None = None,
) -> Copied:
    """Do what the plan says. `bringing`: what runs the transfers; None: threads, `at_once` of them. `committing`: None:
    batches are only committed.

    A package that fails is named in `failed`, and the others go on, unless one after the other fails, or the target
    denies one. Raises
    DeniedError, before a byte goes, for whoever may not write the patches or yanks that are needed; and what `commit`
    raises: what was committed until then stays.
    """
    state = _State(so_far=so_far or SoFar(), deletions=Deletions(channel, plan.deleted))
    prove_rights(channel, plan)
    tasks = plan.tasks
    progress.stage(COPYING, len(tasks), plan.size)
    reports: list[SubdirReport] = []
    if channel.origin == "assumed" and tasks and not any(each.target.subdir == NOARCH for each in plan.subdirs):
        reports += first_index(channel.subdir_index(NOARCH))
    threads = bringing or Threads(at_once)
    for subdir in plan.subdirs:
        state.reports = []
        _copy_subdir(channel, source, subdir, transfer, progress, state, threads, at_once, committing)
        if state.reports:
            copied = frozenset(
                each.package.file for each in state.packages if each.package.subdir == subdir.target.subdir
            )
            reports.append(together(state.reports, copied))
        if state.stopped is not None:
            break
    return Copied(
        packages=tuple(state.packages),
        already=plan.already,
        failed=tuple(state.failed),
        report=Report.of(reports),
        left_out=plan.left_out,
        stopped=state.stopped,
    )


def _copy_subdir(
    channel: Channel,
    source: Source,
    subdir: SubdirPlan,
    transfer: Transfer,
    progress: Progress,
    state: _State,
    threads: Runtime,
    at_once: int,
    committing: Committing | None,
) -> None:
    runtime = channel.runtime
    batch: list[Arrived] = []
    size, begun = 0, runtime.now_ms()

    def commit() -> None:
        nonlocal batch, size, begun
        if batch:
            state.deletions.look()
            there = _there_still(batch, state)
            commit_it = partial(commit_batch, channel, source, subdir, there)
            done = commit_it() if committing is None else committing(subdir, there, commit_it)
            state.packages += done.packages
            state.failed += done.failed
            state.so_far.indexed += len(done.packages)
            state.reports += [done.report] if done.report is not None else []
        batch, size, begun = [], 0, runtime.now_ms()

    if subdir.tasks:
        state.deletions.look()
    for tasks in _in_order(subdir.tasks):
        for task, brought in _brought(tasks, transfer, progress, threads, at_once, state.deletions):
            if isinstance(brought, ChaninfraError):
                state.failed.append(Failed(package=task.package.path_in_channel, error=brought))
                progress.failed(task.package.path_in_channel, brought.summary)
                state.errors = 0 if isinstance(brought, SkippedError | ConflictError) else state.errors + 1
                # Whoever may not write one package into the target may write none.
                denied = isinstance(brought, DeniedError) and not isinstance(brought, UnreadableSourceError)
                if state.errors >= _ERRORS_IN_A_ROW or denied:
                    state.stopped = brought
                    break
                continue
            state.errors = 0
            state.so_far.brought += 1
            progress.done()
            batch.append(Arrived(task, brought))
            size += task.package.facts.size or 0
            if len(batch) >= _MOST or size >= _MOST_BYTES or runtime.now_ms() - begun >= _LONGEST_MS:
                commit()
        commit()
        if state.stopped is not None:
            break
    _finish(channel, subdir, state)


def _in_order(tasks: Sequence[Task]) -> Iterator[Sequence[Task]]:
    """The tasks, in parts that are committed before the next one begins.

    Rule: of the packages that come yanked only few are there before they are yanked: a re-index that finds them then
    takes them for others.
    """
    yanked = [task for task in tasks if task.doing == "new" and task.package.yank is not None]
    yield [task for task in tasks if task.doing != "new" or task.package.yank is None]
    for start in range(0, len(yanked), _YANKED_AT_ONCE):
        yield yanked[start : start + _YANKED_AT_ONCE]


def _there_still(batch: Sequence[Arrived], state: _State) -> list[Arrived]:
    """Those of the packages that nobody has deleted for good; the others fail."""
    left: list[Arrived] = []
    for each in batch:
        path = each.task.package.path_in_channel
        error = state.deletions.of(path, put=each.brought.way != "present")
        if error is None:
            left.append(each)
        else:
            state.failed.append(Failed(package=path, error=error))
    return left


def _finish(channel: Channel, subdir: SubdirPlan, state: _State) -> None:
    """What a killed writer has left: derived files that lack its commit, and a yanked.json."""
    if subdir.behind and not state.reports:
        commit_adopting(subdir.target, Change, when="changed")
    if subdir.unlisted:
        after_commit(channel, {subdir.target.subdir: subdir.target}, {subdir.target.subdir: subdir.unlisted})


def _brought(
    planned: Sequence[Task],
    transfer: Transfer,
    progress: Progress,
    threads: Runtime,
    at_once: int,
    deletions: Deletions,
) -> Iterator[tuple[Task, Brought | ChaninfraError]]:
    """The packages in their order, some of them at a time; the transfers go on while a batch is committed."""

    def bring(task: Task) -> Brought | ChaninfraError:
        if (deleted := deletions.of(task.package.path_in_channel)) is not None:
            return deleted
        progress.begin(task.package.path_in_channel)
        advance = progress.advance if task.doing == "new" else _nothing
        try:
            return transfer.bring(task.package, advance, there=task.there)
        except ChaninfraError as error:
            return error

    tasks = iter(planned)
    waiting = deque((task, threads.submit(partial(bring, task))) for task in islice(tasks, 2 * at_once))
    while waiting:
        task, result = waiting.popleft()
        yield task, result()
        following = next(tasks, None)
        if following is not None:
            waiting.append((following, threads.submit(partial(bring, following))))


def _nothing(_size: int) -> None:
    """Of a package that the target has, whose bytes were not counted."""
