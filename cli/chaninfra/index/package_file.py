"""A package file on this machine: what it says of itself, checked before anything is uploaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.subdirs import KNOWN_SUBDIRS, Subdir
from chaninfra.channel.text import nearest
from chaninfra.index.package_archive import Package, read_file
from chaninfra.index.record import SUFFIXES, PackageError, suffix_of


@dataclass(frozen=True, kw_only=True)
class PackageFile:
    """A conda package on disk; `md5` and `sha256` are hex digests of its bytes."""

    path: Path
    subdir: Subdir
    package: Package

    @property
    def name(self) -> str:
        """The name of the package, as it is written in it."""
        return self.package.index.name

    @property
    def version(self) -> str:
        """The version, as it is written in the package."""
        return self.package.index.version

    @property
    def build(self) -> str:
        """The build string."""
        return self.package.index.build

    @property
    def size(self) -> int:
        """In bytes."""
        return self.package.size

    @property
    def md5(self) -> str:
        """A hex digest of the bytes."""
        return self.package.md5

    @property
    def sha256(self) -> str:
        """A hex digest of the bytes."""
        return self.package.sha256

    @property
    def label(self) -> str:
        """`<subdir>/<file>`, its key in a channel."""
        return f"{self.subdir}/{self.path.name}"


def unreadable(path: Path, error: OSError) -> ConfigurationError:
    """The error for a package file that cannot be read."""
    return ConfigurationError(
        f"cannot be read: {error.strerror}", where=str(path), remedy="check the path and its permissions"
    )


def read(path: Path) -> PackageFile:
    """What the package's own `info/index.json` says; its file name must agree.

    Raises ConfigurationError where the file cannot be read, is no conda package, or is named like another one.
    """
    suffix = suffix_of(path.name)
    if suffix is None:
        raise ConfigurationError(
            "is not named like a conda package", where=str(path), remedy=f"its name ends in {' or '.join(SUFFIXES)}"
        )
    try:
        package = read_file(path, suffix)
    except OSError as error:
        raise unreadable(path, error) from error
    except PackageError as error:
        raise ConfigurationError(str(error), where=str(path), remedy="build or download it again") from error
    if not package.index.named_in(path.name):
        expected = package.index.label()
        raise ConfigurationError(
            f"the package inside is {expected}",
            where=str(path),
            remedy=f"name the file {expected}{suffix}: clients find packages by that name",
        )
    subdir = package.index.subdir
    known = next((one for one in KNOWN_SUBDIRS if one == subdir), None)
    if known is None:
        raise ConfigurationError(
            f"the package is for the subdir {subdir!r}, which is not known",
            where=str(path),
            remedy=nearest(str(subdir), KNOWN_SUBDIRS),
        )
    return PackageFile(path=path, subdir=known, package=package)
