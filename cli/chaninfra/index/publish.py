"""Publish: upload packages and commit their records. It lists no folder and reads no other package."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import Literal

from chaninfra.channel.conda.subdirs import KNOWN_SUBDIRS, NOARCH, Subdir
from chaninfra.channel.errors import ChaninfraError, ConfigurationError, RefusedError, SkippedError
from chaninfra.index.channel import Channel
from chaninfra.index.commit.adopting import commit_adopting
from chaninfra.index.commit.authority import authority_key
from chaninfra.index.commit.change import Applied, Change
from chaninfra.index.large_upload import IN_ONE_PUT
from chaninfra.index.package.local_file import PackageFile, all_refused
from chaninfra.index.package.sidecars import Sidecar
from chaninfra.index.place import how_to_declare, require_index
from chaninfra.index.progress import Progress
from chaninfra.index.published import Failed, Published, PublishedPackage, combined, other_packages, patch_of
from chaninfra.index.report import Report, SubdirReport
from chaninfra.index.runtime import Threads, run_all
from chaninfra.index.signatures import Signatures, beside
from chaninfra.index.subdir_index import SubdirIndex
from chaninfra.index.summaries import Summaries, summary_of
from chaninfra.index.upload import Existing, Uploaded, key_of, look, taken, upload

COMPARING, UPLOADING, PUBLISHING, INDEXING = "comparing", "uploading", "publishing", "indexing"
"""Stages of the progress."""
_UPLOADS_AT_ONCE = 8
_Uploads = dict[Subdir, Callable[[], list[Uploaded]]]
_Sidecars = Mapping[str, Sidecar | None]


def publish(channel: Channel, packages: Sequence[PackageFile], existing: Existing, progress: Progress) -> Published:
    """Upload the packages and index them. They are checked first, and nothing is uploaded if one must not be.

    A package that fails later, for example because another writer uploads the same file, is returned in `failed`, and
    the other packages are indexed. Raises ConfigurationError where there is no channel; and if no subdir could be
    indexed, the error: ConfigurationError, ConflictError, StorageError and its subclasses.
    """
    packages = _checked(channel, packages)
    progress.stage("checking the channel")
    sidecars = {package.path_in_channel: beside(package) for package in packages}
    require_index(channel, {package.subdir for package in packages})
    if len(packages) == 1 and packages[0].size <= IN_ONE_PUT:
        # One small package: the index is read during its upload.
        (package,) = packages
        # Whether it is there already is not known yet.
        progress.stage(PUBLISHING, 1, package.size)
        progress.begin(package.path_in_channel)
        uploading = channel.runtime.submit(partial(upload, channel, package, existing, progress.advance))

        @cache
        def uploaded() -> list[Uploaded]:
            done = uploading()
            progress.done()
            progress.stage(INDEXING, 1, unit="subdir")
            progress.begin(package.subdir)
            return [done]

        return _publish_into({package.subdir: uploaded}, [], channel, sidecars, progress)
    all_uploaded, failed = _upload(channel, packages, existing, progress)
    if failed and not all_uploaded:
        raise combined(failed)
    by_subdir: dict[Subdir, list[Uploaded]] = {}
    for each in all_uploaded:
        by_subdir.setdefault(each.package.subdir, []).append(each)
    progress.stage(INDEXING, len(by_subdir), unit="subdir")

    @cache
    def of(subdir: Subdir) -> list[Uploaded]:
        progress.begin(subdir)
        return by_subdir[subdir]

    return _publish_into({subdir: partial(of, subdir) for subdir in by_subdir}, failed, channel, sidecars, progress)


def _checked(channel: Channel, packages: Sequence[PackageFile]) -> list[PackageFile]:
    """The packages without duplicates. Raises one ConfigurationError for all that the channel does not take."""
    seen: dict[str, PackageFile] = {}
    refused: list[ConfigurationError] = []
    declared = channel.descriptor.subdirs
    for package in packages:
        other = seen.setdefault(package.path_in_channel, package)
        if other.sha256 != package.sha256:
            refused.append(
                ConfigurationError(
                    f"has the same name as {other.path}, and other bytes",
                    where=str(package.path),
                    remedy="publish one of them",
                )
            )
        elif channel.origin == "descriptor" and package.subdir not in declared:
            refused.append(
                ConfigurationError(
                    f"the package is for {package.subdir}, but the channel has {', '.join(declared)}",
                    where=str(package.path),
                    remedy=how_to_declare(channel, {each.subdir for each in packages} - {*declared}),
                )
            )
    if refused:
        raise all_refused(refused, len(packages))
    return list(seen.values())


def _upload(
    channel: Channel, packages: Sequence[PackageFile], existing: Existing, progress: Progress
) -> tuple[list[Uploaded], list[Failed]]:
    """Upload the packages that are not in the channel yet. Raises, before the first upload, where one must not be
    uploaded.
    """
    from chaninfra.index.whole import check_writable

    for subdir in sorted({package.subdir for package in packages}):
        check_writable(channel.subdir_index(subdir))
    progress.stage(COMPARING, len(packages))

    def compare(package: PackageFile) -> Uploaded | Failed | Literal["absent", "differs"]:
        try:
            return look(channel, package, existing)
        except SkippedError as error:
            return Failed(package=package, error=error)
        finally:
            progress.done()

    states = run_all(channel.runtime, [partial(compare, package) for package in packages])
    differing = [package.path_in_channel for package, state in zip(packages, states, strict=True) if state == "differs"]
    if differing and existing == "refuse":
        raise taken(channel, differing)
    done = [state for state in states if isinstance(state, Uploaded)]
    failed = [state for state in states if isinstance(state, Failed)]
    missing = [package for package, state in zip(packages, states, strict=True) if isinstance(state, str)]
    progress.stage(UPLOADING, len(missing), sum(package.size for package in missing))

    def upload_one(package: PackageFile) -> None:
        progress.begin(package.path_in_channel)
        try:
            done.append(upload(channel, package, existing, progress.advance))
        except ChaninfraError as error:
            failed.append(Failed(package=package, error=error))
            if len(missing) > 1:
                progress.failed(package.path_in_channel, error.summary)
        else:
            progress.done()

    # Few small ones at a time, since each is in memory. Large ones one after the other: boto3 uploads their parts
    # concurrently.
    run_all(
        Threads(_UPLOADS_AT_ONCE), [partial(upload_one, package) for package in missing if package.size <= IN_ONE_PUT]
    )
    for package in [each for each in missing if each.size > IN_ONE_PUT]:
        upload_one(package)
    order = {package.path_in_channel: position for position, package in enumerate(packages)}

    def given(result: Uploaded | Failed) -> int:
        return order[result.package.path_in_channel]

    return sorted(done, key=given), sorted(failed, key=given)


def _publish_into(
    uploads: _Uploads, failed: list[Failed], channel: Channel, sidecars: _Sidecars, progress: Progress
) -> Published:
    """Commit once per subdir. `uploads` wait for a subdir's uploads; `failed`: those that failed already."""
    published: list[PublishedPackage] = []
    reports: list[SubdirReport] = []
    if channel.origin == "assumed" and NOARCH not in uploads:
        reports += first_index(channel.subdir_index(NOARCH))
    for subdir in KNOWN_SUBDIRS:
        if subdir not in uploads:
            continue
        subdir_index = channel.subdir_index(subdir)
        try:
            applied, report = _commit_or_wait(channel, subdir_index, uploads[subdir], sidecars)
            progress.done()
            all_uploaded = uploads[subdir]()
            lost, reindexed = _reindex_if_replaced(channel, subdir_index, all_uploaded)
        except ChaninfraError as error:
            failed += [_not_indexed(uploaded.package, error) for uploaded in uploads[subdir]()]
            continue
        lost |= {f"{subdir}/{file}" for file in applied.superseded}
        for uploaded in all_uploaded:
            package, file = uploaded.package, uploaded.package.path.name
            if package.path_in_channel in lost:
                failed.append(Failed(package=package, error=taken(channel, [package.path_in_channel])))
            else:
                published.append(
                    PublishedPackage(
                        package=package,
                        url=channel.url(subdir, file),
                        outcome=uploaded.outcome,
                        yanked=file in applied.yanked,
                        patch=patch_of(applied, file),
                    )
                )
        reports.append(other_packages(all_uploaded, report, reindexed))
    if not reports:
        raise combined(failed)
    return Published(packages=tuple(published), report=Report.of(reports), failed=tuple(failed))


