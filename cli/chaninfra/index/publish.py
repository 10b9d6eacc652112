"""Publishing: packages in, indexed packages in the channel. Neither is a listing read, nor any other package."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from chaninfra.channel.conda.index_files import REPODATA
from chaninfra.channel.conda.subdirs import KNOWN_SUBDIRS, NOARCH, Subdir
from chaninfra.channel.errors import ChaninfraError, ConfigurationError, RefusedError
from chaninfra.index.channel import Channel
from chaninfra.index.commit.change import Applied, Change
from chaninfra.index.commit.commit import check_writable, commit_adopting
from chaninfra.index.package.local_file import PackageFile
from chaninfra.index.report import Report, SubdirReport
from chaninfra.index.runtime import Threads, run_all
from chaninfra.index.subdir_index import SubdirIndex
from chaninfra.index.upload import IN_ONE_PUT, Existing, Outcome, Uploaded, key_of, look, taken, upload

_UPLOADS_AT_ONCE = 8


class Progress(Protocol):
    """Who is told how far it is."""

    def package(self, label: str) -> None:
        """The upload of this package starts."""

    def advance(self, size: int) -> None:
        """So many bytes more are done; called from several threads."""

    def indexing(self) -> None:
        """All packages are there, the index is next."""


@dataclass(frozen=True, kw_only=True)
class PublishedPackage:
    """A package, where it is now, and what was done for that. One that is yanked stays out of the index."""

    package: PackageFile
    url: str
    outcome: Outcome
    yanked: bool = False


@dataclass(frozen=True, kw_only=True)
class Failed:
    """A package that was not published, and why."""

    package: PackageFile
    error: ChaninfraError


@dataclass(frozen=True, kw_only=True)
class Published:
    """What was published, the index of the subdirs concerned, and the packages for which that failed."""

    packages: tuple[PublishedPackage, ...]
    report: Report
    failed: tuple[Failed, ...] = ()

    @property
    def error(self) -> ChaninfraError | None:
        """That of the packages that failed, of the first one's kind; None where there are none."""
        return _together(self.failed) if self.failed else None


def publish(channel: Channel, packages: Sequence[PackageFile], existing: Existing, progress: Progress) -> Published:
    """Upload the packages and index them; nothing is uploaded where one of them cannot be.

    What fails only then, since another writer was faster for one, is told in what comes back, and the rest is indexed.
    Where no index was looked after for that, raises what it was: ConfigurationError, ConflictError, StorageError and
    its kinds.
    """
    packages = _checked(channel, packages)
    if len(packages) == 1 and packages[0].size <= IN_ONE_PUT:
        # The index is read while it goes out.
        (package,) = packages
        progress.package(package.label)
        upload_it = channel.means.go(partial(upload, channel, package, existing, progress.advance))
        return _publish_into({package.subdir: lambda: [upload_it()]}, [], channel, progress)
    uploaded, failed = _upload(channel, packages, existing, progress)
    by_subdir: dict[Subdir, list[Uploaded]] = {}
    for each in uploaded:
        by_subdir.setdefault(each.package.subdir, []).append(each)
    return _publish_into({subdir: partial(list, each) for subdir, each in by_subdir.items()}, failed, channel, progress)


def _together(failed: Sequence[Failed]) -> ChaninfraError:
    first = failed[0].error
    if len({each.error.message for each in failed}) == 1:
        return first
    named = "\n  ".join(f"{each.package.label}: {each.error.message}" for each in failed)
    return type(first)(f"{len(failed)} packages were not published:\n  {named}", where=first.where, remedy=first.remedy)


def _checked(channel: Channel, packages: Sequence[PackageFile]) -> list[PackageFile]:
    """Each package once."""
    seen: dict[str, PackageFile] = {}
    for package in packages:
        other = seen.setdefault(package.label, package)
        if other.sha256 != package.sha256:
            raise ConfigurationError(
                f"has the name of {other.path} and other bytes", where=str(package.path), remedy="give one of them"
            )
        declared = channel.descriptor.subdirs
        if channel.origin == "descriptor" and package.subdir not in declared:
            raise ConfigurationError(
                f"the package is for {package.subdir}, and the channel has {', '.join(declared)}",
                where=str(package.path),
                remedy=f"add {package.subdir} to `subdirs` in the stack config and run `pulumi up`",
            )
    return list(seen.values())


