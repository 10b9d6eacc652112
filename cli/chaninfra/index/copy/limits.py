"""What keeps packages of a source out of a copy: pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from chaninfra.channel.conda.filenames import PackageFileName, package_name
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.conda.untrusted import MALFORMED
from chaninfra.index.copy.source import SourcePackage
from chaninfra.index.copy.words import Words
from chaninfra.index.prune.packages import came_at, order_of

Limit = Literal["excluded", "young", "of unknown age"]


@dataclass(frozen=True)
class Limits:
    """What may not be copied."""

    exclude: Words
    older_than_ms: int | None
    now_ms: int

    def why_not(self, package: SourcePackage) -> Limit | None:
        """What keeps the package out; None: nothing."""
        if self.exclude.naming(package):
            return "excluded"
        if self.older_than_ms is None:
            return None
        since = public_since(package)
        if since is None:
            return "of unknown age"
        return "young" if self.now_ms - since < self.older_than_ms else None


def public_since(package: SourcePackage) -> int | None:
    """Since when the package has been public, in ms since 1970: its `indexed_timestamp` (CEP 47), else its `timestamp`;
    None: that is not known.
    """
    try:
        return came_at(package.facts)
    except MALFORMED:
        return None


def newest(packages: Iterable[SourcePackage], number: int) -> Iterator[SourcePackage]:
    """Those of the newest versions of each name in each subdir, with all their builds.

    Only versions with a package that is not yanked count, where there is one; what is yanked and newer stays among the
    packages, so that its yank is copied. A version that cannot be compared is older than any other.
    """
    groups: dict[tuple[Subdir, str], list[SourcePackage]] = {}
    for package in packages:
        groups.setdefault((package.subdir, package_name(package.file)), []).append(package)
    for group in groups.values():
        versions = [order_of(_version(package)) for package in group]
        standing = {
            version
            for version, package in zip(versions, group, strict=True)
            if version is not None and package.yank is None
        }
        counted = sorted(standing or {version for version in versions if version is not None}, reverse=True)
        if len(counted) < number:
            yield from group
            continue
        oldest = counted[number - 1]
        yield from (
            package
            for version, package in zip(versions, group, strict=True)
            if version is not None and version >= oldest
        )


def _version(package: SourcePackage) -> str:
    """What the record says, or else the file name."""
    try:
        return package.facts.version or ""
    except MALFORMED:
        return PackageFileName.parse(package.file).version
