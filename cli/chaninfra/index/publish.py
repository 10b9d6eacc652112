"""Publishing: packages in, indexed packages in the channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from chaninfra.channel.errors import ConfigurationError, ConflictError
from chaninfra.channel.subdirs import KNOWN_SUBDIRS, NOARCH, Subdir
from chaninfra.index.channel import Channel
from chaninfra.index.indexer import Indexer, Report
from chaninfra.index.package_file import PackageFile
from chaninfra.index.reference import ReferenceIndexer
from chaninfra.index.upload import Existing, Outcome, plan, upload


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
    """A package, where it is now, and what was done for that."""

    package: PackageFile
    url: str
    outcome: Outcome


@dataclass(frozen=True, kw_only=True)
class Published:
    """What was published, and the index of the subdirs concerned."""

    packages: tuple[PublishedPackage, ...]
    report: Report


def publish(
    channel: Channel,
    packages: Sequence[PackageFile],
    existing: Existing,
    progress: Progress,
    indexer: Indexer | None = None,
) -> Published:
    """Upload the packages and index their subdirs; nothing is uploaded where one of them cannot be.

    What another writer took meanwhile is refused after the rest was indexed. Raises ConfigurationError,
    ConflictError, StorageError and its kinds.
    """
    _check(channel, packages)
    planned = plan(channel, packages, existing)
    done: list[PublishedPackage] = []
    lost: ConflictError | None = None
    for each in planned:
        if each.state != "present":
            progress.package(each.package.label)
        try:
            outcome = upload(channel, each, existing, progress.advance)
        except ConflictError as error:
            lost = error
            continue
        done.append(
            PublishedPackage(
                package=each.package,
                url=channel.url(each.package.subdir, each.package.path.name),
                outcome=outcome,
            )
        )
    progress.indexing()
    report = _index(channel, done, indexer or ReferenceIndexer())
    if lost is not None:
        raise lost
    return Published(packages=tuple(done), report=report)


def _check(channel: Channel, packages: Sequence[PackageFile]) -> None:
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


def _index(channel: Channel, done: Sequence[PublishedPackage], indexer: Indexer) -> Report:
    touched: dict[Subdir, bool] = {each.package.subdir: False for each in done}
    if channel.origin == "assumed":
        # Nobody made a skeleton there, and clients take a channel without an index of noarch for none.
        touched.setdefault(NOARCH, False)
    for each in done:
        touched[each.package.subdir] |= each.outcome == "replaced"
    reports = []
    for subdir in KNOWN_SUBDIRS:
        if subdir in touched:
            # The indexer takes a name that it knows for a package that it knows, so overwritten ones are read again.
            reports.append(indexer.reindex(channel, [subdir], "all" if touched[subdir] else "changed"))
    return Report(
        subdirs=tuple(each for report in reports for each in report.subdirs),
        left_out=tuple(each for report in reports for each in report.left_out),
    )
