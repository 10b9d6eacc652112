"""The packages that lock files need: pixi.lock, conda-lock.yml, and explicit files (`@EXPLICIT`).

A package is found by the name of its file or its sha256, whatever URL it has: the same channel is read by s3://, by
https:// and from mirrors.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote, urlsplit

from chaninfra.channel.conda.filenames import suffix_of
from chaninfra.channel.conda.subdirs import KNOWN_SUBDIRS, Subdir
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.text import shown

_MAX_BYTES = 256 << 20
_EXPLICIT = "@EXPLICIT"
_SHA256 = re.compile(r"(?:sha256:)?([0-9a-f]{64})")
_MD5 = re.compile(r"(?:md5:)?([0-9a-f]{32})")
_TOKEN = re.compile(r"\A/t/[^/]+(?=/)")
_FORMS = "give a pixi.lock, a conda-lock.yml, or a file of `conda list --explicit`"


@dataclass(frozen=True, kw_only=True)
class LockedPackage:
    """A package that a lock file names."""

    channel: str
    """The URL of its channel, as `channel_url` spells it; of a file without one, the URL of its folder."""
    subdir: Subdir | None
    """None: its URL has none."""
    file: str
    sha256: str | None
    """Hex; None: the lock does not tell it."""
    md5: str | None

    @property
    def path_in_channel(self) -> str:
        """`<subdir>/<file>`, for a message."""
        return f"{self.subdir}/{self.file}" if self.subdir else self.file


@dataclass(frozen=True, kw_only=True)
class Lock:
    """What a lock file needs."""

    path: str
    packages: tuple[LockedPackage, ...]
    """Each once, in the order of the file."""

    @cached_property
    def files(self) -> frozenset[str]:
        """The names of their files."""
        return frozenset(package.file for package in self.packages)

    @cached_property
    def hashes(self) -> frozenset[str]:
        """The sha256 (hex) of its packages, of those of which it tells them."""
        return frozenset(package.sha256 for package in self.packages if package.sha256 is not None)

    def needs(self, file: str, sha256: str | None) -> bool:
        """Whether it needs the package with this file name, or these bytes."""
        return file in self.files or sha256 in self.hashes


def read_lock(path: Path) -> Lock:
    """What this lock file needs. Raises ConfigurationError where it cannot be read, or has no package of conda."""
    found = tuple(dict.fromkeys(_entries(path)))
    if not found:
        raise ConfigurationError(
            "the lock file has no package of conda", where=str(path), remedy=f"leave it out; or {_FORMS}"
        )
    return Lock(path=str(path), packages=found)


def channel_url(url: str) -> str:
    """The URL of a channel in one spelling, to compare two, and to show: without user, password, token (`/t/…`), query
    and the final slash.
    """
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return ""
    place = parts.netloc.rpartition("@")[2].lower()
    start = f"{parts.scheme}://{place}" if parts.scheme else ""
    return f"{start}{_TOKEN.sub('', parts.path).rstrip('/')}"


def _entries(path: Path) -> Iterator[LockedPackage]:
    """The packages of conda in a lock file."""
    try:
        with path.open("rb") as file:
            # Not by its size: a device has none.
            data = file.read(_MAX_BYTES + 1)
        if len(data) > _MAX_BYTES:
            raise ConfigurationError(f"is larger than {_MAX_BYTES >> 20} MiB", where=str(path), remedy=_FORMS)
        text = data.decode("utf-8-sig")
    except FileNotFoundError as error:
        raise ConfigurationError("there is no such file", where=str(path), remedy=_FORMS) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError("is not text in UTF-8", where=str(path), remedy=_FORMS) from error
    except OSError as error:
        raise ConfigurationError(f"cannot be read: {error.strerror}", where=str(path), remedy=_FORMS) from error
    if not text.strip():
        raise ConfigurationError("the lock file is empty", where=str(path), remedy=f"leave it out; or {_FORMS}")
    lines = [line.strip() for line in text.splitlines()]
    if _EXPLICIT in lines:
        yield from _explicit(path, lines)
    else:
        yield from _locked(path)


def _explicit(path: Path, lines: list[str]) -> Iterator[LockedPackage]:
    for number, line in enumerate(lines, 1):
        if not line or line.startswith(("#", "@")):
            continue
        url, _, digest = line.partition("#")
        sha256, md5 = _SHA256.fullmatch(digest.lower()), _MD5.fullmatch(digest.lower())
        package = _locked_package(url, sha256[1] if sha256 else None, md5[1] if md5 else None)
        if package is None:
            raise ConfigurationError(
                f"line {number} is not the URL of a package: {shown(line)}", where=str(path), remedy=_FORMS
            )
        if digest and not (sha256 or md5):
            raise ConfigurationError(
                f"line {number} has a hash that is neither an md5 nor `sha256:` with 64 digits: {shown(line)}",
                where=str(path),
                remedy=f"write it again by `conda list --explicit --sha256`; or {_FORMS}",
            )
        yield package


def _locked(path: Path) -> Iterator[LockedPackage]:
    from rattler.lock import CondaLockedPackage, LockFile

    try:
        environments = LockFile.from_path(path).environments()
    except Exception as error:
        # py-rattler raises exceptions of many kinds.
        why = next(iter(str(error).splitlines()), type(error).__name__)
        raise ConfigurationError(
            f"is not a lock file that can be read: {why}", where=str(path), remedy=_FORMS
        ) from error
    for _, environment in environments:
        for packages in environment.packages_by_platform().values():
            for package in packages:
                if not isinstance(package, CondaLockedPackage):
                    continue
                # Not `package.hashes`: those of a package without any cannot be asked.
                record = package.package_record
                sha256, md5 = (record.sha256, record.md5) if record else (None, None)
                found = _locked_package(package.location, sha256.hex() if sha256 else None, md5.hex() if md5 else None)
                if found is not None:
                    yield found


def _locked_package(url: str, sha256: str | None, md5: str | None) -> LockedPackage | None:
    """The package at a URL; None: it is no conda package."""
    try:
        folder, _, file = urlsplit(url).path.rpartition("/")
    except ValueError:
        return None
    if not suffix_of(file := unquote(file)):
        return None
    within, _, last = folder.rpartition("/")
    subdir = next((each for each in KNOWN_SUBDIRS if each == last), None)
    url_of_folder = channel_url(urlsplit(url)._replace(path=within if subdir else folder).geturl())
    return LockedPackage(channel=url_of_folder, subdir=subdir, file=file, sha256=sha256, md5=md5)