def _upload(
    channel: Channel, packages: Sequence[PackageFile], existing: Existing, progress: Progress
) -> tuple[list[Uploaded], list[Failed]]:
    """What is in the channel now, and what is not. Raises where something is to be refused before any goes out."""
    for subdir in sorted({package.subdir for package in packages}):
        check_writable(channel.target(subdir))
    there = run_all(channel.means, [partial(look, channel, package) for package in packages])
    differing = [package.label for package, found in zip(packages, there, strict=True) if found == "differs"]
    if differing and existing == "refuse":
        raise taken(channel, differing)
    done = [found for found in there if isinstance(found, Uploaded)]
    for present in done:
        progress.advance(present.package.size)
    missing = [package for package, found in zip(packages, there, strict=True) if not isinstance(found, Uploaded)]
    failed: list[Failed] = []

    def one(package: PackageFile) -> None:
        progress.package(package.label)
        try:
            done.append(upload(channel, package, existing, progress.advance))
        except ChaninfraError as error:
            failed.append(Failed(package=package, error=error))

    # Few at a time, since each is in memory; and the large ones, which go out in parts at once, one after the other.
    run_all(Threads(_UPLOADS_AT_ONCE), [partial(one, package) for package in missing if package.size <= IN_ONE_PUT])
    for package in missing:
        if package.size > IN_ONE_PUT:
            one(package)
    order = {package.label: place for place, package in enumerate(packages)}

    def place(each: Uploaded | Failed) -> int:
        return order[each.package.label]

    return sorted(done, key=place), sorted(failed, key=place)


def _publish_into(
    uploads: dict[Subdir, Callable[[], list[Uploaded]]], failed: list[Failed], channel: Channel, progress: Progress
) -> Published:
    """One commit a subdir. `uploads` wait for what is still going out, `failed` is what did not."""
    if failed and not uploads:
        raise _together(failed)
    progress.indexing()
    published: list[PublishedPackage] = []
    reports: list[SubdirReport] = []
    if channel.origin == "assumed" and NOARCH not in uploads:
        reports += _first_index(channel.target(NOARCH))
    for subdir in KNOWN_SUBDIRS:
        if subdir not in uploads:
            continue
        target = channel.target(subdir)
        try:
            applied, found = _commit(target, uploads[subdir])
            packages = uploads[subdir]()
            lost, again = _replaced_again(channel, target, packages)
        except ChaninfraError as error:
            failed += [_not_indexed(each.package, error) for each in uploads[subdir]()]
            continue
        lost |= {f"{subdir}/{file}" for file in applied.overtaken}
        failed += [
            Failed(package=each.package, error=taken(channel, [each.package.label]))
            for each in packages
            if each.package.label in lost
        ]
        published += [
            PublishedPackage(
                package=each.package,
                url=channel.url(subdir, each.package.path.name),
                outcome=each.outcome,
                yanked=each.package.path.name in applied.yanked,
            )
            for each in packages
            if each.package.label not in lost
        ]
        reports.append(_besides(packages, found, again))
    if not reports:
        raise _together(failed)
    return Published(packages=tuple(published), report=Report.of(reports), failed=tuple(failed))


def _not_indexed(package: PackageFile, error: ChaninfraError) -> Failed:
    """A package that was uploaded, where the commit failed."""
    sure = "not" if isinstance(error, RefusedError) else "perhaps not"
    text = f"{error.message}; {package.label} is in the bucket, and {sure} in the index"
    return Failed(package=package, error=type(error)(text, where=error.where, remedy=error.remedy))


def _commit(target: SubdirIndex, uploads: Callable[[], list[Uploaded]]) -> tuple[Applied, SubdirReport]:
    def change() -> Change:
        return Change(
            records={
                each.package.path.name: each.package.package.packaged(each.package.path.name, target.subdir, each.etag)
                for each in uploads()
            }
        )

    # Rule: also where the index says all that already. The new revision tells a writer who found a package missing just
    # before it came that it is there.
    return commit_adopting(target, change)


def _replaced_again(
    channel: Channel, target: SubdirIndex, packages: Sequence[Uploaded]
) -> tuple[set[str], SubdirReport | None]:
    """Rule: who overwrote a package looks at it again once its record is committed. Where another writer's bytes are
    there by now, their record may be from before ours, so the subdir is re-indexed."""
    forced = [each for each in packages if each.outcome == "replaced"]
    found = run_all(target.means, [partial(target.store.head, key_of(channel, each.package)) for each in forced])
    lost = {
        each.package.label
        for each, entry in zip(forced, found, strict=True)
        if entry is None or entry.etag != each.etag
    }
    if not lost:
        return lost, None
    from chaninfra.index.reindex import reindex_subdir

    return lost, reindex_subdir(target)


def _besides(packages: Sequence[Uploaded], found: SubdirReport, again: SubdirReport | None) -> SubdirReport:
    """What re-indexes found besides the packages, which are named already."""
    reports = [found, again] if again else [found]
    named = {each.package.path.name for each in packages}
    left_out = {each.package: each for report in reports for each in report.left_out}
    return SubdirReport(
        subdir=found.subdir,
        before=found.before,
        after=reports[-1].after,
        added=tuple(sorted({file for report in reports for file in report.added} - named)),
        replaced=tuple(sorted({file for report in reports for file in report.replaced} - named)),
        dropped=tuple(sorted({file for report in reports for file in report.dropped})),
        yanked=tuple(sorted({file for report in reports for file in report.yanked} - named)),
        left_out=tuple(left_out.values()),
    )


def _first_index(target: SubdirIndex) -> list[SubdirReport]:
    """Nobody made a skeleton there, and clients take a channel without an index of noarch for none."""
    if target.store.head(target.key(REPODATA)) is not None:
        return []
    from chaninfra.index.reindex import reindex_subdir

    return [reindex_subdir(target)]
