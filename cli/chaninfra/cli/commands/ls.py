"""`chaninfra ls`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from chaninfra.cli.channel_argument.parse import CHANNEL_HELP
from chaninfra.cli.output import streams
from chaninfra.cli.store_flags import StoreFlags

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chaninfra.channel.errors import SkippedError
    from chaninfra.index.contents import Behind, ChannelContents, LostShards


def ls(
    *,
    channel: Annotated[str | None, typer.Argument(metavar="CHANNEL", help=f"The channel: {CHANNEL_HELP}")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
    store: StoreFlags,
) -> None:
    """List the packages of a channel.

    Lists the packages in the index and the yanked ones, sorted by subdir and name, newest build first. Reads the index
    and yanked.json, not the packages: repodata.json, if there is one, and the shards that have changed since it was
    written. If it lacks commits (see `index.monolith`), a note says how many, and `commits-behind` in the JSON. If a
    shard is missing or damaged, what is known is listed, and the exit code is 3. The JSON says of each package which
    attestations it has (`attestations_sha256`, or null). SIZE is in decimal units (1 kB is 1000 bytes), DATE is the day
    of the build in UTC.

    \b
    Examples:
      chaninfra ls
      chaninfra ls s3://my-bucket/my-channel --json
    """
    import msgspec

    from chaninfra.cli.channel_argument.find import open_channel
    from chaninfra.cli.remedies import remedies_for
    from chaninfra.index.contents import contents_of

    opened = open_channel(channel, store, "read")
    contents = contents_of(opened)
    for subdir in contents.without_index:
        command = remedies_for(channel, store).command("reindex")
        streams.note(f"{opened.url(subdir)} has no index; run `{command}` to create it")
    for late in contents.behind:
        streams.note(_behind(late))
    streams.result_json(msgspec.to_builtins(contents.packages)) if as_json else streams.result(_text(contents))
    if contents.lost:
        raise _lost(contents.lost, remedies_for(channel, store).command("reindex"))


def _lost(lost: Sequence[LostShards], reindex: str) -> SkippedError:
    from chaninfra.channel.errors import SkippedError
    from chaninfra.channel.text import count, one_line

    of: list[str] = []
    for each in lost:
        more = each.count - len(each.names)
        names = f"{', '.join(map(one_line, each.names))}{f' and {more:,} more' if more else ''}"
        name = "names is" if each.count == 1 else "names are"
        of.append(f"{count(each.count, 'shard')} that the index of {each.subdir} {name} missing or damaged ({names})")
    return SkippedError(
        f"{'; '.join(of)}: clients do not find these packages, and this list may lack them",
        remedy=f"run `{reindex}`, which makes them again from the packages that are there",
    )


def _behind(late: Behind) -> str:
    from datetime import UTC

    from chaninfra.channel.text import count

    written = f"{late.written.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return (
        f"repodata.json in {late.subdir} is {count(late.commits, 'commit')} behind this list (written {written}): "
        "clients that do not read shards do not see yet what they changed"
    )


def _text(contents: ChannelContents) -> str:
    from chaninfra.channel.text import count

    rows = [
        (
            each.subdir,
            each.name,
            each.version,
            each.build,
            _date(each.timestamp),
            _size(each.size),
            each.file.rsplit(".", 1)[-1],
            "" if each.yanked is None else f"yanked: {each.yanked}" if each.yanked else "yanked",
        )
        for each in contents.packages
    ]
    head = ("SUBDIR", "NAME", "VERSION", "BUILD", "DATE", "SIZE", "FORMAT", "YANKED")
    lines = [streams.table([head, *rows])] if rows else []
    return "\n".join([*lines, count(len(rows), "package")])


def _date(timestamp: int | None) -> str:
    """The UTC date of a timestamp in ms since 1970; "?" if it is unknown or outside of the years 1 to 9999."""
    from datetime import UTC, datetime

    try:
        return "?" if timestamp is None else datetime.fromtimestamp(timestamp / 1000, UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return "?"


def _size(size: int | None) -> str:
    """A size in bytes as `1.2 kB`, in decimal units; "?" if it is unknown."""
    if size is None:
        return "?"
    for unit, step in (("B", 1), ("kB", 10**3), ("MB", 10**6)):
        if size < 1000 * step:
            return f"{size / step:.0f} {unit}" if step == 1 else f"{size / step:.1f} {unit}"
    return f"{size / 10**9:.1f} GB"
