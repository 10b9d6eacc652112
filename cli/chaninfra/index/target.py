"""A subdir of a channel that is written to."""

from __future__ import annotations

from dataclasses import dataclass

from chaninfra.channel.skeleton import Layout
from chaninfra.channel.store import ObjectStore
from chaninfra.channel.subdirs import Subdir
from chaninfra.index.means import Means


@dataclass(frozen=True, kw_only=True)
class Target:
    """A subdir, how its files are written, and by what means. `urls` are those of the channel."""

    store: ObjectStore
    layout: Layout
    subdir: Subdir
    means: Means
    urls: tuple[str, ...] = ()

    def key(self, name: str) -> str:
        """The key of a file of the subdir."""
        return self.layout.key(self.subdir, name)

    def is_here(self, base_url: str) -> bool:
        """Whether packages at that `base_url` are those of this subdir."""
        here = {"", ".", *(f"{url.rstrip('/')}/{self.subdir}" for url in self.urls)}
        return base_url.rstrip("/") in here