def _not_indexed(package: PackageFile, error: ChaninfraError) -> Failed:
    """A package that was uploaded, and whose commit failed."""
    indexed = "not" if isinstance(error, RefusedError) else "possibly not"
    text = f"{error.message}; {package.path_in_channel} is in the bucket, but {indexed} in the index"
    return Failed(package=package, error=type(error)(text, where=error.where, remedy=error.remedy))


def _commit_or_wait(
    channel: Channel, subdir_index: SubdirIndex, uploads: Callable[[], list[Uploaded]], sidecars: _Sidecars
) -> tuple[Applied, SubdirReport]:
    if channel.descriptor.index.only_a_follower_commits:
        from chaninfra.index.follow.wait import wait_for_follower

        return wait_for_follower(channel, subdir_index, uploads(), sidecars)
    return _commit(subdir_index, uploads, sidecars)


def _commit(
    subdir_index: SubdirIndex, uploads: Callable[[], list[Uploaded]], sidecars: _Sidecars
) -> tuple[Applied, SubdirReport]:
    signatures, summaries = Signatures(subdir_index), Summaries(subdir_index)

    def change() -> Change:
        # A package without a sidecar on disk may have one in the bucket.
        signatures.start(path for path, sidecar in sidecars.items() if sidecar is None)
        records = {}
        appends = []
        for uploaded in uploads():
            file = uploaded.package.path.name
            package = uploaded.package.package
            records[file] = package.index_record(file, subdir_index.subdir, uploaded.etag)
            summaries.add(summary_of(package.index, file, package.about))
            if sidecar := sidecars[uploaded.package.path_in_channel]:
                appends.append(partial(signatures.add, file, sidecar, fresh=uploaded.outcome == "uploaded"))
        # Beside the commit.
        summaries.start()
        run_all(subdir_index.runtime, appends)
        return Change(records=records, signatures=signatures.lookups(records))

    # Rule: commit even if the index has these records already. The new revision tells a re-index that found a package
    # missing before it was uploaded to start again.
    applied, report = commit_adopting(subdir_index, change)
    signed = sorted(applied.signed.keys() - applied.added.keys() - applied.replaced.keys())
    left_out = (*report.left_out, *signatures.left_out())
    notes = (*report.notes, *summaries.finish())
    return applied, dataclasses.replace(report, signed=(*report.signed, *signed), left_out=left_out, notes=notes)


