"""Re-index: make the index of a subdir match the packages in its folder.

It lists the folder, reads the packages that have no record or may have other bytes than their record, and commits. If
nothing differs, it writes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext, suppress
from dataclasses import replace
from typing import Literal

from chaninfra.channel.conda.filenames import package_name
from chaninfra.channel.conda.object_names import YANKED_JSON
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.errors import ConflictError, DeniedError
from chaninfra.index.channel import Channel
from chaninfra.index.commit.authority import ForeignIndexError, authority_key
from chaninfra.index.commit.change import Applied, apply
from chaninfra.index.commit.commit import When, commit
from chaninfra.index.commit.shard_reader import LostShardError
from chaninfra.index.commit.yanked_json import read_yanked
from chaninfra.index.etag_cache import write_etag_cache
from chaninfra.index.part import Part
from chaninfra.index.progress import SILENT, Progress
from chaninfra.index.reindex_plan import Scope
from chaninfra.index.report import Report, SubdirReport
from chaninfra.index.subdir_index import SubdirIndex
from chaninfra.index.summaries import forget_dropped
from chaninfra.index.survey import Survey, survey_of
from chaninfra.index.yanked_document import bring_in_line

_ATTEMPTS = 5

Mode = Literal["write", "check"]
"""`check`: only find out what would be done; nothing is written to the store."""


def reindex(
    channel: Channel,
    subdirs: Sequence[Subdir],
    scope: Scope = "changed",
    mode: Mode = "write",
    progress: Progress = SILENT,
    *,
    hold: bool = False,
    part: Part | None = None,
) -> Report:
    """Re-index the subdirs, one after the other, and bring yanked.json in line with them, if these credentials may
    write it. `hold`: the record of a package that was overwritten stays, and the package is named among those that are
    left out. `part`: only these packages are read, and the records of others are not dropped. Raises as
    `reindex_subdir`; StorageError for a yanked.json that is not valid.
    """
    subdir_indexes = {
        subdir: channel.subdir_index(subdir, "read" if mode == "check" else "write") for subdir in subdirs
    }
    if mode == "check":
        return Report.of(_check(subdir_index, scope, progress, part) for subdir_index in subdir_indexes.values())
    document = read_yanked(channel.writer, channel.descriptor.key(YANKED_JSON))[0]
    reports: list[SubdirReport] = []
    names: dict[Subdir, set[str]] = {}
    for subdir, subdir_index in subdir_indexes.items():
        report, survey = _reindex(subdir_index, scope, progress, hold=hold, part=part)
        reports.append(report)
        names[subdir] = {*map(package_name, (*survey.yanked, *document.of(subdir)))}
    # Publishers may not write it. The doctor names a difference.
    with suppress(DeniedError):
        bring_in_line(channel, subdir_indexes, names)
    return Report.of(reports)


def reindex_subdir(
    subdir_index: SubdirIndex,
    scope: Scope = "changed",
    *,
    mode: Mode = "write",
    progress: Progress = SILENT,
    every_shard: bool = False,
    hold: bool = False,
    part: Part | None = None,
) -> SubdirReport:
    """Make the index of a subdir match its packages. `every_shard`: read all shards, and make the damaged ones again.
    `hold` and `part`: see `reindex`.

    Files that are not packages are listed in the report and skipped. If such a file has a record of other bytes, the
    record is dropped.

    Raises RefusedError for an index that belongs to another tool; InvalidRepodataError for an invalid repodata.json
    (the scope `all` rebuilds it instead); ConflictError where other writers won all attempts; and StorageError.
    """
    if mode == "check":
        return _check(subdir_index, scope, progress, part)
    return _reindex(subdir_index, scope, progress, every_shard=every_shard, hold=hold, part=part)[0]


def _check(subdir_index: SubdirIndex, scope: Scope, progress: Progress, part: Part | None) -> SubdirReport:
    with subdir_index.workers or nullcontext():
        survey = survey_of(subdir_index, scope, progress, "check", part=part)
    applied = apply(subdir_index, survey.repodata, survey.yanks.joined(), survey.change, survey.patches)
    return survey.report(subdir_index.subdir, applied, survey.repodata.count)


def _reindex(
    subdir_index: SubdirIndex,
    scope: Scope,
    progress: Progress,
    *,
    every_shard: bool = False,
    hold: bool = False,
    part: Part | None = None,
) -> tuple[SubdirReport, Survey]:
    before: SubdirReport | None = None
    with subdir_index.workers or nullcontext():
        for attempt in range(_ATTEMPTS):
            try:
                survey = survey_of(
                    subdir_index,
                    scope,
                    progress,
                    every_shard=every_shard,
                    hold=hold,
                    part=part,
                    again=before is not None,
                )
                if survey.summaries is not None:
                    survey.summaries.start()
                report = _write(subdir_index, survey, scope, progress)
            except LostShardError:
                # A shard that the store has is damaged, which only shows when it is read.
                every_shard = True
                subdir_index.runtime.pause(attempt)
                continue
            except ForeignIndexError:
                # Another tool has written the index meanwhile.
                subdir_index.runtime.pause(attempt)
                continue
            existing = survey.listing.packages.keys() | survey.listing.sidecars.keys()
            write_etag_cache(subdir_index, survey.cached, {**survey.to_cache, **survey.signatures.seen}, existing)
            notes = survey.summaries.finish() if survey.summaries is not None else ()
            notes += forget_dropped(subdir_index, report.dropped)
            report = replace(report, notes=notes).joined(before)
            if not survey.share.takes_over:
                return report, survey
            before = report
    raise ConflictError(
        "another tool writes this index again and again",
        where=authority_key(subdir_index),
        remedy="try again when that has ended",
    )


def _write(subdir_index: SubdirIndex, survey: Survey, scope: Scope, progress: Progress) -> SubdirReport:
    if not survey.differs and scope != "all":
        return survey.report(subdir_index.subdir, Applied(), survey.repodata.count)
    progress.stage("indexing", unit="subdir")
    progress.begin(subdir_index.subdir)
    # The scope `all` writes also files whose content is right: their headers may not be those that are configured.
    when: When = "always" if scope == "all" else "changed"
    adoption = survey.whole.adoption or survey.whole.keys
    if adoption is not None and survey.share.takes_over:
        adoption = replace(adoption, alone=True)
    committed = commit(
        subdir_index,
        lambda: survey.change,
        when=when,
        derive="always",
        taken_over={file.entry.etag for file in survey.whole.derived.values()},
        adoption=adoption,
        shards=survey.whole.shards,
    )
    return survey.report(subdir_index.subdir, committed.applied, committed.after)
