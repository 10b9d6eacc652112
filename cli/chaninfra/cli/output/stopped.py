"""What a command says that was stopped by Ctrl-C or SIGTERM: how far it was, and the command to go on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from chaninfra.channel.errors import StoppedError
from chaninfra.channel.text import count
from chaninfra.index.prune.stages import DELETING, YANKING
from chaninfra.index.publish import COMPARING, INDEXING, PUBLISHING, UPLOADING

if TYPE_CHECKING:
    from chaninfra.cli.output.progress import Shown
    from chaninfra.doctor.remedies import Remedies

_MAX_FILES = 20
"""A command with more files is too long for a terminal."""


def nothing_changed(command: str) -> StoppedError:
    """Of a command that writes nothing, or had not begun to."""
    return StoppedError("stopped: nothing was changed", remedy=f"run it again: `{command}`")


def publish_stopped(shown: Shown, remedies: Remedies, files: Sequence[str], flags: Sequence[str]) -> StoppedError:
    """Of `publish` of these files with these flags."""
    named = files if len(files) <= _MAX_FILES else ["FILE..."]
    command = remedies.command("publish", *named, *flags)
    comparing, uploading, indexing = (
        shown.of(COMPARING),
        shown.of(UPLOADING) or shown.of(PUBLISHING),
        shown.of(INDEXING),
    )
    if "--dry-run" in flags or uploading is None:
        return nothing_changed(command)
    total = uploading.count or 0
    before = (comparing.count or 0) - total if comparing else 0
    there = f" ({before:,} more {'was' if before == 1 else 'were'} there before)" if before else ""
    text = f"stopped: {uploading.done:,} of {count(total, 'package')} {_are(uploading.done, total)} uploaded{there}"
    if indexing is None:
        text += f", and {'not' if uploading.done == 1 else 'none of them is'} in the index" if uploading.done else ""
    else:
        text += f"; the index has them in {indexing.done:,} of {count(indexing.count or 0, 'subdir')}"
    same = " with the same files" if named != files else ""
    return StoppedError(text, remedy=f"to go on, run it again{same}, what is there is not uploaded again: `{command}`")


def reindex_stopped(shown: Shown, remedies: Remedies, subdirs: Sequence[str], flags: Sequence[str]) -> StoppedError:
    """Of `reindex` of these subdirs with these flags."""
    command = remedies.command("reindex", *flags)
    begun = [subdir for subdir in subdirs if shown.of(f"reading {subdir}")]
    if "--check" in flags or not begun:
        return nothing_changed(command)
    reading = shown.of(f"reading {begun[-1]}")
    read = f"; {count(reading.done, 'package')} of {begun[-1]} {_were(reading.done)} read" if reading else ""
    return StoppedError(
        f"stopped: the index of {len(begun) - 1:,} of {count(len(subdirs), 'subdir')} is up to date{read}",
        remedy=f"to go on, run it again, what is in the index already is not read again: `{command}`",
    )


def gc_stopped(shown: Shown, remedies: Remedies, flags: Sequence[str]) -> StoppedError:
    """Of `gc` with these flags."""
    command = remedies.command("gc", *flags)
    collecting = shown.of("collecting")
    if "--dry-run" in flags or collecting is None:
        return nothing_changed(command)
    return StoppedError(
        f"stopped: the garbage of {collecting.done:,} of {count(collecting.count or 0, 'subdir')} is deleted",
        remedy=f"to go on, run it again: `{command}`",
    )


def yank_stopped(
    shown: Shown, remedies: Remedies, command: Literal["yank", "unyank"], arguments: Sequence[str]
) -> StoppedError:
    """Of `yank` or `unyank` with these arguments and flags."""
    again = remedies.command(command, *arguments)
    if "--dry-run" in arguments or shown.of(INDEXING) is None:
        return nothing_changed(again)
    return StoppedError(
        f"stopped: some of the packages may be {command}ed, and others not",
        remedy=f"to go on, run it again, what is done stays done: `{again}`",
    )


def patch_stopped(shown: Shown, again: str, *, dry_run: bool) -> StoppedError:
    """Of a command that patches; `again` is its command line."""
    if dry_run or shown.of(INDEXING) is None:
        return nothing_changed(again)
    return StoppedError(
        "stopped: some of the packages may be done, and others not",
        remedy=f"to go on, run it again, what is done stays done: `{again}`",
    )


def rollback_stopped(shown: Shown, remedies: Remedies, arguments: Sequence[str]) -> StoppedError:
    """Of `rollback` with these arguments and flags."""
    again = remedies.command("rollback", *arguments)
    if "--dry-run" in arguments or shown.of(INDEXING) is None:
        return nothing_changed(again)
    return StoppedError(
        "stopped: some subdirs may be rolled back, and others not",
        remedy=f"to go on, run it again, what is done stays done: `{again}`",
    )


def prune_stopped(shown: Shown, command: str) -> StoppedError:
    """Of `prune`; `command` does the same again."""
    deleting = shown.of(DELETING)
    if deleting is None and shown.of(YANKING) is None:
        return nothing_changed(command)
    text = "stopped: some of the packages may be yanked, and others not"
    if deleting is not None:
        text = f"stopped: {deleting.done:,} of {count(deleting.count or 0, 'package')} deleted, perhaps some more"
    return StoppedError(text, remedy=f"to go on, run it again, it finishes what was begun: `{command}`")


def _are(number: int, total: int) -> str:
    return "is" if 1 in (number, total) else "are"


def _were(number: int) -> str:
    return "was" if number == 1 else "were"
