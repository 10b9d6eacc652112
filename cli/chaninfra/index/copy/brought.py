"""A package whose bytes are in the target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from chaninfra.index.copy.source import SourcePackage
from chaninfra.index.package.archive import IndexedPackage

Way = Literal["copied", "streamed", "present"]
"""`copied`: by the store itself; `streamed`: the bytes passed through here; `present`: it was there."""


@dataclass(frozen=True, kw_only=True)
class Brought:
    """A package whose file is in the target with the bytes that the source's record tells."""

    package: SourcePackage
    way: Way
    etag: str
    """Of the object in the target."""
    made: IndexedPackage | None = None
    """What the package says itself, where its bytes were read."""
