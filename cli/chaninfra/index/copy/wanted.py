"""What of a source is copied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.index.part import Part


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A package is copied if a spec or a lock names it, or what a spec names depends on it (`with_dependencies`), and
    neither `exclude` nor `older_than_ms` keeps it out. Without specs and locks all packages are meant.
    """

    specs: tuple[str, ...] = ()
    """As `index.select` takes them."""
    specs_must_name: bool = True
    """Whether a spec that names no package is an error; False: it is told, since packages may leave a source."""
    locks: tuple[Path, ...] = ()
    exclude: tuple[str, ...] = ()
    subdirs: tuple[Subdir, ...] | None = None
    """None: those that both channels have."""
    with_dependencies: bool = False
    """Also what each of them needs to be installed; what cannot be installed is not copied then. What a lock names is
    complete as it is, and what is yanked is not installed anew: these are copied without more.
    """
    virtual_packages: Mapping[str, str] | None = None
    """Name → version, `__cuda` → `12.4`, besides the defaults of each subdir, or instead; see `virtual_packages`."""
    newest: int | None = None
    """The newest versions of each name in each subdir, with all their builds, of what the specs name."""
    older_than_ms: int | None = None
    """Only what has been public for that long, see `limits.public_since`."""
    part: Part | None = None

    @property
    def is_all(self) -> bool:
        """Whether all packages are meant."""
        return not (self.specs or self.locks)
