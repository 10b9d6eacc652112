"""A channel in memory with mirrors, and the channel that they copy."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterator
from typing import Any

import msgspec

from chaninfra.channel.conda.mirrors import Mirror
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.index.channel import Channel
from chaninfra.index.copy.mirrors.document import read_copies
from chaninfra.index.copy.mirrors.run import PlannedRun, Ran, plan_run, run
from chaninfra.index.copy.source import SourcePackage
from chaninfra.index.whole import Whole, read_whole
from support.index_model.copying import MemorySource, MemoryTransfer
from support.index_model.processes import channel_with
from support.index_model.rolling_back import opened


@dataclasses.dataclass(kw_only=True)
class Leaving(MemorySource):
    """A source that packages leave."""

    gone: set[str] = dataclasses.field(default_factory=set)

    def names(self, subdir: Subdir) -> Collection[str]:
        """See Source."""
        return {package.facts.name or "" for package in self.packages(subdir)}

    def packages(self, subdir: Subdir = "noarch", names: Collection[str] | None = None) -> Iterator[SourcePackage]:
        """Those that are not gone."""
        return (package for package in super().packages(subdir, names) if package.file not in self.gone)


class Mirrored:
    """A channel with the package `own`, and its source with `a` and `b`."""

    def __init__(self, **mirror: Any) -> None:
        self.source = Leaving(store=channel_with("a", "b"))
        self.store = channel_with("own")
        self.mirrors = {"m": msgspec.convert({"source": "https://example.com/c", **mirror}, Mirror)}

    def channel(self) -> Channel:
        """The channel as a new process opens it."""
        made = opened(self.store, f"mirror{len(self.store.log)}")
        described = msgspec.structs.replace(made.descriptor, mirrors=self.mirrors)
        again = dataclasses.replace(made, descriptor=described)
        vars(again).update(writer=made.writer, runtime=made.runtime)
        return again

    def plan(self, name: str = "m", **how: Any) -> PlannedRun:
        """What a run would do."""
        return plan_run(self.channel(), self.source, name, **how)

    def run(self, name: str = "m", **how: Any) -> Ran:
        """Run it."""
        return self.planned_and_run(self.channel(), name, **how)[1]

    def planned_and_run(self, channel: Channel, name: str, **how: Any) -> tuple[PlannedRun, Ran]:
        """Run it, and tell what was planned."""
        planned = plan_run(channel, self.source, name, **how)
        transfer = MemoryTransfer(source=self.source, store=channel.writer)
        return planned, run(channel, self.source, planned, transfer, bringing=channel.runtime)

    def whole(self) -> Whole:
        """The index of noarch."""
        return read_whole(self.channel().subdir_index("noarch"))

    def copies(self) -> dict[str, tuple[str, ...]]:
        """File → the mirrors that have copied it."""
        return {name: each.mirrors for name, each in read_copies(self.channel().subdir_index("noarch")).items()}
