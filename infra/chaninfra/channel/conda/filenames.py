"""File names of conda packages: `<name>-<version>-<build>.conda` or `.tar.bz2` (CEP 26)."""

from __future__ import annotations

from collections.abc import Sequence

from chaninfra.channel.conda.subdirs import KNOWN_SUBDIRS

PACKAGE_SUFFIXES: tuple[str, ...] = (".conda", ".tar.bz2")
TABLES = ("packages", "packages.conda")

V3 = "v3"

PACKAGE_TABLES = (*TABLES, *(f"{V3}{suffix}" for suffix in PACKAGE_SUFFIXES))
"""What the records of other tables say is not known; they are kept."""


def file_name(table: str, key: str) -> str:
    """The name of the file that a record is of."""
    suffix = f".{table.removeprefix(f'{V3}.')}"
    return key if not table.startswith(V3) or key.endswith(suffix) else f"{key}{suffix}"


def package_name(file: str) -> str:
    """The name of the package that a file is named for: `<name>-<version>-<build>`."""
    return stem_of(file).rsplit("-", 2)[0]


def stem_of(file: str, suffixes: Sequence[str] = (*PACKAGE_SUFFIXES, ".whl")) -> str:
    return next((file.removesuffix(suffix) for suffix in suffixes if file.endswith(suffix)), file)


def is_package(key: str) -> bool:
    """Whether an object's key is a package: `<subdir>/<file>.conda` or `.tar.bz2`, below any prefix."""
    parts = key.rsplit("/", 2)
    return len(parts) >= 2 and parts[-2] in KNOWN_SUBDIRS and parts[-1].endswith(PACKAGE_SUFFIXES)
