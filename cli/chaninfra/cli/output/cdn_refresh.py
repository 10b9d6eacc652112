"""What commands do after their commits: write channeldata.json, and tell the CDN which files they changed."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from chaninfra.channel.errors import ChaninfraError
from chaninfra.cli.output import streams

if TYPE_CHECKING:
    from chaninfra.channel.conda.subdirs import Subdir
    from chaninfra.index.channel import Channel
    from chaninfra.index.channeldata.update import When
    from chaninfra.index.reindex_plan import Scope


def refresh(
    channel: Channel,
    subdirs: Collection[Subdir],
    *,
    replaced: Collection[str] = (),
    scope: Scope = "changed",
    channeldata: When = "due",
) -> None:
    """Bring channeldata.json forward where the channel has it, and invalidate the CDN's copies of the index files of
    `subdirs` and of the packages `replaced` (`<subdir>/<file>`).

    Scope `all` invalidates every file of the subdirs. Does nothing for a channel without a CDN, and in a dry run. A
    failure is only a warning: the index is written, and the CDN's copies expire by themselves.
    """
    written = (subdirs or channeldata != "due") and bring_channeldata_forward(channel, channeldata)
    if channel.descriptor.cdn is None or channel.dry_run:
        return
    from chaninfra.channel.conda.object_names import CHANNELDATA_JSON
    from chaninfra.index.cdn_invalidation import paths

    documents = [CHANNELDATA_JSON] if written else []
    _refresh(channel, paths(channel.descriptor, subdirs, replaced, scope, documents))


def bring_channeldata_forward(channel: Channel, when: When) -> bool:
    """Write channeldata.json where the channel has it, and it lacks something; whether it was written. A failure is
    only a warning.
    """
    if not channel.descriptor.index.has_channeldata or channel.dry_run:
        return False
    from chaninfra.cli.output.progress import waiting
    from chaninfra.index.channeldata.update import write_channeldata

    try:
        with waiting("writing channeldata.json"):
            return write_channeldata(channel, when)
    except ChaninfraError as problem:
        streams.warning(
            ChaninfraError(
                f"channeldata.json does not have the last changes: {problem.message}",
                where=problem.where,
                remedy=problem.remedy,
            )
        )
        return False


def refresh_snapshots(channel: Channel, names: Collection[str] = ()) -> None:
    """Invalidate the CDN's copies of the list of snapshots, and of the files of those of these names. As `refresh`."""
    if channel.descriptor.cdn is None:
        return
    from chaninfra.index.cdn_invalidation import snapshot_paths

    _refresh(channel, snapshot_paths(channel.descriptor, names))


def refresh_notices(channel: Channel) -> None:
    """Invalidate the CDN's copies of notices.json. As `refresh`."""
    if channel.descriptor.cdn is None or channel.dry_run:
        return
    from chaninfra.index.cdn_invalidation import notices_paths

    _refresh(channel, notices_paths(channel.descriptor))


def refresh_all(channel: Channel) -> None:
    """Invalidate the CDN's copies of all files of the channel. As `refresh`."""
    if channel.descriptor.cdn is None:
        return
    from chaninfra.index.cdn_invalidation import all_paths

    _refresh(channel, all_paths(channel.descriptor))


def _refresh(channel: Channel, changed: Sequence[str]) -> None:
    from chaninfra.cli.output.progress import waiting
    from chaninfra.index.cdn_invalidation import invalidate

    try:
        with waiting("refreshing the CDN"):
            invalidate(channel, changed)
    except ChaninfraError as problem:
        streams.warning(problem)
