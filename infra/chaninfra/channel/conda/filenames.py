"""File names of conda packages: `<name>-<version>-<build>.conda` or `.tar.bz2` (CEP 26), and their keys in repodata.

repodata.json lists `.tar.bz2` packages in the table `packages` and `.conda` packages in `packages.conda`; the key of a
record is the file name. Below `v3` (CEP 48) there is one table per suffix, called `v3.conda`, `v3.tar.bz2` or `v3.whl`
here, and the key is the file name without the suffix.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

from chaninfra.channel.conda.name_rules import client_name
from chaninfra.channel.conda.subdirs import KNOWN_SUBDIRS

Suffix = Literal[".conda", ".tar.bz2"]

PACKAGE_SUFFIXES: tuple[Suffix, ...] = get_args(Suffix)
SIDECAR_SUFFIX = ".sigs"
"""What is appended to the file name of a package for that of its sidecar."""
TABLES = ("packages", "packages.conda")
V3 = "v3"
PACKAGE_TABLES = (*TABLES, *(f"{V3}{suffix}" for suffix in PACKAGE_SUFFIXES))
"""The tables of conda packages. Records of other tables (`v3.whl`) are kept, whatever fields they have."""

_STEM_SUFFIXES = (*PACKAGE_SUFFIXES, ".whl")


class PackageFileName(NamedTuple):
    """The parts of a package's file name.

    Example: `numpy-base-2.1.0-py312_0.conda` is ("numpy-base", "2.1.0", "py312_0", ".conda").
    """

    name: str
    version: str
    build: str
    suffix: str
    """`.conda`, `.tar.bz2`, `.whl`, or "" for a file with another suffix, which then belongs to `build`."""

    @classmethod
    def parse(cls, file: str) -> PackageFileName:
        """Split a file name. Parts that are missing are "": `a-1.conda` is ("a", "1", "", ".conda")."""
        stem = stem_of(file)
        name, version, build = [*stem.rsplit("-", 2), "", ""][:3]
        return cls(name, version, build, file[len(stem) :])

    def record(self) -> dict[str, str]:
        """The fields of a repodata record that the file name tells."""
        return {"name": self.name, "version": self.version, "build": self.build}


def suffix_of(file: str) -> Suffix | None:
    """The suffix of a conda package's file name; None for any other file."""
    return next((suffix for suffix in PACKAGE_SUFFIXES if file.endswith(suffix)), None)


def stem_of(file: str) -> str:
    """The file name without `.conda`, `.tar.bz2` or `.whl`: `<name>-<version>-<build>`."""
    return next((file.removesuffix(suffix) for suffix in _STEM_SUFFIXES if file.endswith(suffix)), file)


def package_name(file: str) -> str:
    """The package name in a file name, as clients look it up."""
    return client_name(PackageFileName.parse(file).name)


def table_and_key(file: str, *, v3: bool) -> tuple[str, str]:
    """The table and the key of a conda package's record.

    Examples: `a-1-0.conda` is at ("packages.conda", "a-1-0.conda"), with `v3` at ("v3.conda", "a-1-0").
    """
    suffix = suffix_of(file) or ".conda"
    table = f"{V3}{suffix}" if v3 else "packages.conda" if suffix == ".conda" else "packages"
    return table, key_in(table, file)


def key_in(table: str, file: str) -> str:
    """The key of a file's record in this table."""
    return file.removesuffix(table.removeprefix(V3)) if table.startswith(V3) else file


def file_name(table: str, key: str) -> str:
    """The file name that belongs to a record: the inverse of `table_and_key`. A key below v3 may have the suffix."""
    suffix = f".{table.removeprefix(f'{V3}.')}"
    return key if not table.startswith(V3) or key.endswith(suffix) else f"{key}{suffix}"


def is_package(key: str) -> bool:
    """Whether an object key is that of a package: `<subdir>/<file>.conda` or `.tar.bz2`, below any prefix."""
    parts = key.rsplit("/", 2)
    return len(parts) >= 2 and parts[-2] in KNOWN_SUBDIRS and parts[-1].endswith(PACKAGE_SUFFIXES)
