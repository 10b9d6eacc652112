"""Remove patches: the records say again what the packages say.

A patched record does not tell what it was before, so it is made again from the package. The document says of a patch
that it is being removed until that is committed: whoever is killed in between can go on.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.errors import ChaninfraError
from chaninfra.index.channel import Channel
from chaninfra.index.commit.adopting import commit_adopting
from chaninfra.index.commit.change import Change
from chaninfra.index.commit.index_record import IndexRecord
from chaninfra.index.package_reader import Missing, read_files
from chaninfra.index.patches.document import marked, update_patches, without_marked
from chaninfra.index.patches.opened import OpenedSubdir, open_subdirs
from chaninfra.index.progress import SILENT, Progress
from chaninfra.index.report import PUT_BACK, UNPATCH_AGAIN, LeftOut, Report, SubdirReport
from chaninfra.index.select import Candidate, nearest_to, select
from chaninfra.index.whole import check_writable
from chaninfra.index.yanked_document import after_commit

OTHER_BYTES = "has other bytes than its record, so its patch stays"
MISSING = "is yanked, and its file is missing, so its patch stays"


@dataclass(frozen=True, kw_only=True)
class Unpatching:
    """What `remove` did. Packages are `<subdir>/<file>`."""

    removed: tuple[str, ...]
    remade: tuple[str, ...]
    """Those whose record was made again from the package; the others had none that their patch had changed."""
    report: Report
    """With those whose patch stays, since the package cannot be read, or has other bytes than its record, or is yanked
    while its file is missing."""


def remove(channel: Channel, words: Sequence[str], progress: Progress = SILENT) -> Unpatching:
    """Remove the patches of the packages that the words select among those with a patch.

    Raises ConfigurationError for a word that is no name, file or match spec; ChaninfraError for one that selects no
    patch; and what `commit` raises.
    """
    opened = open_subdirs(channel)
    chosen = _chosen(opened, words)
    for subdir in chosen:
        check_writable(opened[subdir].subdir_index)
    progress.stage("indexing", len(chosen), unit="subdir")
    removed: list[str] = []
    remade: list[str] = []
    reports: list[SubdirReport] = []
    for subdir, files in chosen.items():
        progress.begin(subdir)
        one = opened[subdir]
        records, left_out = _made_again(one, files)
        done = [file for file in files if f"{subdir}/{file}" not in {each.package for each in left_out}]
        report = SubdirReport(subdir=subdir, before=one.whole.before, after=one.whole.before or 0)
        if done:
            update_patches(one.subdir_index, partial(marked, done))
            names = one.names(done)
            change = partial(Change, records=records, names=names, replace="all", planned=True)
            applied, report = commit_adopting(one.subdir_index, change, "now")
            report = dataclasses.replace(report, remade=tuple(sorted({*report.remade, *applied.replaced})))
            if applied.yanked:
                after_commit(channel, {subdir: one.subdir_index}, {subdir: names})
            # Rule: the entry goes once the records are made again.
            update_patches(one.subdir_index, partial(without_marked, done))
            removed += [f"{subdir}/{file}" for file in done]
            remade += [f"{subdir}/{file}" for file in sorted(records.keys() - applied.superseded.keys())]
        reports.append(dataclasses.replace(report, left_out=(*report.left_out, *left_out)))
        progress.done()
    return Unpatching(removed=tuple(sorted(removed)), remade=tuple(remade), report=Report.of(reports))


def _made_again(one: OpenedSubdir, files: Sequence[str]) -> tuple[dict[str, IndexRecord], list[LeftOut]]:
    """File name → the record that the package gives, of those whose record its patch may have changed; and the packages
    whose patch stays.
    """
    subdir_index = one.subdir_index
    concerned = {
        file: known
        for file in files
        if (known := one.known(file)) is not None and one.patches[file].is_of(known.sha256)
    }
    reads = {read.file: read for read in read_files(subdir_index, [*concerned])}
    records: dict[str, IndexRecord] = {}
    left_out: list[LeftOut] = []
    for file, known in concerned.items():
        path, read = f"{subdir_index.subdir}/{file}", reads.get(file)
        if read is None or isinstance(read, Missing):
            # Rule: a patch stays as long as a yank may keep its record, which would come back with it. One that is in
            # the index has no record for long.
            if known.yanked:
                left_out.append(LeftOut(package=path, reason=MISSING, remedy=PUT_BACK))
        elif read.record is None:
            left_out.append(LeftOut(package=path, reason=read.reason))
        elif read.record.sha256 != known.sha256:
            # Rule: removing a patch brings no other bytes into the index, which a follower may hold back. What the
            # record said before cannot be told without those that it is of.
            left_out.append(LeftOut(package=path, reason=OTHER_BYTES, remedy=UNPATCH_AGAIN))
        else:
            records[file] = read.record
    return records, left_out


def _chosen(opened: Mapping[Subdir, OpenedSubdir], words: Sequence[str]) -> dict[Subdir, list[str]]:
    """Subdir → the files with a patch that the words select. Raises ChaninfraError for a word that selects none."""
    known = {each.path_in_channel: each for one in opened.values() for each in one.candidates()}
    patched = [
        known.get(f"{subdir}/{file}", Candidate(subdir, file, b"{}"))
        for subdir, one in opened.items()
        for file in one.patches
    ]
    selected = select(words, patched)
    if unknown := [word for word, found in selected.items() if not found]:
        listing = "`chaninfra patch ls` lists the patches of the channel"
        raise ChaninfraError(
            f"there is no patch of {', '.join(unknown)}", remedy=nearest_to(unknown, patched, listing=listing)
        )
    paths = {each.path_in_channel for found in selected.values() for each in found}
    chosen = {
        subdir: [file for file in sorted(one.patches) if f"{subdir}/{file}" in paths] for subdir, one in opened.items()
    }
    return {subdir: files for subdir, files in chosen.items() if files}
