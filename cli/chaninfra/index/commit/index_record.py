"""The record that a package should have in the index, with what tells whether it still fits when it is committed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from msgspec import Raw

from chaninfra.channel.conda.patch import Patch


@dataclass(frozen=True, kw_only=True)
class IndexRecord:
    """The record that a package should have in the index."""

    name: str
    """The package name."""
    table: str
    key: str
    """Where the record is in repodata.json, see `conda.filenames`."""
    sha256: str
    """Hex digest of the package."""
    encode: Callable[[int], Raw]
    """Makes the record (JSON), given `indexed_timestamp` (CEP 47): when it came into the index, in ms since 1970."""
    etag: str | None = None
    """ETag of the package's object; None: not known."""
    patched: bool = False
    """It says something else than the package, so it replaces every other record."""
    kept: bool = False
    """It is the record that the yank of the file keeps, and the yank may keep another one by the commit."""
    patch: Patch | None = None
    """It is what this patch has made; None: it is made of the package, or nobody can tell."""
