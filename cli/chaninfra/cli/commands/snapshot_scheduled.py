"""`chaninfra snapshot create --scheduled`: what a schedule runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chaninfra.cli.output import streams

if TYPE_CHECKING:
    from chaninfra.channel.errors import ChaninfraError, StoppedError
    from chaninfra.cli.store_flags import StoreFlags
    from chaninfra.index.channel import Channel
    from chaninfra.index.snapshots.automatic import Tended


def only_channel(name: str | None, channel: str | None, at: str | None) -> str | None:
    """CHANNEL, where no other argument is. Raises ConfigurationError."""
    from chaninfra.channel.errors import ConfigurationError
    from chaninfra.channel.text import shown
    from chaninfra.cli.channel_argument.parse import is_channel

    if at is not None:
        raise ConfigurationError(
            "with --scheduled the time is that of the schedule", where="--at", remedy="leave out one of them"
        )
    if name is None:
        return channel
    if channel is None and is_channel(name) is not None:
        return name
    raise ConfigurationError(
        f"with --scheduled the name is made of the time, and {shown(name)} is given",
        where="--scheduled",
        remedy="leave out one of them; a channel is named by -c CHANNEL",
    )


def given_name(name: str | None) -> str:
    """NAME. Raises ConfigurationError if it is not given."""
    from chaninfra.channel.errors import ConfigurationError

    if name is not None:
        return name
    raise ConfigurationError(
        "the snapshot has no name",
        where="chaninfra snapshot create",
        remedy="give it one: `chaninfra snapshot create NAME`; or add --scheduled, which makes one by the time",
    )


def refuse_automatic(name: str) -> None:
    """Raise ConfigurationError for a name by which the snapshot would be removed as one of the schedule's."""
    from chaninfra.channel.conda.snapshot_schedule import begin_of
    from chaninfra.channel.errors import ConfigurationError

    if begin_of(name) is not None:
        raise ConfigurationError(
            f"{name} is the name of an automatic snapshot, which is removed after a time",
            where="NAME",
            remedy="give another name; or let the one that is due be made: `chaninfra snapshot create --scheduled`",
        )


def create_scheduled(channel: str | None, store: StoreFlags, *, as_json: bool) -> None:
    """Make the snapshot of this period, and remove the oldest beyond those that are kept."""
    from chaninfra.cli.channel_argument.find import open_channel
    from chaninfra.cli.interrupts import interruptible
    from chaninfra.cli.output import cdn_refresh
    from chaninfra.cli.output.progress import progress
    from chaninfra.cli.remedies import remedies_for
    from chaninfra.index.snapshots.automatic import schedule_of, tend

    remedies = remedies_for(channel, store)
    again = remedies.command("snapshot create", "--scheduled", *(["--json"] if as_json else []))
    with progress() as shown, interruptible(lambda: _stopped(again), shown.stop):
        opened = open_channel(channel, store, "write")
        schedule_of(opened)
        tended = tend(opened, shown)
        shown.pause()
        if tended.changed:
            cdn_refresh.refresh_snapshots(opened, tended.removed)
    streams.result_json(_json(opened, tended)) if as_json else streams.result(_text(opened, tended))
    if tended.ahead(opened.runtime.now_ms()):
        streams.warning(_ahead(opened, tended, remedies.command("snapshot rm", tended.newest)))
    if tended.waiting:
        streams.note(f"{tended.waiting:,} more are to be removed; the next run goes on, or run `{again}`")


def _stopped(again: str) -> StoppedError:
    from chaninfra.channel.errors import StoppedError

    return StoppedError(
        "stopped: a snapshot may be made or removed in part",
        remedy=f"the next run goes on; or run it again: `{again}`",
    )


def _ahead(opened: Channel, tended: Tended, remove: str) -> ChaninfraError:
    from chaninfra.channel.errors import ChaninfraError

    return ChaninfraError(
        f"the newest automatic snapshot, {tended.newest}, is of the future: the clock of this machine is wrong, or "
        "that of the one that made it; none is made until then",
        where=opened.descriptor.url,
        remedy=f"set the clocks by NTP; if that snapshot is wrong, remove it: `{remove}`",
    )


def _text(opened: Channel, tended: Tended) -> str:
    from chaninfra.cli.commands.snapshot import created_text
    from chaninfra.index.times import time_text

    made = tended.made
    lines = [
        created_text(opened, made)
        if made is not None
        else f"{opened.url('snapshots', tended.newest)}: already there; the next one is due at {time_text(tended.next)}"
    ]
    lines += [f"{name}: finished" for name in tended.finished]
    lines += [f"{name}: removed" for name in tended.removed]
    return "\n".join(lines)


def _json(opened: Channel, tended: Tended) -> dict[str, object]:
    from chaninfra.cli.commands.snapshot import created_json
    from chaninfra.index.times import time_text

    return {
        "made": None if tended.made is None else created_json(opened, tended.made),
        "newest": tended.newest,
        "next": time_text(tended.next),
        "finished": [*tended.finished],
        "removed": [*tended.removed],
        "waiting": tended.waiting,
    }
