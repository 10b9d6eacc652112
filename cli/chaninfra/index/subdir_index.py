"""The index of one subdir: where it is, and how to write it."""

from __future__ import annotations

from dataclasses import dataclass

from chaninfra.channel.conda.layout import ChannelLayout
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.objects import ObjectStore
from chaninfra.index.runtime import Runtime


@dataclass(frozen=True, kw_only=True)
class SubdirIndex:
    """The store, the layout of the channel, the subdir, and the runtime for requests."""

    store: ObjectStore
    layout: ChannelLayout
    subdir: Subdir
    runtime: Runtime
    urls: tuple[str, ...] = ()
    """The URLs of the channel, with which a `base_url` in the index is compared."""

    def key(self, name: str) -> str:
        """The object key of a file of the subdir."""
        return self.layout.key(self.subdir, name)

    def is_here(self, base_url: str) -> bool:
        """Whether `base_url` (CEP 15) is that of this subdir: relative to it, or one of the channel's URLs."""
        here = {"", ".", *(f"{url.rstrip('/')}/{self.subdir}" for url in self.urls)}
        return base_url.rstrip("/") in here
