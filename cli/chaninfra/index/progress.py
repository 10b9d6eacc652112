"""How far a re-index is."""

from __future__ import annotations

from typing import Protocol

from chaninfra.channel.conda.subdirs import Subdir


class Progress(Protocol):
    """Callbacks that tell how far a re-index is."""

    def listing(self, subdir: Subdir) -> None:
        """The folder is being listed; new packages are already read meanwhile."""

    def reading(self, subdir: Subdir, packages: int, size: int) -> None:
        """The listing is complete: this many packages have to be read, `size` bytes together. Those that were read
        during the listing are included.
        """

    def read(self, size: int) -> None:
        """A package of `size` bytes was read; called from several threads."""

    def writing(self, subdir: Subdir) -> None:
        """The index is being written."""


class Silent:
    """A Progress that does nothing."""

    def listing(self, subdir: Subdir) -> None:
        """See Progress."""

    def reading(self, subdir: Subdir, packages: int, size: int) -> None:
        """See Progress."""

    def read(self, size: int) -> None:
        """See Progress."""

    def writing(self, subdir: Subdir) -> None:
        """See Progress."""
