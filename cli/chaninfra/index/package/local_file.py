"""A package file on this machine: what it says of itself, checked before anything is uploaded."""

from __future__ import annotations

import hashlib
import io
import os
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from chaninfra.channel.conda.subdirs import KNOWN_SUBDIRS, Subdir
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.text import nearest
from chaninfra.index.package.archive import IndexedPackage, read_file
from chaninfra.index.package.index_json import SUFFIXES, PackageError, suffix_of


@dataclass(frozen=True, kw_only=True)
class PackageFile:
    """A conda package on disk; `md5` and `sha256` are hex digests of its bytes."""

    path: Path
    subdir: Subdir
    package: IndexedPackage

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


def read_bytes(package: PackageFile) -> bytes:
    """The bytes. Raises ConfigurationError where the file cannot be read or has others by now."""
    try:
        data = package.path.read_bytes()
    except OSError as error:
        raise unreadable(package.path, error) from error
    if hashlib.sha256(data).hexdigest() != package.sha256:
        raise _changed(package)
    return data


class PackageBytes(io.BufferedReader):
    """The file, open to be read from front to back, more than once where a request is sent again.

    The last bytes are given out only where all are those that were checked, so that no upload of others is ever whole.
    Raises ConfigurationError where they are not, or cannot be read; `error` keeps it, since a client that was reading
    may raise another one in its place.
    """

    def __init__(self, package: PackageFile) -> None:
        try:
            super().__init__(io.FileIO(package.path))
        except OSError as error:
            raise unreadable(package.path, error) from error
        self.error: ConfigurationError | None = None
        self._package = package
        self._digest = hashlib.sha256()
        self._given = 0

    def seek(self, target: int, whence: int = os.SEEK_SET, /) -> int:
        """See io; the end must be where it was."""
        place = super().seek(target, whence)
        if whence == os.SEEK_END and place != self._package.size:
            self._fail(_changed(self._package))
        return place

    def read(self, size: int | None = -1, /) -> bytes:
        """See io."""
        try:
            if self.tell() == 0:
                self._digest, self._given = hashlib.sha256(), 0
            data = super().read(size)
        except OSError as error:
            self._fail(unreadable(self._package.path, error))
        self._digest.update(data)
        self._given += len(data)
        short = size is None or size < 0 or len(data) < size
        whole = self._given == self._package.size and self._digest.hexdigest() == self._package.sha256
        if not whole and (short or self._given >= self._package.size):
            self._fail(_changed(self._package))
        return data

    def _fail(self, error: ConfigurationError) -> NoReturn:
        self.error = error
        raise error


def _changed(package: PackageFile) -> ConfigurationError:
    return ConfigurationError(
        "changed while it was published", where=str(package.path), remedy="publish it again once nothing writes to it"
    )
