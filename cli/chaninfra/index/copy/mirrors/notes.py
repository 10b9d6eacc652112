"""Notes what a mirror copies, so that it may yank that later, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.index.channel import Channel
from chaninfra.index.copy.batch import Arrived, BatchDone
from chaninfra.index.copy.copy import Committing
from chaninfra.index.copy.mirrors.document import add_copies, forget_copies, prove_writable, read_copies
from chaninfra.index.copy.plan import Plan, SubdirPlan
from chaninfra.index.copy.source import SourcePackage


def begin_notes(channel: Channel, packages: Sequence[SourcePackage], plan: Plan, name: str) -> Committing:
    """Note of the packages that are here already those that another mirror has copied, and return what notes those that
    are copied. Raises DeniedError for whoever may not write it, before a byte goes; StorageError.
    """
    new = {task.package.path_in_channel for task in plan.tasks if task.doing == "new"}
    by_subdir: dict[Subdir, list[SourcePackage]] = {}
    for package in packages:
        by_subdir.setdefault(package.subdir, []).append(package)
    for subdir, here in by_subdir.items():
        target = channel.subdir_index(subdir)
        copies = read_copies(target)
        files: dict[str, str] = {}
        for package in here:
            sha256, copied = _sha256(package), copies.get(package.file)
            if copied is not None and copied.sha256 == sha256 and name not in copied.mirrors:
                files[package.file] = sha256
        if files:
            add_copies(target, name, files)
        elif any(package.path_in_channel in new for package in here):
            prove_writable(target)

    def committing(subdir: SubdirPlan, batch: Sequence[Arrived], commit: Callable[[], BatchDone]) -> BatchDone:
        # What is yanked at once is none: what somebody brings back of that stays.
        noted = {
            each.file: _sha256(each.task.package)
            for each in batch
            if each.task.doing == "new" and each.task.package.yank is None
        }
        if not noted:
            return commit()
        # Rule: an entry is there before the record, or a mirror that is killed would never yank the package.
        add_copies(subdir.target, name, noted)
        done = commit()
        # What was put by somebody else, and has got no record by this commit, has theirs.
        own = {each.package.file for each in done.packages if each.way != "present" or each.package.file in done.added}
        if others := noted.keys() - own:
            forget_copies(subdir.target, name, others)
        return done

    return committing


def _sha256(package: SourcePackage) -> str:
    return (package.facts.sha256 or "").lower()
