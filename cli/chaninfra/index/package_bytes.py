"""The bytes of a package file as they go out: the ones that were checked before, or none."""

from __future__ import annotations

import hashlib
import io
import os
from typing import NoReturn

from chaninfra.channel.errors import ConfigurationError
from chaninfra.index.package_file import PackageFile, unreadable


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
