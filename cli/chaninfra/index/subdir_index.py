"""The index of one subdir: where it is, and how to write it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from chaninfra.channel.conda.layout import ChannelLayout
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.objects import ObjectStore
from chaninfra.index.runtime import Runtime

if TYPE_CHECKING:
    from chaninfra.index.workers import Workers

A = TypeVar("A")
R = TypeVar("R")


def _quiet(times: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True, kw_only=True)
class SubdirIndex:
    """The store, the layout of the channel, the subdir, and the runtime for requests."""

    store: ObjectStore
    layout: ChannelLayout
    subdir: Subdir
    runtime: Runtime
    urls: tuple[str, ...] = ()
    """The URLs of the channel, with which a `base_url` in the index is compared."""
    workers: Workers | None = None
    """Processes that make requests too, once they are started; None: the store is not one that others can open."""
    lost: Callable[[int], None] = _quiet
    """Called by a commit before it tries again, with the number of times that another writer was first."""

    def key(self, name: str) -> str:
        """The object key of a file of the subdir."""
        return self.layout.key(self.subdir, name)

    def submit(self, call: Callable[[SubdirIndex, A], R], argument: A) -> Callable[[], R]:
        """Start `call(self, argument)` in a worker process if one is free, else as Runtime.submit does. `call` is a
        function of a module that does not mind to be called twice: so it is where its worker dies.
        """
        taken = self.workers.submit(self, call, argument) if self.workers else None
        return taken or self.runtime.submit(partial(call, self, argument))

    def is_here(self, base_url: str) -> bool:
        """Whether `base_url` (CEP 15) is that of this subdir: relative to it, or one of the channel's URLs."""
        here = {"", ".", *(f"{url.rstrip('/')}/{self.subdir}" for url in self.urls)}
        return base_url.rstrip("/") in here
