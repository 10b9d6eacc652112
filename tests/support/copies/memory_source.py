"""A source in memory, which notes what is read of it."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Collection, Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Raw

from chaninfra.channel.conda.filenames import PackageFileName, package_name, table_and_key
from chaninfra.channel.conda.subdirs import KNOWN_SUBDIRS, Subdir
from chaninfra.channel.conda.yank import Yank
from chaninfra.index.copy.source import S3Object, SourcePackage

URL = "https://conda.example.com/staging"


def sha256_of(path_in_channel: str) -> str:
    """The sha256 that the records of a `MemorySource` have."""
    return hashlib.sha256(path_in_channel.encode()).hexdigest()


def md5_of(path_in_channel: str) -> str:
    """The md5 that the records of a `MemorySource` have."""
    return hashlib.md5(path_in_channel.encode(), usedforsecurity=False).hexdigest()


class MemorySource:
    """Packages without bytes: only what an index says of them."""

    def __init__(self, url: str = URL, *, tells_patches: bool = True) -> None:
        self.url = url
        self.tells_patches = tells_patches
        self.reads: list[tuple[Subdir, frozenset[str] | None]] = []
        """(subdir, names) of each reading."""
        self._packages: dict[str, SourcePackage] = {}

    def add(self, *paths: str, yanked: bool = False, v3: bool = False, **fields: Any) -> None:
        """Add packages, `a-1-0.conda` (noarch) or `linux-64/a-1-0.conda`. Their records have these fields besides the
        usual ones; one of None is left out.
        """
        for path in paths:
            subdir, _, file = path.rpartition("/")
            known = next(each for each in KNOWN_SUBDIRS if each == (subdir or "noarch"))
            at = f"{known}/{file}"
            usual = {
                **PackageFileName.parse(file).record(),
                "build_number": 0,
                "depends": [],
                "subdir": known,
                "size": 10,
                "md5": md5_of(at),
                "sha256": sha256_of(at),
            }
            record = {key: value for key, value in {**usual, **fields}.items() if value is not None}
            table, key = table_and_key(file, v3=v3)
            self._packages[at] = SourcePackage(
                subdir=known,
                file=file,
                table=table,
                key=key,
                record=Raw(msgspec.json.encode(record)),
                yank=Yank(when="2026-11-01T00:00:00+00:00", table=table, record=record) if yanked else None,
            )

    def add_raw(self, path: str, record: bytes) -> None:
        """Add a package with this record, whatever it is."""
        self.add(path)
        at = path if "/" in path else f"noarch/{path}"
        self._packages[at] = dataclasses.replace(self._packages[at], record=Raw(record))

    def remove(self, path: str) -> None:
        """Let a package be gone."""
        del self._packages[path if "/" in path else f"noarch/{path}"]

    def yank(self, path: str, reason: str) -> None:
        """Let a package be yanked."""
        at = path if "/" in path else f"noarch/{path}"
        yank = Yank(when="2026-11-01T00:00:00+00:00", reason=reason)
        self._packages[at] = dataclasses.replace(self._packages[at], yank=yank)

    def subdirs(self) -> Sequence[Subdir]:
        """Those with packages."""
        return [each for each in KNOWN_SUBDIRS if any(package.subdir == each for package in self._packages.values())]

    def names(self, subdir: Subdir) -> Collection[str]:
        """The names of all packages."""
        return {package_name(each.file) for each in self._packages.values() if each.subdir == subdir}

    def packages(self, subdir: Subdir, names: Collection[str] | None = None) -> Iterator[SourcePackage]:
        """Those of the subdir."""
        self.reads.append((subdir, None if names is None else frozenset(names)))
        for package in [*self._packages.values()]:
            if package.subdir == subdir and (names is None or package_name(package.file) in names):
                yield package

    def refused(self) -> Sequence[str]:
        """Nothing."""
        return ()

    def passes_over(self, subdir: Subdir, file: str) -> bool:
        """See Source."""
        return False

    def chunks(self, package: SourcePackage) -> Iterator[bytes]:
        """There are no bytes."""
        raise AssertionError(f"{package.path_in_channel} has no bytes here")

    def sidecar(self, package: SourcePackage, most: int) -> bytes | None:
        """None."""
        return None

    def s3_object(self, package: SourcePackage) -> S3Object | None:
        """It is in no store."""
        return None
