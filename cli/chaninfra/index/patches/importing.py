"""Patch packages as instructions of conda-index say, and write such instructions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.errors import ConfigurationError
from chaninfra.index.channel import Channel
from chaninfra.index.lasting import joined
from chaninfra.index.lines import check_reason_if_given
from chaninfra.index.patches.add import PatchedPackage, add_all
from chaninfra.index.patches.instructions import Exported, Instructions, export, patches_of, removed_by
from chaninfra.index.patches.opened import OpenedSubdir, open_subdirs
from chaninfra.index.progress import SILENT, Progress
from chaninfra.index.report import Report
from chaninfra.index.times import now_text
from chaninfra.index.yank import Yanking, yank


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What an import did. Packages are `<subdir>/<file>`."""

    packages: tuple[PatchedPackage, ...]
    yanked: tuple[str, ...]
    not_there: tuple[str, ...]
    """Packages that were to be yanked, and are not there."""
    unknown: tuple[str, ...]
    """Keys of the file that say nothing."""
    report: Report


def import_instructions(
    channel: Channel, subdir: str, instructions: Instructions, reason: str | None, progress: Progress = SILENT
) -> Imported:
    """Add the patches, and yank what the instructions remove. Raises as `add` and `yank`."""
    why = check_reason_if_given(reason)
    opened = open_subdirs(channel)
    name = _declared(opened, subdir)
    one = opened[name]
    remove, not_there = removed_by(one, instructions)
    patches = patches_of(one, instructions, now_text(channel.runtime), why)
    done = add_all(opened, {name: patches} if patches else {}, progress)
    yanked = Yanking(changed=(), already=(), report=Report.of(()))
    if remove:
        yanked = yank(channel, [f"{subdir}/{file}" for file in remove], why, progress)
    return Imported(
        packages=done.packages,
        yanked=yanked.changed,
        not_there=tuple(f"{subdir}/{file}" for file in not_there),
        unknown=instructions.unknown,
        report=_joined(done.report, yanked.report),
    )


def _joined(patched: Report, yanked: Report) -> Report:
    """The report of both, as that of one subdir."""
    if not patched.subdirs or not yanked.subdirs:
        return patched if patched.subdirs else yanked
    return Report.of([joined([*patched.subdirs, *yanked.subdirs])])


def export_instructions(channel: Channel, subdir: str) -> Exported:
    """The instructions that say what the patches of the subdir say. Raises as `read_whole`; ConfigurationError."""
    opened = open_subdirs(channel, "read")
    return export(opened[_declared(opened, subdir)])


def _declared(opened: Mapping[Subdir, OpenedSubdir], subdir: str) -> Subdir:
    found = next((each for each in opened if each == subdir), None)
    if found is None:
        raise ConfigurationError(
            f"the channel has no subdir {subdir[:80]}", where="--subdir", remedy=f"give one of {', '.join(opened)}"
        )
    return found