def _reindex_if_replaced(
    channel: Channel, subdir_index: SubdirIndex, uploads: Sequence[Uploaded]
) -> tuple[set[str], SubdirReport | None]:
    """The packages (`<subdir>/<file>`) that another writer overwrote, and the report of the re-index that this needs.

    Rule: after a package was overwritten, HEAD it again once its record is committed. If another writer's bytes are
    there, their record may have been committed before ours, so the subdir is re-indexed.
    """
    overwritten = [uploaded for uploaded in uploads if uploaded.outcome == "replaced"]
    heads = run_all(
        subdir_index.runtime,
        [partial(subdir_index.store.head, key_of(channel, uploaded.package)) for uploaded in overwritten],
    )
    lost = {
        uploaded.package.path_in_channel
        for uploaded, entry in zip(overwritten, heads, strict=True)
        if entry is None or entry.etag != uploaded.etag
    }
    if not lost or channel.descriptor.index.only_a_follower_commits:
        return lost, None
    from chaninfra.index.reindex import reindex_subdir

    return lost, reindex_subdir(subdir_index)


def first_index(subdir_index: SubdirIndex) -> list[SubdirReport]:
    """Index noarch if it has no index: clients do not accept a channel without one, and an assumed channel may never
    have been initialized.
    """
    if subdir_index.store.head(authority_key(subdir_index)) is not None:
        return []
    from chaninfra.index.reindex import reindex_subdir

    return [reindex_subdir(subdir_index)]
