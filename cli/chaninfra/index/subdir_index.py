"""A subdir of a channel that is written to."""

from __future__ import annotations

from dataclasses import dataclass

from chaninfra.channel.conda.layout import ChannelLayout
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.objects import ObjectStore
from chaninfra.index.runtime import Runtime


@dataclass(frozen=True, kw_only=True)
class SubdirIndex:
    """A subdir, how its files are written, and by what means. `urls` are those of the channel."""

    store: ObjectStore
    layout: ChannelLayout
    subdir: Subdir
    means: Runtime
    urls: tuple[str, ...] = ()

    def key(self, name: str) -> str:
        """The key of a file of the subdir."""
        return self.layout.key(self.subdir, name)

    def is_here(self, base_url: str) -> bool:
        """Whether packages at that `base_url` are those of this subdir."""
        here = {"", ".", *(f"{url.rstrip('/')}/{self.subdir}" for url in self.urls)}
        return base_url.rstrip("/") in here
