"""Package files on disk: read their metadata, check it, and read their bytes for an upload."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from errno import EISDIR
from pathlib import Path
from typing import NoReturn

from chaninfra.channel.conda.filenames import PACKAGE_SUFFIXES, stem_of, suffix_of
from chaninfra.channel.conda.subdirs import KNOWN_SUBDIRS, Subdir
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.text import one_line
from chaninfra.index.package.archive import IndexedPackage, read_file
from chaninfra.index.package.index_json import PackageError
from chaninfra.index.progress import SILENT, Progress


@dataclass(frozen=True, kw_only=True)
class PackageFile:
    """A conda package on disk, whose metadata and hashes were read."""

    path: Path
    subdir: Subdir
    package: IndexedPackage

    @property
    def name(self) -> str:
        """The package name in its `info/index.json`."""
        return self.package.index.name

    @property
    def version(self) -> str:
        """The version in its `info/index.json`."""
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
        """Hex digest of the file."""
        return self.package.md5

    @property
    def sha256(self) -> str:
        """Hex digest of the file."""
        return self.package.sha256

    @property
    def path_in_channel(self) -> str:
        """`<subdir>/<file>`: the object key, relative to the channel."""
        return f"{self.subdir}/{self.path.name}"


def read_all(paths: Sequence[Path], progress: Progress = SILENT) -> list[PackageFile]:
    """Read package files, see `read`. Raises one ConfigurationError that names all which cannot be published."""
    packages: list[PackageFile] = []
    refused: list[ConfigurationError] = []
    progress.stage("reading and hashing", len(paths), sum(map(_size, paths)))
    for path in paths:
        progress.at(path.name)
        try:
            packages.append(read(path, progress.advance))
            progress.done()
        except ConfigurationError as error:
            refused.append(error)
    if refused:
        raise all_refused(refused, len(paths))
    return packages


def all_refused(errors: Sequence[ConfigurationError], files: int) -> ConfigurationError:
    """One error for those of `files` files that cannot be published, each with its remedy."""
    if files == 1:
        return errors[0]
    lines = [f"{error.summary}; {error.remedy}" for error in errors]
    return ConfigurationError(
        "\n  ".join([f"{len(errors)} of {files} files cannot be published; nothing was uploaded:", *lines]),
        remedy="correct it, or leave it out" if len(errors) == 1 else "correct these, or leave them out",
    )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except (OSError, ValueError):
        # `read` says what is wrong.
        return 0


def read(path: Path, advance: Callable[[int], None] = lambda _: None) -> PackageFile:
    """Read a package file. Its file name and subdir must be those of its `info/index.json`, which CEP 26 must allow.
    `advance` is called with the numbers of bytes that were read.

    Raises ConfigurationError where the file cannot be read, is not a conda package, or has a name that is not allowed
    or another package's.
    """
    suffix = suffix_of(path.name)
    if suffix is None:
        if os.path.isdir(path):  # noqa: PTH112 - Path.is_dir raises for a name that is too long.
            raise read_error(path, IsADirectoryError(EISDIR, "Is a directory"))
        raise ConfigurationError(
            "is not named like a conda package",
            where=str(path),
            remedy=f"give a file whose name ends in {' or '.join(PACKAGE_SUFFIXES)}",
        )
    try:
        package = read_file(path, suffix, advance)
    except OSError as error:
        raise read_error(path, error) from error
    except PackageError as error:
        raise ConfigurationError(str(error), where=str(path), remedy="build or download it again") from error
    if broken := package.index.broken_rule:
        raise ConfigurationError(broken, where=str(path), remedy="change it in the recipe and build the package again")
    if stem_of(path.name) != package.index.dist:
        dist = package.index.dist
        raise ConfigurationError(
            f"the package inside is {dist}",
            where=str(path),
            remedy=f"name the file {dist}{suffix}: clients find packages by that name",
        )
    own = package.index.own_subdir
    if own is None:
        raise ConfigurationError(
            "the package does not say which subdir it is for: its info/index.json has neither `subdir` nor `platform`",
            where=str(path),
            remedy="build it again; or put it into the folder of its subdir and run `chaninfra reindex`",
        )
    subdir = next((known for known in KNOWN_SUBDIRS if known == own), None)
    if subdir is None:
        raise ConfigurationError(
            f"the package is for the subdir {one_line(own)}, which chaninfra does not know",
            where=str(path),
            remedy=f"build it for one that it knows: {', '.join(KNOWN_SUBDIRS)}",
        )
    return PackageFile(path=path, subdir=subdir, package=package)


def read_bytes(package: PackageFile) -> bytes:
    """The file's bytes. Raises ConfigurationError where it cannot be read, or has changed since `read`."""
    try:
        data = package.path.read_bytes()
    except OSError as error:
        raise read_error(package.path, error) from error
    if hashlib.sha256(data).hexdigest() != package.sha256:
        raise _changed(package)
    return data


class PackageBytes(io.BufferedReader):
    """The open file for an upload: read from front to back, and again from the start where a request is repeated.

    The last bytes are returned only if the sha256 of all bytes is the one that was checked, so an upload of other bytes
    never completes. Raises ConfigurationError where the file has changed or cannot be read. `error` keeps that error,
    since the client that reads the file may raise another one instead.
    """

    def __init__(self, package: PackageFile) -> None:
        try:
            super().__init__(io.FileIO(package.path))
        except OSError as error:
            raise read_error(package.path, error) from error
        self.error: ConfigurationError | None = None
        self._package = package
        self._digest = hashlib.sha256()
        self._returned = 0

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        """See io. Seeking to the end fails if the file's size has changed."""
        position = super().seek(offset, whence)
        if whence == os.SEEK_END and position != self._package.size:
            self._fail(_changed(self._package))
        return position

    def read(self, size: int | None = -1, /) -> bytes:
        """See io."""
        try:
            if self.tell() == 0:
                self._digest, self._returned = hashlib.sha256(), 0
            data = super().read(size)
        except OSError as error:
            self._fail(read_error(self._package.path, error))
        self._digest.update(data)
        self._returned += len(data)
        at_end = size is None or size < 0 or len(data) < size
        complete = self._returned == self._package.size and self._digest.hexdigest() == self._package.sha256
        if not complete and (at_end or self._returned >= self._package.size):
            self._fail(_changed(self._package))
        return data

    def _fail(self, error: ConfigurationError) -> NoReturn:
        self.error = error
        raise error


def read_error(path: Path, error: OSError) -> ConfigurationError:
    """The error for a package file that cannot be read."""
    remedy = "check the path and its permissions"
    if isinstance(error, FileNotFoundError) and set("*?[") & set(path.name):
        remedy = "no file has a name like this: a shell replaces a pattern by the names of the files that it finds"
    elif isinstance(error, IsADirectoryError):
        remedy = f"name the files in it: {path}/*.conda"
    return ConfigurationError(f"cannot be read: {error.strerror}", where=str(path), remedy=remedy)


def _changed(package: PackageFile) -> ConfigurationError:
    return ConfigurationError(
        "changed while it was published", where=str(package.path), remedy="publish it again once nothing writes to it"
    )
