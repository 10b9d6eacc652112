"""The packages that lock files need: pixi.lock, conda-lock.yml, and explicit files (`@EXPLICIT`).

A package is found by the name of its file or its sha256, whatever URL it has: the same channel is read by s3://, by
https:// and from mirrors.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from chaninfra.channel.conda.filenames import suffix_of
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.text import shown

_MAX_BYTES = 256 << 20
_EXPLICIT = "@EXPLICIT"
_SHA256 = re.compile(r"(?:sha256:)?([0-9a-f]{64})")
_FORMS = "give a pixi.lock, a conda-lock.yml, or a file of `conda list --explicit`"


@dataclass(frozen=True, kw_only=True)
class Lock:
    """What a lock file needs."""

    path: str
    files: frozenset[str]
    hashes: frozenset[str]
    """The sha256 (hex) of its packages, of those of which it tells them."""

    def needs(self, file: str, sha256: str | None) -> bool:
        """Whether it needs the package with this file name, or these bytes."""
        return file in self.files or sha256 in self.hashes


def read_lock(path: Path) -> Lock:
    """What this lock file needs. Raises ConfigurationError where it cannot be read, or has no package of conda."""
    found = [*_entries(path)]
    if not found:
        raise ConfigurationError(
            "the lock file has no package of conda", where=str(path), remedy=f"leave it out; or {_FORMS}"
        )
    return Lock(
        path=str(path),
        files=frozenset(file for file, _ in found),
        hashes=frozenset(sha256 for _, sha256 in found if sha256 is not None),
    )


def _entries(path: Path) -> Iterator[tuple[str, str | None]]:
    """(name of the file, sha256) of each package of conda in a lock file."""
    try:
        size = path.stat().st_size
        if size > _MAX_BYTES:
            raise ConfigurationError(f"is larger than {_MAX_BYTES >> 20} MiB", where=str(path), remedy=_FORMS)
        text = path.read_text("utf-8")
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


def _explicit(path: Path, lines: list[str]) -> Iterator[tuple[str, str | None]]:
    for number, line in enumerate(lines, 1):
        if not line or line.startswith(("#", "@")):
            continue
        url, _, digest = line.partition("#")
        file = _file_in(url)
        if file is None:
            raise ConfigurationError(
                f"line {number} is not the URL of a package: {shown(line)}", where=str(path), remedy=_FORMS
            )
        sha256 = _SHA256.fullmatch(digest.lower())
        yield file, sha256[1] if sha256 else None


def _locked(path: Path) -> Iterator[tuple[str, str | None]]:
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
                file = _file_in(package.location) if isinstance(package, CondaLockedPackage) else None
                if file is not None:
                    digest = package.hashes.sha256 if package.hashes else None
                    yield file, digest.hex() if digest else None


def _file_in(url: str) -> str | None:
    """The name of the package's file in a URL; None: it is no conda package."""
    file = unquote(urlsplit(url).path.rpartition("/")[2])
    return file if suffix_of(file) else None
