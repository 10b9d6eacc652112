"""`chaninfra gc`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from chaninfra.cli.channel_argument.parse import CHANNEL_HELP
from chaninfra.cli.output import streams
from chaninfra.cli.store_flags import StoreFlags

if TYPE_CHECKING:
    from chaninfra.index.gc import Collected


def gc(
    *,
    channel: Annotated[str | None, typer.Argument(metavar="CHANNEL", help=f"The channel: {CHANNEL_HELP}")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be deleted.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For a program to read.")] = False,
    store: StoreFlags,
) -> None:
    """Delete what no reader needs any more.

    Shards that the index has not named for a week: one run marks them, another one deletes them a week later, so run it
    now and then. Index files of formats that the channel no longer declares. Uploads that were begun more than a day
    ago and never finished. Packages are never deleted.

    \b
    Examples:
      chaninfra gc stack:prod --dry-run
      chaninfra gc s3://my-bucket/my-channel
    """
    from chaninfra.cli.channel_argument.find import open_channel
    from chaninfra.index.contents import known_subdirs
    from chaninfra.index.gc import collect

    opened = open_channel(channel, store, "write")
    done = collect(opened, known_subdirs(opened), "check" if dry_run else "write")
    if as_json:
        garbage = [{"key": each.key, "why": each.why, "size": each.size} for each in done.garbage]
        streams.result_json({"deleted": garbage, "waiting": done.waiting})
    else:
        streams.result(_text(done, "would be deleted" if dry_run else "deleted"))


def _text(done: Collected, word: str) -> str:
    from chaninfra.channel.text import count

    lines = [f"{each.key}: {each.why}" for each in done.garbage]
    lines.append(f"{count(len(done.garbage), 'object')} {word}")
    if done.waiting:
        lines.append(f"{count(done.waiting, 'shard')} marked, to be deleted a week after that")
    return "\n".join(lines)
