"""Re-index: make the index of a subdir match the packages in its folder.

It lists the folder, reads the packages that have no record or may have other bytes than their record, and commits. If
nothing differs, it writes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.errors import ConflictError
from chaninfra.index.channel import Channel
from chaninfra.index.commit.authority import ForeignIndexError, authority_key
from chaninfra.index.commit.change import Applied, apply
from chaninfra.index.commit.commit import When, commit
from chaninfra.index.etag_cache import write_etag_cache
from chaninfra.index.progress import SILENT, Progress
from chaninfra.index.reindex_plan import Scope
from chaninfra.index.report import Report, SubdirReport
from chaninfra.index.subdir_index import SubdirIndex
from chaninfra.index.survey import Survey, survey_of

_ATTEMPTS = 5

Mode = Literal["write", "check"]
"""`check`: only find out what would be done; nothing is written to the store."""


def reindex(
    channel: Channel,
    subdirs: Sequence[Subdir],
    scope: Scope = "changed",
    mode: Mode = "write",
    progress: Progress = SILENT,
) -> Report:
    """Re-index the subdirs, one after the other. Raises as `reindex_subdir`."""
    subdir_indexes = [channel.subdir_index(subdir, "read" if mode == "check" else "write") for subdir in subdirs]
    return Report.of(
        reindex_subdir(subdir_index, scope, mode=mode, progress=progress) for subdir_index in subdir_indexes
    )


def reindex_subdir(
    subdir_index: SubdirIndex, scope: Scope = "changed", *, mode: Mode = "write", progress: Progress = SILENT
) -> SubdirReport:
    """Make the index of a subdir match its packages.

    Files that are not packages are listed in the report and skipped. If such a file has a record of other bytes, the
    record is dropped.

    Raises RefusedError for an index that belongs to another tool; InvalidRepodataError for an invalid repodata.json
    (the scope `all` rebuilds it instead); ConflictError where other writers won all attempts; and StorageError.
    """
    if mode == "check":
        survey = survey_of(subdir_index, scope, progress, mode)
        applied = apply(subdir_index, survey.repodata, survey.change, survey.yanked)
        return survey.report(subdir_index.subdir, applied, survey.repodata.count)
    for attempt in range(_ATTEMPTS):
        survey = survey_of(subdir_index, scope, progress)
        try:
            report = _write(subdir_index, survey, scope, progress)
        except ForeignIndexError:
            # Another tool has written the index meanwhile.
            subdir_index.runtime.pause(attempt)
            continue
        existing = survey.listing.packages.keys() | survey.listing.sidecars.keys()
        write_etag_cache(subdir_index, survey.cached, {**survey.to_cache, **survey.signatures.seen}, existing)
        return report
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
    committed = commit(
        subdir_index,
        lambda: survey.change,
        when=when,
        derive="now",
        taken_over={file.entry.etag for file in survey.whole.derived.values()},
        adoption=survey.whole.adoption or survey.whole.keys,
        shards=survey.whole.shards,
    )
    return survey.report(subdir_index.subdir, committed.applied, committed.after)
