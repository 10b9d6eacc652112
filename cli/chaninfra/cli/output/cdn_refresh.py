"""What a command does about the CDN before the channel that it wrote to."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from chaninfra.channel.errors import ChaninfraError
from chaninfra.cli.output import streams

if TYPE_CHECKING:
    from chaninfra.channel.conda.subdirs import Subdir
    from chaninfra.index.channel import Channel
    from chaninfra.index.reindex_plan import Scope


def refresh(
    channel: Channel, subdirs: Collection[Subdir], *, replaced: Collection[str] = (), scope: Scope = "changed"
) -> None:
    """Have the CDN, if there is one, fetch the index of `subdirs` and the packages `replaced` anew, for the scope `all`
    every file of them.

    That it cannot be told is a warning: what the command was for is done, and the CDN comes to it by itself.
    """
    if channel.descriptor.cdn is None:
        return
    from chaninfra.index.cdn_invalidation import invalidate, paths

    try:
        invalidate(channel, paths(channel.descriptor, subdirs, replaced, scope))
    except ChaninfraError as problem:
        streams.warning(problem)
