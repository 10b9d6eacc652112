"""A package file on this machine: what it says of itself, checked before anything is uploaded."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.subdirs import KNOWN_SUBDIRS, PACKAGE_SUFFIXES, Subdir
from chaninfra.channel.text import nearest


@dataclass(frozen=True, kw_only=True)
class PackageFile:
    """A conda package on disk; `md5` and `sha256` are hex digests of its bytes."""

    path: Path
    name: str
    version: str
    build: str
    subdir: Subdir
    size: int
    md5: str
    sha256: str

    @property
    def label(self) -> str:
        """`<subdir>/<file>`, its key in a channel."""
        return f"{self.subdir}/{self.path.name}"


def read(path: Path) -> PackageFile:
    """What the package's own `info/index.json` says; its file name must agree.

    Raises ConfigurationError where the file cannot be read, is no conda package, or is named like another one.
    """
    if not path.name.endswith(PACKAGE_SUFFIXES):
        raise ConfigurationError(
            "is not named like a conda package", where=str(path), remedy=f"its name ends in {_or(PACKAGE_SUFFIXES)}"
        )
    try:
        size, md5, sha256 = _digests(path)
    except OSError as error:
        raise ConfigurationError(
            f"cannot be read: {error.strerror}", where=str(path), remedy="check the path and its permissions"
        ) from error
    name, version, build, subdir = identity(path)
    expected = f"{name}-{version}-{build}"
    stem = next(path.name.removesuffix(suffix) for suffix in PACKAGE_SUFFIXES if path.name.endswith(suffix))
    if stem.lower() != expected.lower():
        raise ConfigurationError(
            f"the package inside is {expected}",
            where=str(path),
            remedy=f"name the file {expected}{path.name.removeprefix(stem)}: clients find packages by that name",
        )
    known = next((one for one in KNOWN_SUBDIRS if one == subdir), None)
    if known is None:
        raise ConfigurationError(
            f"the package is for the subdir {subdir!r}, which is not known",
            where=str(path),
            remedy=nearest(str(subdir), KNOWN_SUBDIRS),
        )
    return PackageFile(
        path=path, name=name, version=version, build=build, subdir=known, size=size, md5=md5, sha256=sha256
    )


def identity(path: Path) -> tuple[str, str, str, str | None]:
    """Name, version, build and subdir in a package's `info/index.json`. Raises ConfigurationError."""
    from rattler.exceptions import ExtractError
    from rattler.package.index_json import IndexJson

    try:
        index = IndexJson.from_package_archive(path)
    except ExtractError as error:
        reason = str(error).split("\n", 1)[0]
        raise ConfigurationError(
            f"is no conda package: {reason}", where=str(path), remedy="build or download it again"
        ) from error
    return index.name.normalized, str(index.version), str(index.build), index.subdir


def _digests(path: Path) -> tuple[int, str, str]:
    # md5 is what stores name objects' content by (ETag); it protects nothing here.
    size, md5, sha256 = 0, hashlib.md5(usedforsecurity=False), hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            size += len(block)
            md5.update(block)
            sha256.update(block)
    return size, md5.hexdigest(), sha256.hexdigest()


def _or(words: tuple[str, ...]) -> str:
    return " or ".join(words)
