"""`chaninfra snapshot create`, `ls` and `rm`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from chaninfra.cli.channel_argument.parse import CHANNEL_HELP, refuse_channels
from chaninfra.cli.output import streams
from chaninfra.cli.store_flags import StoreFlags

if TYPE_CHECKING:
    from chaninfra.channel.errors import StoppedError
    from chaninfra.cli.output.progress import Shown
    from chaninfra.doctor.remedies import Remedies
    from chaninfra.index.channel import Channel
    from chaninfra.index.snapshots.create import Created
    from chaninfra.index.snapshots.document import Snapshot
    from chaninfra.index.snapshots.remove import Listed, Removed

HELP = """Keep what a channel says, as channels that stay.

\b
A snapshot is a channel at CHANNEL/snapshots/NAME, which clients read as any other.
No package and no shard is copied: its index points to those of CHANNEL.
"""
_NAME_HELP = "The snapshot's name: letters, digits, hyphens and underscores."


def create(
    *,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help=_NAME_HELP)] = None,
    channel: Annotated[str | None, typer.Argument(metavar="CHANNEL", help=f"The channel: {CHANNEL_HELP}")] = None,
    at: Annotated[
        str | None,
        typer.Option(
            "--at",
            metavar="TIME",
            help="What the channel said then: 2026-11-01T12:00Z, or 2026-11-01, which is its first moment in UTC "
            "(default: now).",
        ),
    ] = None,
    scheduled: Annotated[
        bool,
        typer.Option(
            "--scheduled",
            help="Make the one that is due by `snapshots` in the stack config, and remove the oldest beyond those that "
            "are kept. Give no NAME.",
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    store: StoreFlags,
) -> None:
    """Make a snapshot of a channel.

    It lists what the channel lists now, or with --at listed then, for good: also what is yanked later, and nothing that
    is published later. `gc` keeps its shards. A snapshot never changes: if there is another one of this name, the exit
    code is 4. If the command was stopped, the same command goes on where it was, with the packages of that time.

    --at reads the history of the index, which `gc` thins: all states of the last day are there, then one an hour for a
    week, then one a day for `index.history-days` days. For maintainers.

    --scheduled is for a job that runs each hour: it makes the snapshot of the hour, day or week that it is now if there
    is none yet, with the time in its name, and removes the oldest of its kind. It never removes one that you named.

    \b
    Examples:
      chaninfra snapshot create 2026-11
      chaninfra snapshot create release-4 stack:prod
      chaninfra snapshot create before-the-change s3://my-bucket/my-channel --at 2026-11-01T12:00Z
      chaninfra snapshot create --scheduled -c s3://my-bucket/my-channel
    """
    from chaninfra.cli.channel_argument.find import open_channel
    from chaninfra.cli.commands.snapshot_scheduled import create_scheduled, given_name, only_channel, refuse_automatic
    from chaninfra.cli.durations import time_of
    from chaninfra.cli.interrupts import interruptible
    from chaninfra.cli.output import cdn_refresh
    from chaninfra.cli.output.progress import progress
    from chaninfra.cli.remedies import remedies_for
    from chaninfra.index.snapshots.create import check_name
    from chaninfra.index.snapshots.create import create as run

    if scheduled:
        create_scheduled(only_channel(name, channel, at), store, as_json=as_json)
        return
    name = given_name(name)
    refuse_channels([name], "snapshot create", "NAME")
    check_name(name)
    refuse_automatic(name)
    when = time_of(at, "--at")
    remedies = remedies_for(channel, store)
    given = [name, *(["--at", at] if at is not None else []), *(["--json"] if as_json else [])]
    with progress() as shown, interruptible(lambda: _create_stopped(shown, remedies, given), shown.stop):
        opened = open_channel(channel, store, "write")
        made = run(opened, name, when, shown)
        shown.pause()
        cdn_refresh.refresh_snapshots(opened)
    streams.result_json(created_json(opened, made)) if as_json else streams.result(created_text(opened, made))
    streams.note(f"the settings of clients: `{remedies.command('manifest', '--snapshot', name)}`")


def ls(
    *,
    channel: Annotated[str | None, typer.Argument(metavar="CHANNEL", help=f"The channel: {CHANNEL_HELP}")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    store: StoreFlags,
) -> None:
    """List the snapshots of a channel.

    OF is the time of which a snapshot is, PACKAGES how many packages it lists. A note names those whose making or
    removal was stopped.

    \b
    Examples:
      chaninfra snapshot ls
      chaninfra snapshot ls stack:prod --json
    """
    from chaninfra.channel.errors import StoppedError
    from chaninfra.cli.channel_argument.find import open_channel
    from chaninfra.cli.interrupts import interruptible
    from chaninfra.cli.remedies import remedies_for
    from chaninfra.index.snapshots.remove import list_snapshots

    with interruptible(lambda: StoppedError("stopped")):
        opened = open_channel(channel, store, "read")
        found = list_snapshots(opened)
    remedies = remedies_for(channel, store)
    for name, snapshot in found.snapshots.items():
        if snapshot.stage != "ready":
            streams.note(_unfinished(name, snapshot, remedies))
    for name in found.unlisted:
        command = remedies.command("snapshot rm", name)
        streams.note(f"{opened.url('snapshots', name)} is no snapshot that is listed; `{command}` deletes its files")
    streams.result_json(_listed_json(opened, found)) if as_json else streams.result(_listed_text(found))


def rm(
    *,
    name: Annotated[str, typer.Argument(metavar="NAME", help=_NAME_HELP)],
    channel: Annotated[str | None, typer.Argument(metavar="CHANNEL", help=f"The channel: {CHANNEL_HELP}")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    store: StoreFlags,
) -> None:
    """Remove a snapshot.

    Deletes its index files. The packages stay, and its shards until `gc` has found them unreferenced for a week.
    Clients may keep the index files for a year, so give its name to no other snapshot. For maintainers.

    \b
    Examples:
      chaninfra snapshot rm 2026-11
      chaninfra snapshot rm release-4 stack:prod
    """
    from chaninfra.channel.errors import StoppedError
    from chaninfra.cli.channel_argument.find import open_channel
    from chaninfra.cli.interrupts import interruptible
    from chaninfra.cli.output import cdn_refresh
    from chaninfra.cli.remedies import remedies_for
    from chaninfra.index.snapshots.create import check_name
    from chaninfra.index.snapshots.remove import remove

    refuse_channels([name], "snapshot rm", "NAME")
    check_name(name)
    remedies = remedies_for(channel, store)
    command = remedies.command("snapshot rm", name, *(["--json"] if as_json else []))

    def stopped() -> StoppedError:
        return StoppedError(
            "stopped: the snapshot may be removed in part", remedy=f"to go on, run it again: `{command}`"
        )

    with interruptible(stopped):
        opened = open_channel(channel, store, "write")
        removed = remove(opened, name)
        cdn_refresh.refresh_snapshots(opened, [name])
    for key in removed.others:
        streams.note(f"s3://{opened.descriptor.bucket}/{key} is not of chaninfra, and stays")
    streams.result_json(_removed_json(removed)) if as_json else streams.result(_removed_text(removed))


def _create_stopped(shown: Shown, remedies: Remedies, given: list[str]) -> StoppedError:
    from chaninfra.channel.errors import StoppedError
    from chaninfra.cli.output.stopped import nothing_changed
    from chaninfra.index.snapshots.create import MAKING

    command = remedies.command("snapshot create", *given)
    if shown.of(MAKING) is None:
        return nothing_changed(command)
    return StoppedError(
        "stopped: the snapshot is made in part, and no client should read it yet",
        remedy=f"to go on, run it again, it will have the packages of the time when it was begun: `{command}`",
    )


def _unfinished(name: str, snapshot: Snapshot, remedies: Remedies) -> str:
    remove = remedies.command("snapshot rm", name)
    if snapshot.stage == "removing":
        return f"{name} is being removed, or its removal was stopped; to go on: `{remove}`"
    from chaninfra.index.snapshots.words import making

    finish = remedies.command(*making(name))
    return f"{name} is being made, or its making was stopped; to go on: `{finish}`; to remove it: `{remove}`"


def created_text(opened: Channel, made: Created) -> str:
    from chaninfra.channel.text import count

    url = opened.url("snapshots", made.name)
    of = f"{count(made.snapshot.packages, 'package')} of {made.snapshot.at}"
    if made.outcome == "present":
        return f"{url}: already there, {of}"
    began = ", which had been begun then" if made.outcome == "finished" else ""
    return f"{url}: {made.outcome}, {of}{began} ({count(made.objects, 'file')}, {made.size:,} bytes)"


def created_json(opened: Channel, made: Created) -> dict[str, object]:
    return {
        **_json(opened, made.name, made.snapshot),
        "outcome": made.outcome,
        "files": made.objects,
        "bytes": made.size,
    }


def _json(opened: Channel, name: str, snapshot: Snapshot) -> dict[str, object]:
    import msgspec

    public = opened.descriptor.public_url
    return {
        "name": name,
        "url": opened.url("snapshots", name),
        "public-url": f"{public.rstrip('/')}/snapshots/{name}" if public else None,
        **msgspec.to_builtins(snapshot),
        "packages": snapshot.packages,
    }


def _listed_json(opened: Channel, found: Listed) -> list[dict[str, object]]:
    return [_json(opened, name, snapshot) for name, snapshot in found.snapshots.items()]


def _listed_text(found: Listed) -> str:
    rows = [
        (name, each.at, f"{each.packages:,}", ", ".join(each.subdirs), "" if each.stage == "ready" else each.stage)
        for name, each in found.snapshots.items()
    ]
    if not rows:
        return "no snapshots"
    head = ("NAME", "OF", "PACKAGES", "SUBDIRS", "STAGE")
    kept = 5 if any(row[-1] for row in rows) else 4
    return streams.table(row[:kept] for row in [head, *rows])


def _removed_json(removed: Removed) -> dict[str, object]:
    return {"name": removed.name, "deleted": [*removed.deleted]}


def _removed_text(removed: Removed) -> str:
    from chaninfra.channel.text import count

    return f"{removed.name}: removed ({count(len(removed.deleted), 'file')})"
